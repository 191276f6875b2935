"""A .npz that claims more than it may is refused before its data is read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy

from convert.datasets import fer2013, nonface, ravdess_faces
from convert.datasets.archives import read_arrays
from edge.errors import DataError


@pytest.fixture
def bomb(tmp_path: Path) -> Path:
    header = io.BytesIO()
    shape = (1 << 20, 1000, 1000)
    npy.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", header.getvalue())
    return path


def test_arrays_are_read_by_name(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", images=np.arange(6), words=np.array(["a", "bc"]))

    arrays = read_arrays(tmp_path / "a.npz")

    assert arrays["images"].tolist() == list(range(6))
    assert arrays["words"].tolist() == ["a", "bc"]


def test_a_terabyte_in_a_header_is_refused_by_its_size(bomb: Path) -> None:
    with pytest.raises(DataError, match="1,048,576,000,000 bytes"):
        fer2013.load(bomb)
    with pytest.raises(DataError, match="1,048,576,000,000 bytes"):
        nonface.load(bomb, "training")
    with pytest.raises(DataError, match="1,048,576,000,000 bytes"):
        ravdess_faces.load(bomb)


def test_a_member_that_is_all_header_is_refused_by_its_size(tmp_path: Path) -> None:
    """A header of gigabytes of spaces is a few kilobytes when it is packed."""
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", b"\x93NUMPY\2\0\xff\xff\xff\xff" + b" " * 1_000_000)
    with pytest.raises(ValueError, match="claim 1,000,012 bytes"):
        read_arrays(path, 1_000_000)
