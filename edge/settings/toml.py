"""Settings written as TOML: a file to start from, every setting with what it means."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from textwrap import dedent

from edge.settings.secret import SecretText, SourceAddress
from edge.system.record import Record
from edge.system.redaction import HIDDEN, shown


def as_toml(settings: Record, *, secrets: bool = True) -> str:
    """A settings file with every setting, its default commented out, and what it means.

    What differs from the default stands uncommented. secrets: else they, and passwords in
    addresses, are hidden.
    """
    return "\n".join(_lines(settings, secrets)) + "\n"


def _lines(settings: Record, secrets: bool) -> Iterator[str]:
    yield "# Settings of emotion-edge. What begins with # is a default."
    yield "# The environment goes on top: EDGE_CAMERA_WIDTH=1280 is width in [camera]."
    for section in settings.__struct_fields__:
        values = getattr(settings, section)
        notes = _field_notes(type(values))
        yield ""
        yield f"[{section}]"
        yield from _comment(inspect.getdoc(type(values)) if type(values).__doc__ else None)
        defaults = type(values)()
        for key in values.__struct_fields__:
            value = getattr(values, key)
            mark = "# " if value == getattr(defaults, key) else ""
            yield f"{mark}{key} = {_toml(value if secrets else _hidden(value))}"
            yield from _comment(notes.get(key), indent="#     ")


def _comment(text: str | None, indent: str = "# ") -> Iterator[str]:
    for line in (text or "").splitlines():
        yield f"{indent}{line}".rstrip()


def _field_notes(section: type[Record]) -> dict[str, str]:
    """The string under each field."""
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
    if isinstance(value, SecretText):
        return HIDDEN if value.get_secret_value() else ""
    return value


def _toml(value: object) -> str:
    if isinstance(value, SecretText):
        value = value.get_secret_value()
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
