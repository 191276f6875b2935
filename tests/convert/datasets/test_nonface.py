"""Pictures without a face: a half for training and a half to judge by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convert.datasets import nonface
from edge.errors import DataError, MissingDataError, UsageError


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    images = np.broadcast_to(np.arange(20, dtype=np.uint8)[:, None, None], (20, 64, 64))
    np.savez(tmp_path / "patches.npz", images=images)
    return tmp_path / "patches.npz"


def test_no_patch_is_in_both_halves_and_none_is_lost(archive: Path) -> None:
    halves = [set(nonface.load(archive, half)[:, 0, 0].tolist()) for half in nonface.HALVES]
    assert not halves[0] & halves[1]
    assert halves[0] | halves[1] == set(range(20))


def test_what_is_drawn_is_of_the_patches_or_flat(archive: Path) -> None:
    patches = nonface.load(archive, "training")
    drawn = nonface.draw(patches, 200, np.random.default_rng(0))
    assert drawn.shape == (200, 48, 48)
    assert nonface.as_faces(patches).shape == (10, 48, 48)
    foreign = ~np.isin(drawn[:, 0, 0], patches[:, 0, 0])
    assert 0.02 < foreign.mean() < 0.2


def test_what_is_no_archive_is_said(tmp_path: Path, archive: Path) -> None:
    with pytest.raises(MissingDataError):
        nonface.load(tmp_path / "none.npz", "test")
    with pytest.raises(UsageError):
        nonface.load(archive, "both")
    (tmp_path / "broken.npz").write_bytes(archive.read_bytes()[:100])
    with pytest.raises(DataError, match="no archive"):
        nonface.load(tmp_path / "broken.npz", "test")
    np.savez(tmp_path / "colour.npz", images=np.zeros((4, 64, 64, 3), np.uint8))
    with pytest.raises(DataError, match="holds uint8"):
        nonface.load(tmp_path / "colour.npz", "test")
