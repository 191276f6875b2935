"""The face search against the naive one: what it costs, what it covers, what each part saves.

Naive is the whole frame, every frame, by Haar's cascade at scale factor 1.1 with 5 neighbors, down
to the same smallest face. Costs are CPU time of this process, all threads, frame by frame in turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from resource import RUSAGE_SELF, getrusage
from statistics import fmean
from time import process_time
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from benchmarks.contenders import Case, Contender, NaiveSearch, Replay, cases, frames_of, tracked
from benchmarks.coverage import appearances, coverage, false_boxes
from benchmarks.measure import Measurement
from benchmarks.results import Finding, Remark
from benchmarks.suites import Plan
from edge.pipeline import FacePipeline
from edge.reporting import Reporter
from edge.settings import DetectionSettings, Settings
from edge.smoothing import Smoother
from edge.types import Frame
from edge.vision.detect import HaarDetector
from edge.vision.preprocess import Preprocessor
from edge.vision.search import FaceSearch
from edge.vision.track import Tracker

if TYPE_CHECKING:
    from edge.inference import Classifier

GRACE_S = 0.5
"""Within which a new face is to be found."""


def measure(plan: Plan) -> Iterator[Finding]:
    """A row per clip; a row per part that is turned off, on the first and on the empty one."""
    from edge.inference import Classifier

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        faces = plan.of("face")
        classifier = Classifier(faces[0]) if faces else None
        chosen = cases(plan)
        for number, case in enumerate(chosen):
            yield from _compared(case, plan, classifier)
            plan.progress(number + 1, len(chosen) + 2)
        for case in chosen[:2] + [case for case in chosen if case.still]:
            yield from _turned_off(case, plan)
        yield from _memory(chosen[0], plan)
        yield from _gray(plan)
        if classifier is not None:
            yield from _batch(plan, classifier)
    finally:
        cv2.setNumThreads(threads)
    yield from _threads(chosen[0], plan)
    yield Remark(
        "CPU time of the process, OpenCV on one thread, naive and ours in turn on every frame; "
        "clips with a size in their name that is not the file's are scaled to it before"
    )
    yield Remark(
        "a face is what naive finds in at least 3 consecutive frames; covered and reported count "
        f"its boxes from {GRACE_S} s after it appears, at IoU 0.5; covered: by any track, "
        "reported: by a confirmed one; false boxes have none of these faces near within 1 s, and "
        "in a clip without people all are false"
    )


def _compared(case: Case, plan: Plan, classifier: Classifier | None) -> Iterator[Finding]:
    naive, ours = Contender(NaiveSearch(DetectionSettings())), tracked()
    both = []
    if classifier is not None:
        both = [_path(classifier, tracked().search), _path(classifier, Replay(naive))]
    decoded_s: list[float] = []
    piped_s: list[list[float]] = [[] for _ in both]
    last_s = 0.0
    for frame, gray, spent_s in frames_of(case, plan):
        decoded_s.append(spent_s)
        last_s = frame.timestamp_s
        for contender in (naive, ours) if frame.index % 2 else (ours, naive):
            contender.see(gray, last_s)
        for path, spent in zip(both, piped_s, strict=True):
            bgr = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
            started = process_time()
            next(path.scenes((Frame(bgr, last_s, frame.index),)))
            spent.append(process_time() - started)
    yield _cell(case.name, "naive ms", naive.frame_ms)
    yield _cell(case.name, "ours ms", ours.frame_ms)
    yield _cell(case.name, "ours/naive", ours.frame_ms / naive.frame_ms)
    if both:
        whole_ms, others_ms = (1e3 * fmean(spent) for spent in piped_s)
        yield _cell(case.name, "pipeline ms", whole_ms)
        yield _cell(case.name, "of naive search", whole_ms / naive.frame_ms)
        yield _cell(case.name, "of naive pipeline", whole_ms / (naive.frame_ms + others_ms))
        decode_ms = 1e3 * fmean(decoded_s)
        yield _cell(case.name, "decode ms", decode_ms)
        yield _cell(case.name, "core at 30/s", 30 * (whole_ms + decode_ms) / 1e3)
    yield from _held(case, naive, ours, (len(decoded_s) - 1) / last_s)


def _held(case: Case, naive: Contender, ours: Contender, fps: float) -> Iterator[Finding]:
    reference = [] if case.empty else appearances(naive.found, fps)
    held = coverage(reference, ours.found, ours.reported, fps, GRACE_S)
    row = f"{case.name}:"
    yield _cell(row, "frames", len(ours.found))
    yield _cell(row, "naive's faces", held.faces)
    yield _cell(row, "covered", held.covered / max(1, held.faces))
    yield _cell(row, "reported", held.reported / max(1, held.faces))
    yield _cell(row, "latest found after s", held.late_s)
    yield _cell(row, "tracks", len({f.track_id for faces in ours.reported for f in faces}))
    yield _cell(row, "switches", len(held.switches))
    yield _cell(row, "false, naive", false_boxes(reference, naive.found, fps))
    yield _cell(row, "false, ours", false_boxes(reference, ours.reported, fps))
    for index, old, new in held.switches:
        yield Remark(f"{case.name}: track {old} became {new} on the same face at frame {index}")


OFF: dict[str, dict[str, Any]] = {
    "all on": {},
    "no search around known faces": {"tracked": False},
    "no motion gate": {"motion_gate": False},
    "scale factor 1.1": {"scale_factor": 1.1},
    "new faces each 0.25 s": {"full_search_interval_s": 0.25},
}


def _turned_off(case: Case, plan: Plan) -> Iterator[Finding]:
    contenders = {name: tracked(**changes) for name, changes in OFF.items()}
    contenders["budget 0.05 of the time"] = tracked(live=True, budget_share=0.05)
    contenders["nothing on (naive)"] = Contender(NaiveSearch(DetectionSettings()))
    for frame, gray, _ in frames_of(case, plan):
        for contender in contenders.values():
            contender.see(gray, frame.timestamp_s)
    whole = contenders["nothing on (naive)"].frame_ms
    for name, contender in contenders.items():
        row = f"{name}, {case.name}"
        yield _cell(row, "search ms", contender.frame_ms)
        yield _cell(row, "of naive", contender.frame_ms / whole)


def _memory(case: Case, plan: Plan) -> Iterator[Finding]:
    """The same clip over and over through one search and tracker, its clock running on."""
    ours = tracked()
    peaks, offset_s = [], 0.0
    for _ in range(3 if plan.quick else 8):
        last_s = 0.0
        for frame, gray, _spent in frames_of(case, plan):
            ours.see(gray, offset_s + frame.timestamp_s)
            last_s = frame.timestamp_s
        offset_s += last_s + 0.033
        peaks.append(getrusage(RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
    yield Measurement("peak memory grew over the run", "MB", (peaks[-1] - peaks[0],))


def _batch(plan: Plan, classifier: Classifier) -> Iterator[Finding]:
    """Four faces in four invokes, and in one where the model takes a batch."""
    from ai_edge_litert.interpreter import Interpreter

    model, count, rounds = plan.some_models()[0], 4, 20 if plan.quick else 100
    image = np.zeros((48, 48), np.uint8)
    started = process_time()
    for _ in range(rounds * count):
        classifier.classify(image)
    spent_ms = 1e3 * (process_time() - started) / rounds
    yield _cell(f"four faces, four invokes of {model.card.name}", "CPU ms", spent_ms)
    interpreter = Interpreter(model_path=str(model.path), num_threads=1)
    source = interpreter.get_input_details()[0]
    batch = np.zeros((count, *source["shape"][1:]), source["dtype"])
    try:
        interpreter.resize_tensor_input(source["index"], batch.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(source["index"], batch)
        interpreter.invoke()
    except (RuntimeError, ValueError) as error:
        yield Remark(f"{model.card.name} takes no batch of {count}: {str(error).splitlines()[0]}")
        return
    started = process_time()
    for _ in range(rounds):
        interpreter.set_tensor(source["index"], batch)
        interpreter.invoke()
    spent_ms = 1e3 * (process_time() - started) / rounds
    yield _cell(f"four faces, one invoke of {model.card.name}", "CPU ms", spent_ms)


def _threads(case: Case, plan: Plan) -> Iterator[Finding]:
    """What a full search takes in CPU time with OpenCV on one thread and on all."""
    grays = [gray for _, gray, _ in islice(frames_of(case, plan), 0, 60, 6)]
    detector = HaarDetector(DetectionSettings())
    usual = cv2.getNumThreads()
    for count in dict.fromkeys((1, usual)):
        cv2.setNumThreads(count)
        started = process_time()
        for gray in grays:
            detector.find(gray)
        spent_ms = 1e3 * (process_time() - started) / len(grays)
        yield _cell(f"full search, OpenCV threads {count}", "CPU ms a frame", spent_ms)


def _gray(plan: Plan) -> Iterator[Finding]:
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


def _path(classifier: Classifier, search: FaceSearch) -> FacePipeline:
    settings = Settings()
    return FacePipeline(
        search,
        Tracker(),
        Preprocessor(settings.preprocess),
        classifier,
        Smoother(settings.smoothing),
        Reporter(model="search", started_at=datetime.now(UTC), interval_s=1.0),
    )


def _cell(row: str, column: str, value: float) -> Measurement:
    return Measurement(f"{row}/{column}", "ms" if column.endswith("ms") else "", (float(value),))
