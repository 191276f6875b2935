"""One feature code for training and device: equal to librosa's, however the sound is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.audio.feature_settings import FeatureSettings
from edge.audio.features import Features, extract
from edge.audio.framing import Framer
from edge.audio.mel import POWER_FLOOR, Spectrum, dct, mel_filters
from edge.audio.windows import spectrogram
from edge.errors import UsageError

RATE_HZ = 16_000
WITH_F0 = FeatureSettings(f0=True)


def voice(n: int, seed: int = 0) -> np.ndarray:
    """A buzz of rising pitch with breath: float32 (n,)."""
    time_s = np.arange(n) / RATE_HZ
    phase = 2 * np.pi * (120 * time_s + 30 * time_s**2)
    buzz = sum(np.sin(k * phase) / k for k in range(1, 12))
    breath = np.random.default_rng(seed).standard_normal(n)
    return (0.2 * buzz + 0.01 * breath).astype(np.float32)


def tone(hz: float, n: int = RATE_HZ) -> np.ndarray:
    time_s = np.arange(n) / RATE_HZ
    harmonics = sum(np.sin(2 * np.pi * k * hz * time_s) / k for k in range(1, 6))
    return (0.2 * harmonics).astype(np.float32)


def in_pieces(samples: np.ndarray, cuts: list[int], feature: FeatureSettings) -> np.ndarray:
    stream = Features(feature)
    return np.concatenate([stream.push(piece) for piece in np.split(samples, sorted(cuts))])


@given(st.lists(st.integers(0, 6000), max_size=12), st.integers(0, 6000))
@settings(max_examples=60, deadline=None)
def test_any_cutting_gives_the_frames_of_the_whole(cuts: list[int], n: int) -> None:
    samples = voice(6000)[:n]
    cuts = [cut for cut in cuts if cut <= n]
    whole = extract(samples, WITH_F0)
    assert whole.shape == (max(0, 1 + (n - 400) // 160), 66)
    np.testing.assert_allclose(in_pieces(samples, cuts, WITH_F0), whole, rtol=1e-4, atol=1e-3)


def test_a_chunk_costs_only_its_own_frames() -> None:
    stream = Features(FeatureSettings())
    samples = voice(160 * 103 + 400)
    assert len(stream.push(samples[: 160 * 100])) == 98
    assert len(stream.push(samples[160 * 100 : 160 * 103])) == 3
    assert stream.push(np.empty(0, np.float32)).shape == (0, 65)
    assert len(stream.push(samples[160 * 103 :])) == 3


def test_after_a_gap_the_stream_begins_anew() -> None:
    stream = Features(FeatureSettings())
    stream.push(voice(1000, seed=1))
    stream.reset()
    np.testing.assert_array_equal(stream.push(voice(2000)), extract(voice(2000), FeatureSettings()))


@pytest.mark.timeout(600)
def test_power_and_mel_are_librosas() -> None:
    librosa = pytest.importorskip("librosa")
    feature = FeatureSettings()
    samples = voice(2 * RATE_HZ)
    # librosa centres the 400-sample window in its 512-sample frame.
    centred = np.pad(samples, 56)
    expected = librosa.feature.melspectrogram(
        y=centred,
        sr=RATE_HZ,
        n_fft=512,
        win_length=400,
        hop_length=160,
        window="hamming",
        center=False,
        n_mels=64,
        fmin=50,
        fmax=8000,
    ).T
    spectrum = Spectrum(feature)
    ours = spectrum.log_mel(spectrum.power(Framer(400, 160).push(samples)))
    assert ours.shape == expected.shape
    np.testing.assert_allclose(ours, 10 * np.log10(expected), atol=0.01)
    np.testing.assert_allclose(
        mel_filters(feature).T,
        librosa.filters.mel(sr=RATE_HZ, n_fft=512, n_mels=64, fmin=50, fmax=8000),
        atol=1e-7,
    )


@pytest.mark.timeout(600)
def test_mfcc_is_librosas() -> None:
    librosa = pytest.importorskip("librosa")
    log_mel = extract(voice(RATE_HZ), FeatureSettings())[:, :64]
    expected = librosa.feature.mfcc(S=log_mel.T, n_mfcc=20).T
    np.testing.assert_allclose(log_mel @ dct(64, 20), expected, rtol=1e-4, atol=2e-3)


def test_energy_is_the_frames_mean_square() -> None:
    samples = np.full(400, 0.1, np.float32)
    samples[::2] = -0.1
    assert extract(samples, FeatureSettings())[0, 64] == pytest.approx(-20, abs=1e-3)


@pytest.mark.parametrize("offset", [0.01, 0.05, 0.1])
@pytest.mark.parametrize("level_dbfs", [-6, -30, -40])
def test_a_microphone_s_offset_changes_nothing(offset: float, level_dbfs: float) -> None:
    sound = voice(RATE_HZ)
    sound = (sound / sound.std() * 10 ** (level_dbfs / 20)).clip(-0.85, 0.85).astype(np.float32)
    plain, moved = (
        spectrogram(extract(played.astype(np.float32), FeatureSettings()), FeatureSettings())
        for played in (sound, sound + np.float32(offset))
    )
    assert abs(plain.astype(int) - moved.astype(int)).max() <= 1


@pytest.mark.parametrize("hz", [82, 100, 137.5, 220, 330, 480])
def test_f0_of_a_voice_is_its_pitch(hz: float) -> None:
    found = extract(tone(hz), WITH_F0)[:, 65]
    assert np.median(found) == pytest.approx(hz, rel=0.01)
    assert (abs(found - hz) < 0.03 * hz).mean() > 0.95


@pytest.mark.timeout(600)
def test_f0_follows_librosas_yin() -> None:
    librosa = pytest.importorskip("librosa")
    samples = voice(2 * RATE_HZ)
    ours = extract(samples, WITH_F0)[:, 65]
    theirs = librosa.yin(samples, fmin=80, fmax=500, sr=RATE_HZ, frame_length=1024, hop_length=160)[
        : len(ours)
    ]
    assert np.median(abs(ours - theirs) / theirs) < 0.02


def test_breath_and_silence_have_no_pitch() -> None:
    breath = np.random.default_rng(3).standard_normal(RATE_HZ).astype(np.float32) / 10
    assert (extract(breath, WITH_F0)[:, 65] > 0).mean() < 0.05
    assert not extract(np.zeros(RATE_HZ, np.float32), WITH_F0)[:, 65].any()


def test_silence_is_the_floor() -> None:
    silent = extract(np.zeros(800, np.float32), FeatureSettings())
    np.testing.assert_allclose(silent, 10 * np.log10(POWER_FLOOR), atol=1e-4)


def test_what_is_no_number_silences_its_frames_and_no_other() -> None:
    samples = voice(8000)
    spoilt = samples.copy()
    spoilt[4000] = np.nan
    clean, found = extract(samples, WITH_F0), extract(spoilt, WITH_F0)
    hit = [i for i in range(len(clean)) if i * 160 <= 4000 < i * 160 + 400]
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[hit, :65], -100, atol=1e-4)
    others = np.setdiff1d(np.arange(len(clean)), hit)
    np.testing.assert_allclose(found[others], clean[others], rtol=1e-5, atol=1e-4)


def test_what_leaves_the_range_is_clipped() -> None:
    loud = np.array([np.inf, -np.inf, 7.0, *np.zeros(397)], np.float32)
    one = np.array([1.0, -1.0, 1.0, *np.zeros(397)], np.float32)
    np.testing.assert_array_equal(extract(loud, FeatureSettings()), extract(one, FeatureSettings()))


@pytest.mark.parametrize(
    "samples", [np.zeros((400, 2), np.float32), np.zeros(400), np.zeros(400, np.int16)]
)
def test_other_shapes_and_types_are_refused(samples: np.ndarray) -> None:
    with pytest.raises(UsageError, match="float32"):
        extract(samples, FeatureSettings())


@pytest.mark.parametrize(
    "wrong",
    [
        {"frame_length": 600},
        {"hop_length": 500},
        {"fmax_hz": 9000},
        {"fmin_hz": 8000},
        {"n_mfcc": 65},
        {"colour": "red"},
        {"n_fft": 1_000_000},
        {"window_frames": 10**9},
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        FeatureSettings(**wrong)


def test_every_band_has_a_filter() -> None:
    filters = mel_filters(FeatureSettings())
    assert (filters.max(axis=0) > 0).all()
    assert Spectrum(FeatureSettings()).power(np.zeros((0, 400), np.float32)).shape == (0, 257)
