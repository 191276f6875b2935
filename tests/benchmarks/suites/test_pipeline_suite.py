"""The pipeline suite: stages add up, frames are counted once, growth is by width and by faces."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

import cv2
import float_network
import numpy as np
import pytest

from benchmarks.measuring.findings import Doubt, Remark
from benchmarks.measuring.stages import OTHER, WHOLE, PlayedLive, staged
from benchmarks.measuring.timing import Measurement, ratio
from benchmarks.plan import Plan
from benchmarks.suites.pipeline import suite as pipeline
from benchmarks.suites.pipeline.clip import opened
from benchmarks.suites.pipeline.playback import Playback
from benchmarks.suites.pipeline.scaling import by_faces, by_width
from edge.errors import DataError, EdgeError
from edge.models import Model
from edge.models.classifier import Classifier
from edge.pipeline.face import build_face_pipeline
from edge.settings.sections import Settings
from edge.sources.video.synthetic import SyntheticSource

STAGES = ["capture", "gray", "search", "track", "preprocess", "inference", "smoothing", "sink"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pipeline")


@pytest.fixture(scope="module")
def clip(folder: Path) -> Path:
    """Twenty frames of the bundled face, 480x360."""
    path = folder / "clip.avi"
    settings = Settings().camera.model_copy(update={"width": 480, "height": 360})
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (480, 360))
    with SyntheticSource("", settings) as source:
        for frame in islice(source, 20):
            writer.write(frame.image)
    writer.release()
    return path


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return float_network.make(folder, "cnn")


@pytest.fixture(scope="module")
def plan(model: Model, clip: Path) -> Plan:
    return Plan(models=(model,), clip=clip, rounds=2)


@pytest.fixture(scope="module")
def found(plan: Plan) -> dict[str, Measurement]:
    """What one whole run of the suite measured, growth aside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "_scaling", lambda plan, model, classifier: iter(()))
        return {f.name: f for f in pipeline.measure(plan) if isinstance(f, Measurement)}


def test_the_stages_add_up_to_the_whole(found: dict[str, Measurement]) -> None:
    parts = [found[f"cnn int8, {stage}"].values for stage in (*STAGES, OTHER)]
    whole = found[f"cnn int8, {WHOLE}"].values
    assert len(whole) == 40
    assert found[f"cnn int8, {WHOLE}"].per_process == (20, 20)
    assert np.sum(parts, axis=0) == pytest.approx(whole)
    shares = [found[f"cnn int8, {stage}/share"].median for stage in (*STAGES, OTHER)]
    assert sum(shares) == pytest.approx(1)


def test_two_runs_are_compared_by_their_processes(found: dict[str, Measurement]) -> None:
    whole, cpu = found[f"cnn int8, {WHOLE}"], found["cnn int8, CPU a frame"]
    assert cpu.per_process == (1, 1)
    slower = replace(whole, values=tuple(2 * value for value in whole.values))
    assert ratio(slower, whole, paired=False).value == pytest.approx(2)
    # Frames differ ten times as much as processes do; they are the same frames each time.
    each = whole.by_process()
    low, high = min(each) / max(each), max(each) / min(each)
    assert (
        low
        <= ratio(whole, whole, paired=False).low
        <= 1
        <= ratio(whole, whole, paired=False).high
        <= high
    )


def test_what_varies_from_frame_to_frame_is_no_instability(found: dict[str, Measurement]) -> None:
    # Two values are the processes: how alike they are is the machine's.
    frame_by_frame = [m for m in found.values() if len(m.values) > 2]
    assert len(frame_by_frame) > 5
    assert not any(m.unstable for m in frame_by_frame)


def test_every_frame_of_the_clip_is_counted_once(found: dict[str, Measurement]) -> None:
    row, live = "cnn int8, clip.avi", "cnn int8, clip.avi live"
    count = {column: found[f"{row}/{column}"].median for column in ("processed", "failed")}
    assert count == {"processed": 20, "failed": 0}
    assert found[f"{row}/in the file"].median == 20
    assert found[f"{live}/in the file"].median == 20
    parts = [found[f"{live}/{part}"].median for part in ("processed", "dropped", "failed")]
    assert sum(parts) == 20
    assert parts[2] == 0


def damaged(clip: Path, path: Path, frame: int) -> Path:
    """A copy of an MJPEG file in which one frame's picture is overwritten."""
    content = bytearray(clip.read_bytes())
    at = -1
    for _ in range(frame + 1):
        at = content.index(b"00dc", at + 1)
    size = int.from_bytes(content[at + 4 : at + 8], "little")
    content[at + 8 : at + 8 + size] = bytes(size)
    path.write_bytes(content)
    return path


def test_a_frame_that_does_not_decode_is_counted_as_failed(
    plan: Plan, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_scaling", lambda plan, model, classifier: iter(()))
    broken = replace(plan, clip=damaged(clip, tmp_path / "broken.avi", frame=7))
    measured = [f for f in pipeline.measure(broken) if isinstance(f, Measurement)]
    found = {m.name: m.median for m in measured}
    row, live = "cnn int8, broken.avi", "cnn int8, broken.avi live"
    assert [found[f"{row}/{part}"] for part in ("in the file", "processed", "failed")] == [
        20,
        19,
        1,
    ]
    assert found[f"{live}/in the file"] == 20
    assert found[f"{live}/failed"] == 1
    assert found[f"{live}/processed"] + found[f"{live}/dropped"] == 19


@pytest.mark.parametrize(("unexplained", "doubted"), [(0.5, False), (5.0, True)])
def test_stages_that_leave_more_than_3_percent_are_doubted(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, unexplained: float, doubted: bool
) -> None:
    stages = {"search": [100 - unexplained], OTHER: [unexplained], WHOLE: [100.0]}
    playback = Playback("clip.avi", stages, 0.1, 1, 1, 30.0, 1, "end of the file")
    monkeypatch.setattr(pipeline, "play", lambda clip, model, frames: playback)
    monkeypatch.setattr(pipeline, "_scaling", lambda plan, model, classifier: iter(()))
    monkeypatch.setattr(pipeline, "_live", lambda plan, model, classifier: iter(()))
    texts = [f.text for f in pipeline.measure(plan) if isinstance(f, Doubt)]
    assert len(texts) == doubted
    assert all("the stages leave 5.0% of the whole frame unexplained" in text for text in texts)


def test_a_quick_run_says_that_it_took_a_part(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_QUICK_FRAMES", 6)
    monkeypatch.setattr(pipeline, "WIDTHS_PX", (160, 240, 320))
    monkeypatch.setattr(pipeline, "by_faces", partial(by_faces, counts=(0,)))
    found = list(pipeline.measure(replace(plan, quick=True)))
    assert any(isinstance(f, Remark) and "the first 6 of 20 frames" in f.text for f in found)
    widths = {f.name.split("/")[0] for f in found if isinstance(f, Measurement)}
    assert {"160 px wide", "320 px wide"} <= widths
    assert "240 px wide" not in widths
    assert not any(isinstance(f, Measurement) and f.name.endswith("avi/failed") for f in found)


@pytest.mark.parametrize("content", [b"", b"no video at all"])
def test_a_clip_without_frames_is_one_sentence(plan: Plan, tmp_path: Path, content: bytes) -> None:
    empty = tmp_path / "empty.avi"
    empty.write_bytes(content)
    with pytest.raises(EdgeError, match=r"empty\.avi") as caught:
        list(pipeline.measure(replace(plan, clip=empty)))
    assert "\n" not in str(caught.value)


def test_a_live_source_is_no_clip(plan: Plan) -> None:
    with pytest.raises(DataError, match="is no recording"):
        list(pipeline.measure(replace(plan, clip=Path("/dev/video7"))))


def test_growth_by_faces_finds_the_faces(model: Model) -> None:
    with Classifier(model) as classifier:
        found = {m.name: m for m in by_faces(classifier, frames=10, counts=(0, 2))}
    assert found["0 faces/faces found"].median == 0
    assert found["2 faces/faces found"].median > 1
    assert found["0 faces/inference, ms"].median == 0
    assert found["2 faces/whole frame, ms"].median > found["2 faces/search, ms"].median > 0


def test_growth_by_width_scales_the_same_pictures(model: Model) -> None:
    images = [np.full((60, 100, 3), 90, np.uint8)] * 6
    with Classifier(model) as classifier:
        names = {m.name.split("/")[0] for m in by_width(images, classifier, widths_px=(50, 200))}
    assert names == {"50 px wide", "200 px wide"}


def test_the_sink_gets_each_frames_events(model: Model, clip: Path) -> None:
    written: list[int] = []
    with (
        Classifier(model) as classifier,
        opened(str(clip)) as source,
    ):
        path = build_face_pipeline(Settings(), classifier, datetime.now(UTC))
        rows = list(staged(source, path, lambda events: written.append(len(events))))
    assert len(rows) == len(written) == 20
    assert sum(written) >= 1
    assert list(rows[0]) == [*STAGES, OTHER, WHOLE]


def test_a_clip_played_live_stops_at_the_time_asked(clip: Path) -> None:
    with (
        opened(str(clip)) as recorded,
        PlayedLive(recorded, seconds=0.1) as source,
    ):
        frames = list(source)
    assert source.live
    assert source.delivered == len(frames)
    assert not source.whole
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
