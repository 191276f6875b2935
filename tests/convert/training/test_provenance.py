"""A card says what its network learned from, and no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from convert.datasets.fer2013 import PROVENANCE
from convert.training.provenance import of_faces
from edge.errors import DataError


def test_without_a_recipe_the_usual_is_said(tmp_path: Path) -> None:
    assert of_faces(tmp_path / "best.keras") == PROVENANCE


@pytest.mark.parametrize("name", ["run.json", "net.run.json"])
def test_labels_alone_need_no_votes_and_no_licence_of_theirs(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(json.dumps({"votes_share": 0, "teacher": ""}))
    said = of_faces(tmp_path / "net.keras")
    assert "FER+" not in said.training_data + said.licence
    assert said.terms == PROVENANCE.terms


def test_a_teacher_is_named_and_brings_its_licences(tmp_path: Path) -> None:
    recipe = {"votes_share": 0.0, "teacher": "models/cnn_regularised.keras"}
    (tmp_path / "run.json").write_text(json.dumps(recipe))
    said = of_faces(tmp_path / "best.keras")
    assert "cnn_regularised" in said.training_data
    assert said.licence == PROVENANCE.licence


def test_a_damaged_recipe_is_named(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(DataError, match=r"run\.json"):
        of_faces(tmp_path / "best.keras")
