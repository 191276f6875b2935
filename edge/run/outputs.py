"""Where a run may write: never over what it reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from edge.annotate import names_folder
from edge.errors import UsageError
from edge.log.configure import log_path
from edge.system.outputs import check_output, keep_apart, same_place

if TYPE_CHECKING:
    from edge.settings.sections import Settings


def check_outputs(
    settings: Settings, annotate: str | None, inputs: Iterable[Path] = (), *, force: bool = False
) -> None:
    """Raises UsageError where an output of a run would take an input's place.

    inputs: files that are read beside those that the settings name
    force:  annotated frames may replace what is no input
    """
    read = [*inputs, *_inputs(settings)]
    log = log_path(settings)
    if log is not None:
        keep_apart(log, read)
    if annotate is None:
        return
    target = Path(annotate)
    if names_folder(annotate):
        for one in read:
            if one.is_file() and same_place(one.parent, target):
                raise UsageError(f"{target} holds {one.name}, which is read: give another folder")
    check_output(target, [*read, *([log] if log is not None else [])], force=force)


def _inputs(settings: Settings) -> list[Path]:
    """The files and folders that the settings read, as far as they exist."""
    named = [
        settings.camera.source.get_secret_value(),
        settings.mic.source,
        settings.model.name,
        settings.model.speech,
        settings.model.fusion,
        settings.detection.model,
    ]
    return [Path(name) for name in named if name and "\0" not in name and _exists(Path(name))]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # too long for a name: an address, say
        return False
