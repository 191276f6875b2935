"""What parts of the face path cost by themselves: batches, threads, gray, overlap; its memory."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from itertools import islice
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.contenders import Case, Gray, frames_of, tracked
from benchmarks.measure import Measurement
from benchmarks.process import watch
from benchmarks.results import Finding, Remark
from benchmarks.suites import Plan, model_argument
from edge.models import Model
from edge.settings import DetectionSettings
from edge.types import Frame
from edge.vision.detect import HaarDetector

if TYPE_CHECKING:
    from edge.inference import Classifier

_Item = tuple[Frame, Gray, float]


def memory(model: Model, plan: Plan) -> Iterator[Finding]:
    """The peak of a short `edge run` and of a long one."""
    for frames in (30, 90) if plan.quick else (300, 3000):
        command = plan.edge_run(model_argument(model), frames=frames)
        peak = watch([*command, "--log", "none"]).peak_rss_bytes / 1e6
        yield Measurement(f"edge run of {frames} frames/peak memory", "MB", (peak,))


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


def threads(case: Case, plan: Plan) -> Iterator[Finding]:
    """What a full search takes in CPU time with OpenCV on one thread and on all."""
    grays = [picture for _, picture, _ in islice(frames_of(case, plan), 0, 60, 6)]
    detector = HaarDetector(DetectionSettings())
    usual = cv2.getNumThreads()
    for count in dict.fromkeys((1, usual)):
        cv2.setNumThreads(count)
        started = process_time()
        for picture in grays:
            detector.find(picture)
        spent_ms = 1e3 * (process_time() - started) / len(grays)
        yield _cell(f"full search, OpenCV threads {count}", "CPU ms a frame", spent_ms)


def gray(plan: Plan) -> Iterator[Finding]:
    """A camera's YUV picture made BGR and then gray, against its luma taken as it is."""
    random = np.random.default_rng(plan.seed)
    pixels = random.integers(16, 236, (720, 640)).astype(np.uint8)
    frame, rounds = Frame(pixels, 0.0, 0, "I420"), 50 if plan.quick else 300
    spent = {"colours made": 0.0, "luma taken": 0.0}
    for _ in range(rounds):
        started = process_time()
        _ = Frame(frame.image, 0.0, 0).gray
        between = process_time()
        _ = frame.gray
        spent["colours made"] += between - started
        spent["luma taken"] += process_time() - between
    for name, seconds in spent.items():
        yield _cell(f"gray of a 640x480 YUV frame, {name}", "CPU ms", 1e3 * seconds / rounds)


def _cell(row: str, column: str, value: float) -> Measurement:
    return Measurement(f"{row}/{column}", "ms" if "ms" in column.split() else "", (float(value),))
