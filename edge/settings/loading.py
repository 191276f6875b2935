"""Reading settings: TOML, the environment and the command line, and what is wrong with them."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from edge.errors import MissingDataError, UsageError
from edge.settings.sections import Settings
from edge.system.redaction import protect, protect_address

PREFIX = "EDGE_"
_MISTAKEN_FOR_URLS = (("mqtt", "host"), ("mqtt", "user"), ("status", "host"))
"""Settings in which a whole address may be given by mistake, with its password."""
_SECTION = re.compile(r"\s*\[\s*([A-Za-z0-9_-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_QUOTES = re.compile(r'"""|\'\'\'')


def load(path: Path | None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read settings from TOML (None: the defaults), with the environment's on top.

    environ: where EDGE_SECTION_KEY=VALUE are looked up; by default the process's own
    Raises MissingDataError, UsageError (naming the setting, and the line or the variable).
    """
    text, where = (_read(path), str(path)) if path is not None else ("", "defaults")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"cannot read {path} as TOML: {error}") from error
    given = from_environment(os.environ if environ is None else environ, Settings.model_fields)
    for section, values in given.items():
        below = raw.setdefault(section, {})
        if isinstance(below, dict):
            below.update(values)
    return _validated(raw, where, text, given)


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
    raw = settings.model_dump()
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
        raise UsageError(explain(error, Settings, where, text, environment or {})) from error
    protect_address(settings.camera.source.get_secret_value())
    for secret in (settings.mqtt.password, settings.status.token):
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
    settings: type[BaseModel],
    where: str,
    text: str,
    environment: Mapping[str, Mapping[str, Any]],
) -> str:
    """The first complaint as a sentence: where the setting stands, its value, what is allowed.

    The value is shown of a setting that there is and that holds no secret: under a mistyped name
    may stand a password.
    where:       the file, or whatever else the settings came from
    text:        the file's content
    environment: what came from there, as `from_environment` found it
    """
    first = error.errors()[0]
    section, *rest = (str(part) for part in first["loc"])
    key = rest[0] if rest else None
    if key is not None and key in environment.get(section, {}):
        where = variable(section, key)
    elif line := line_of(text, section, key):
        where = f"{where} line {line}"
    message = first["msg"]
    message = message[0].lower() + message[1:]
    if first["type"] == "extra_forbidden":
        fields = settings.model_fields
        if key is not None:
            section_type = fields[section].annotation
            assert isinstance(section_type, type)
            assert issubclass(section_type, BaseModel)
            fields = section_type.model_fields
        message = f"there is no such setting: choose one of {', '.join(fields)}"
    elif first["type"] == "value_error":  # one of ours, over several settings: it says which
        return f"{where}: {message.removeprefix('value error, ')}"
    name = ".".join((section, *rest))
    if not _may_be_shown(settings, section, key):
        return f"{where}: {name}: {message}"
    return f"{where}: {name} is {first['input']!r}: {message}"


def _may_be_shown(settings: type[BaseModel], section: str, key: str | None) -> bool:
    field = settings.model_fields.get(section)
    kind = field.annotation if field is not None else None
    if key is None or not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return False
    found = kind.model_fields.get(key)
    if found is None or (section, key) in _MISTAKEN_FOR_URLS:
        return False
    return not (isinstance(found.annotation, type) and issubclass(found.annotation, SecretStr))


def _list_or_text(value: str) -> str | Sequence[Any]:
    if value.startswith("["):
        try:
            found = json.loads(value)
        except ValueError:
            return value
        if isinstance(found, list):
            return found
    return value
