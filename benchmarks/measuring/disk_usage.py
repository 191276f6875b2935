"""What distributions take on the disk. The standard library alone: it also runs in a peer's
environment, which has nothing of ours."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path


def closure(names: list[str]) -> list[str]:
    """`names` and all that they need, each once, as far as it is installed.

    A requirement of an extra is left out; one with another marker counts where it is installed.
    """
    found: list[str] = []
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop(0)).lower()
        if name in found:
            continue
        try:
            requirements = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        found.append(name)
        waiting += [bare_name(r) for r in requirements if not re.search(r";.*\bextra\b", r)]
    return found


def bare_name(requirement: str) -> str:
    """`name` of "name[extra]>=1; marker"."""
    return re.split(r"[\s<>=!~;\[(]", requirement.strip(), maxsplit=1)[0]


def distribution_bytes(name: str) -> int:
    """The length of its files. Raises PackageNotFoundError where it is not installed."""
    paths = [Path(str(file.locate())) for file in metadata.files(name) or []]
    return sum(path.stat().st_size for path in paths if path.is_file())
