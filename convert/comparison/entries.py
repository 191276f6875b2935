"""What is known of each network of the zoo without running it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convert import zoo
from edge import models
from edge.errors import DataError
from edge.models import ModelCard, read_card
from edge.vision.preprocess import SIZE_PX

SHIPPED = Path(models.__file__).parent
Record = dict[str, float]


@dataclass(frozen=True, slots=True)
class Entry:
    """One network.

    card:    None where it is not converted yet
    model:   its int8 .tflite, where that is at hand
    history: a record an epoch, its stages one after another; empty where none is kept
    recipes: of each stage, as `edge-convert train` wrote it
    """

    name: str
    card: ModelCard | None
    model: Path | None
    history: tuple[Record, ...]
    recipes: tuple[dict[str, Any], ...]

    @property
    def shipped(self) -> bool:
        return (SHIPPED / f"{self.name}.tflite").is_file()

    @property
    def sees_one_face(self) -> bool:
        shape = (SIZE_PX, SIZE_PX, 1)
        return self.card is not None and self.card.input_shape == shape

    @property
    def labels(self) -> tuple[str, ...]:
        return self.card.labels if self.card else ()

    def figure(self, name: str) -> float | None:
        found = self.card.figure(name) if self.card else None
        return found.value if found else None


def entries(folders: Sequence[Path]) -> list[Entry]:
    """Every network of the zoo, in its order.

    folders: where cards, .tflite files and histories lie; shipped ones are found by themselves
    Raises ModelError for a card that cannot be trusted, DataError for a damaged history.
    """
    return [_entry(name, (SHIPPED, *folders)) for name in zoo.names()]


def _entry(name: str, folders: Sequence[Path]) -> Entry:
    cards = [path for folder in folders if (path := folder / f"{name}.json").is_file()]
    files = [path for folder in folders if (path := folder / f"{name}.tflite").is_file()]
    return Entry(
        name,
        read_card(cards[0]) if cards else None,
        files[0] if cards and files else None,
        tuple(record for part in _kept(name, "history", folders) for record in part),
        tuple(_kept(name, "run", folders)),
    )


def _kept(name: str, what: str, folders: Sequence[Path]) -> list[Any]:
    """NAME.WHAT.json, or its stages NAME.stageN.WHAT.json in their order."""
    for folder in folders:
        whole = folder / f"{name}.{what}.json"
        paths = [whole] if whole.is_file() else sorted(folder.glob(f"{name}.stage*.{what}.json"))
        if paths:
            return [_read(path) for path in paths]
    return []


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}): fetch it again") from error
