"""The picture that a face network takes: its size and its colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Colour = Literal["gray", "rgb", "bgr"]


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """uint8 (height, width) where `channels` is 1, else (height, width, 3).

    colour: the order of the channels; three that are "gray" hold the luma each
    """

    height: int = 48
    width: int = 48
    channels: int = 1
    colour: Colour = "gray"

    @property
    def shape(self) -> tuple[int, ...]:
        size = (self.height, self.width)
        return size if self.channels == 1 else (*size, self.channels)
