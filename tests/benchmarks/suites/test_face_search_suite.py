"""The search suite on a short clip: each part has its row, and the rows are of what they say."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import float_network
import numpy as np
import pytest
from places import PORTRAIT

from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan
from benchmarks.suites.face_search import baselines as contenders
from benchmarks.suites.face_search import micro as search_parts
from benchmarks.suites.face_search import recall
from benchmarks.suites.face_search import suite as search
from benchmarks.suites.face_search.baselines import Case, Everywhere, PlainDetector
from edge.settings.sections import DetectionSettings, Settings
from edge.sources.video.synthetic import SyntheticSource
from edge.types import Face, Frame, iou
from edge.vision.cascade import load_cascade

FRAMES = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("search")


@pytest.fixture(scope="module")
def plan(folder: Path) -> Plan:
    """A model and a clip of the bundled face, 480x360."""
    path = folder / "clip.avi"
    settings = Settings().camera.model_copy(update={"width": 480, "height": 360})
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (480, 360))
    with SyntheticSource("", settings) as source:
        for frame in islice(source, FRAMES):
            writer.write(frame.image)
    writer.release()
    return Plan(models=(float_network.make(folder, "cnn"),), clip=path, quick=True)


@pytest.fixture(scope="module")
def found(plan: Plan) -> dict[str, Measurement]:
    """What a whole run of the suite measured, but for the memory of whole processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_parts, "memory", lambda model, plan: iter(()))
        return {f.name: f for f in search.measure(plan) if isinstance(f, Measurement)}


def test_the_face_of_the_clip_is_covered(found: dict[str, Measurement]) -> None:
    assert found["clip.avi:/frames"].median == FRAMES
    assert found["clip.avi:/naive's faces"].median > 0
    assert found["clip.avi:/covered"].median == 1
    assert found["clip.avi:/covered, of naive's"].median == 1
    assert found["clip.avi:/switches"].median == 0
    assert found["clip.avi:/false, ours"].median == 0


def test_each_part_has_its_row(found: dict[str, Measurement]) -> None:
    rows = {name.split(",")[0] for name in found if name.endswith(", clip.avi/of naive")}
    assert rows == {
        *search.OFF,
        "picture not made smaller",
        "known faces searched twice",
        "budget 0.05 of the time",
        "nothing on (naive)",
    }
    assert found["nothing on (naive), clip.avi/of naive"].median == 1
    for row in ("in turn", "in two threads"):
        assert found[f"decoding and searching {row}/wall ms a frame"].median > 0
    for picture in ("640x480 YUV", "1280x720 MJPG 4:2:2"):
        for way in ("colours made", "luma taken"):
            assert found[f"gray of a {picture} frame, {way}/CPU ms"].median > 0
    assert found["pipeline, threads of OpenCV 1, of the network 1/wall ms a frame"].median > 0


def test_the_pipeline_is_held_against_naive_with_and_without_spacing(
    found: dict[str, Measurement],
) -> None:
    for row in ("clip.avi", "pipeline, each face each frame, clip.avi"):
        assert found[f"{row}/pipeline ms"].median > 0
        # Naive's pipeline is its search and the network on all that it finds.
        whole, search_alone = (
            found[f"{row}/of naive {part}"].median for part in ("pipeline", "search")
        )
        assert whole < search_alone


def test_a_long_run_s_clip_is_the_short_one_over_and_over(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "long.avi"
    search_parts._repeated(plan, 2 * FRAMES + 3, path)
    film = cv2.VideoCapture(str(path))
    assert film.get(cv2.CAP_PROP_FRAME_COUNT) == 2 * FRAMES + 3
    film.release()


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "frames"), [("phone 596x336", (60, 70, 71, 72)), ("signing 640x480", (43, 44, 66, 67))]
)
def test_what_the_suite_calls_no_face_is_none_to_other_cascades(
    data_dir: Path, name: str, frames: tuple[int, ...]
) -> None:
    """In the frames where naive sees it, they see the true face, and it never."""
    [case] = [case for case in contenders.cases(Plan(data=data_dir)) if case.name == name]
    [no_face] = case.not_faces
    naive = contenders.NaiveSearch(DetectionSettings())
    others = [load_cascade(f"haarcascade_frontalface_{each}") for each in ("alt", "alt2")]
    seen = 0
    for frame, gray, _ in islice(contenders.frames_of(case, Plan(data=data_dir)), max(frames) + 1):
        if frame.index not in frames:
            continue
        assert any(iou(box, no_face) > 0.5 for box in naive.find(gray, 0.0, []))
        for cascade in others:
            found = [Face(*map(int, box)) for box in cascade.detectMultiScale(gray, 1.1, 5)]
            assert not any(iou(box, no_face) > 0.3 for box in found)
            seen += len(found) > 0
    assert seen >= len(frames)


def test_a_case_names_what_is_no_face(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(**changes: object) -> dict[str, Measurement]:
        case = Case("clip", plan.clip, **changes)  # type: ignore[arg-type]  # a test's shorthand
        found = search._compared(case, plan, None)
        return {f.name: f for f in found if isinstance(f, Measurement)}

    with_all = measured()
    naive = contenders.NaiveSearch(DetectionSettings())
    first = next(contenders.frames_of(Case("clip", plan.clip), plan))
    [box] = naive.find(first[1], 0.0, [])
    without = measured(not_faces=(box,))
    assert with_all["clip:/naive's faces"].median > 0
    assert without["clip:/naive's faces"].median == 0
    assert without["clip:/covered, of naive's"].median == 1
    assert without["clip:/false, naive"].median == FRAMES


def test_a_clip_runs_backwards_with_a_clock_that_runs_forwards(plan: Plan) -> None:
    there = list(contenders.frames_of(Case("clip", plan.clip), plan))
    back = list(contenders.frames_of(Case("clip", plan.clip, backwards=True), plan))
    assert [frame.index for frame, _, _ in back] == list(range(FRAMES))
    assert [frame.timestamp_s for frame, _, _ in back] == sorted(f.timestamp_s for f, _, _ in back)
    assert all(
        np.array_equal(gray, same)
        for (_, gray, _), (_, same, _) in zip(there, back[::-1], strict=True)
    )


def test_the_plain_detectors_find_the_face(plan: Plan) -> None:
    _, gray, _ = next(contenders.frames_of(Case("clip", plan.clip), plan))
    settings = DetectionSettings()
    [face] = PlainDetector(settings).find(gray)
    nowhere = np.zeros((6, 8), np.uint8)
    [again] = Everywhere(PlainDetector(settings)).find(gray, where=nowhere)
    [sized] = PlainDetector(settings).find(gray, (0.8 * face.width, 1.25 * face.width))
    assert face == again
    assert iou(face, sized) > 0.5
    assert isinstance(face, Face)


def test_frames_made_ahead_are_the_same_frames_in_order() -> None:
    pixels = np.zeros((4, 4), np.uint8)
    items = [(Frame(pixels, float(n), n, "GRAY"), pixels, 0.0) for n in range(20)]
    assert list(search_parts._ahead(iter(items))) == items


def test_the_usual_model_is_taken_where_it_is_there(folder: Path) -> None:
    other = float_network.make(folder, "cnn")
    usual = float_network.make(folder, Settings().model.name)
    assert search._default(Plan(models=(other, usual))) == usual
    assert search._default(Plan(models=(other,))) == other
    assert search._default(Plan()) is None


def test_stills_are_found_under_every_condition_and_counted_both_ways(
    plan: Plan, tmp_path: Path
) -> None:
    pictures = tmp_path / "wild" / "pictures"
    pictures.mkdir(parents=True)
    portrait = cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE)
    for number in range(2):
        cv2.imwrite(str(pictures / f"{number}.png"), portrait)
    findings = recall.stills(replace(plan, data=tmp_path))
    found = {f.name: f.median for f in findings if isinstance(f, Measurement)}
    assert found["stills, turned by 30°/found, naive"] == 0
    assert found["stills, turned by 30°/by ours only"] == 2
    for condition in ("as they are", "with a border", "light x0.10, noise", "turned by 30°"):
        assert found[f"stills, {condition}/found, ours"] == 1
        assert found[f"stills, {condition}/elsewhere, ours"] <= 2
        assert found[f"stills, {condition}/by naive only"] == 0
        assert found[f"stills, {condition}/ours/naive"] > 0


def test_without_pictures_there_are_no_stills(plan: Plan, tmp_path: Path) -> None:
    assert list(recall.stills(replace(plan, data=tmp_path))) == []
