"""Small files that may be anybody's: read up to a bound, and parsed without a surprise."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def read_small(path: Path, most_bytes: int) -> str:
    """The UTF-8 text of a regular file.

    Raises FileNotFoundError; OSError where it is a pipe or a device, which might never end, or
    larger than `most_bytes`; UnicodeDecodeError.
    """
    if path.exists() and not path.is_file():
        raise OSError("it is no regular file")
    with path.open("rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(f"it has more than {most_bytes:,} bytes")
    return content.decode("utf-8")


def parse_toml(text: str) -> dict[str, Any]:
    """Raises ValueError for whatever is no TOML: also what nests without end, or has a number of
    thousands of digits."""
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
