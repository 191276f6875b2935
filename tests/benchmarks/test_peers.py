"""The comparison with peers: ours through its protocol; `fer` and Keras need environments of
their own, and are run by hand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.measuring.timing import Measurement
from benchmarks.peers.compare import app, baselines
from benchmarks.peers.frames import clips, speed
from benchmarks.peers.process import PeerProcess
from benchmarks.report.blocks import Bars
from benchmarks.report.figures import figures
from benchmarks.results.results import load
from benchmarks.runner import watched
from edge.cli.app import run_app
from edge.errors import DataError, EdgeError, MissingDataError
from edge.settings.sections import CameraSettings
from edge.sources.video.synthetic import SyntheticSource

Image = NDArray[np.uint8]
FRAMES = 12


@pytest.fixture(scope="module")
def clip_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face for half a second."""
    path = tmp_path_factory.mktemp("peers") / "face.avi"
    with SyntheticSource("", CameraSettings(width=320, height=240)) as source:
        frames = [frame.image for frame, _ in zip(source, range(FRAMES), strict=False)]
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (width, height))
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


@pytest.fixture(scope="module")
def ours() -> Iterator[PeerProcess]:
    [baseline] = baselines(None, None)
    with baseline.start() as process:
        yield process


def test_every_frame_is_timed_and_its_faces_counted(ours: PeerProcess, clip_path: Path) -> None:
    clip = clips(clip_path, 100)
    assert (len(clip.frames), clip.fps) == (FRAMES, 25)
    found = list(speed([ours], clip, np.random.default_rng(0)))
    [timed] = [f for f in found if isinstance(f, Measurement) and len(f.values) > 1]
    assert len(timed.values) == FRAMES
    assert timed.varied
    figures = {f.name.split("/")[-1]: f.median for f in found if isinstance(f, Measurement)}
    assert figures["ms a frame"] == pytest.approx(timed.mean)
    assert 0 < figures["faces a frame"] <= 1


def test_ratios_are_to_the_first_peer_and_a_picture_shows_both(
    ours: PeerProcess, clip_path: Path
) -> None:
    with PeerProcess("again", sys.executable, "benchmarks.peers.ours") as again:
        clip = clips(clip_path, 10)
        result = watched("peers", lambda: speed([ours, again], clip, np.random.default_rng(0)))
    [ratio] = result.ratios
    assert ratio.numerator.startswith("edge")
    assert ratio.denominator.startswith("again")
    [drawn] = figures(result, ())
    assert isinstance(drawn, Bars)
    assert drawn.groups == (clip.name,)
    assert [series.name for series in drawn.series] == ["edge", "again"]


def test_a_network_names_faces_as_the_device_does(ours: PeerProcess) -> None:
    faces = np.random.default_rng(0).integers(0, 256, (3, 48, 48)).astype(np.uint8)
    labels = ours.ask("name", faces)["labels"]
    assert len(labels) == 3
    assert ours.ask("name", faces[:1])["labels"] == labels[:1]


def test_memory_and_sizes_are_the_peers_own(ours: PeerProcess) -> None:
    assert ours.ask("memory")["peak_rss_bytes"] > 20e6
    assert ours.ask("installed", names=["numpy", "no-such-thing"])["numpy"] > 1e6


def test_a_peer_that_ends_says_why() -> None:
    with (
        PeerProcess("gone", sys.executable, "this_module_is_not_there") as process,
        pytest.raises(EdgeError, match=r"gone ended without an answer: .*this_module_is_not_there"),
    ):
        process.ask("memory")


def test_what_is_missing_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="there is no interpreter"):
        baselines(tmp_path / "python", None)
    with pytest.raises(MissingDataError, match="there is no clip"):
        clips(tmp_path / "clip.mp4", 10)
    (tmp_path / "clip.mp4").write_bytes(b"no video")
    with pytest.raises(DataError, match="has no frames"):
        clips(tmp_path / "clip.mp4", 10)


def test_the_command_writes_results_that_edge_bench_reads(
    patterns_npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "peers.json"
    monkeypatch.setattr(sys, "argv", ["compare", "--data", str(patterns_npz), "--json", str(out)])
    assert run_app(app, "compare") == 0
    [suite] = load(out).suites
    assert (suite.name, suite.status) == ("peers, accuracy", "done")
    assert {m.name for m in suite.measurements} >= {
        "edge, accuracy/clean",
        "edge, macro F1/noise 0.3",
    }


def test_nothing_to_compare_on_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["compare"])
    assert run_app(app, "compare") == 2
    assert "give --clip VIDEO, --data FER2013, or both" in capsys.readouterr().err
