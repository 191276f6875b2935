"""Settings written as TOML: a file to start from, every setting with what it means."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from textwrap import dedent

from pydantic import BaseModel, SecretStr

from edge.settings.sections import SourceAddress
from edge.system.redaction import HIDDEN, shown


def as_toml(settings: BaseModel, *, secrets: bool = True) -> str:
    """A settings file with every setting, its default commented out, and what it means.

    What differs from the default stands uncommented. secrets: else they, and passwords in
    addresses, are hidden.
    """
    return "\n".join(_lines(settings, secrets)) + "\n"


def _lines(settings: BaseModel, secrets: bool) -> Iterator[str]:
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
            yield f"{mark}{key} = {_toml(value if secrets else _hidden(value))}"
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


def _hidden(value: object) -> object:
    if isinstance(value, SourceAddress):
        return shown(value.get_secret_value())
    if isinstance(value, SecretStr):
        return HIDDEN if value.get_secret_value() else ""
    return value


def _toml(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
