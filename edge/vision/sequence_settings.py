"""What a sequence model sees: it stands on its card, and device and training both obey it."""

from __future__ import annotations

from typing import Annotated

from edge.settings.sections import PreprocessSettings
from edge.system.record import Meta


class SequenceSettings(PreprocessSettings, kw_only=True):
    """How a face becomes a sequence of pictures: the newest `frames` of it, `step_s` apart."""

    stretch: bool = False
    """The shipped one learned from faces as they are."""
    frames: Annotated[int, Meta(ge=2, le=64)]
    step_s: Annotated[float, Meta(gt=0, le=10)]

    @property
    def span_s(self) -> float:
        """From the first picture to the last."""
        return (self.frames - 1) * self.step_s
