"""The page for the people in front: what is seen in them, what is kept of it, whom to ask."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.errors import UsageError

if TYPE_CHECKING:
    from edge.settings.sections import Settings

FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """code: as in HTML's `lang`; texts: key → text; labels: label → its name"""

    code: str
    texts: Mapping[str, str]
    labels: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        return self.texts[key]

    def label(self, name: str) -> str:
        return self.labels.get(name, name)


class Languages:
    """The shipped ones, and one of a person's own."""

    def __init__(self, wanted: str = "auto") -> None:
        """wanted: "auto", a shipped language's code, or the path of a file like theirs.

        Raises UsageError where there is none.
        """
        self._all = dict(_shipped())
        self._fixed: Language | None = None
        if wanted.endswith(".toml"):
            self._fixed = _read(Path(wanted))
        elif wanted != "auto":
            if wanted not in self._all:
                raise UsageError(
                    f"status.language {wanted!r} is not there: give auto, "
                    f"{', '.join(self._all)}, or the path of a .toml like theirs"
                )
            self._fixed = self._all[wanted]

    def all(self) -> list[Language]:
        return list(self._all.values()) if self._fixed is None else [self._fixed]

    def best(self, asked: str, accepted: str) -> Language:
        """asked: a code that a reader chose, "" for none; accepted: its Accept-Language header"""
        if self._fixed is not None:
            return self._fixed
        for code in (asked, *_by_preference(accepted)):
            if code in self._all:
                return self._all[code]
        return self._all[FALLBACK]


def kept(language: Language, settings: Settings) -> str:
    """What these settings keep, and for how long."""
    log, privacy = settings.log, settings.privacy
    if log.path == "none":
        return language["kept_nothing"]
    how = "counts" if privacy.mode == "counts" else "memory" if log.mode == "ram" else "events"
    minutes = privacy.count_interval_s / 60
    return language[f"kept_{how}"].format(days=f"{log.retention_days:g}", minutes=f"{minutes:g}")


def sentences(language: Language, settings: Settings) -> Iterator[str]:
    """What there is here, in the order in which a person wants to know it."""
    sees = settings.camera.source.get_secret_value() != "none"
    hears = settings.mic.source != "none"
    yield language["_".join(["camera"] * sees + ["microphone"] * hears)]
    yield language["often_wrong"]
    yield language["local"]
    counts_only = settings.privacy.mode == "counts"
    if settings.status.enabled and settings.status.preview and not counts_only:
        yield language["preview"]
    yield kept(language, settings)
    if settings.mqtt.host and not counts_only and settings.log.path != "none":
        yield language["sent"]
    if settings.alerts.tells_week and settings.log.path != "none":
        yield language["sent_week"]


def _by_preference(accepted: str) -> list[str]:
    """The codes of an Accept-Language header without their regions, the dearest first."""
    found: list[tuple[float, str]] = []
    for part in accepted[:500].split(","):
        code, _, quality = part.strip().partition(";q=")
        try:
            worth = float(quality or 1)
        except ValueError:
            continue
        found.append((-worth, code.strip().partition("-")[0].lower()))
    return [code for worth, code in sorted(found, key=lambda one: one[0]) if worth < 0]


@cache
def _shipped() -> tuple[tuple[str, Language], ...]:
    folder = resources.files("edge.status") / "languages"
    files = sorted((one.name, one.read_text("utf-8")) for one in folder.iterdir())
    found = [
        (name.removesuffix(".toml"), _language(name.removesuffix(".toml"), tomllib.loads(text)))
        for name, text in files
        if name.endswith(".toml")
    ]
    return tuple(sorted(found, key=lambda one: one[0] != FALLBACK))


def _language(code: str, values: dict[str, Any]) -> Language:
    labels = values.pop("labels", {})
    return Language(code, values, labels)


def _read(path: Path) -> Language:
    try:
        language = _language(path.stem, tomllib.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot read the language {path} ({error}): see status.language"
        ) from error
    lacks = [key for key in dict(_shipped())[FALLBACK].texts if key not in language.texts]
    strange = [key for key, text in language.texts.items() if not isinstance(text, str)]
    if lacks or strange:
        raise UsageError(f"the language {path} lacks a text for {', '.join(lacks or strange)}")
    return language
