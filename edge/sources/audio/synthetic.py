"""Ten seconds of a made-up voice, made at run time: two utterances between three silences.

It lets the whole way from sound to log run where there is no microphone and no file. What it
says is no emotion that a person ever had; what a model makes of it means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edge.settings.sections import MicSettings
from edge.sources.audio.conditioning import SAMPLE_RATE_HZ, SoundHealth
from edge.sources.lifecycle import BaseSource
from edge.types import AudioChunk

CHUNK_S = 0.1

_SYLLABLE_S = 0.25
_VOWELS_HZ = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480))
"""The first three formants of a, i, u, e (Peterson and Barney, 1952; men's)."""
_BANDWIDTHS_HZ = (60, 90, 120)


class SyntheticSoundSource(BaseSource[AudioChunk]):
    """A voice by source and filter (Fant, 1960) over faint noise; one seed, one sound."""

    DURATION_S = 10.0
    UTTERANCES_S = ((1.0, 4.5), (6.0, 9.5))
    """From and to."""

    def __init__(self, target: str, settings: MicSettings, *, seed: int = 0) -> None:
        super().__init__("synthetic", settings)
        self.health = SoundHealth()
        self.silent = False
        self._seed = seed

    def _open(self) -> None:
        self.health = SoundHealth(only_zeros=False)

    def _produce(self) -> Iterator[AudioChunk]:
        samples = self._speak()
        step = round(CHUNK_S * SAMPLE_RATE_HZ)
        for start in range(0, len(samples), step):
            if self._closed.is_set():
                return
            chunk = samples[start : start + step]
            self.health.samples += len(chunk)
            yield AudioChunk(chunk, SAMPLE_RATE_HZ, start / SAMPLE_RATE_HZ)
        self._end("end of the synthetic sound")

    def _speak(self) -> NDArray[np.float32]:
        """float32 (DURATION_S · 16 000,)"""
        random = np.random.default_rng(self._seed)
        samples = random.normal(0, 3e-4, round(self.DURATION_S * SAMPLE_RATE_HZ))
        for begin_s, end_s in self.UTTERANCES_S:
            pitch_hz = random.uniform(110, 220)
            for at_s in np.arange(begin_s, end_s - _SYLLABLE_S / 2, _SYLLABLE_S):
                vowel = _VOWELS_HZ[random.integers(len(_VOWELS_HZ))]
                syllable = _syllable(pitch_hz * random.uniform(0.9, 1.15), vowel)
                at = round(at_s * SAMPLE_RATE_HZ)
                samples[at : at + len(syllable)] += syllable
        return samples.astype(np.float32)


def _syllable(pitch_hz: float, formants_hz: tuple[int, ...]) -> NDArray[np.float64]:
    """Pulses of the glottis through the mouth's resonances, (_SYLLABLE_S · 16 000,), peak 0.3."""
    count = round(_SYLLABLE_S * SAMPLE_RATE_HZ)
    pulses = np.zeros(count)
    pulses[:: round(SAMPLE_RATE_HZ / pitch_hz)] = 1
    time_s = np.arange(round(0.03 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    mouth = np.zeros(len(time_s))
    for order, (hz, width) in enumerate(zip(formants_hz, _BANDWIDTHS_HZ, strict=True), start=1):
        mouth += np.exp(-np.pi * width * time_s) * np.sin(2 * np.pi * hz * time_s) / order
    voice = np.convolve(pulses, mouth)[:count] * np.hanning(count) ** 0.5
    return np.asarray(0.3 * voice / np.abs(voice).max())
