"""FER2013 from csv, folders and npz: the same faces, and one clear error for each damage."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convert.datasets.face_set import FaceSet, duplicates
from convert.datasets.fer2013 import LABELS, USAGES, load
from edge.errors import DataError, MissingDataError, UsageError

N = 30
FERPLUS_NAMES = np.array(
    ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"]
)


@pytest.fixture(scope="module")
def faces() -> FaceSet:
    rng = np.random.default_rng(1)
    return FaceSet(
        rng.integers(0, 256, (N, 48, 48), dtype=np.uint8),
        np.arange(N, dtype=np.uint8) % 7,
        np.array([USAGES[i % 3] for i in range(N)]),
        LABELS,
    )


def row(faces: FaceSet, i: int) -> str:
    return f"{faces.labels[i]},{' '.join(map(str, faces.images[i].ravel()))},{faces.usage[i]}"


def write_csv(path: Path, faces: FaceSet) -> Path:
    lines = ["emotion,pixels,Usage", *(row(faces, i) for i in range(len(faces)))]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_npz(path: Path, faces: FaceSet, **changes: np.ndarray) -> Path:
    content = {
        "images": faces.images,
        "labels": faces.labels,
        "usage": faces.usage,
        "label_names": np.array(faces.label_names),
        **changes,
    }
    np.savez(path, **content)
    return path


def write_folders(
    root: Path, faces: FaceSet, parts: dict[str, str], *, prefix: bool = False
) -> Path:
    for i in range(len(faces)):
        folder = root / parts[str(faces.usage[i])] / LABELS[faces.labels[i]]
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{faces.usage[i]}_{i:04}.png" if prefix else f"{i:04}.png"
        cv2.imwrite(str(folder / name), faces.images[i])
    return root


def as_set(faces: FaceSet) -> set[tuple[bytes, int, str]]:
    rows = zip(faces.images, faces.labels, faces.usage, strict=True)
    return {(image.tobytes(), int(label), str(usage)) for image, label, usage in rows}


OFFICIAL = {usage: usage for usage in USAGES}
KAGGLE = {"Training": "train", "PublicTest": "test", "PrivateTest": "test"}


def test_every_form_holds_the_same_faces(tmp_path: Path, faces: FaceSet) -> None:
    forms = [
        write_csv(tmp_path / "fer2013.csv", faces),
        write_npz(tmp_path / "fer2013.npz", faces),
        write_folders(tmp_path / "official", faces, OFFICIAL),
        write_folders(tmp_path / "kaggle", faces, KAGGLE, prefix=True),
    ]
    for form in forms:
        read = load(form)
        assert as_set(read) == as_set(faces), form
        assert len(read) == N
        assert read.label_names == LABELS


def test_order_is_kept_in_csv_and_npz(tmp_path: Path, faces: FaceSet) -> None:
    for form in (write_csv(tmp_path / "a.csv", faces), write_npz(tmp_path / "a.npz", faces)):
        np.testing.assert_array_equal(load(form).images, faces.images)


def test_kaggle_s_test_folder_without_part_names_is_the_private_part(
    tmp_path: Path, faces: FaceSet
) -> None:
    read = load(write_folders(tmp_path, faces, KAGGLE))
    assert set(read.counts()) == {"Training", "PrivateTest"}


def test_folders_without_parts_are_all_training(tmp_path: Path, faces: FaceSet) -> None:
    flat = load(write_folders(tmp_path, faces, dict.fromkeys(USAGES, ".")))
    assert set(flat.counts()) == {"Training"}
    assert len(flat) == N
    with pytest.raises(DataError, match="--split 80:20"):
        flat.part("PublicTest")


def test_pictures_of_another_size_are_resized(tmp_path: Path) -> None:
    (tmp_path / "happy").mkdir()
    cv2.imwrite(str(tmp_path / "happy" / "big.jpg"), np.full((96, 96, 3), 77, np.uint8))
    assert load(tmp_path).images.tolist() == np.full((1, 48, 48), 77).tolist()


def test_the_split_of_the_papers_is_by_seed_and_complete(faces: FaceSet) -> None:
    train, test = faces.random_split(seed=3)
    assert (len(train), len(test)) == (24, 6)
    assert as_set(train) | as_set(test) == as_set(faces)
    again, _ = faces.random_split(seed=3)
    np.testing.assert_array_equal(train.images, again.images)
    other, _ = faces.random_split(seed=4)
    assert not np.array_equal(train.images, other.images)


def test_votes_become_soft_targets_and_leave_the_rest(tmp_path: Path, faces: FaceSet) -> None:
    votes = np.zeros((N, 8), np.uint8)
    votes[0, :2] = 4, 6
    votes[1, 7] = 10
    read = load(
        write_npz(tmp_path / "a.npz", faces, ferplus_votes=votes, ferplus_names=FERPLUS_NAMES)
    )
    targets = read.soft_targets(0.5)
    assert targets[0].tolist() == pytest.approx([0.5, 0, 0, 0.3, 0, 0, 0.2])
    assert targets[1].tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert read.soft_targets(0)[0].tolist() == [1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("9,{pixels},Training", "line 3: emotion '9' is not in 0..6"),
        ("happy,{pixels},Training", "line 3: emotion 'happy'"),
        ("-1,{pixels},Training", "line 3: emotion '-1'"),
        ("3,{pixels},Testing", "line 3: part 'Testing'"),
        ("3,1 2 3,Training", "line 3: 3 pixels instead of 2304"),
        ("3,,Training", "line 3: 0 pixels"),
        ("3,{pixels} x,Training", "line 3: a pixel is not a whole number"),
        ("3,{pixels} 7,Training", "line 3: 2305 pixels"),
        ("3,{high},Training", "line 3: a pixel is not in 0..255"),
        ("3,{pixels}", "line 3: 2 fields"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, faces: FaceSet, line: str, what: str) -> None:
    pixels = " ".join(["7"] * 2304)
    bad = line.format(pixels=pixels, high=pixels[:-1] + "256")
    path = tmp_path / "fer.csv"
    path.write_text("\n".join(["emotion,pixels,Usage", row(faces, 0), bad, row(faces, 1)]))
    with pytest.raises(DataError, match=what) as caught:
        load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "line 1: the columns are missing"),
        (b"a,b\n1,2\n", "line 1: the columns are a, b"),
        (b"emotion,pixels,Usage\n", "no row after its header"),
        (b"\xff\xfe\x00", "cannot be read as csv"),
        (b"emotion,pixels,Usage\n" + b'3,"' + b"1 " * 100_000, "line 2|cannot be read as csv"),
    ],
    ids=["empty", "other columns", "header only", "binary", "open quote"],
)
def test_a_csv_that_is_none(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "fer.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=what):
        load(path)


def test_the_other_order_of_columns_is_read_too(tmp_path: Path, faces: FaceSet) -> None:
    emotion, pixels, usage = row(faces, 5).split(",")
    path = tmp_path / "icml.csv"
    path.write_text(f"emotion, Usage, pixels\n{emotion},{usage},{pixels}\n")
    np.testing.assert_array_equal(load(path).images[0], faces.images[5])


fields = st.text(st.characters(codec="utf-8"), max_size=40)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(fields, max_size=4).map(",".join), max_size=4).map("\n".join))
def test_whatever_a_csv_holds_the_answer_is_faces_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, rows: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text("emotion,pixels,Usage\n" + rows, encoding="utf-8")
    with pytest.raises(DataError, match=r"any\.csv"):
        load(path)


@settings(max_examples=30, deadline=None)
@given(cut=st.integers(0, 100_000))
def test_a_csv_cut_anywhere_gives_whole_rows_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, faces: FaceSet, cut: int
) -> None:
    path = write_csv(tmp_path_factory.getbasetemp() / "cut.csv", faces)
    whole = path.read_bytes()
    path.write_bytes(whole[: min(cut, len(whole) - 2)])
    with suppress(DataError):
        read = load(path)
        np.testing.assert_array_equal(read.images, faces.images[: len(read)])


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"labels": np.full(N, 7, np.uint8)}, "row 0: label 7"),
        ({"labels": np.zeros(N - 1, np.uint8)}, "truncated"),
        ({"usage": np.array(["Training"] * (N - 1) + ["Testing"])}, f"row {N - 1}: part 'Testing'"),
        ({"images": np.zeros((N, 47, 48), np.uint8)}, "47"),
        ({"images": np.zeros((N, 48, 48), np.float32)}, "float32"),
        ({"label_names": np.array(LABELS[::-1])}, "has the labels"),
    ],
)
def test_a_wrong_archive(
    tmp_path: Path, faces: FaceSet, changes: dict[str, np.ndarray], what: str
) -> None:
    with pytest.raises(DataError, match=what):
        load(write_npz(tmp_path / "fer.npz", faces, **changes))


@pytest.mark.parametrize("cut", [0, 10, 1000, -1000])
def test_a_truncated_archive(tmp_path: Path, faces: FaceSet, cut: int) -> None:
    path = write_npz(tmp_path / "fer.npz", faces)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match="damaged or no FER2013 archive"):
        load(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_truncated_picture_is_named(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "sad").mkdir()
    path = tmp_path / "sad" / f"one{suffix}"
    image = np.random.default_rng(2).integers(0, 256, (48, 48), dtype=np.uint8)
    cv2.imwrite(str(path), image)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match=f"one{suffix} is truncated"):
        load(tmp_path)


def test_a_folder_of_no_known_label_is_named(tmp_path: Path, faces: FaceSet) -> None:
    write_folders(tmp_path, faces, KAGGLE)
    (tmp_path / "train" / "hapy").mkdir()
    with pytest.raises(DataError, match="hapy is the folder of no known label"):
        load(tmp_path)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no \.png"):
        load(tmp_path)


def test_an_absent_data_set_and_another_kind_of_file(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no data set at"):
        load(tmp_path / "fer2013.csv")
    (tmp_path / "fer2013.tar").touch()
    with pytest.raises(UsageError, match=r"give a \.csv"):
        load(tmp_path / "fer2013.tar")


def test_duplicates_within_and_across_parts() -> None:
    rng = np.random.default_rng(5)
    images = rng.integers(0, 256, (8, 48, 48), dtype=np.uint8)
    images[3] = images[0]
    images[4] = images[0]
    images[6] = images[5]
    usage = np.array(["Training"] * 4 + ["PublicTest"] * 2 + ["PublicTest", "PrivateTest"])
    labels = np.array([1, 0, 0, 1, 2, 3, 3, 0], np.uint8)
    found = duplicates(FaceSet(images, labels, usage, LABELS))
    assert found.groups == ((0, 3, 4), (5, 6))
    assert found.copies == 3
    assert found.conflicting == 1
    assert found.across == {"Training + PublicTest": 1}


@pytest.mark.data
def test_the_real_data_set_has_its_parts_and_its_known_duplicates(data_dir: Path) -> None:
    faces = load(data_dir / "fer2013" / "fer2013.npz")
    sizes = {part: sum(classes.values()) for part, classes in faces.counts().items()}
    assert sizes == {"Training": 28709, "PublicTest": 3589, "PrivateTest": 3589}
    found = duplicates(faces)
    assert 1200 < found.copies < 2000
    assert found.across["Training + PrivateTest"] > 0
