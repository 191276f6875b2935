"""Which model files are trusted, and what is said of those that are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny_model

from edge import models
from edge.errors import MissingModelError, ModelError
from edge.models import Figure, find, read_card, shipped, verify, write_card

SHIPPED = [card.name for card in shipped()]


def test_a_path_is_found_with_its_card_and_content(tmp_path: Path) -> None:
    written = tiny_model.write(tmp_path)
    found = find(str(written.path))
    assert found == written
    assert found.content == written.path.read_bytes()


@pytest.mark.parametrize("name", ["nothing", "nothing.tflite", "folder/nothing"])
def test_an_absent_model_is_missing(name: str) -> None:
    with pytest.raises(MissingModelError, match=f"there is no model '{name}'"):
        find(name)


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(MissingModelError):
        find(str(tmp_path) + "/")


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda whole: whole[:-1], "truncated"),
        (lambda whole: b"", "truncated"),
        (lambda whole: whole + b"\0", "truncated or another"),
        (lambda whole: whole[:50] + bytes([whole[50] ^ 0xFF]) + whole[51:], "SHA-256"),
    ],
    ids=["short", "empty", "long", "one byte"],
)
def test_a_damaged_file_is_not_trusted(tmp_path: Path, damage, what: str) -> None:  # type: ignore[no-untyped-def]  # a lambda of bytes
    path = tiny_model.write(tmp_path).path
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelError, match=what):
        find(str(path))


def test_a_model_without_a_card_is_not_trusted(tmp_path: Path) -> None:
    path = tiny_model.write(tmp_path).path
    path.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match=r"tiny\.json is missing"):
        find(str(path))


def change(card: Path, **fields: object) -> None:
    content = {**json.loads(card.read_text()), **fields}
    card.write_text(json.dumps({key: value for key, value in content.items() if value != "gone"}))


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"labels": []}, "labels"),
        ({"labels": "gone"}, "labels"),
        ({"labels": ["calm", "calm"]}, "label is there twice"),
        ({"labels": ["calm", ""]}, "labels"),
        ({"sha256": "abc"}, "sha256"),
        ({"scale": 0}, "scale"),
        ({"dtype": "float16"}, "dtype"),
        ({"input_shape": [48, -1, 1]}, "input_shape"),
        ({"surprise": 1}, "surprise"),
        ({"figures": [{"name": "accuracy", "value": "good"}]}, "figures"),
    ],
)
def test_an_invalid_card_is_one_sentence(
    tmp_path: Path, fields: dict[str, object], what: str
) -> None:
    path = tiny_model.write(tmp_path).path
    change(path.with_suffix(".json"), **fields)
    with pytest.raises(ModelError, match=what) as caught:
        find(str(path))
    assert "\n" not in str(caught.value)
    assert "tiny.json" in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00"])
def test_a_card_that_is_no_json_object(tmp_path: Path, text: str) -> None:
    path = tiny_model.write(tmp_path).path
    path.with_suffix(".json").write_text(text)
    with pytest.raises(ModelError, match=r"tiny\.json is not valid"):
        find(str(path))


def test_a_card_in_another_encoding(tmp_path: Path) -> None:
    path = tiny_model.write(tmp_path).path
    path.with_suffix(".json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(ModelError, match="cannot be read"):
        find(str(path))


def test_a_card_is_read_as_it_was_written(tmp_path: Path) -> None:
    figure = Figure(name="int8 accuracy", value=0.7, protocol="PrivateTest, 3 589 faces")
    card = tiny_model.card(b"x", figures=(figure,))
    write_card(card, tmp_path / "card.json")
    assert read_card(tmp_path / "card.json") == card
    assert card.figure("int8 accuracy") == figure
    assert card.figure("luck") is None


def test_a_card_does_not_change() -> None:
    card = tiny_model.card(b"x")
    with pytest.raises(AttributeError):
        card.name = "another"  # type: ignore[misc]  # the point of the test


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_model_is_whole_and_says_its_terms(name: str) -> None:
    model = find(name)
    assert model.card.name == name
    assert verify(model) == model.content
    assert "research only" in model.card.terms or "non-commercial" in model.card.terms
    assert any(figure.name.startswith("int8 accuracy") for figure in model.card.figures)


def test_the_default_model_is_shipped_once_any_is() -> None:
    assert not SHIPPED or models.DEFAULT_MODEL in SHIPPED
