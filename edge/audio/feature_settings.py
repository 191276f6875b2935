"""What a speech model hears: it stands on its card, and device and training both obey it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class FeatureSettings(BaseModel):
    """How sound becomes a picture of `window_frames` rows and `columns` columns.

    Lengths are in samples: at 16 kHz frames of 25 ms, one every 10 ms.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rate_hz: int = Field(16_000, ge=8_000, le=48_000)
    frame_length: int = Field(400, ge=64)
    hop_length: int = Field(160, ge=32)
    n_fft: int = Field(512, ge=64)
    n_mels: int = Field(64, ge=8, le=256)
    fmin_hz: float = Field(50.0, ge=0)
    fmax_hz: float = Field(8_000.0, gt=0)
    top_db: float = Field(80.0, gt=0)
    """A picture's range: what is this far below its loudest point is black."""
    window_frames: int = Field(304, ge=8)
    spectrum: Literal["log_mel", "mfcc"] = "log_mel"
    n_mfcc: int = Field(32, ge=4)
    energy: bool = False
    """One column more: the frame's energy."""
    f0: bool = False
    """One column more: the voice's pitch, black where there is none."""

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.frame_length > self.n_fft:
            raise ValueError("frame_length is longer than n_fft")
        if self.hop_length > self.frame_length:
            raise ValueError("hop_length is longer than frame_length")
        if not self.fmin_hz < self.fmax_hz <= self.sample_rate_hz / 2:
            raise ValueError("fmin_hz and fmax_hz must rise and stay below half the sample rate")
        if self.n_mfcc > self.n_mels:
            raise ValueError("n_mfcc is larger than n_mels")
        return self

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
