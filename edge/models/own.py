"""A person's own network: with its card, or with what is said of it; run in bounds first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import MissingModelError, ModelError, UsageError
from edge.models import PERSONAL_SUFFIX, Model, find, is_shipped, locate

if TYPE_CHECKING:
    from edge.models.description import Description


def open_model(
    name_or_path: str,
    said: Description | None = None,
    engine: str = "auto",
    *,
    personally: bool = True,
) -> Model:
    """A shipped model by name, or a .tflite by path, with or without its card beside it.

    personally: with the calibration of its person (`edge calibrate`), where there is one
    said: what the settings say of a file that has no card; else a .toml beside it does
    A file that is not shipped is run in a process with bounds before it is trusted with this one.
    Raises MissingModelError, ModelError, UsageError where both a card and `said` are there.
    """
    model = _opened(name_or_path, said, engine)
    if not (personally and model.path.with_suffix(PERSONAL_SUFFIX).exists()):
        return model
    from edge.models.personal import personal

    return personal(model)


def _opened(name_or_path: str, said: Description | None, engine: str) -> Model:
    path = locate(name_or_path)
    if is_shipped(path):
        if said is not None:
            raise UsageError(f"{name_or_path} has its own labels: give --labels with your file")
        return find(name_or_path)
    from edge.models.description import described_card, read_description
    from edge.models.probe import probe

    has_card = path.with_suffix(".json").exists()
    if has_card and said is not None:
        raise UsageError(
            f"{path} has a card that names its labels: leave --labels out, or remove "
            f"{path.with_suffix('.json').name}"
        )
    description = said if has_card else said or read_description(path.with_suffix(".toml"))
    if has_card or description is None:
        model = find(name_or_path)
        content = model.content or b""
        probe(content, str(path), engine)
        return model
    content = _read(path)
    card = described_card(path, content, probe(content, str(path), engine), description)
    return Model(path, card, content)


def _read(path: Path) -> bytes:
    from edge.models.card import MAX_MODEL_BYTES

    if path.exists() and not path.is_file():
        raise ModelError(f"the model {path} is no regular file: give a .tflite's path")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_MODEL_BYTES + 1)
    except FileNotFoundError as error:
        raise MissingModelError(f"there is no model {path}: give a .tflite's path") from error
    except OSError as error:
        raise ModelError(f"the model {path} cannot be read: {error.strerror}") from error
    return content
