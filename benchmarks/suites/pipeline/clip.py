"""The clip that goes through the face path, the path itself, and the log that it writes to."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from benchmarks.measuring.stages import Write
from edge.errors import DataError
from edge.log.event_sink import SqliteSink
from edge.models.classifier import Classifier
from edge.pipeline.face import FacePipeline, build_face_pipeline
from edge.settings.sections import Settings
from edge.sources.video import open_source
from edge.types import EmotionEvent

if TYPE_CHECKING:
    from edge.sources.video.base import BaseFrameSource


def opened(path: str) -> BaseFrameSource:
    """The video file at `path`, or the synthetic clip for "", not open yet.

    Raises DataError for one that is no recording.
    """
    source = open_source(path or "synthetic", settings=Settings().camera)
    if source.live:
        raise DataError(f"{path} is no recording: give --clip a video file")
    return cast("BaseFrameSource", source)


def pipeline(classifier: Classifier, model: str) -> FacePipeline:
    """The face path with every setting at its default."""
    return build_face_pipeline(Settings(), classifier, datetime.now(UTC), model_name=model)


def frame_count(source: BaseFrameSource) -> int:
    """How many frames the clip says it has."""
    import cv2

    count = getattr(source, "frame_count", None)
    path = getattr(source, "path", None)
    if count is None and path is not None:
        capture = cv2.VideoCapture(str(path))
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        capture.release()
    return max(0, int(count or 0))


def log_of_its_own(stack: ExitStack) -> Write:
    """Writes to a log as `edge run` does; it is gone with `stack`."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    log = SqliteSink(Path(folder) / "log.sqlite")
    stack.callback(log.close)

    def write(events: Sequence[EmotionEvent]) -> None:
        for event in events:
            log.write(event)
        log.flush()

    return write
