"""What was seen, stored as pictures: the only outputs that hold a frame, made only when asked for.

`open_annotation` gives a video or a folder of pictures, whichever the path names.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from edge.pipeline.face import FrameResult


class Annotation(Protocol):
    """Takes frame results, draws their boxes and labels, and stores them.

    begin: a source follows; `fps` is its nominal rate, and its times start at 0
    show:  store one frame; SinkError after close and where it cannot be written
    close: finish; SinkError where not all of it reached the disk. Harmless when repeated
    """

    @property
    def path(self) -> Path: ...
    def begin(self, fps: float) -> None: ...
    def show(self, frame_result: FrameResult) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_annotation(path: str | Path) -> Annotation:
    """What stores annotated frames at `path`, over what stands there.

    path: a folder has no ending, or exists, or ends in a slash
    Raises UsageError for another kind of file, SinkError where it cannot be written.
    """
    from edge.annotate.pictures import AnnotatedPictures
    from edge.annotate.video import AnnotatedVideo

    if names_folder(path):
        return AnnotatedPictures(Path(path))
    return AnnotatedVideo(Path(path))


def names_folder(path: str | Path) -> bool:
    return str(path).endswith("/") or Path(path).is_dir() or not Path(path).suffix
