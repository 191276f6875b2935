"""Reading settings: TOML, the environment and the command line, and what is wrong with them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_type_hints

from msgspec.structs import asdict

from edge.errors import MissingDataError, UsageError
from edge.settings.secret import SecretText
from edge.settings.sections import Settings
from edge.system.record import Record, ValidationError, choices, complaint
from edge.system.redaction import protect, protect_address
from edge.system.small_file import parse_toml

PREFIX = "EDGE_"
_MISTAKEN_FOR_URLS = (("mqtt", "host"), ("mqtt", "user"), ("status", "host"))
"""Settings in which a whole address may be given by mistake, with its password."""
_SWITCHED = {"yes": True, "on": True, "no": False, "off": False}
_SECTION = re.compile(r"\s*\[\s*([A-Za-z0-9_-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_UNKNOWN = re.compile(r"object contains unknown field (.*)", re.DOTALL)
_QUOTES = re.compile(r'"""|\'\'\'')


def load(path: Path | None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read settings from TOML (None: the defaults), with the environment's on top.

    environ: where EDGE_SECTION_KEY=VALUE are looked up; by default the process's own
    Raises MissingDataError, UsageError (naming the setting, and the line or the variable).
    """
    text, where = (_read(path), str(path)) if path is not None else ("", "defaults")
    raw = _parsed(text, path) if path is not None else {}
    given = from_environment(os.environ if environ is None else environ, Settings.__struct_fields__)
    for section, values in given.items():
        below = raw.setdefault(section, {})
        if isinstance(below, dict):
            below.update({key: _switched(section, key, value) for key, value in values.items()})
    return _validated(raw, where, text, given)


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return parse_toml(text)
    except ValueError as error:
        raise UsageError(f"cannot read {path} as TOML: {error}") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise MissingDataError(
            f"there is no settings file {path}: give another --config"
        ) from error
    except PermissionError as error:
        raise UsageError(
            f"no permission to read {path}: it may hold passwords, use sudo"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path} as TOML: {error}") from error


def override(settings: Settings, changes: Mapping[str, Any], where: str) -> Settings:
    """`settings` with "section.key" → value changes on top. Raises UsageError, naming `where`."""
    raw = {section: asdict(getattr(settings, section)) for section in settings.__struct_fields__}
    for path, value in changes.items():
        section, key = path.split(".")
        raw[section][key] = value
    return _validated(raw, where)


def _validated(
    raw: Mapping[str, Any],
    where: str,
    text: str = "",
    environment: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        sentence = explain(error, raw, where, text, environment or {})
        raise UsageError(sentence) from error
    protect_address(settings.camera.source.get_secret_value())
    protect_address(settings.alerts.url.get_secret_value())
    for secret in (settings.mqtt.password, settings.status.token, settings.alerts.url):
        protect(secret.get_secret_value())
    return settings


def line_of(text: str, section: str, key: str | None = None) -> int | None:
    """The line, from 1, where TOML sets `section.key` (or begins the section); None if nowhere.

    Dotted and quoted keys are not looked for: who writes those finds them.
    """
    section_now, inside_string = "", False
    for number, line in enumerate(text.splitlines(), start=1):
        if not inside_string:
            header, assigned = _SECTION.match(line), _KEY.match(line)
            at: tuple[str, str | None]
            if header:
                section_now = header[1]
                at = (section_now, None)
            else:
                at = (section_now, assigned[1]) if assigned else ("", "")
            # `camera = 3`, before any header, is how a section is set to what it cannot be.
            if at == (section, key) or (key is None and at == ("", section)):
                return number
        inside_string ^= len(_QUOTES.findall(line)) % 2 == 1
    return None


def from_environment(
    environ: Mapping[str, str], sections: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """The settings that the environment gives: EDGE_CAMERA_WIDTH=1280 is camera.width.

    Every value is text, which validation turns into what the setting is; a list is JSON. Names
    with another word after EDGE_ than a section's are somebody else's.
    """
    names = tuple(sections)
    found: dict[str, dict[str, Any]] = {}
    for name, value in sorted(environ.items()):
        section, joined, key = name.removeprefix(PREFIX).lower().partition("_")
        if name.startswith(PREFIX) and joined and section in names:
            found.setdefault(section, {})[key] = _list_or_text(value)
    return found


def variable(section: str, key: str) -> str:
    """The name of the environment's variable for a setting."""
    return f"{PREFIX}{section}_{key}".upper()


def explain(
    error: ValidationError,
    raw: Mapping[str, Any],
    where: str,
    text: str,
    environment: Mapping[str, Mapping[str, Any]],
) -> str:
    """The first complaint as a sentence: where the setting stands, its value, what is allowed.

    The value is shown of a setting that there is and that holds no secret: under a mistyped name
    may stand a password.
    raw:         what was given, by section and key
    where:       the file, or whatever else the settings came from
    text:        the file's content
    environment: what came from there, as `from_environment` found it
    """
    loc, message = complaint(error)
    unknown = _UNKNOWN.fullmatch(message)
    if unknown:
        loc = (*loc, unknown[1])
    section, key = loc[0], loc[1] if len(loc) > 1 else None
    if key is not None and key in environment.get(section, {}):
        where = variable(section, key)
    elif line := line_of(text, section, key):
        where = f"{where} line {line}"
    if unknown:
        known = Settings if key is None else _kind(section)
        message = f"there is no such setting: choose one of {', '.join(known.__struct_fields__)}"
    elif key is None and isinstance(raw[section], dict):  # one of ours, over several settings
        return f"{where}: {message}"
    elif key is not None and (named := choices(_kind(section), key)):
        message = f"choose {_alternatives(named)}"
    name = ".".join(loc)
    if unknown or not _may_be_shown(section, key):
        return f"{where}: {name}: {message}"
    return f"{where}: {name} is {raw[section][key]!r}: {message}"


def _kind(section: str) -> type[Record]:
    """What the section's values are kept in."""
    kind: type[Record] = get_type_hints(Settings)[section]
    return kind


def _alternatives(named: Sequence[object]) -> str:
    *first, last = map(repr, named)
    return f"{', '.join(first)} or {last}" if first else f"{last} or a number"


def _may_be_shown(section: str, key: str | None) -> bool:
    if key is None or (section, key) in _MISTAKEN_FOR_URLS:
        return False
    kind = get_type_hints(_kind(section))[key]
    return not (isinstance(kind, type) and issubclass(kind, SecretText))


def _switched(section: str, key: str, value: object) -> object:
    """The environment's yes, no, on and off for a setting that is on or off, as true and false."""
    if not isinstance(value, str) or value.lower() not in _SWITCHED:
        return value
    is_switch = get_type_hints(_kind(section)).get(key) is bool
    return _SWITCHED[value.lower()] if is_switch else value


def _list_or_text(value: str) -> str | Sequence[Any]:
    if value.startswith("["):
        try:
            found = json.loads(value)
        except ValueError:
            return value
        if isinstance(found, list):
            return found
    return value
