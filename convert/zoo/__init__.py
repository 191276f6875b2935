"""The architectures that can be trained, each in its own file, found by name.

A new one is a file with an `Architecture` in it and a line in `_TABLE`; the tests follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.system.registry import resolve

if TYPE_CHECKING:
    import keras

_TABLE = {
    "cnn": "convert.zoo.cnn:CNN",
    "cnn_lstm": "convert.zoo.cnn_lstm:CNN_LSTM",
    "net_a": "convert.zoo.net_a:NET_A",
    "net_b": "convert.zoo.net_b:NET_B",
    "net_c": "convert.zoo.net_c:NET_C",
    "net_c_direct": "convert.zoo.net_c:NET_C_DIRECT",
    "cnn_plain": "convert.zoo.cnn_plain:CNN_PLAIN",
    "cnn_regularised": "convert.zoo.cnn_regularised:CNN_REGULARISED",
    "edge_net": "convert.zoo.edge_net:EDGE_NET",
    "audio_crnn": "convert.zoo.audio_crnn:AUDIO_CRNN",
    "video_resgru": "convert.zoo.video_resgru:VIDEO_RESGRU",
    "fusion": "convert.zoo.fusion:FUSION",
    "fusion_video": "convert.zoo.fusion_video:FUSION_VIDEO",
}
SPEECH = ("audio_crnn",)
"""Those of `_TABLE` that hear; known by name, so that no network is imported to tell."""
VIDEO = ("video_resgru",)
"""Those that see a course of faces."""
COMBINERS = ("fusion", "fusion_video")
"""Those that combine the scores of a face and of a voice."""


def kind_of(name: str) -> str:
    """What a network is trained on: "face", "speech", "video" or "fusion"."""
    kinds = {"speech": SPEECH, "video": VIDEO, "fusion": COMBINERS}
    return next((kind for kind, names_ in kinds.items() if name in names_), "face")


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network's definition and the figures that a test holds it to.

    `input_shape` is (height, width, channels) of float32 in [0, 1], without the batch; a course
    of pictures has its length before these.
    `parameters` counts all weights, the BatchNorm statistics among them; `macs` are the
    multiply-accumulates of one inference (convolutions, dense and recurrent products).
    """

    name: str
    source: str
    modality: str
    labels: tuple[str, ...]
    input_shape: tuple[int, ...]
    parameters: int
    macs: int
    seed: int
    build: Callable[..., keras.Model]


def names() -> tuple[str, ...]:
    return tuple(_TABLE)


def architecture(name: str) -> Architecture:
    """The registered architecture `name`; imports Keras. Raises UsageError for an unknown name."""
    found: Architecture = resolve(_TABLE, name, "network")
    return found
