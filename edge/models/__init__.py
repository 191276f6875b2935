"""The shipped int8 models, each a .tflite with its card (.json), and the code that trusts them.

A damaged model can crash the process that interprets it. So a file's SHA-256 is held against
its card before anything else reads it, and what was checked is what is interpreted: the bytes
in memory, whatever happens to the file afterwards.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.errors import MissingModelError, ModelError
from edge.models.card import Figure, ModelCard, read_card, write_card
from edge.system.digest import sha256

__all__ = [
    "DEFAULT_MODEL",
    "PERSONAL_SUFFIX",
    "Figure",
    "Model",
    "ModelCard",
    "find",
    "is_shipped",
    "locate",
    "read_card",
    "shipped",
    "verify",
    "write_card",
]

DEFAULT_MODEL = "edge_net"
PERSONAL_SUFFIX = ".calibration.toml"
"""Beside a model: what `edge calibrate` found."""
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Model:
    """A model file and its card; `content` is the file's bytes once they were verified."""

    path: Path
    card: ModelCard
    content: bytes | None = field(default=None, repr=False, compare=False)

    def uncalibrated(self) -> Model:
        """The same, its scores as the network gives them: in the terms of its training labels."""
        return replace(self, card=self.card.model_copy(update={"calibration": None}))


def shipped() -> list[ModelCard]:
    """The cards of the models that came with the package, by name."""
    return [read_card(path) for path in sorted(_HERE.glob("*.json"))]


def find(name_or_path: str) -> Model:
    """A shipped model by name, or a .tflite by path, with its content verified.

    Raises MissingModelError where there is no such model, ModelError where the file or its
    card cannot be trusted.
    """
    path = locate(name_or_path)
    if not path.is_file():
        names = ", ".join(card.stem for card in sorted(_HERE.glob("*.json"))) or "none is shipped"
        raise MissingModelError(
            f"there is no model {name_or_path!r}: give a .tflite's path or a name ({names})"
        )
    model = Model(path, read_card(path.with_suffix(".json")))
    return Model(model.path, model.card, verify(model))


def locate(name_or_path: str) -> Path:
    """Where the model is, whether or not there is one."""
    is_path = name_or_path.endswith(".tflite") or os.sep in name_or_path
    return Path(name_or_path) if is_path else _HERE / f"{name_or_path}.tflite"


def is_shipped(path: Path) -> bool:
    """Whether the file at `path` came with the package."""
    return path.resolve().parent == _HERE.resolve()


def verify(model: Model) -> bytes:
    """The bytes of the model's file, if they are the ones that its card describes.

    Raises ModelError where they are not, or cannot be read.
    """
    try:
        with model.path.open("rb") as file:
            content = file.read(model.card.size_bytes + 1)
    except OSError as error:
        raise ModelError(f"the model {model.path} cannot be read: {error.strerror}") from error
    card = model.card
    if len(content) != card.size_bytes:
        raise ModelError(
            f"{model.path} has {model.path.stat().st_size} bytes and its card says "
            f"{card.size_bytes}: "
            "the file is truncated or another one, fetch it again"
        )
    found = sha256(content)
    if found != card.sha256:
        raise ModelError(
            f"{model.path} has SHA-256 {found[:12]}… and its card says {card.sha256[:12]}…: "
            "it is not the model that the card describes, fetch both again"
        )
    return content
