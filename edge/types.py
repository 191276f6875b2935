"""The values that travel through the runtime: frozen, with units and shapes under each field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event comes from, so that it can be matched with what was looked at or heard.

    source:  a file's path as it was given, a device, an address; "" where it is not known
    index:   of the frame (or window of sound, or picture of a folder) in it, from 0 on
    media_s: seconds since its first frame, for a clip; None for a single picture and where live
    """

    source: str = ""
    index: int | None = None
    media_s: float | None = None


NOWHERE = Origin()


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source, kept as the source gives it and converted when it is looked at.

    pixels:       uint8, by pixel format: "BGR" (H, W, 3); "GRAY" (H, W); "I420" and "NV12"
                  (3 H / 2, W): H rows of BT.601 luma from 16 to 235, then the colours; "YUYV"
                  and "UYVY" (H, W, 2): such luma, and colours
    timestamp_s:  seconds on the source's own monotonic clock (a file's: position in the file)
    index:        0, 1, 2 … as delivered by the source
    padding_px:   columns at the end of each row that belong to no picture
    jpeg:         uint8 (n,), where the source gave the picture compressed: `pixels` are its luma
                  then, and colours are decoded when they are looked at
    source:       what a person calls it: a file's path, a device, an address
    media_s:      seconds since the first frame of a clip; None for a single picture and where live
    pixel_aspect: a pixel's width over its height; where it is not 1, faces are looked for in the
                  picture as it is meant to be seen, and given in the pixels that are here
    rotation:     0, 90, 180 or 270 degrees by which `image` and `gray` turn `pixels`, clockwise
    """

    pixels: NDArray[np.uint8]
    timestamp_s: float
    index: int
    pixel_format: str = "BGR"
    padding_px: int = 0
    jpeg: NDArray[np.uint8] | None = None
    source: str = ""
    media_s: float | None = None
    pixel_aspect: float = 1.0
    rotation: int = 0

    @property
    def origin(self) -> Origin:
        return Origin(self.source, self.index, self.media_s)

    @property
    def image(self) -> NDArray[np.uint8]:
        """uint8 (H, W, 3), BGR; made by each call where the source gave another format."""
        from edge.pixel_formats import jpeg_to_bgr, to_bgr

        if self.jpeg is not None and (decoded := jpeg_to_bgr(self.jpeg)) is not None:
            return self._turned(decoded)
        return self._turned(self._cut(to_bgr(self.pixels, self.pixel_format)))

    @property
    def gray(self) -> NDArray[np.uint8]:
        """uint8 (H, W), luma from 0 to 255; made by each call unless the source gave it."""
        from edge.pixel_formats import to_gray

        return self._turned(self._cut(to_gray(self.pixels, self.pixel_format)))

    def _turned(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        from edge.pixel_formats import turned

        return turned(image, self.rotation) if self.rotation else image

    def _cut(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return image[:, : image.shape[1] - self.padding_px] if self.padding_px else image


@dataclass(frozen=True, slots=True, eq=False)
class AudioChunk:
    """A stretch of sound, as a microphone or a file delivers it.

    samples:        float32 (n,), mono, in [-1, 1]
    sample_rate_hz: samples a second
    timestamp_s:    when its first sample was heard, on the source's own monotonic clock
    """

    samples: NDArray[np.float32]
    sample_rate_hz: int
    timestamp_s: float


@dataclass(frozen=True, slots=True)
class Face:
    """A face's box, in pixels of the frame it was found in; (x, y) is its top left corner.

    track_id: the person it was followed as, from 1 on; 0 before tracking
    angle:    degrees that the head is tilted, clockwise; the box stays upright around its middle
    """

    x: int
    y: int
    width: int
    height: int
    track_id: int = 0
    angle: float = 0.0

    @property
    def area(self) -> int:
        """Pixels."""
        return self.width * self.height


def iou(a: Face, b: Face) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    return shared / (a.area + b.area - shared)


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a network says of one input.

    labels: n_classes names
    scores: float32 (n_classes,), sum 1
    """

    labels: tuple[str, ...]
    scores: NDArray[np.float32]

    @property
    def label(self) -> str:
        return self.labels[int(self.scores.argmax())]

    @property
    def confidence(self) -> float:
        """The top class's score, 0 to 1."""
        return float(self.scores.max())


@dataclass(frozen=True, slots=True)
class EmotionEvent:
    """One line of the log: who showed what, when.

    time:       UTC, aware
    modality:   "face", "speech" or "fusion"
    track_id:   as `Face.track_id`; 0 where there is no face
    label:      one of the model's labels, or `UNKNOWN` below the confidence floor
    confidence: the label's smoothed score, 0 to 1; the top class's where it is `UNKNOWN`
    scores:     label → smoothed score, sum 1
    face:       the box in the frame, or None for a voice
    model:      the model's name
    origin:     which file, device or address, and where in it
    forecast:   label → its chance `forecast.horizon_s` later, where the settings ask for it; it is
                printed and not logged
    """

    time: datetime
    modality: str
    track_id: int
    label: str
    confidence: float
    scores: dict[str, float]
    face: Face | None
    model: str
    origin: Origin = NOWHERE
    forecast: dict[str, float] | None = None
