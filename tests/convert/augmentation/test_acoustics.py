"""A recording heard elsewhere stays that recording: its length, its finiteness, its seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from convert.augmentation.acoustics import Acoustics

pytest.importorskip("soundfile")
pytest.importorskip("soxr")

RATE_HZ = 16_000
NOTHING = Acoustics(speed_share=0, room_share=0, microphone_share=0, noise_share=0, codec_share=0)


def voice() -> np.ndarray:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    return (0.2 * np.sin(2 * np.pi * 220 * time_s) * np.hanning(RATE_HZ)).astype(np.float32)


def heard(acoustics: Acoustics, seed: int = 0) -> np.ndarray:
    noises = [np.random.default_rng(9).normal(0, 0.1, 4000).astype(np.float32)]
    return acoustics.apply(voice(), RATE_HZ, noises, np.random.default_rng(seed))


def test_nothing_asked_for_changes_nothing() -> None:
    np.testing.assert_array_equal(heard(NOTHING), voice())


@pytest.mark.parametrize("share", ["room_share", "microphone_share", "noise_share", "codec_share"])
@pytest.mark.parametrize("seed", range(4))
def test_each_change_keeps_the_place_of_the_voice(share: str, seed: int) -> None:
    changed = heard(replace(NOTHING, **{share: 1.0}), seed)
    assert changed.dtype == np.float32
    assert np.isfinite(changed).all()
    assert abs(len(changed) - RATE_HZ) < 3000  # a codec may pad its last block
    assert not np.array_equal(changed[: len(voice())], voice()[: len(changed)])
    loudest = np.square(changed).reshape(-1)[: RATE_HZ // 1600 * 1600].reshape(-1, 1600).sum(1)
    assert 3 <= int(loudest.argmax()) <= 7


def test_speed_moves_length_and_pitch() -> None:
    faster = heard(replace(NOTHING, speed_share=1.0, speeds=(1.25, 1.25)))
    assert len(faster) == pytest.approx(RATE_HZ / 1.25, abs=2)
    peak_hz = np.abs(np.fft.rfft(faster)).argmax() * RATE_HZ / len(faster)
    assert peak_hz == pytest.approx(275, abs=2)


def test_the_same_draw_is_the_same_sound() -> None:
    np.testing.assert_array_equal(heard(Acoustics(), 3), heard(Acoustics(), 3))
    assert not np.array_equal(heard(Acoustics(room_share=1), 3), heard(Acoustics(room_share=1), 4))
