"""Whatever a device or a decoder delivers, as mono float32 at 16 kHz; what was wrong is counted."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingPackageError, SourceError
from edge.sources.audio.channels import ChannelMixer
from edge.sources.patience import Patience
from edge.system.pip import pip_install

SAMPLE_RATE_HZ = 16_000
"""What every source of sound delivers."""
LOWEST_RATE_HZ = 4_000
"""Below this there is nothing of a voice's colour."""
HIGHEST_RATE_HZ = 768_000
MOST_CHANNELS = 64
"""What says more is damaged, or made to take memory."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class SoundHealth:
    """What a source delivered so far, and what was wrong with it.

    samples:    delivered, at 16 kHz
    clipped:    at the device's or the file's rate: at or beyond full scale
    not_finite: at that rate: no number at all; they became silence
    overruns:   blocks of a microphone that came faster than they were taken, and are lost
    overflows:  times that the device itself said it lost sound
    only_zeros: nothing but zeros came so far
    alone:      the channel (from 1) that is taken alone because all together cancel; 0: none
    """

    samples: int = 0
    clipped: int = 0
    not_finite: int = 0
    overruns: int = 0
    overflows: int = 0
    only_zeros: bool = True
    alone: int = 0

    @property
    def seconds(self) -> float:
        """Of sound delivered."""
        return self.samples / SAMPLE_RATE_HZ

    def notes(self) -> list[str]:
        """What a person should know, a phrase each; empty where all was well."""
        counts = {
            "{} blocks were lost because the reader was too slow": self.overruns,
            "the device lost sound {} times": self.overflows,
            "{} samples were clipped: turn the microphone down": self.clipped,
            "{} samples were no numbers and became silence": self.not_finite,
        }
        if self.alone:
            counts["its channels cancel each other, so that channel {} was taken alone"] = (
                self.alone
            )
        notes = [text.format(count) for text, count in counts.items() if count]
        if self.samples and self.only_zeros:
            notes.append("it holds nothing but zeros")
        return notes


class AudioNormalizer:
    """Mixes, corrects and resamples one stream, chunk by chunk, into float32 (n,) at 16 kHz."""

    def __init__(
        self, sample_rate_hz: int, health: SoundHealth, channel: int = 0, *, channels: int = 1
    ) -> None:
        """channel: the one to take, from 1; 0: all together. channels: how many there are

        Raises SourceError for a rate that no voice is told at, and for more than any device has;
        MissingPackageError where the rate needs a resampler and there is none.
        """
        if sample_rate_hz < LOWEST_RATE_HZ:
            raise SourceError(
                f"its sample rate is {sample_rate_hz} Hz: give sound of {LOWEST_RATE_HZ} Hz or more"
            )
        if sample_rate_hz > HIGHEST_RATE_HZ or not 1 <= channels <= MOST_CHANNELS:
            raise SourceError(
                f"it says that it has {channels} channels at {sample_rate_hz} Hz: give sound"
                f" of 1 to {MOST_CHANNELS}, at {HIGHEST_RATE_HZ} Hz at most"
            )
        self._rate_hz = sample_rate_hz
        self._health = health
        self._mixer = ChannelMixer(channel)
        self._resampler = self._new_resampler()

    def push(self, samples: NDArray[Any], *, last: bool = False) -> NDArray[np.float32]:
        """The mono samples that `samples` complete; with `last`, the resampler's rest too.

        samples: int16 or float32 (n, channels), at the stream's rate
        """
        mono = self._mixer.push(self._corrected(samples))
        self._health.alone = self._mixer.alone
        if self._resampler is not None:
            # A steep filter overshoots a loud edge by a little.
            mono = np.clip(self._resampler.resample_chunk(mono, last=last), -1, 1)
        self._health.samples += len(mono)
        return mono

    def restart(self) -> None:
        """After a gap: what is held of the sound before it is dropped."""
        self._resampler = self._new_resampler()

    def _corrected(self, samples: NDArray[Any]) -> NDArray[np.float32]:
        health = self._health
        if health.only_zeros and samples.any():
            health.only_zeros = False
        if samples.dtype == np.int16:
            health.clipped += int(np.count_nonzero(np.abs(samples.astype(np.int32)) >= 32767))
            return samples * np.float32(1 / 32768)
        finite = np.isfinite(samples)
        if not finite.all():
            health.not_finite += int(finite.size - np.count_nonzero(finite))
            samples = np.where(finite, samples, np.float32(0))
        health.clipped += int(np.count_nonzero(np.abs(samples) >= 1))
        return samples.clip(-1, 1)

    def _new_resampler(self) -> Any:
        if self._rate_hz == SAMPLE_RATE_HZ:
            return None
        try:
            import soxr
        except ImportError as error:
            raise MissingPackageError(
                f"sound at {self._rate_hz} Hz must be resampled, and soxr cannot be imported "
                f"({error}): {pip_install('emotion-edge[mic]')}"
            ) from error
        return soxr.ResampleStream(self._rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32")


class SampleClock:
    """When sound was heard, by counting its samples: steady where arrival times jitter.

    A card's clock runs some parts in 10,000 off the machine's, so the count is drawn gently
    towards the arrivals; a difference of more than `GAP_S` is a gap, and the count restarts.
    """

    GAP_S = 0.5
    _PULL = 0.002

    def __init__(self) -> None:
        self._next_s: float | None = None

    def stamp(self, count: int, arrived_s: float) -> float:
        """When the first of `count` samples was heard, where the last had come by `arrived_s`."""
        duration_s = count / SAMPLE_RATE_HZ
        start_s = arrived_s - duration_s
        if self._next_s is not None and abs(start_s - self._next_s) <= self.GAP_S:
            start_s = self._next_s + self._PULL * (start_s - self._next_s)
        self._next_s = start_s + duration_s
        return start_s

    def restart(self) -> None:
        """After a gap that is known of."""
        self._next_s = None


class ZeroWatch:
    """Says that a microphone gives only zeros: it is muted, or its driver is dead.

    A sensor's noise moves the lowest bit, so zeros alone for `FIRST_S` are worth a word; the
    next one comes after twice as long, up to ten minutes.
    """

    FIRST_S = 3.0

    def __init__(self, name: str) -> None:
        self.silent = False
        self._name = name
        self._patience = Patience(self.FIRST_S)

    def check(self, samples: NDArray[np.float32], timestamp_s: float) -> None:
        if samples.any():
            if self.silent:
                _log.warning("%s: sound comes again", self._name)
            self.silent = False
            self._patience.restart()
        elif (waited_s := self._patience.over(timestamp_s)) is not None:
            self.silent = True
            _log.warning(
                "%s: nothing but zeros for %.0f s: see that it is not muted (alsamixer, or "
                "`pactl set-source-mute @DEFAULT_SOURCE@ 0`) and that its switch is on",
                self._name, waited_s,
            )  # fmt: skip
