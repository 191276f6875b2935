"""What a person may set: one TOML file, validated, frozen. Every default is here and only here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.errors import MissingDataError, UsageError


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CameraSettings(_Section):
    """How frames are taken. Sizes in pixels; a camera gives the nearest that it can."""

    source: str = "auto"
    width: int = Field(640, ge=64, le=4096)
    height: int = Field(480, ge=64, le=4096)
    fps: float = Field(30, gt=0, le=240)
    pixel_format: Literal["RGB888", "BGR888", "XRGB8888", "YUV420", "NV12"] = "RGB888"
    """picamera2's name; libcamera's RGB888 is B, G, R in memory: OpenCV's order."""
    open_timeout_s: float = Field(2.0, gt=0, le=60)
    read_timeout_s: float = Field(1.5, gt=0, le=60)
    retries: int = Field(5, ge=0)
    """How often a live source that died is opened again before the run ends."""
    retry_delay_s: float = Field(0.5, gt=0, le=60)
    """The first wait; each further one is twice as long, up to 30 s."""


class MicSettings(_Section):
    """How sound is taken. Every source of it delivers 16 kHz, mono."""

    source: str = "none"
    """none, default, a microphone's name or a part of it, a file, or synthetic."""
    device_rate_hz: int = Field(0, ge=0, le=192_000)
    """What the device is asked for; 0: 16 kHz, and its own rate where it cannot."""
    block_s: float = Field(0.032, ge=0.005, le=0.5)
    """The device delivers this much at a time."""
    buffer_s: float = Field(5.0, gt=0, le=60)
    """So much may wait to be taken before the oldest is dropped."""
    open_timeout_s: float = Field(5.0, gt=0, le=60)
    read_timeout_s: float = Field(1.5, gt=0, le=60)
    retries: int = Field(5, ge=0)
    """How often a microphone that died is opened again before the run ends."""
    retry_delay_s: float = Field(0.5, gt=0, le=60)
    """The first wait; each further one is twice as long, up to 30 s."""
    gate_db: float = Field(6.0, ge=0, le=60)
    """A voice is this much louder than the room."""
    step_s: float = Field(0.5, ge=0.01, le=10)
    """A window of sound is classified this often."""


class DetectionSettings(_Section):
    """The face search; docs/guides/search.md has what each setting costs and is worth."""

    detector: str = "haar"
    """haar, lbp or yunet."""
    model: str = ""
    """The detector's own file: needed by lbp and yunet, another cascade for haar."""
    min_face_px: int = Field(48, ge=24)
    """The smallest face searched for; the cost falls with its square."""
    scale_factor: float = Field(1.15, gt=1.0, le=2.0)
    min_neighbors: int = Field(5, ge=1)
    tracked: bool = True
    """Search around known faces; the rest of the picture only as often as the next ones say."""
    full_search_interval_s: float = Field(0.5, ge=0, le=60)
    """Where something changed, new faces are searched for this often."""
    still_interval_s: float = Field(2.0, ge=0, le=600)
    """And the whole picture this often, whether or not anything changed."""
    motion_gate: bool = True
    """Off: the whole picture every `full_search_interval_s`."""
    budget_share: float = Field(0.3, gt=0, le=1)
    """The share of a live source's time that the search may take; new faces wait for it."""


class PreprocessSettings(_Section):
    """From a face's box to 48x48. The switches are the papers'; docs/decisions has their worth."""

    margin: float = Field(0.0, ge=-0.2, le=0.5)
    """Added on every side, as a share of the box."""
    align: bool = False
    """Turn the face so that its eyes are level (OpenCV's eye cascade)."""
    gamma: float = Field(1.0, gt=0.1, le=5)
    equalise: bool = False
    smooth: bool = False
    """Gaussian, 3x3."""


class SmoothingSettings(_Section):
    time_constant_s: float = Field(0.5, ge=0, le=60)
    hysteresis: float = Field(0.10, ge=0, lt=1)
    """By how much another label's score must lead before the label changes."""
    floor: float = Field(0.35, ge=0, lt=1)
    """Below this confidence the label is "unknown"."""
    event_interval_s: float = Field(1.0, gt=0)
    """A face whose label stays is logged again this often."""


class ModelSettings(_Section):
    name: str = "cnn_lstm"
    """A shipped model's name, or the path of a .tflite with its card beside it."""
    threads: int = Field(1, ge=1, le=16)
    engine: Literal["auto", "litert", "tflite-runtime"] = "auto"


class LogSettings(_Section):
    path: str = ""
    """"" is the user's state folder; "none" keeps no log."""
    commit_interval_s: float = Field(1.0, gt=0, le=3600)


class Settings(_Section):
    camera: CameraSettings = CameraSettings()
    mic: MicSettings = MicSettings()
    detection: DetectionSettings = DetectionSettings()
    preprocess: PreprocessSettings = PreprocessSettings()
    smoothing: SmoothingSettings = SmoothingSettings()
    model: ModelSettings = ModelSettings()
    log: LogSettings = LogSettings()


def load(path: Path) -> Settings:
    """Read settings from TOML. Raises MissingDataError, UsageError (naming the setting)."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MissingDataError(
            f"there is no settings file {path}: give another --config"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"cannot read {path} as TOML: {error}") from error
    return _validated(raw, str(path))


def override(settings: Settings, changes: Mapping[str, Any], where: str) -> Settings:
    """`settings` with "section.key" → value changes on top. Raises UsageError, naming `where`."""
    raw = settings.model_dump()
    for path, value in changes.items():
        section, key = path.split(".")
        raw[section][key] = value
    return _validated(raw, where)


def _validated(raw: Mapping[str, Any], where: str) -> Settings:
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        setting = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{where}: {setting} is {first['input']!r}: {first['msg'].lower()}"
        ) from error
