"""The clip made at run time."""

from __future__ import annotations

from itertools import islice

import cv2
import numpy as np
import pytest

from edge.settings.sections import CameraSettings
from edge.sources.video.synthetic import SyntheticSource

SETTINGS = CameraSettings(fps=30)


def test_ten_seconds_at_the_settings_size_and_rate() -> None:
    with SyntheticSource("", SETTINGS) as source:
        frames = list(source)
    assert len(frames) == 300
    assert frames[0].image.shape == (480, 640, 3)
    assert frames[-1].timestamp_s == pytest.approx(299 / 30)
    assert source.ended == "end of the synthetic clip"


def test_one_seed_is_one_clip() -> None:
    def clip(seed: int) -> np.ndarray:
        with SyntheticSource("", SETTINGS, seed=seed) as source:
            return np.stack([each.image for each in islice(source, 5)])

    assert (clip(3) == clip(3)).all()
    assert (clip(3) != clip(4)).any()


@pytest.mark.parametrize("seed", [0, 1])
def test_a_face_is_there_and_away_for_a_while(seed: int) -> None:
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    away_from, away_to = SyntheticSource.AWAY
    here, away = [], []
    with SyntheticSource("", CameraSettings(fps=3), seed=seed) as source:
        for each in source:
            gray = cv2.cvtColor(each.image, cv2.COLOR_BGR2GRAY)
            found = len(cascade.detectMultiScale(gray, 1.1, 5, minSize=(48, 48)))
            moment = each.index / source.frame_count
            if away_from <= moment <= away_to:
                away.append(found)
            elif not away_from - 0.06 <= moment <= away_to + 0.06:  # coming and going
                here.append(found)
    assert set(away) == {0}
    assert sum(found == 1 for found in here) >= 0.95 * len(here)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (1280, 64), (65, 127)])
def test_any_size_can_be_asked_for(width: int, height: int) -> None:
    settings = CameraSettings(width=width, height=height, fps=1)
    with SyntheticSource("", settings) as source:
        assert {each.image.shape for each in source} == {(height, width, 3)}


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_camera_that_hangs_askew_gives_its_pictures_right(degrees: int) -> None:
    with SyntheticSource("", SETTINGS) as source:
        straight = next(iter(source))
    settings = CameraSettings.model_validate({"fps": 30, "rotate": degrees})
    with SyntheticSource("", settings) as source:
        turned = next(iter(source))
    assert np.array_equal(turned.image, np.rot90(straight.image, -degrees // 90))
    assert np.array_equal(turned.gray, np.rot90(straight.gray, -degrees // 90))


def test_a_camera_turns_by_right_angles_alone() -> None:
    with pytest.raises(ValueError, match="rotate"):
        CameraSettings.model_validate({"rotate": 45})
