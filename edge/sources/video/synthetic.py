"""A short clip made at run time: one face that moves, under changing light and blur, and leaves.

The face is in edge/assets (its README says whose it is). It lets the whole way from frame to log
run where there is no camera, no file and no network.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video.base import BaseFrameSource
from edge.types import Frame

Image = NDArray[np.uint8]
Mask = NDArray[np.float32]
"""float32 (H, W), 0 to 1"""

_PORTRAIT = Path(__file__).parents[2] / "assets" / "astronaut.jpg"
_HEAD = (slice(0, 300), slice(74, 374))
"""Head and shoulders in the portrait: rows, columns."""


class SyntheticSource(BaseFrameSource):
    """`duration_s` of `settings.width` x `settings.height` at `settings.fps`; one seed, one clip.

    For a fifth of it, from `AWAY` on, nobody is there.
    """

    AWAY = (0.60, 0.80)
    """From and to, as shares of the clip."""

    def __init__(
        self, target: str, settings: CameraSettings, *, seed: int = 0, duration_s: float = 10.0
    ) -> None:
        super().__init__("synthetic", settings)
        self.fps = settings.fps
        self.frame_count = max(1, round(duration_s * settings.fps))
        self._seed = seed

    def _open(self) -> None:
        data = np.frombuffer(_PORTRAIT.read_bytes(), np.uint8)
        portrait = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if portrait is None:
            raise SourceError("the bundled portrait cannot be decoded: reinstall emotion-edge")
        self._head = portrait[_HEAD].astype(np.uint8)
        self._mask = _oval(self._head.shape[0])

    def _produce(self) -> Iterator[Frame]:
        random = Random(self._seed)
        phases = np.array([random.uniform(0, 2 * math.pi) for _ in range(5)])
        room = _room(self.settings.width, self.settings.height)
        height, width = room.shape[:2]
        grain = _grain(height + 32, width + 32, self._seed)
        for index in range(self.frame_count):
            if self._closed.is_set():
                return
            down, across = random.randrange(32), random.randrange(32)
            here = grain[down : down + height, across : across + width]
            at_s = index / self.settings.fps
            yield Frame(
                self._picture(room, here, index / self.frame_count, phases),
                at_s, index, source=self.name, media_s=at_s,
            )  # fmt: skip
        self._end("end of the synthetic clip")

    def _picture(
        self, room: Image, grain: NDArray[np.int8], moment: float, phases: NDArray[np.float64]
    ) -> Image:
        canvas = room.copy()
        self._paint(canvas, moment, phases)
        cv2.add(canvas, grain, canvas, dtype=cv2.CV_8U)
        return canvas

    def _paint(self, canvas: Image, moment: float, phases: NDArray[np.float64]) -> None:
        """Put the head into `canvas`; moment: 0 to 1 through the clip."""
        height, width = canvas.shape[:2]
        sway, nod, near, light, focus = np.sin(phases + moment * 2 * math.pi * np.arange(2, 7))
        side = int(min(height, width) * (0.62 + 0.12 * near))
        whole = self._head.shape[0]
        middle = (whole / 2, whole / 2)
        turn = cv2.getRotationMatrix2D(middle, 4 * nod, side / whole).astype(np.float64)
        turn[:, 2] += (side - whole) / 2
        head = cv2.warpAffine(self._head, turn, (side, side), borderMode=cv2.BORDER_REPLICATE)
        head = cv2.GaussianBlur(head, (0, 0), side / whole * (0.9 + 0.8 * focus))
        head = cv2.convertScaleAbs(head, alpha=1 + 0.25 * light)
        mask = cv2.warpAffine(self._mask, turn, (side, side))
        away = self._away(moment) * (width + side) / 1.9
        left = int((width - side) / 2 + 0.15 * width * sway + away)
        top = int((height - side) / 2 + 0.06 * height * nod)
        _blend(canvas, head.astype(np.uint8, copy=False), mask.astype(np.float32), left, top)

    def _away(self, moment: float) -> float:
        """How far gone: 0 in the picture, 1 out of it, and a smooth way between."""
        left, back = self.AWAY
        ramp = 0.05
        out = min(max((moment - (left - ramp)) / ramp, 0), 1)
        returned = min(max((moment - back) / ramp, 0), 1)
        gone = out - returned
        return gone * gone * (3 - 2 * gone)


def _oval(side: int) -> Mask:
    """A feathered mask around the head, (side, side)."""
    mask = np.zeros((side, side), np.float32)
    middle = (side // 2, side // 2)
    cv2.ellipse(mask, middle, (int(side * 0.38), int(side * 0.44)), 0, 0, 360, 1.0, -1)
    return cv2.GaussianBlur(mask, (0, 0), side / 40).astype(np.float32, copy=False)


def _room(width: int, height: int) -> Image:
    """A plain wall with light from one side, (height, width, 3)."""
    across = np.linspace(0, 1, width, dtype=np.float32)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    light = (0.75 + 0.35 * across) * (1.05 - 0.25 * down)
    room = np.empty((height, width, 3), np.uint8)
    for channel, value in enumerate((120, 128, 132)):
        room[..., channel] = light * value
    return room


def _grain(height: int, width: int, seed: int) -> NDArray[np.int8]:
    """A sensor's noise, (height, width, 3), alike in all channels; by OpenCV, for NumPy's random
    numbers come with 5 MB of libraries."""
    cv2.setRNGSeed(seed)
    grain = np.empty((height, width, 1), np.float32)
    cv2.randn(grain, np.zeros(1), np.full(1, 3.0))
    return grain.astype(np.int8).repeat(3, axis=2)


def _blend(canvas: Image, patch: Image, mask: Mask, left: int, top: int) -> None:
    """Lay `patch` over `canvas` where `mask` says, whatever of it falls inside."""
    height, width = canvas.shape[:2]
    x0, x1 = max(left, 0), min(left + patch.shape[1], width)
    y0, y1 = max(top, 0), min(top + patch.shape[0], height)
    if x0 >= x1 or y0 >= y1:
        return
    here = (slice(y0, y1), slice(x0, x1))
    there = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    share = mask[there]
    canvas[here] = cv2.blendLinear(patch[there], canvas[here], share, 1 - share)
