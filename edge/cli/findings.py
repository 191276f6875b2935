"""What `edge doctor` finds, and how a check that fails becomes a finding."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from edge.cli.units import size
from edge.errors import EdgeError

MINIMUM_FREE_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `fix` is a command or a sentence, empty where all is well.

    `blocks`: without it `edge run` cannot work at all. `wanted`: the settings ask for it.
    """

    part: str
    state: str
    fix: str = ""
    blocks: bool = False
    wanted: bool = False

    @property
    def lacks(self) -> bool:
        """Whether something is missing that `edge run` or the settings need."""
        return bool(self.fix) and (self.blocks or self.wanted)

    def as_line(self) -> str:
        mark = "ok     " if not self.fix else "MISSING" if self.lacks else "lacking"
        fix = f"\n            fix: {self.fix}" if self.fix else ""
        return f"{mark}  {self.part}: {self.state}{fix}"

    def as_dict(self) -> dict[str, object]:
        return {"ok": not self.fix, **asdict(self)}


def exit_code(findings: Iterable[Finding]) -> int:
    """0: nothing that is needed lacks; 1: something that the settings ask for; 3: a part."""
    lacking = [finding for finding in findings if finding.lacks]
    if any(finding.blocks for finding in lacking):
        return 3
    return 1 if lacking else 0


def found_by(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """Its findings; a check that itself fails is one."""
    part = check.__name__.strip("_")
    try:
        return list(check())
    except EdgeError as error:
        return [Finding(part, "cannot be used", str(error), blocks=True)]
    except ImportError as error:
        fix = "pip install --force-reinstall emotion-edge"
        return [Finding(part, f"does not load: {error}", fix, blocks=True)]


def with_room(part: str, folder: Path, existing: Path) -> Finding:
    """Whether there is room for a log in `folder`, of which the part `existing` exists."""
    free = shutil.disk_usage(existing).free
    if free < MINIMUM_FREE_BYTES:
        fix = "free some space, or `edge log purge`"
        return Finding(part, f"{size(free)} free at {existing}", fix, wanted=True)
    return Finding(part, f"{folder}, {size(free)} free")
