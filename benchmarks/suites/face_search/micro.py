"""What parts of the face path cost by themselves: batches, threads, gray, overlap; its memory."""

from __future__ import annotations

import queue
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.measuring.findings import Finding, Remark
from benchmarks.measuring.process import watch
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan, model_argument
from benchmarks.suites.face_search.baselines import Case, Gray, frames_of, tracked
from edge.models import Model
from edge.pipeline.face import build_face_pipeline
from edge.pixel_formats import jpeg_to_bgr, jpeg_to_gray, to_gray
from edge.settings.sections import Settings
from edge.sources.video import open_source
from edge.sources.video.synthetic import SyntheticSource
from edge.types import Frame

if TYPE_CHECKING:
    from edge.models.classifier import Classifier

_Item = tuple[Frame, Gray, float]


def memory(model: Model, plan: Plan) -> Iterator[Finding]:
    """The peak of a short `edge run` and of one ten times as long, on the clip over and over."""
    with tempfile.TemporaryDirectory() as folder:
        for frames in (30, 90) if plan.quick else (300, 3000):
            path = Path(folder) / f"{frames}.avi"
            _repeated(plan, frames, path)
            command = replace(plan, clip=path).edge_run(model_argument(model), frames=frames)
            peak = watch([*command, "--log", "none"]).peak_rss_bytes / 1e6
            path.unlink()
            yield Measurement(f"edge run of {frames} frames/peak memory", "MB", (peak,))


def _repeated(plan: Plan, frames: int, path: Path) -> None:
    """Writes a video of so many frames, from the plan's clip or the synthetic one."""
    settings = Settings().camera
    with open_source(str(plan.clip) if plan.clip else "synthetic", settings=settings) as source:
        images = [frame.image for frame in islice(source, _REPEATED)]
    height, width = images[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (width, height))
    for image in islice(cycle(images), frames):
        writer.write(image)
    writer.release()


_REPEATED = 90


def overlap(case: Case, plan: Plan) -> Iterator[Finding]:
    """Wall time of decoding and searching: in turn, and with the decoder in its own thread."""
    for row, threaded in (("in turn", False), ("in two threads", True)):
        ours = tracked()
        frames = frames_of(case, plan)
        count, started = 0, perf_counter()
        for frame, gray, _spent in _ahead(frames) if threaded else frames:
            ours.see(gray, frame.timestamp_s)
            count += 1
        spent_ms = 1e3 * (perf_counter() - started) / count
        yield Measurement(f"decoding and searching {row}/wall ms a frame", "ms", (spent_ms,))


def _ahead(items: Iterator[_Item]) -> Iterator[_Item]:
    """The same, each made while the one before is worked on."""
    slot: queue.Queue[_Item | None] = queue.Queue(maxsize=1)

    def make() -> None:
        for item in items:
            slot.put(item)
        slot.put(None)

    maker = threading.Thread(target=make, daemon=True)
    maker.start()
    while (item := slot.get()) is not None:
        yield item
    maker.join()


def batch(model: Model, classifier: Classifier, plan: Plan) -> Iterator[Finding]:
    """Four faces in four invokes, and in one where the model takes a batch."""
    from ai_edge_litert.interpreter import Interpreter

    count, rounds = 4, 20 if plan.quick else 100
    image = np.zeros((48, 48), np.uint8)
    started = process_time()
    for _ in range(rounds * count):
        classifier.classify(image)
    spent_ms = 1e3 * (process_time() - started) / rounds
    yield _cell(f"four faces, four invokes of {model.card.name}", "CPU ms", spent_ms)
    interpreter = Interpreter(model_path=str(model.path), num_threads=1)
    source = interpreter.get_input_details()[0]
    images = np.zeros((count, *source["shape"][1:]), source["dtype"])
    try:
        interpreter.resize_tensor_input(source["index"], images.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(source["index"], images)
        interpreter.invoke()
    except (RuntimeError, ValueError) as error:
        yield Remark(
            f"{model.card.name} takes no batch of {count}: {str(error).strip().splitlines()[0]}"
        )
        return
    started = process_time()
    for _ in range(rounds):
        interpreter.set_tensor(source["index"], images)
        interpreter.invoke()
    spent_ms = 1e3 * (process_time() - started) / rounds
    yield _cell(f"four faces, one invoke of {model.card.name}", "CPU ms", spent_ms)


def threads(case: Case, model: Model, plan: Plan) -> Iterator[Finding]:
    """The pipeline's wall and CPU time with OpenCV and the interpreter on one thread and on all."""
    from edge.models.classifier import Classifier

    frames = [replace(frame, pixels=gray, pixel_format="GRAY")
              for frame, gray, _ in islice(frames_of(case, plan), 60)]  # fmt: skip  # one line
    default_threads = cv2.getNumThreads()
    for opencv in dict.fromkeys((1, default_threads)):
        for network in dict.fromkeys((1, default_threads)):
            cv2.setNumThreads(opencv)
            with Classifier(model, threads=network) as classifier:
                path = build_face_pipeline(Settings(), classifier, datetime.now(UTC))
                started, used = perf_counter(), process_time()
                for _ in path.results(frames):
                    pass
                wall, used = perf_counter() - started, process_time() - used
            row = f"pipeline, threads of OpenCV {opencv}, of the network {network}"
            yield _cell(row, "wall ms a frame", 1e3 * wall / len(frames))
            yield _cell(row, "CPU ms a frame", 1e3 * used / len(frames))
    cv2.setNumThreads(default_threads)


def gray(plan: Plan) -> Iterator[Finding]:
    """A camera's picture made BGR and then gray, against its luma taken as it is."""
    rng = np.random.default_rng(plan.seed)
    yuv = Frame(rng.integers(16, 236, (720, 640)).astype(np.uint8), 0.0, 0, "I420")
    jpeg = _jpeg(1280, 720)
    cases: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "640x480 YUV": (lambda: Frame(yuv.image, 0.0, 0).gray, lambda: yuv.gray),
        "1280x720 MJPG 4:2:2": (
            lambda: to_gray(np.asarray(jpeg_to_bgr(jpeg), np.uint8)),
            lambda: jpeg_to_gray(jpeg),
        ),
    }
    rounds = 10 if plan.quick else 100
    for name, ways in cases.items():
        spent = [0.0, 0.0]
        for _ in range(rounds):
            for n, way in enumerate(ways):
                started = process_time()
                way()
                spent[n] += process_time() - started
        for what, seconds in zip(("colours made", "luma taken"), spent, strict=True):
            yield _cell(f"gray of a {name} frame, {what}", "CPU ms", 1e3 * seconds / rounds)


def _jpeg(width: int, height: int) -> Gray:
    """The bundled scene as most USB cameras would send it: uint8 (n,), colours 4:2:2."""
    settings = Settings().camera.model_copy(update={"width": width, "height": height})
    with SyntheticSource("", settings) as source:
        image = next(iter(source)).image
    kind = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422)
    data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, 85, *kind))[1]
    return data.reshape(-1).astype(np.uint8, copy=False)


def _cell(row: str, column: str, value: float) -> Measurement:
    return Measurement(f"{row}/{column}", "ms" if "ms" in column.split() else "", (float(value),))
