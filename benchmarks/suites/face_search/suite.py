"""The face search against the naive one: what it costs, what it covers, what each part saves.

Naive is the whole frame, every frame, by Haar's cascade at scale factor 1.1 with 5 neighbors, down
to the same smallest face. Costs are CPU time of this process, all threads, frame by frame in turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import fmean
from time import process_time
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from benchmarks.measuring.findings import Finding, Remark
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan
from benchmarks.suites.face_search import micro as parts
from benchmarks.suites.face_search import recall
from benchmarks.suites.face_search.baselines import (
    Baseline,
    Case,
    Everywhere,
    NaiveSearch,
    PlainDetector,
    Replay,
    cases,
    frames_of,
    tracked,
)
from benchmarks.suites.face_search.coverage import appearances, coverage, false_boxes, without
from edge.models import Model
from edge.pipeline.events import EventThrottle
from edge.pipeline.face import FacePipeline
from edge.pipeline.schedule import InferenceScheduler
from edge.pipeline.smoothing import Smoother
from edge.settings.sections import DetectionSettings, Settings
from edge.types import Frame
from edge.vision.cascade import HaarDetector
from edge.vision.preprocess import Preprocessor
from edge.vision.search import FaceSearch, TrackedSearch
from edge.vision.tracker import Tracker

if TYPE_CHECKING:
    from edge.models.classifier import Classifier

GRACE_S = 0.5
"""Within which a new face is to be found."""


def measure(plan: Plan) -> Iterator[Finding]:
    """A row per clip; a row per part that is turned off, on the first and on the empty one."""
    from edge.models.classifier import Classifier

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        model = _default(plan)
        classifier = Classifier(model) if model else None
        chosen = cases(plan)
        for number, case in enumerate(chosen):
            yield from _compared(case, plan, classifier)
            plan.progress(number + 1, len(chosen) + 3)
        for case in chosen[:2] + [case for case in chosen if case.still]:
            yield from _turned_off(case, plan)
        plan.progress(len(chosen) + 1, len(chosen) + 3)
        yield from recall.stills(plan)
        yield from parts.gray(plan)
        yield from parts.overlap(chosen[0], plan)
        if model is not None and classifier is not None:
            yield from parts.batch(model, classifier, plan)
    finally:
        cv2.setNumThreads(threads)
    plan.progress(len(chosen) + 2, len(chosen) + 3)
    if model is not None:
        yield from parts.threads(chosen[min(1, len(chosen) - 1)], model, plan)
        yield from parts.memory(model, plan)
    plan.progress(len(chosen) + 3, len(chosen) + 3)
    yield from _remarks(model)


def _default(plan: Plan) -> Model | None:
    """The model that `edge run` takes by itself, if it is among the plan's."""
    faces = plan.of("face")
    default = [model for model in faces if model.card.name == Settings().model.name]
    return next(iter([*default, *faces]), None)


def _remarks(model: Model | None) -> Iterator[Remark]:
    yield Remark(
        "CPU time of the process, OpenCV on one thread, naive and ours in turn on every frame; "
        "clips with a size in their name that is not the file's are scaled to it before"
    )
    yield Remark(
        "a face is what naive finds in at least 3 consecutive frames, without what is none to the "
        "eye (a smile in the phone clip, an elbow in the signing one: `not_faces`); covered and "
        f"reported count its boxes from {GRACE_S} s after it appears, at IoU 0.5; covered: by any "
        "track, reported: by a confirmed one; covered, of naive's: of all that naive finds, smile "
        "and elbow too; false boxes have no face near within 1 s"
    )
    if model is not None:
        yield Remark(
            f"pipeline: search, tracking and {model.card.name}, on steady faces each "
            f"{Settings().model.interval_s} s; naive's: its search and the network on every face "
            "that it finds in every frame"
        )


def _compared(case: Case, plan: Plan, classifier: Classifier | None) -> Iterator[Finding]:
    naive, ours = Baseline(NaiveSearch(DetectionSettings())), tracked()
    paths: dict[str, FacePipeline] = {}
    if classifier is not None:
        interval_s = Settings().model.interval_s
        paths = {
            "pipeline": _path(classifier, tracked().search, interval_s),
            "pipeline, each face each frame": _path(classifier, tracked().search, 0),
            "naive": _path(classifier, Replay(naive), 0),
        }
    decoded_s: list[float] = []
    piped_s: dict[str, list[float]] = {name: [] for name in paths}
    last_s = 0.0
    for frame, gray, spent_s in frames_of(case, plan):
        decoded_s.append(spent_s)
        last_s = frame.timestamp_s
        for baseline in (naive, ours) if frame.index % 2 else (ours, naive):
            baseline.see(gray, last_s)
        for name in list(paths) if frame.index % 2 else list(paths)[::-1]:
            bgr = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
            started = process_time()
            next(paths[name].results((Frame(bgr, last_s, frame.index),)))
            piped_s[name].append(process_time() - started)
    yield _cell(case.name, "naive ms", naive.frame_ms)
    yield _cell(case.name, "ours ms", ours.frame_ms)
    yield _cell(case.name, "ours/naive", ours.frame_ms / naive.frame_ms)
    if paths:
        others_ms = 1e3 * fmean(piped_s.pop("naive"))
        yield from _piped(case, piped_s, naive.frame_ms, others_ms)
        whole_ms, decode_ms = (1e3 * fmean(s) for s in (piped_s["pipeline"], decoded_s))
        yield _cell(case.name, "decode ms", decode_ms)
        yield _cell(case.name, "core at 30/s", 30 * (whole_ms + decode_ms) / 1e3)
    yield from _coverage(case, naive, ours, (len(decoded_s) - 1) / last_s)


def _piped(
    case: Case, spent_s: dict[str, list[float]], naive_ms: float, others_ms: float
) -> Iterator[Finding]:
    """Whole pipelines against naive's search, and against that with the network on all it finds.

    others_ms: what naive's pipeline takes beside its search
    """
    for name, spent in spent_s.items():
        whole_ms = 1e3 * fmean(spent)
        row = case.name if name == "pipeline" else f"{name}, {case.name}"
        yield _cell(row, "pipeline ms", whole_ms)
        yield _cell(row, "of naive search", whole_ms / naive_ms)
        yield _cell(row, "of naive pipeline", whole_ms / (naive_ms + others_ms))


def _coverage(case: Case, naive: Baseline, ours: Baseline, fps: float) -> Iterator[Finding]:
    found = [] if case.empty else appearances(naive.found, fps)
    reference = without(found, case.not_faces)
    coverage_found = coverage(reference, ours.found, ours.reported, fps, GRACE_S)
    all_cached = coverage(found, ours.found, ours.reported, fps, GRACE_S)
    row = f"{case.name}:"
    yield _cell(row, "frames", len(ours.found))
    yield _cell(row, "naive's faces", coverage_found.faces)
    yield _cell(row, "covered", coverage_found.covered / max(1, coverage_found.faces))
    yield _cell(row, "covered, of naive's", all_cached.covered / max(1, all_cached.faces))
    yield _cell(row, "reported", coverage_found.reported / max(1, coverage_found.faces))
    yield _cell(row, "latest found after s", coverage_found.late_s)
    yield _cell(row, "tracks", len({f.track_id for faces in ours.reported for f in faces}))
    yield _cell(row, "switches", len(coverage_found.switches))
    yield _cell(row, "false, naive", false_boxes(reference, naive.found, fps))
    yield _cell(row, "false, ours", false_boxes(reference, ours.reported, fps))
    for index, old, new in coverage_found.switches:
        yield Remark(f"{case.name}: track {old} became {new} on the same face at frame {index}")


OFF: dict[str, dict[str, Any]] = {
    "all on": {},
    "no search around known faces": {"tracked": False},
    "no following by looks": {"verify_interval_s": 0},
    "known faces searched each 0.1 s": {"verify_interval_s": 0.1},
    "no motion gate": {"motion_gate": False},
    "scale factor 1.1": {"scale_factor": 1.1},
    "new faces each 0.25 s": {"full_search_interval_s": 0.25},
    "no search for tilted heads": {"tilt_interval_s": 0},
}


def _turned_off(case: Case, plan: Plan) -> Iterator[Finding]:
    baselines = {name: tracked(**changes) for name, changes in OFF.items()}
    baselines["picture not made smaller"] = Baseline(
        TrackedSearch(PlainDetector(DetectionSettings()), DetectionSettings())
    )
    baselines["known faces searched twice"] = Baseline(
        TrackedSearch(Everywhere(HaarDetector(DetectionSettings())), DetectionSettings())
    )
    baselines["budget 0.05 of the time"] = tracked(live=True, budget_share=0.05)
    baselines["nothing on (naive)"] = Baseline(NaiveSearch(DetectionSettings()))
    turns, rng = list(baselines.values()), np.random.default_rng(plan.seed)
    for frame, gray, _ in frames_of(case, plan):
        # The first one finds the picture in no cache.
        for position in rng.permutation(len(turns)):
            turns[position].see(gray, frame.timestamp_s)
    whole = baselines["nothing on (naive)"].frame_ms
    for name, baseline in baselines.items():
        row = f"{name}, {case.name}"
        yield _cell(row, "search ms", baseline.frame_ms)
        yield _cell(row, "of naive", baseline.frame_ms / whole)


def _path(classifier: Classifier, search: FaceSearch, interval_s: float) -> FacePipeline:
    settings = Settings()
    return FacePipeline(
        search,
        Tracker(),
        Preprocessor(settings.preprocess),
        classifier,
        Smoother(settings.smoothing),
        EventThrottle(model="search", started_at=datetime.now(UTC), interval_s=1.0),
        InferenceScheduler(interval_s),
    )


def _cell(row: str, column: str, value: float) -> Measurement:
    return Measurement(f"{row}/{column}", "ms" if column.endswith("ms") else "", (float(value),))
