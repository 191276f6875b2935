"""Names to code: tables of "module:attribute", imported on use: an absent part costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from edge.errors import UsageError


def resolve(table: Mapping[str, str], name: str, what: str) -> Any:
    """What `table` holds under `name`. Raises UsageError, naming the choices, for another name."""
    if name not in table:
        raise UsageError(f"there is no {what} {name!r}: choose one of {', '.join(table)}")
    module, attribute = table[name].split(":")
    return getattr(import_module(module), attribute)
