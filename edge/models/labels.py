"""Two label sets and what they share: FER2013's faces and RAVDESS's voices.

FER2013 has no "calm"; a calm voice is a neutral one, and a network that learns RAVDESS's labels
from FER2013's faces never sees it. This is the only place that says so.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from edge.system.record import Meta, Record

SHARED = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""What face and voice can both name, and what fusion names."""

_SHARED_NAME = {"fearful": "fear", "surprised": "surprise", "calm": "neutral"}


UNSEEN = ("calm",)
"""What RAVDESS names and no face of FER2013 is labelled as; a neutral face is no example of it."""

_TAKE_NAME = {ours: theirs for theirs, ours in _SHARED_NAME.items() if theirs not in UNSEEN}


def shared(label: str) -> str:
    """What `label` of either set is called among `SHARED`. Raises KeyError for an unknown one."""
    name = _SHARED_NAME.get(label, label)
    if name not in SHARED:
        raise KeyError(label)
    return name


def of_clips(label: str) -> str:
    """What `label` of `SHARED` is called in RAVDESS. Raises KeyError for an unknown one."""
    if label not in SHARED:
        raise KeyError(label)
    return _TAKE_NAME.get(label, label)


def meaning(label: str) -> str:
    """One name for what two label sets call differently: "fearful" is "fear". Others stay."""
    return label if label in UNSEEN else _SHARED_NAME.get(label, label)


def spellings(label: str) -> tuple[str, ...]:
    """Every name of what `label` means, itself among them."""
    one = meaning(label)
    return (one, *(name for name in _SHARED_NAME if name != one and meaning(name) == one))


class FusionInputs(Record):
    """What the numbers that a combiner takes are scores of; it stands on its card."""

    face_labels: Annotated[tuple[str, ...], Meta(min_length=2)]
    speech_labels: Annotated[tuple[str, ...], Meta(min_length=2)]

    @property
    def columns(self) -> int:
        return len(self.face_labels) + len(self.speech_labels) + 2

    def row(
        self, face: NDArray[np.float32] | None, voice: NDArray[np.float32] | None
    ) -> NDArray[np.uint8]:
        """uint8 (columns,): scores as shares of 255, an absent sense's all 0; then the flags.

        face, voice: float32 (n_classes,) in the order of the labels, sum 1; None where absent
        """
        n_faces = len(self.face_labels)
        row = np.zeros(self.columns, np.uint8)
        if face is not None:
            row[:n_faces], row[-2] = np.rint(face * 255), 255
        if voice is not None:
            row[n_faces:-2], row[-1] = np.rint(voice * 255), 255
        return row
