"""Windows of a stream and the pictures they are: bytes that say nothing of the gain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.audio.feature_settings import FeatureSettings
from edge.audio.features import extract
from edge.audio.windows import SlidingWindows, normalized, spectrogram

SMALL = FeatureSettings(window_frames=8, n_mels=8, n_mfcc=4)
ALL = FeatureSettings(window_frames=8, n_mels=8, n_mfcc=4, energy=True, f0=True)


def frames(n: int, settings: FeatureSettings = SMALL) -> np.ndarray:
    rng = np.random.default_rng(2)
    columns = [rng.uniform(-60, 10, (n, settings.n_mels + 1))]
    if settings.f0:
        columns.append(rng.uniform(80, 500, (n, 1)) * (rng.random((n, 1)) > 0.5))
    return np.concatenate(columns, axis=1).astype(np.float32)


@given(
    n=st.integers(0, 60),
    step=st.integers(1, 20),
    cuts=st.lists(st.integers(0, 60), max_size=8),
)
@settings(max_examples=80, deadline=None)
def test_any_cutting_gives_a_window_every_step(n: int, step: int, cuts: list[int]) -> None:
    whole = frames(60)[:n]
    windows = SlidingWindows(SMALL, step)
    found = [
        window
        for piece in np.split(whole, sorted(cut for cut in cuts if cut <= n))
        for window in windows.push(piece)
    ]
    assert [window.start for window in found] == list(range(0, n - 7, step))
    for window in found:
        expected = spectrogram(whole[window.start : window.start + 8], SMALL)
        np.testing.assert_array_equal(window.spectrogram, expected)


def test_after_a_gap_a_whole_window_is_needed_again() -> None:
    windows = SlidingWindows(SMALL, 4)
    assert len(windows.push(frames(10))) == 1
    windows.reset()
    assert windows.push(frames(7)) == []
    assert [window.start for window in windows.push(frames(1))] == [0]


@pytest.mark.parametrize("gain", [0.01, 0.3, 1.2])
def test_a_picture_does_not_tell_the_gain(gain: float) -> None:
    feature = FeatureSettings()
    rng = np.random.default_rng(0)
    samples = (0.05 * rng.standard_normal(160 * 60)).astype(np.float32)
    samples[4000:] *= 4
    one, other = (
        spectrogram(extract(played.astype(np.float32), feature), feature).astype(int)
        for played in (samples, np.float32(gain) * samples)
    )
    assert abs(one - other).max() <= 1


def test_the_loudest_point_is_white_and_80_db_below_is_black() -> None:
    levels = np.full((8, 9), -70, np.float32)
    levels[0, :3] = (10, -30, -69)
    row = spectrogram(levels, SMALL)[0]
    assert row.dtype == np.uint8
    assert row[:3].tolist() == [255, round(255 / 2), round(255 / 80)]
    assert row[3] == 0


def test_columns_are_spectrum_energy_pitch() -> None:
    shown = normalized(frames(8, ALL), ALL)
    assert shown.shape == (8, ALL.columns) == (8, 10)
    pitch = frames(8, ALL)[:, -1]
    np.testing.assert_array_equal(shown[:, 9] == 0, pitch == 0)
    louder = frames(8, ALL)
    louder[3, 8] = 20
    assert normalized(louder, ALL)[3, 8] == 1


def test_mfcc_are_centred_whatever_the_gain() -> None:
    feature = SMALL.model_copy(update={"spectrum": "mfcc"})
    one = normalized(frames(8), feature)
    louder = frames(8)
    louder[:, :8] += 20
    assert one.shape == (8, 4)
    np.testing.assert_allclose(one.mean(axis=0), 0.5, atol=0.05)
    np.testing.assert_allclose(normalized(louder, feature), one, atol=1e-4)


def test_silence_is_a_picture_too() -> None:
    for feature in (SMALL, ALL, SMALL.model_copy(update={"spectrum": "mfcc"})):
        silent = extract(np.zeros(160 * 12, np.float32), feature)[:8]
        assert np.isfinite(normalized(silent, feature)).all()


def test_a_window_spans_three_seconds() -> None:
    assert FeatureSettings().window_s == pytest.approx(3.055)
