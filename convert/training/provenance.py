"""What a face network learned from, as its run says: for the card of what is made from it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from convert.datasets import Provenance
from convert.datasets.fer2013 import PROVENANCE
from edge.errors import DataError

_FACES, _VOTES = PROVENANCE.training_data.split("; ")
_LICENCE = PROVENANCE.licence.split("; ")[0]


def of_faces(keras_file: Path) -> Provenance:
    """FER2013, with the FER+ votes and the teacher where the run beside `keras_file` had them.

    A run's recipe is looked for as run.json in its folder, or as NAME.run.json or the last
    NAME.stageN.run.json beside NAME.keras; without one, votes are taken for granted. Raises
    DataError for a damaged one.
    """
    stages = sorted(keras_file.parent.glob(f"{keras_file.stem}.stage*.run.json"))[-1:]
    whole = keras_file.with_suffix(".run.json")
    for run_file in (whole, *stages, keras_file.with_name("run.json")):
        if run_file.exists():
            return _said(_read(run_file))
    return PROVENANCE


def _read(run_file: Path) -> dict[str, Any]:
    try:
        recipe: dict[str, Any] = json.loads(run_file.read_text())
    except (OSError, ValueError) as error:
        raise DataError(
            f"{run_file} is no recipe of a run ({error}): correct or remove it"
        ) from error
    return recipe


def _said(recipe: dict[str, Any]) -> Provenance:
    parts, licence = [_FACES], PROVENANCE.licence
    if recipe.get("votes_share", 1):
        parts.append(_VOTES)
    elif not recipe.get("teacher"):
        licence = _LICENCE
    if recipe.get("teacher"):
        name = Path(recipe["teacher"]).stem.removesuffix(".scores")
        parts.append(f"scores of {name}, which learned from the same")
    if recipe.get("nonface"):
        parts.append("pictures without a face, as having no label")
    return replace(PROVENANCE, training_data="; ".join(parts), licence=licence)
