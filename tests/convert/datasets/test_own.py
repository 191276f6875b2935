"""A person's own pictures: folders or csv, labels merged, nobody on two sides of a split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import own_networks
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convert.datasets.examples import (
    PARTS,
    Example,
    read_examples,
    split_by_person,
    write_examples,
)
from convert.datasets.own import load_pictures
from edge.errors import DataError, MissingDataError, UsageError
from edge.settings.sections import PreprocessSettings
from edge.vision.picture_format import PictureFormat


def test_folders_name_labels_and_persons(tmp_path: Path) -> None:
    own_networks.write_pictures(tmp_path, persons=3, each=2)
    found = read_examples(tmp_path)
    assert len(found) == 18
    assert {one.label for one in found} == set(own_networks.LABELS)
    assert {one.person for one in found} == {"person0", "person1", "person2"}


def test_labels_are_merged(tmp_path: Path) -> None:
    own_networks.write_pictures(tmp_path, persons=1, each=1)
    merged = read_examples(tmp_path, {"glum": "other"})
    assert sorted(one.label for one in merged) == ["glad", "other", "other"]
    with pytest.raises(UsageError, match="no label 'sad'"):
        read_examples(tmp_path, {"sad": "other"})


def test_a_csv_says_the_same_as_it_was_written(tmp_path: Path) -> None:
    own_networks.write_pictures(tmp_path / "faces", persons=4, each=1)
    parted = split_by_person(read_examples(tmp_path / "faces"))
    write_examples(parted, tmp_path / "split.csv")
    again = read_examples(tmp_path / "split.csv")
    assert [(one.label, one.person, one.part) for one in again] == [
        (one.label, one.person, one.part) for one in parted
    ]
    assert split_by_person(again, seed=99) == again


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,label\nx,y\n", "columns file and label"),
        ("file,label\n,happy\n", "line 2"),
        ("file,label,part\na.png,happy,exam\n", "no part 'exam'"),
        ("file,label\n", "no pictures"),
        ("file,label\na,b.png,happy\n", "line 2 has more values"),
        ("file,label\na.png,bell\x07\n", "is no label"),
    ],
)
def test_a_csv_that_is_wrong(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "data.csv").write_text(text)
    with pytest.raises((DataError, UsageError), match=sentence):
        read_examples(tmp_path / "data.csv")


@pytest.mark.parametrize(
    ("before", "separator", "encoding"),
    [
        ("file,label", ",", "utf-8-sig"),
        ("file;label", ";", "utf-8"),
        ("File\t Label", "\t", "utf-8"),
    ],
)
def test_a_csv_of_a_spreadsheet(tmp_path: Path, before: str, separator: str, encoding: str) -> None:
    """With a byte order mark, semicolons or tabs, names in capitals, spaces and accents."""
    rows = [before, f"a.png{separator}très gai", f"b.png{separator} tre\u0300s gai "]
    (tmp_path / "data.csv").write_text("\n".join(rows), encoding=encoding)
    found = read_examples(tmp_path / "data.csv")
    assert {one.label for one in found} == {"très gai"}
    assert [one.path.name for one in found] == ["a.png", "b.png"]
    (tmp_path / "data.csv").write_text("\n".join(rows), encoding="utf-16")
    with pytest.raises(DataError, match="save it as CSV UTF-8"):
        read_examples(tmp_path / "data.csv")


def test_folders_that_are_no_labels(tmp_path: Path) -> None:
    """A notebook's leavings are passed over; an empty label and parts are said."""
    faces = own_networks.write_pictures(tmp_path / "faces", persons=3, each=1)
    (faces / "glad" / "person0").rename(faces / ".ipynb_checkpoints")
    (faces / "__MACOSX").mkdir()
    found = read_examples(faces)
    assert len(found) == 8
    assert {one.label for one in found} == set(own_networks.LABELS)
    (faces / "tre\u0300s gai").mkdir()
    with pytest.raises(DataError, match="gai holds no pictures"):
        read_examples(faces)
    (tmp_path / "parts").mkdir()
    for part in ("train", "Test"):
        own_networks.write_pictures(tmp_path / "parts" / part, persons=1, each=1)
    with pytest.raises(DataError, match=r"holds parts, not labels: give one.*/Test"):
        read_examples(tmp_path / "parts")


@settings(deadline=None, max_examples=25)
@given(st.integers(3, 30), st.integers(1, 5), st.integers(0, 5))
def test_nobody_is_on_two_sides(persons: int, each: int, seed: int) -> None:
    examples = [
        Example(Path(f"{person}-{take}.png"), label, f"person {person}")
        for person in range(persons)
        for take in range(each)
        for label in ("a", "b")
    ]
    parted = split_by_person(examples, seed)
    sides: dict[str, set[str]] = {}
    for one in parted:
        sides.setdefault(one.person, set()).add(one.part)
    assert all(len(parts) == 1 for parts in sides.values())
    assert {one.part for one in parted} == set(PARTS)


def test_two_persons_cannot_be_split() -> None:
    examples = [Example(Path(f"{i}.png"), "a", f"p{i % 2}") for i in range(10)]
    with pytest.raises(DataError, match="3 or more"):
        split_by_person(examples)


def test_pictures_come_in_the_network_s_size_and_colours(tmp_path: Path) -> None:
    own_networks.write_pictures(tmp_path, persons=1, each=1)
    examples = read_examples(tmp_path)
    for picture_format in (PictureFormat(32, 40), PictureFormat(24, 24, 3, "rgb")):
        loaded = load_pictures(
            examples, own_networks.LABELS, PreprocessSettings(), picture_format, "whole"
        )
        assert loaded.images.shape == (3, *picture_format.shape)
        assert not loaded.in_gray
        np.testing.assert_array_equal(loaded.labels, [0, 1, 2])
    with pytest.raises(UsageError, match="name the data's folders"):
        load_pictures(examples, ("glad", "glum"), PreprocessSettings(), PictureFormat())
    with pytest.raises(MissingDataError):
        read_examples(tmp_path / "absent")
