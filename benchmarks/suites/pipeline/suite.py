"""A clip through the whole face path: where a frame's time goes, and what it grows with."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, cast

from benchmarks.measuring.findings import Doubt, Finding, Remark
from benchmarks.measuring.stages import OTHER, WHOLE, PlayedLive, Write, staged
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan, label
from benchmarks.suites.pipeline.scaling import WIDTHS_PX, by_faces, by_width
from edge.errors import DataError
from edge.log.event_sink import SqliteSink
from edge.models.classifier import Classifier
from edge.pipeline.face import FacePipeline, build_face_pipeline
from edge.settings.sections import Settings
from edge.sources.capture import CaptureThread
from edge.sources.video import open_source
from edge.types import EmotionEvent

if TYPE_CHECKING:
    from edge.models import Model
    from edge.sources.video.base import BaseFrameSource

_QUICK_FRAMES = 60
_LIVE_S = 10.0
_QUICK_LIVE_S = 3.0
# What the stages may leave of the whole frame.
_UNEXPLAINED_SHARE = 0.03


def measure(plan: Plan) -> Iterator[Finding]:
    """Per model: the stages and the frames that keep up live; with one of them: growth."""
    models = plan.some_models()
    # What a run takes where nobody says another.
    default = Settings().model.name
    grown = next((model for model in models if model.card.name == default), models[0])
    for number, model in enumerate(models):
        with ExitStack() as stack:
            classifier = stack.enter_context(Classifier(model))
            yield from _offline(plan, model, classifier, stack)
            yield from _live(plan, model, classifier)
            plan.progress(2 * number + 1, 2 * len(models))
            if model is grown:
                yield from _scaling(plan, model, classifier)
            plan.progress(2 * number + 2, 2 * len(models))
    yield Remark(
        "inference on one thread; capture decodes or makes the frame, whole frame is timed around "
        "all stages, and other is what they leave of it"
    )


def clip(plan: Plan) -> BaseFrameSource:
    """The plan's clip, not open yet. Raises DataError for one that is no recording."""
    settings = Settings().camera
    source = open_source(str(plan.clip) if plan.clip else "synthetic", settings=settings)
    if source.live:
        raise DataError(f"{plan.clip} is no recording: give --clip a video file")
    return cast("BaseFrameSource", source)


def pipeline(classifier: Classifier, model: str) -> FacePipeline:
    """The face path with every setting at its default."""
    return build_face_pipeline(Settings(), classifier, datetime.now(UTC), model_name=model)


def _offline(
    plan: Plan, model: Model, classifier: Classifier, stack: ExitStack
) -> Iterator[Finding]:
    """Every frame of the clip, as fast as it goes."""
    face_path = pipeline(classifier, model.card.name)
    taken: dict[str, list[float]] = defaultdict(list)
    with clip(plan) as source:
        frames = islice(source, _QUICK_FRAMES) if plan.quick else iter(source)
        cpu = process_time()
        for spent in staged(frames, face_path, _sink(stack)):
            for stage, milliseconds in spent.items():
                taken[stage].append(milliseconds)
        cpu = process_time() - cpu
        fps = source.fps or source.settings.fps
        stated, ended = frame_count(source), source.ended
    if not taken:
        raise DataError(f"{source.name} has no frames: give --clip another video")
    whole, count = sum(taken[WHOLE]), len(taken[WHOLE])
    for stage, values in taken.items():
        name = f"{label(model)}, {stage}"
        yield Measurement(name, "ms", tuple(values), varied=True)
        yield Measurement(f"{name}/share", "share", (sum(values) / whole,))
    yield from _unexplained(label(model), sum(taken[OTHER]) / whole)
    row = f"{label(model)}, {source.name}"
    yield Measurement(f"{row}/faces a frame", "", (face_path.times.faces / count,))
    yield Measurement(f"{row}/classified a frame", "", (face_path.times.classified / count,))
    yield Measurement(f"{row}/frames/s", "", (1e3 * count / whole,))
    yield Measurement(f"{row}/CPU s per s of video", "", (cpu * fps / count,))
    if plan.quick:
        yield Remark(f"{row}: the first {count} of {stated} frames, as a quick run does")
        return
    yield Measurement(f"{row}/in the file", "", (max(stated, count),))
    yield Measurement(f"{row}/processed", "", (count,))
    yield Measurement(f"{row}/failed", "", (max(stated - count, 0),))
    yield Remark(f"{row}: {ended}")


def _unexplained(name: str, share: float) -> Iterator[Finding]:
    if share > _UNEXPLAINED_SHARE:
        yield Doubt(
            f"{name}: the stages leave {share:.1%} of the whole frame unexplained "
            f"({_UNEXPLAINED_SHARE:.0%} is the limit): stop other programs, and give a longer clip"
        )


def _live(plan: Plan, model: Model, classifier: Classifier) -> Iterator[Finding]:
    """The clip at its own pace, as a camera gives it: what comes too fast is dropped."""
    face_path = pipeline(classifier, model.card.name)
    seconds = _QUICK_LIVE_S if plan.quick else _LIVE_S
    with ExitStack() as stack:
        recorded = stack.enter_context(clip(plan))
        source = stack.enter_context(PlayedLive(recorded, seconds=seconds))
        write = _sink(stack)
        reader = CaptureThread(lambda: nullcontext(source))
        stack.callback(reader.close)
        cpu, processed = process_time(), 0
        for frame_result in face_path.results(reader.read()):
            write(frame_result.events)
            processed += 1
        cpu = process_time() - cpu
    row = f"{label(model)}, {source.name} live"
    # As far as it was played: frames that do not decode are missing there too.
    in_file = max(frame_count(recorded), source.delivered) if source.whole else source.delivered
    yield Measurement(f"{row}/in the file", "", (in_file,))
    yield Measurement(f"{row}/processed", "", (processed,))
    yield Measurement(f"{row}/dropped", "", (reader.dropped,))
    yield Measurement(f"{row}/failed", "", (in_file - source.delivered,))
    if processed + reader.dropped != source.delivered:
        yield Doubt(
            f"{row}: {source.delivered} frames came and {processed} + {reader.dropped} are counted "
            "as processed and dropped: report this as a fault of edge"
        )
    if not source.whole:
        yield Remark(f"{row}: the first {seconds:.0f} s of the clip; in the file: up to there")
    fps = recorded.fps or recorded.settings.fps
    yield Measurement(f"{row}/CPU s per s of video", "", (cpu * fps / source.delivered,))


def _scaling(plan: Plan, model: Model, classifier: Classifier) -> Iterator[Finding]:
    """With a frame's width, on successive frames from a third of the clip; with its faces."""
    frames = 8 if plan.quick else 40
    with clip(plan) as source:
        first = max(0, min(frame_count(source) // 3, frame_count(source) - frames))
        images = [frame.image for frame in islice(source, first, first + frames)]
    if len(images) == frames:
        yield from by_width(images, classifier, widths_px=WIDTHS_PX[:: 2 if plan.quick else 1])
    else:
        yield Remark(f"no growth by width: the clip has less than {frames} frames")
    yield from by_faces(classifier, frames=frames)
    yield Remark(
        f"growth, {label(model)}: means over {frames} frames less the first few, without capture; "
        "faces: 960x720"
    )


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


def _sink(stack: ExitStack) -> Write:
    """Writes to a log of its own, as `edge run` does; gone with `stack`."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    log = SqliteSink(Path(folder) / "log.sqlite")
    stack.callback(log.close)

    def write(events: Sequence[EmotionEvent]) -> None:
        for event in events:
            log.write(event)
        log.flush()

    return write
