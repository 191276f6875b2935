"""What a command writes is kept apart from what it reads: for every command of all three CLIs.

A parameter that names an output says `writable=True`. Every other one that names something on the
disk names an input: a path, several, NAME=PATH, or paths by comma.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer
from typer.core import TyperCommand
from typer.models import ParameterInfo

from edge.errors import UsageError
from edge.system.outputs import check_named, keep_apart, reading, same_place

Force = Annotated[
    bool, typer.Option("--force", help="Replace a file that this toolkit did not write.")
]
"""For commands with outputs. `CheckedCommand` reads it, from the parameter `force`."""


class CheckedCommand(TyperCommand):
    """Its outputs are checked before it begins, and its inputs are safe while it runs."""

    def invoke(self, ctx: Any) -> Any:
        kinds = outputs_of(self.callback) if self.callback else {}
        outputs = [(Path(given), kinds[name]) for name in kinds if (given := ctx.params[name])]
        inputs = list(_inputs(value for name, value in ctx.params.items() if name not in kinds))
        force = bool(ctx.params.get("force"))
        for (one, _), (other, _) in combinations(outputs, 2):
            if same_place(one, other):
                raise UsageError(f"{other} is named twice: give each output a place of its own")
        for output, kind in outputs:
            keep_apart(output, inputs)
            if kind is Path:
                check_named(output, inputs, force=force)
        with reading(inputs, force=force):
            return super().invoke(ctx)


def outputs_of(command: Callable[..., Any]) -> dict[str, type]:
    """Its parameters that name outputs: Path, or str where the command has rules of its own."""
    return {
        name: Path if Path in (hint.__origin__, *get_args(hint.__origin__)) else str
        for name, hint in get_type_hints(command, include_extras=True).items()
        for said in getattr(hint, "__metadata__", ())
        if isinstance(said, ParameterInfo) and said.writable
    }


def _inputs(values: Iterable[Any]) -> Iterator[Path]:
    """What there is on the disk of what the values name."""
    for value in values:
        if isinstance(value, list | tuple):
            yield from _inputs(value)
        elif isinstance(value, str | Path):
            text = str(value)
            parts = (text, *text.split(","), text.partition("=")[2])
            yield from (Path(part) for part in dict.fromkeys(parts) if part and _is_there(part))


def _is_there(name: str) -> bool:
    try:
        return os.path.lexists(name)
    except ValueError:  # a NUL in it
        return False
