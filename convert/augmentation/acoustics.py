"""Another voice, room, microphone, codec and background for a recording: on its samples.

Each step is drawn for itself, so that a network hears one recording in many places:
speed (Ko et al. 2015, pitch and all) → room (an exponentially decaying impulse response, as
Polack's model of late reverberation) → background noise → microphone → codec.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convert.datasets import audio_files as sounds
from convert.datasets import noise

Samples = NDArray[np.float32]

_LATEST_REFLECTION_S = 0.02
_CODEC_FORMATS = (("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III"))
_CURVE_POINTS = 8


@dataclass(frozen=True, slots=True)
class Acoustics:
    """Shares of recordings that get each change, and the ranges that it is drawn from.

    speeds:          lowest and highest; pitch moves with it
    reverberation_s: the time in which a room's sound falls by 60 dB
    direct_db:       the direct sound's energy over the reverberation's
    tilt_db:         standard deviation of a microphone's response
    high_pass_hz, low_pass_hz: where a microphone's band begins and ends
    snr_db:          of speech over background noise
    """

    speed_share: float = 0.7
    speeds: tuple[float, float] = (0.85, 1.18)
    room_share: float = 0.5
    reverberation_s: tuple[float, float] = (0.1, 0.7)
    direct_db: tuple[float, float] = (-3.0, 15.0)
    microphone_share: float = 0.7
    tilt_db: float = 4.0
    high_pass_hz: tuple[float, float] = (20.0, 350.0)
    low_pass_hz: tuple[float, float] = (3_000.0, 8_000.0)
    noise_share: float = 0.5
    snr_db: tuple[float, float] = (0.0, 30.0)
    codec_share: float = 0.3

    def apply(
        self,
        samples: Samples,
        sample_rate_hz: int,
        noises: Sequence[Samples],
        rng: np.random.Generator,
    ) -> Samples:
        """The recording, float32 (n,), heard elsewhere: float32 (about n / speed,)."""
        if rng.random() < self.speed_share:
            samples = sounds.change_speed(samples, float(rng.uniform(*self.speeds)))
        if rng.random() < self.room_share:
            samples = _convolved(samples, self._room(sample_rate_hz, rng))
        if noises and rng.random() < self.noise_share:
            background = noise.segment(noises[int(rng.integers(len(noises)))], len(samples), rng)
            samples = noise.mix(samples, background, float(rng.uniform(*self.snr_db)))
        if rng.random() < self.microphone_share:
            samples = self._microphone(samples, sample_rate_hz, rng)
        if rng.random() < self.codec_share:
            samples = _coded(samples, sample_rate_hz, rng)
        return samples

    def _room(self, sample_rate_hz: int, rng: np.random.Generator) -> Samples:
        """An impulse response: the direct sound, then noise that falls by 60 dB in time."""
        time_s = float(rng.uniform(*self.reverberation_s))
        n = round(time_s * sample_rate_hz)
        decay = np.exp(-6.908 * np.arange(n) / n)
        late = rng.standard_normal(n) * decay
        late[: round(rng.uniform(0.001, _LATEST_REFLECTION_S) * sample_rate_hz)] = 0
        direct = 10 ** (float(rng.uniform(*self.direct_db)) / 20)
        response = late / max(float(np.linalg.norm(late)), 1e-9)
        response[0] = direct
        impulse: Samples = (response / np.linalg.norm(response)).astype(np.float32)
        return impulse

    def _microphone(
        self, samples: Samples, sample_rate_hz: int, rng: np.random.Generator
    ) -> Samples:
        """A smooth random response over the octaves, and a band that ends softly."""
        spectrum = np.fft.rfft(samples)
        hz = np.maximum(np.fft.rfftfreq(len(samples), 1 / sample_rate_hz), 1.0)
        octaves = np.log2(hz)
        points = np.linspace(np.log2(50), np.log2(sample_rate_hz / 2), _CURVE_POINTS)
        gain_db = np.interp(octaves, points, rng.normal(0, self.tilt_db, _CURVE_POINTS))
        low, high = float(rng.uniform(*self.high_pass_hz)), float(rng.uniform(*self.low_pass_hz))
        # 12 dB an octave below, 24 above: a small capsule's, and an anti-aliasing filter's.
        gain_db -= 12 * np.maximum(0, np.log2(low) - octaves)
        gain_db -= 24 * np.maximum(0, octaves - np.log2(high))
        filtered = np.fft.irfft(spectrum * 10 ** (gain_db / 20), len(samples))
        return np.asarray(filtered, np.float32)


def _convolved(samples: Samples, response: Samples) -> Samples:
    n = len(samples) + len(response) - 1
    n_fft = 1 << (n - 1).bit_length()
    spectrum = np.fft.rfft(samples, n_fft) * np.fft.rfft(response, n_fft)
    return np.asarray(np.fft.irfft(spectrum, n_fft)[: len(samples)], np.float32)


def _coded(samples: Samples, sample_rate_hz: int, rng: np.random.Generator) -> Samples:
    """Through a telephone's µ-law at 8 kHz, or a lossy codec at a random quality."""
    peak = max(float(np.abs(samples).max()), 1e-6)
    samples = samples / np.float32(peak) * np.float32(0.7)
    choice = int(rng.integers(len(_CODEC_FORMATS) + 1))
    if choice == len(_CODEC_FORMATS):
        narrow = sounds.resample(samples, sample_rate_hz, 8_000)
        return sounds.resample(_mu_law(narrow), 8_000, sample_rate_hz)
    import soundfile

    container, codec = _CODEC_FORMATS[choice]
    file = io.BytesIO()
    soundfile.write(
        file, samples, sample_rate_hz, format=container, subtype=codec,
        compression_level=float(rng.uniform(0.5, 0.95)),
    )  # fmt: skip
    file.seek(0)
    decoded, rate_hz = soundfile.read(file, dtype="float32")
    return sounds.resample(decoded, rate_hz, sample_rate_hz)


def _mu_law(samples: Samples) -> Samples:
    """Eight bits on a logarithmic scale and back (ITU-T G.711, continuous form)."""
    mu = np.float32(255)
    loud = np.sign(samples) * np.log1p(mu * np.abs(samples).clip(0, 1)) / np.log1p(mu)
    coarse = np.rint(loud * 127) / np.float32(127)
    return np.asarray(np.sign(coarse) * np.expm1(np.abs(coarse) * np.log1p(mu)) / mu, np.float32)
