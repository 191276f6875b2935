"""A clip through the whole face path: where a frame's time goes, and what it grows with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext
from itertools import chain, islice
from time import monotonic, process_time

from benchmarks.measuring.findings import Doubt, Finding, Remark
from benchmarks.measuring.repeated import differing
from benchmarks.measuring.stages import OTHER, WHOLE, PlayedLive
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan, label, model_argument
from benchmarks.suites.pipeline.clip import frame_count, log_of_its_own, opened, pipeline
from benchmarks.suites.pipeline.playback import Playback, play
from benchmarks.suites.pipeline.scaling import WIDTHS_PX, by_faces, by_width
from edge.errors import DataError
from edge.models import Model
from edge.models.classifier import Classifier
from edge.settings.sections import Settings
from edge.sources.capture import CaptureThread

_QUICK_FRAMES = 60
# A long clip is not played so often; twice in any case.
_LONGEST_S = 180.0
_FEWEST = 2
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
    played = _playbacks(plan, models)
    for number, model in enumerate(models):
        yield from _offline(plan, model, played[number])
        with Classifier(model) as classifier:
            yield from _live(plan, model, classifier)
            if model is grown:
                yield from _scaling(plan, model, classifier)
        plan.progress(len(models) + number + 1, 2 * len(models))
    yield Remark(
        "inference on one thread; capture decodes or makes the frame, whole frame is timed around "
        "all stages, and other is what they leave of it; the clip was played in "
        f"{len(played[0])} processes"
    )


def _playbacks(plan: Plan, models: Sequence[Model]) -> list[list[Playback]]:
    """By model. The models take turns, so that what slows the machine down slows all of them."""
    with opened(_clip(plan)):
        pass  # its own sentence, where it cannot be opened
    most = _QUICK_FRAMES if plan.quick else 0
    count, until_s = plan.processes(), monotonic() + _LONGEST_S
    played: list[list[Playback]] = [[] for _ in models]
    for process in range(count):
        if process >= _FEWEST and monotonic() > until_s:
            break
        for model, of_it in zip(models, played, strict=True):
            of_it.append(play(_clip(plan), model_argument(model), most))
        plan.progress((process + 1) * len(models), 2 * count * len(models))
    return played


def _clip(plan: Plan) -> str:
    return str(plan.clip) if plan.clip else ""


def _offline(plan: Plan, model: Model, played: Sequence[Playback]) -> Iterator[Finding]:
    """Every frame of the clip, as fast as it goes."""
    first = played[0]
    if not first.frames:
        raise DataError(f"{first.name} has no frames: give --clip another video")
    yield from _stages(label(model), played)
    row, count = f"{label(model)}, {first.name}", sum(playback.frames for playback in played)
    wall_ms = sum(sum(playback.stages[WHOLE]) for playback in played)
    columns = {
        "faces a frame": sum(playback.faces for playback in played) / count,
        "classified a frame": sum(playback.classified for playback in played) / count,
        "frames/s": 1e3 * count / wall_ms,
        "CPU s per s of video": sum(playback.cpu_s for playback in played) * first.fps / count,
    }
    if not plan.quick:
        columns["in the file"] = max(first.stated, first.frames)
        columns["processed"] = first.frames
        columns["failed"] = max(first.stated - first.frames, 0)
    for column, value in columns.items():
        yield Measurement(f"{row}/{column}", "", (value,))
    part = f"the first {first.frames} of {first.stated} frames, as a quick run does"
    yield Remark(f"{row}: {part if plan.quick else first.ended}")


def _stages(name: str, played: Sequence[Playback]) -> Iterator[Finding]:
    """Of every frame in every process, and each stage's share of them all."""
    per_process = tuple(playback.frames for playback in played)
    timed = {
        stage: Measurement(
            f"{name}, {stage}",
            "ms",
            tuple(chain.from_iterable(playback.stages[stage] for playback in played)),
            varied=True,
            per_process=per_process,
        )
        for stage in played[0].stages
    }
    for measurement in timed.values():
        yield measurement
        share = measurement.mean / timed[WHOLE].mean
        yield Measurement(f"{measurement.name}/share", "share", (share,))
    cpu_ms = tuple(1e3 * playback.cpu_s / playback.frames for playback in played)
    cpu = Measurement(f"{name}, CPU a frame", "ms", cpu_ms, per_process=(1,) * len(played))
    yield cpu
    yield from differing((timed[WHOLE], cpu))
    yield from _unexplained(name, timed[OTHER].mean / timed[WHOLE].mean)


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
        recorded = stack.enter_context(opened(_clip(plan)))
        source = stack.enter_context(PlayedLive(recorded, seconds=seconds))
        write = log_of_its_own(stack)
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
    with opened(_clip(plan)) as source:
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
