"""Corpora that a csv describes: what is read, and what is refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convert.datasets import corpus
from convert.datasets.ravdess import LABELS
from edge.errors import DataError, MissingDataError

soundfile = pytest.importorskip("soundfile")


def written(folder: Path, rows: str, name: str = "mine.csv") -> Path:
    for suffix, kind in ((".ogg", "VORBIS"), (".flac", "PCM_16"), (".wav", "PCM_16")):
        soundfile.write(folder / f"a{suffix}", np.zeros(1600), 16_000, subtype=kind)
    table = folder / name
    table.write_text("file,speaker,label,language\n" + rows)
    return table


def test_rows_become_clips_with_the_labels_that_a_network_answers(tmp_path: Path) -> None:
    found = corpus.read(
        written(tmp_path, "a.ogg,anna,fear,it\na.flac,mine:ben,Surprise,it\na.wav,anna,calm,it\n")
    )
    assert [LABELS[clip.label] for clip in found] == ["fearful", "surprised", "calm"]
    assert [clip.speaker for clip in found] == ["mine:anna", "mine:ben", "mine:anna"]
    assert {(clip.corpus, clip.language, clip.licence) for clip in found} == {("mine", "it", "")}
    assert corpus.own_labels(found) == (1, 5, 7)


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ("", DataError, "lists no clip"),
        ("b.wav,anna,sad,it\n", MissingDataError, "line 2: there is no file"),
        ("a.wav,anna,bored,it\n", DataError, "there is no label 'bored'"),
        ("a.wav,,sad,it\n", DataError, "needs a file and a speaker"),
        ("a.wav,anna,sad,it\na.wav,ben,sad,it\n", DataError, "lists a.wav twice"),
        ("a.wav\n", DataError, "needs a file and a speaker"),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, rows: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        corpus.read(written(tmp_path, rows))


def test_a_csv_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="there is no corpus"):
        corpus.read(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("name,emotion\na,sad\n")
    with pytest.raises(DataError, match="has no column 'file'"):
        corpus.read(tmp_path / "other.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read as a csv"):
        corpus.read(tmp_path / "bytes.csv")


def test_folds_share_no_speaker_and_leave_none_out() -> None:
    clips = [
        corpus.Utterance(Path(f"{speaker}{label}"), "mine", f"mine:{speaker}", label)
        for speaker in "abcdefg"
        for label in range(2)
    ] + [
        corpus.Utterance(Path(f"r{actor}"), "ravdess", f"ravdess:{actor:02}", 0)
        for actor in range(1, 25)
    ]
    masks = [corpus.fold_mask(clips, fold) for fold in range(1, 6)]
    np.testing.assert_array_equal(np.sum(masks, axis=0), 1)
    for mask in masks:
        tested = {clip.speaker for clip, inside in zip(clips, mask, strict=True) if inside}
        assert not tested & {
            clip.speaker for clip, inside in zip(clips, mask, strict=True) if not inside
        }
