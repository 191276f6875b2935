"""A face out of several noisy frames: nearer the truth, never behind a face that moves."""

from __future__ import annotations

from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.pipeline.denoise import Denoiser, noise_deviation
from edge.pipeline.face import build_face_pipeline
from edge.pipeline.track import Track
from edge.settings.sections import DetectionSettings, Settings, SmoothingSettings
from edge.types import Frame, Prediction

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
Picture = NDArray[np.uint8]


def face(*, smile: float = 0.0, colour: bool = False) -> Picture:
    """Something like a face, 48x48: light skin, dark eyes, a mouth."""
    picture = np.full((48, 48), 60, np.uint8)
    cv2.ellipse(picture, (24, 24), (18, 22), 0, 0, 360, 190, -1)
    for x in (16, 32):
        cv2.circle(picture, (x, 18), 3, 40, -1)
    cv2.ellipse(picture, (24, 34), (9, max(1, round(6 * smile))), 0, 0, 180, 50, 2)
    picture = cv2.GaussianBlur(picture, (3, 3), 0).astype(np.uint8)
    return np.repeat(picture[..., None], 3, axis=2) if colour else picture


def noisy(picture: Picture, level: float, rng: np.random.Generator) -> Picture:
    added = picture + rng.normal(0, 255 * level, picture.shape)
    return added.clip(0, 255).astype(np.uint8)


def distance(one: Picture, other: Picture) -> float:
    return float(np.sqrt(np.square(one.astype(float) - other).mean()))


@pytest.mark.parametrize("level", [0.05, 0.1, 0.3])
def test_noise_is_told_from_what_a_face_is_made_of(level: float) -> None:
    rng = np.random.default_rng(1)
    flat = np.full((48, 48), 128, np.uint8)
    assert noise_deviation(noisy(flat, level, rng)) == pytest.approx(255 * level, rel=0.15)
    assert noise_deviation(face()) < 8


def test_a_picture_without_noise_is_passed_on_untouched() -> None:
    track, denoiser, picture = Track(), Denoiser(), face()
    assert denoiser.add(track, picture, 0.0) is picture
    assert not denoiser.follows(track)


@pytest.mark.parametrize("colour", [False, True])
def test_a_still_face_in_noise_comes_out_clearer_with_every_frame(colour: bool) -> None:
    rng, truth = np.random.default_rng(2), face(colour=colour)
    track, denoiser = Track(), Denoiser()
    shown = [denoiser.add(track, noisy(truth, 0.2, rng), n / 30) for n in range(30)]
    assert denoiser.follows(track)
    assert shown[0].shape == shown[-1].shape == truth.shape
    # Clipping to 0 … 255 moves the mean, which no number of frames takes away.
    clipped = np.mean([noisy(truth, 0.2, rng) for _ in range(300)], axis=0).astype(np.uint8)
    errors = [distance(picture, clipped) for picture in (shown[0], shown[4], shown[-1])]
    assert errors[1] < errors[0] / 1.8
    assert errors[2] < errors[0] / 3


def test_a_face_that_changes_is_not_behind_by_more_than_a_few_frames() -> None:
    rng, track, denoiser = np.random.default_rng(3), Track(), Denoiser()
    for n in range(30):
        denoiser.add(track, noisy(face(), 0.1, rng), n / 30)
    moved = np.roll(face(smile=1), 5, axis=1)
    for n in range(30, 33):
        shown = denoiser.add(track, noisy(moved, 0.1, rng), n / 30)
    assert distance(shown, moved) < 0.5 * distance(shown, face())
    assert distance(shown, moved) < distance(noisy(moved, 0.1, rng), moved)


@pytest.mark.parametrize("after_s", [5.0, -5.0])
def test_a_gap_or_a_clock_that_jumps_back_begins_it_again(after_s: float) -> None:
    rng, track, denoiser = np.random.default_rng(4), Track(), Denoiser()
    for n in range(10):
        denoiser.add(track, noisy(face(), 0.2, rng), 10 + n / 30)
    new = noisy(face(smile=1), 0.2, rng)
    assert denoiser.add(track, new, 10 + after_s) is new


def test_when_the_light_comes_back_the_picture_is_the_frames_own_again() -> None:
    rng, track, denoiser = np.random.default_rng(5), Track(), Denoiser()
    for n in range(10):
        denoiser.add(track, noisy(face(), 0.2, rng), n / 30)
    clear = face()
    assert denoiser.add(track, clear, 10 / 30) is clear
    assert not denoiser.follows(track)


class Seen:
    """Stands in for a network: keeps what it is shown."""

    def __init__(self) -> None:
        self.pictures: list[Picture] = []

    def classify(self, image: Picture, /) -> Prediction:
        self.pictures.append(image)
        return Prediction(("a", "b"), np.array([0.9, 0.1], np.float32))


@pytest.mark.parametrize("denoise", [True, False])
def test_the_pipeline_counts_the_frames_between_the_networks_looks(denoise: bool) -> None:
    rng, network = np.random.default_rng(6), Seen()
    settings = Settings(
        detection=DetectionSettings(detector="none"),
        smoothing=SmoothingSettings(denoise=denoise),
    )
    one = build_face_pipeline(settings, network, NOON)
    frames = [
        Frame(np.repeat(noisy(face(), 0.2, rng)[..., None], 3, axis=2), n / 30, n)
        for n in range(60)
    ]
    results = list(one.results(frames))
    fresh = sum(seen.fresh for result in results for seen in result.observations)
    assert len(network.pictures) == fresh < 40
    last = noise_deviation(network.pictures[-1])
    assert last < 15 if denoise else last > 30
