"""The face search against the naive one: what it costs, what it covers, what each part saves.

Naive is the whole frame, every frame, by Haar's cascade at scale factor 1.1 with 5 neighbors, down
to the same smallest face. Costs are CPU time of this process, all threads, frame by frame in turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import fmean
from time import process_time
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage import appearances, coverage, false_boxes
from benchmarks.measure import Measurement
from benchmarks.results import Finding, Remark
from benchmarks.suites import Plan
from edge.pipeline import FacePipeline, build_face_pipeline
from edge.settings import DetectionSettings, Settings
from edge.sources import open_source
from edge.types import Face, Frame
from edge.vision.detect import HaarDetector, load_cascade
from edge.vision.search import FaceSearch, FullSearch, TrackedSearch
from edge.vision.track import Tracker

if TYPE_CHECKING:
    from edge.inference import Classifier

Gray = NDArray[np.uint8]
GRACE_S = 0.5
"""Within which a new face is to be found."""
_QUICK_FRAMES = 30


@dataclass(frozen=True, slots=True)
class Case:
    """name: of its row; size_px: (width, height) to scale it to; empty: nobody is in it"""

    name: str
    path: Path | None
    size_px: tuple[int, int] | None = None
    empty: bool = False
    frames: int = 400
    still: bool = False


def cases(plan: Plan) -> list[Case]:
    """The clips in the data's folder `video`, or the one asked for, or the synthetic one."""
    if plan.clip is not None or plan.data is None:
        name = plan.clip.name if plan.clip else "synthetic"
        return [Case(name, plan.clip)]
    folder = plan.data / "video" if (plan.data / "video").is_dir() else plan.data
    known = [
        Case("one face 640x480", folder / "single_face.mp4", (640, 480)),
        Case("crowd 480x270", folder / "walking_faces.mp4"),
        Case("phone 596x336", folder / "office_face_multi.mp4"),
        Case("signing 640x480", folder / "sorry.mkv"),
        Case("signing 2 640x480", folder / "thanks.mkv"),
        Case("leaving 960x540", folder / "face_noface.mov"),
        Case("talking 1280x720", folder / "01-01-08-01-01-02-01.mp4"),
        Case("empty, still 640x360", folder / "no_people_bottles.mp4", None, True, 150, True),
        Case("empty, bottles 640x360", folder / "no_people_bottles.mp4", None, True, 300),
        Case("empty, cartoon 960x540", folder / "no_face.mp4", None, True),
    ]
    return [case for case in known if case.path and case.path.exists()]


@dataclass(slots=True)
class Contender:
    """A search with its own tracker, and what both said and spent, frame by frame."""

    search: FaceSearch
    tracker: Tracker = field(default_factory=Tracker)
    spent_s: list[float] = field(default_factory=list)
    found: list[list[Face]] = field(default_factory=list)
    reported: list[list[Face]] = field(default_factory=list)

    def see(self, gray: Gray, timestamp_s: float) -> None:
        started = process_time()
        expected = self.tracker.expected(timestamp_s)
        found = self.search.find(gray, timestamp_s, expected)
        reported = self.tracker.update(found, timestamp_s)
        self.spent_s.append(process_time() - started)
        self.found.append(found)
        self.reported.append(reported)

    @property
    def frame_ms(self) -> float:
        return 1e3 * fmean(self.spent_s)


class NaiveSearch:
    def __init__(self, settings: DetectionSettings) -> None:
        self._cascade = load_cascade("haarcascade_frontalface_default")
        self._min_size = (settings.min_face_px, settings.min_face_px)

    def find(self, gray: Gray, timestamp_s: float, expected: Sequence[Face]) -> list[Face]:
        boxes = self._cascade.detectMultiScale(
            gray, scaleFactor=1.1, minNeighbors=5, minSize=self._min_size
        )
        return [Face(*(int(side) for side in box)) for box in boxes]


def measure(plan: Plan) -> Iterator[Finding]:
    """A row per clip; a row per part that is turned off, on the first and on the empty one."""
    from edge.inference import Classifier

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        classifier = Classifier(plan.models[0]) if plan.models else None
        chosen = cases(plan)
        for number, case in enumerate(chosen):
            yield from _compared(case, plan, classifier)
            plan.progress(number + 1, len(chosen) + 2)
        for case in [c for c in chosen if c.still][:1] + chosen[:1]:
            yield from _turned_off(case, plan)
        yield from _memory(chosen[0], plan)
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


def _frames(case: Case, plan: Plan) -> Iterator[tuple[Frame, Gray, float]]:
    """Frames, their gray picture in the case's size, and the CPU seconds that the source took."""
    settings = Settings().camera
    rng = np.random.default_rng(plan.seed)
    with open_source(str(case.path) if case.path else "synthetic", settings=settings) as source:
        frames = iter(source)
        still: Gray | None = None
        for _ in range(min(case.frames, _QUICK_FRAMES) if plan.quick else case.frames):
            started = process_time()
            frame = next(frames, None)
            if frame is None:
                return
            gray = frame.gray
            spent_s = process_time() - started
            if case.size_px:
                gray = cv2.resize(gray, case.size_px).astype(np.uint8, copy=False)
            if case.still:
                still = gray if still is None else still
                gray = np.clip(still + rng.normal(0, 3, still.shape), 0, 255).astype(np.uint8)
            yield frame, gray, spent_s


def _tracked(**changes: object) -> Contender:
    settings = DetectionSettings.model_validate(changes)
    detector = HaarDetector(settings)
    search = TrackedSearch(detector, settings) if settings.tracked else FullSearch(detector)
    return Contender(search)


def _compared(case: Case, plan: Plan, classifier: Classifier | None) -> Iterator[Finding]:
    naive, ours = Contender(NaiveSearch(DetectionSettings())), _tracked()
    path = _path(classifier) if classifier is not None else None
    decoded_s, piped_s, last_s = [], [], 0.0
    for frame, gray, spent_s in _frames(case, plan):
        decoded_s.append(spent_s)
        last_s = frame.timestamp_s
        for contender in (naive, ours) if frame.index % 2 else (ours, naive):
            contender.see(gray, frame.timestamp_s)
        if path is not None:
            shown = Frame(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), frame.timestamp_s, frame.index)  # type: ignore[arg-type]  # OpenCV's types leave the dtype open
            started = process_time()
            next(path.scenes((shown,)))
            piped_s.append(process_time() - started)
    fps = (len(decoded_s) - 1) / last_s
    row = case.name
    yield _cell(row, "naive ms", naive.frame_ms)
    yield _cell(row, "ours ms", ours.frame_ms)
    yield _cell(row, "ours/naive", ours.frame_ms / naive.frame_ms)
    if piped_s:
        piped_ms = 1e3 * fmean(piped_s)
        yield _cell(row, "pipeline/naive", piped_ms / naive.frame_ms)
        whole_ms = piped_ms + 1e3 * fmean(decoded_s)
        yield _cell(row, "core at 30/s with decoding", 30 * whole_ms / 1e3)
    reference = [] if case.empty else appearances(naive.found, fps)
    held = coverage(reference, ours.found, ours.reported, fps, GRACE_S)
    row = f"{case.name}:"
    yield _cell(row, "frames", len(decoded_s))
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


OFF: dict[str, dict[str, object]] = {
    "all on": {},
    "no search around known faces": {"tracked": False},
    "no motion gate": {"motion_gate": False},
    "scale factor 1.1": {"scale_factor": 1.1},
    "new faces each 0.25 s": {"full_search_interval_s": 0.25},
}


def _turned_off(case: Case, plan: Plan) -> Iterator[Finding]:
    contenders = {name: _tracked(**changes) for name, changes in OFF.items()}
    contenders["nothing on (naive)"] = Contender(NaiveSearch(DetectionSettings()))
    for frame, gray, _ in _frames(case, plan):
        for contender in contenders.values():
            contender.see(gray, frame.timestamp_s)
    whole = contenders["nothing on (naive)"].frame_ms
    for name, contender in contenders.items():
        row = f"{name}, {case.name}"
        yield _cell(row, "search ms", contender.frame_ms)
        yield _cell(row, "of naive", contender.frame_ms / whole)


def _memory(case: Case, plan: Plan) -> Iterator[Finding]:
    """The same clip over and over through one search and tracker, its clock running on."""
    ours = _tracked()
    peaks, offset_s = [], 0.0
    for _ in range(3 if plan.quick else 8):
        last_s = 0.0
        for frame, gray, _spent in _frames(case, plan):
            ours.see(gray, offset_s + frame.timestamp_s)
            last_s = frame.timestamp_s
        offset_s += last_s + 0.033
        peaks.append(getrusage(RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
    yield Measurement("peak memory grew over the run", "MB", (peaks[-1] - peaks[0],))


def _batch(plan: Plan, classifier: Classifier) -> Iterator[Finding]:
    """Four faces by one invoke of a batch of four against four invokes."""
    from ai_edge_litert.interpreter import Interpreter

    model, count, rounds = plan.models[0], 4, 20 if plan.quick else 100
    interpreter = Interpreter(model_path=str(model.path), num_threads=1)
    source = interpreter.get_input_details()[0]
    try:
        interpreter.resize_tensor_input(source["index"], [count, *source["shape"][1:]])
        interpreter.allocate_tensors()
        batch = np.zeros((count, *source["shape"][1:]), source["dtype"])
        interpreter.set_tensor(source["index"], batch)
        interpreter.invoke()
    except (RuntimeError, ValueError) as error:
        yield Remark(f"{model.card.name} takes no batch ({str(error).splitlines()[0]})")
        return
    image = np.zeros((48, 48), np.uint8)
    spent: dict[str, float] = {"one invoke of four": 0.0, "four invokes": 0.0}
    for _ in range(rounds):
        started = process_time()
        interpreter.set_tensor(source["index"], batch)
        interpreter.invoke()
        between = process_time()
        for _ in range(count):
            classifier.classify(image)
        spent["one invoke of four"] += between - started
        spent["four invokes"] += process_time() - between
    for name, seconds in spent.items():
        yield _cell(f"four faces, {name}", "CPU ms", 1e3 * seconds / rounds)


def _threads(case: Case, plan: Plan) -> Iterator[Finding]:
    """What a full search takes in CPU time with OpenCV on one thread and on all."""
    grays = [gray for _, gray, _ in islice(_frames(case, plan), 0, 60, 6)]
    detector = HaarDetector(DetectionSettings())
    usual = cv2.getNumThreads()
    for count in dict.fromkeys((1, usual)):
        cv2.setNumThreads(count)
        started = process_time()
        for gray in grays:
            detector.find(gray)
        spent_ms = 1e3 * (process_time() - started) / len(grays)
        yield _cell(f"full search, OpenCV threads {count}", "CPU ms a frame", spent_ms)


def _path(classifier: Classifier) -> FacePipeline:
    return build_face_pipeline(Settings(), classifier, datetime.now(UTC), model_name="search")


def _cell(row: str, column: str, value: float) -> Measurement:
    return Measurement(f"{row}/{column}", "ms" if column.endswith("ms") else "", (float(value),))
