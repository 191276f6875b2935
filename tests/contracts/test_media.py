"""Videos as people really have them: each is read, and its face is found where it is."""

from __future__ import annotations

import itertools
import shutil
from datetime import UTC, datetime
from pathlib import Path

import cv2
import pytest
from rigs import odd_media
from rigs.odd_media import KINDS

from edge.models import find
from edge.models.classifier import Classifier
from edge.pipeline.face import FrameResult, build_face_pipeline
from edge.settings.sections import CameraSettings, DetectionSettings, Settings
from edge.sources.video import open_source
from edge.types import Face

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")

OPENCV = tuple(map(int, cv2.__version__.split(".")[:2]))
FRAMES = 8


def looked_at(path: Path, frames: int | None = FRAMES) -> tuple[list[FrameResult], str]:
    """What is seen in the file, and how it ended."""
    # The scene stands still: each frame is searched, as if something moved.
    settings = Settings(detection=DetectionSettings(tracked=False))
    with (
        open_source(str(path), settings=CameraSettings()) as source,
        Classifier(find("edge_net")) as classifier,
    ):
        pipeline = build_face_pipeline(
            settings, classifier, datetime.now(UTC), stills=source.stills
        )
        results = []
        for result in pipeline.results(source):
            results.append(result)
            if len(results) == frames:
                break
        return results, source.ended or ""


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> tuple[Face, str]:
    """Where the face is in the scene, and what it shows."""
    results, _ = looked_at(odd_media.make("plain", tmp_path_factory.mktemp("plain")))
    (seen,) = results[-1].observations
    return seen.face, seen.state.label


@pytest.mark.parametrize("name", KINDS)
def test_the_face_is_where_it_is_and_shows_what_it_shows(
    name: str, truth: tuple[Face, str], tmp_path: Path
) -> None:
    kind, (face, label) = KINDS[name], truth
    results, _ = looked_at(odd_media.make(name, tmp_path))
    (seen,) = results[-1].observations
    true = Face(
        round(face.x * kind.across),
        round(face.y * kind.down),
        round(face.width * kind.across),
        round(face.height * kind.down),
    )
    assert odd_media.near(seen.face, true), (seen.face, true)
    assert seen.state.label == label


def test_each_frame_of_a_variable_rate_has_its_time(tmp_path: Path) -> None:
    results, _ = looked_at(odd_media.make("variable rate", tmp_path), None)
    times = [result.frame.timestamp_s for result in results]
    steps = {round(later - before, 2) for before, later in itertools.pairwise(times)}
    assert len(steps) > 2


def test_a_change_of_size_is_followed(truth: tuple[Face, str], tmp_path: Path) -> None:
    results, _ = looked_at(odd_media.make("size change", tmp_path), None)
    face, label = truth
    last = results[-1]
    scale = last.frame.image.shape[1] / odd_media.WIDTH
    true = Face(*(round(side * scale) for side in (face.x, face.y, face.width, face.height)))
    assert any(
        odd_media.near(seen.face, true) and seen.state.label == label for seen in last.observations
    )


def test_a_clock_that_leaps_dates_nothing_ahead(tmp_path: Path) -> None:
    results, ended = looked_at(odd_media.make("clock leaps", tmp_path), None)
    assert len(results) >= 45
    assert results[-1].frame.timestamp_s < 3
    assert "only" not in ended
    assert "leapt" in ended


def test_what_is_cut_off_says_so(tmp_path: Path) -> None:
    results, ended = looked_at(odd_media.make("truncated", tmp_path), None)
    assert 5 <= len(results) < 25
    assert ended.startswith("end of file")
