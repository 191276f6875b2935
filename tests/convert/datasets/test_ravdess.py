"""RAVDESS by its names: what a take is, who speaks, and who is on which side of a split."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.datasets import ravdess
from convert.datasets.ravdess import LABELS, Clip, clips, folds, parse
from edge.errors import DataError, MissingDataError, UsageError

NAME = "03-01-06-02-01-02-12"
ALL = [
    parse(Path(f"03-01-{emotion:02}-01-{statement:02}-{repetition:02}-{actor:02}.flac"))
    for actor in range(1, 25)
    for emotion in range(1, 9)
    for statement in (1, 2)
    for repetition in (1, 2)
]


def test_a_name_tells_all_of_a_take() -> None:
    found = parse(Path("somewhere") / f"{NAME}.wav")
    assert found == Clip(
        path=Path("somewhere") / f"{NAME}.wav",
        modality="audio",
        channel="speech",
        emotion="fearful",
        intensity="strong",
        statement=1,
        repetition=2,
        actor=12,
    )
    assert (found.sex, found.label) == ("female", LABELS.index("fearful"))
    assert parse(Path("01-02-01-01-02-01-23.mp4")).sex == "male"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("03-01-09-01-01-01-01", r"emotion 09, which is not in 01\.\.08"),
        ("03-01-00-01-01-01-01", "emotion 00"),
        ("04-01-01-01-01-01-01", "modality 04"),
        ("03-03-01-01-01-01-01", "channel 03"),
        ("03-01-01-03-01-01-01", "intensity 03"),
        ("03-01-01-01-03-01-01", "statement 03"),
        ("03-01-01-01-01-00-01", "repetition 00"),
        ("03-01-01-01-01-01-25", "actor 25"),
        ("03-01-01-01-01-01", "seven numbers"),
        ("03-01-01-01-01-01-1", "two digits"),
        ("angry", "is not named as RAVDESS"),
    ],
)
def test_a_wrong_name_says_what_is_wrong(name: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        parse(Path(f"{name}.flac"))


@given(st.text(max_size=30))
def test_any_name_is_a_take_or_a_data_error(name: str) -> None:
    try:
        found = parse(Path(name.replace("/", "-").replace("\0", "-") + ".wav"))
    except DataError:
        return
    assert found.emotion in LABELS


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def test_songs_and_other_files_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a/03-01-02-01-01-01-01.wav", "b/03-02-02-01-01-01-01.wav", "c/notes.txt")
    touch(tmp_path, "b/03-01-01-01-01-01-02.FLAC")
    assert [found.path.name for found in clips(tmp_path)] == [
        "03-01-01-01-01-01-02.FLAC",
        "03-01-02-01-01-01-01.wav",
    ]


def test_a_take_that_is_there_twice_is_named(tmp_path: Path) -> None:
    touch(tmp_path, f"a/{NAME}.wav", f"b/{NAME}.flac")
    with pytest.raises(DataError, match=f"{NAME} is twice"):
        clips(tmp_path)


def test_a_stray_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"recording\.wav is not named"):
        clips(touch(tmp_path, f"{NAME}.wav", "recording.wav"))


@pytest.mark.parametrize("folder", ["empty", "absent"])
def test_no_takes_is_missing_data(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingDataError, match="Audio_Speech_Actors"):
        clips(tmp_path / folder)


def test_folds_share_no_actor_and_balance_the_sexes() -> None:
    dealt = folds(range(1, 25))
    assert sorted(actor for fold in dealt for actor in fold) == list(range(1, 25))
    for fold in dealt:
        men = sum(actor % 2 for actor in fold)
        assert len(fold) in (4, 5)
        assert men in (2, 3)
        assert len(fold) - men in (2, 3)


def test_folds_need_both_sexes_in_each() -> None:
    with pytest.raises(DataError, match="9 actors cannot be split"):
        folds(range(1, 10))


def actors(mask: np.ndarray) -> set[int]:
    return {take.actor for take, chosen in zip(ALL, mask, strict=True) if chosen}


def test_by_speaker_nobody_is_on_both_sides() -> None:
    covered = np.zeros(len(ALL), int)
    for fold in range(1, 6):
        mask = ravdess.test_mask(ALL, "speaker", fold, seed=1)
        assert actors(mask).isdisjoint(actors(~mask))
        covered += mask
    assert (covered == 1).all()


def test_at_random_everybody_is_on_both_sides_and_the_seed_decides() -> None:
    masks = [ravdess.test_mask(ALL, "random", fold, seed=1) for fold in range(1, 6)]
    assert (np.sum(masks, axis=0) == 1).all()
    assert actors(masks[0]) == actors(~masks[0]) == set(range(1, 25))
    np.testing.assert_array_equal(masks[0], ravdess.test_mask(ALL, "random", 1, seed=1))
    assert not np.array_equal(masks[0], ravdess.test_mask(ALL, "random", 1, seed=2))


def test_a_split_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="speaker or random"):
        ravdess.test_mask(ALL, "official", 1, seed=1)
    with pytest.raises(UsageError, match="1 to 5"):
        ravdess.test_mask(ALL, "speaker", 6, seed=1)
    with pytest.raises(DataError, match="no take of actor 99"):
        ravdess.of_actors(ALL, [1, 99])


@pytest.mark.data
def test_ravdess_itself(data_dir: Path) -> None:
    found = clips(data_dir / "ravdess")
    assert len(found) == 1440
    per_emotion = Counter(take.emotion for take in found)
    assert per_emotion == {name: 96 if name == "neutral" else 192 for name in LABELS}
    assert set(Counter(take.actor for take in found).values()) == {60}
    assert {take.intensity for take in found if take.emotion == "neutral"} == {"normal"}
