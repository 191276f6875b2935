"""Settings as text: where in a file one stands, what the environment sets, a file to start from."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import dedent
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

PREFIX = "EDGE_"

_SECTION = re.compile(r"\s*\[\s*([A-Za-z0-9_-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_QUOTES = re.compile(r'"""|\'\'\'')


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
    if _is_secret(settings, section, key):
        return f"{where}: {name}: {message}"
    return f"{where}: {name} is {first['input']!r}: {message}"


def _is_secret(settings: type[BaseModel], section: str, key: str | None) -> bool:
    field = settings.model_fields.get(section)
    kind = field.annotation if field is not None else None
    if key is None or not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return False
    found = kind.model_fields.get(key)
    return found is not None and found.annotation is SecretStr


def as_toml(settings: BaseModel) -> str:
    """A settings file with every setting, its default commented out, and what it means.

    What differs from the default stands uncommented.
    """
    return "\n".join(_lines(settings)) + "\n"


def _lines(settings: BaseModel) -> Iterator[str]:
    yield "# Settings of emotion-edge. What begins with # is a default."
    yield "# The environment goes on top: EDGE_CAMERA_WIDTH=1280 is width in [camera]."
    for section in type(settings).model_fields:
        values = getattr(settings, section)
        notes = _field_notes(type(values))
        yield ""
        yield f"[{section}]"
        yield from _comment(inspect.getdoc(type(values)) if type(values).__doc__ else None)
        for key, field in type(values).model_fields.items():
            value = getattr(values, key)
            mark = "# " if value == field.get_default() else ""
            yield f"{mark}{key} = {_toml(value)}"
            yield from _comment(notes.get(key), indent="#     ")


def _comment(text: str | None, indent: str = "# ") -> Iterator[str]:
    for line in (text or "").splitlines():
        yield f"{indent}{line}".rstrip()


def _field_notes(section: type[BaseModel]) -> dict[str, str]:
    """The string under each field. Read from the source: pydantic's own way slows every start."""
    body = ast.parse(dedent(inspect.getsource(section))).body[0]
    assert isinstance(body, ast.ClassDef)
    notes = {}
    for field, note in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            text = note.value if isinstance(note, ast.Expr) else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                notes[field.target.id] = inspect.cleandoc(text.value)
    return notes


def _toml(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def _list_or_text(value: str) -> str | Sequence[Any]:
    if value.startswith("["):
        try:
            found = json.loads(value)
        except ValueError:
            return value
        if isinstance(found, list):
            return found
    return value
