"""The data files beside the code: what others published, with its source."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any


def published(name: str) -> dict[str, Any]:
    """`papers` or `boards`: the tables of benchmarks/NAME.toml."""
    path = Path(__file__).with_name(f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
