"""Augmented windows: as real as noise on the samples themselves, and the same for the same seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sound_files

from convert.augmentation.audio import SoundAugmentation, add_noise
from convert.datasets import noise, ravdess
from convert.datasets import speech_set as voices
from edge.audio.feature_settings import FeatureSettings
from edge.audio.features import extract
from edge.audio.windows import spectrogram

pytest.importorskip("soundfile")
pytest.importorskip("soxr")
FEATURES = FeatureSettings(window_frames=40)
OFF = SoundAugmentation(speeds=(), shift_s=0, noise_share=0, masks=0, bands_moved=0)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> voices.Voices:
    root = sound_files.write_takes(tmp_path_factory.mktemp("ravdess"))
    return voices.load(ravdess.clips(root)[:16], FEATURES, speeds=(0.8, 1.25))


@pytest.fixture(scope="module")
def hiss() -> np.ndarray:
    return extract(0.1 * np.random.default_rng(0).standard_normal(32_000, np.float32), FEATURES)


def test_takes_come_at_every_speed(loaded: voices.Voices) -> None:
    assert loaded.label_names[loaded.labels[0]] == loaded.clips[0].emotion
    for whole, slow, fast in loaded.frames:
        assert (len(whole), len(slow), len(fast)) == (78, 98, 62)


def test_images_are_the_loudest_windows(loaded: voices.Voices) -> None:
    quiet_loud = extract(
        np.concatenate([0.01 * sound_files.take(1, 1), sound_files.take(1, 1)]), FEATURES
    )
    start = voices.loudest(quiet_loud, FEATURES)
    assert 70 < start <= len(quiet_loud) - 40
    assert (
        voices.loudest(quiet_loud[:40], FEATURES) == voices.loudest(quiet_loud[:9], FEATURES) == 0
    )
    images = loaded.images
    assert images.shape == (16, 40, 64)
    first = loaded.frames[0][0]
    begin = voices.loudest(first, FEATURES)
    np.testing.assert_array_equal(images[0], spectrogram(first[begin : begin + 40], FEATURES))


def test_beyond_its_ends_a_take_stands_still(loaded: voices.Voices) -> None:
    frames = loaded.frames[0][0]
    found = voices.crop(frames, -5, 90)
    np.testing.assert_array_equal(found[5:83], frames)
    np.testing.assert_array_equal(found[:5], np.broadcast_to(frames[0], (5, 65)))
    np.testing.assert_array_equal(found[83:], np.broadcast_to(frames[-1], (7, 65)))


def test_switched_off_it_is_the_picture(loaded: voices.Voices) -> None:
    clips = [(speeds[0],) for speeds in loaded.frames]
    shown = OFF.apply(clips, [], FEATURES, np.random.default_rng(0))
    np.testing.assert_allclose(shown, loaded.images / 255, atol=0.5 / 255 + 1e-6)


def test_the_seed_decides_and_the_takes_stay(loaded: voices.Voices, hiss: np.ndarray) -> None:
    before = [frames.copy() for speeds in loaded.frames for frames in speeds]
    augmentation = SoundAugmentation(noise_share=1)
    one, again, other = (
        augmentation.apply(loaded.frames, [hiss], FEATURES, np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert one.shape == (16, 40, 64)
    assert one.min() >= 0
    assert one.max() <= 1
    for old, new in zip(before, (f for speeds in loaded.frames for f in speeds), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("which", ["speeds", "shift_s", "noise_share", "masks", "bands_moved"])
def test_each_part_alone_changes_the_windows(
    loaded: voices.Voices, hiss: np.ndarray, which: str
) -> None:
    on = replace(OFF, **{which: getattr(SoundAugmentation(noise_share=1), which)})
    clips = loaded.frames if which == "speeds" else [(speeds[0],) for speeds in loaded.frames]
    shown = on.apply(clips, [hiss], FEATURES, np.random.default_rng(0))
    assert abs(shown - loaded.images / 255).max() > 0.05


@pytest.mark.parametrize("snr_db", [0, 10, 20])
def test_noise_on_powers_is_as_noise_on_samples(snr_db: int) -> None:
    rng = np.random.default_rng(0)
    voice = sound_files.take(3, 1, seconds=2)
    hiss = (0.05 * rng.standard_normal(len(voice))).astype(np.float32)
    expected = extract(noise.mix(voice, hiss, snr_db), FEATURES)
    found = add_noise(extract(voice, FEATURES), extract(hiss, FEATURES), snr_db, 64)
    # Whether the two are in phase is chance: so single bands differ, and their means hardly.
    turned_down = found[:, 64].mean() - expected[:, 64].mean()
    difference = found[:, :65] - turned_down - expected
    assert abs(difference.mean(axis=0)).max() < 1.0
    assert abs(np.median(difference)) < 0.2


@pytest.mark.data
def test_real_takes_in_real_noise(data_dir: Path) -> None:
    clips = ravdess.clips(data_dir / "ravdess")[:2]
    found = voices.load(clips, FeatureSettings())
    recordings = [extract(n.samples, FEATURES) for n in noise.load(data_dir / "noise", "training")]
    shown = SoundAugmentation(noise_share=1).apply(
        found.frames, recordings, FeatureSettings(), np.random.default_rng(0)
    )
    assert shown.shape == (2, 304, 64)
    assert np.isfinite(shown).all()
