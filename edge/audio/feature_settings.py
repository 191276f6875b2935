"""What a speech model hears: it stands on its card, and device and training both obey it."""

from __future__ import annotations

from typing import Annotated, Literal

from edge.system.record import Meta, Record


class FeatureSettings(Record):
    """How sound becomes a picture of `window_frames` rows and `columns` columns.

    Lengths are in samples: at 16 kHz frames of 25 ms, one every 10 ms.
    """

    sample_rate_hz: Annotated[int, Meta(ge=8_000, le=48_000)] = 16_000
    frame_length: Annotated[int, Meta(ge=64, le=16_384)] = 400
    hop_length: Annotated[int, Meta(ge=32, le=16_384)] = 160
    n_fft: Annotated[int, Meta(ge=64, le=16_384)] = 512
    n_mels: Annotated[int, Meta(ge=8, le=256)] = 64
    fmin_hz: Annotated[float, Meta(ge=0)] = 50.0
    fmax_hz: Annotated[float, Meta(gt=0)] = 8_000.0
    top_db: Annotated[float, Meta(gt=0)] = 80.0
    """A picture's range: what is this far below its loudest point is black."""
    window_frames: Annotated[int, Meta(ge=8, le=6_000)] = 304
    spectrum: Literal["log_mel", "mfcc"] = "log_mel"
    n_mfcc: Annotated[int, Meta(ge=4)] = 32
    energy: bool = False
    """One column more: the frame's energy."""
    f0: bool = False
    """One column more: the voice's pitch, black where there is none."""

    def __post_init__(self) -> None:
        if self.frame_length > self.n_fft:
            raise ValueError("frame_length is longer than n_fft")
        if self.hop_length > self.frame_length:
            raise ValueError("hop_length is longer than frame_length")
        if not self.fmin_hz < self.fmax_hz <= self.sample_rate_hz / 2:
            raise ValueError("fmin_hz and fmax_hz must rise and stay below half the sample rate")
        if self.n_mfcc > self.n_mels:
            raise ValueError("n_mfcc is larger than n_mels")

    @property
    def spectrum_columns(self) -> int:
        return self.n_mels if self.spectrum == "log_mel" else self.n_mfcc

    @property
    def columns(self) -> int:
        """Of a picture: the spectrum, then energy, then f0."""
        return self.spectrum_columns + self.energy + self.f0

    @property
    def window_s(self) -> float:
        """How much sound a window spans."""
        spanned = (self.window_frames - 1) * self.hop_length + self.frame_length
        return spanned / self.sample_rate_hz
