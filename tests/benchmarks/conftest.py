"""Tiny networks, and a data set that they know."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import float_network
import numpy as np
import pytest

from edge.models import Model


@pytest.fixture
def make_model(tmp_path: Path) -> Callable[..., Model]:
    """make_model(name, dtype="int8", labels=LABELS)"""
    return partial(float_network.make, tmp_path)


@pytest.fixture
def patterns_npz(tmp_path: Path) -> Path:
    """FER2013's form: 70 faces in each test part, ten a class; a class's face is its pattern."""
    labels = np.tile(np.arange(7, dtype=np.uint8), 10)
    images = (128 + 40 * float_network.PATTERNS[labels]).astype(np.uint8)
    parts = ("Training", "PublicTest", "PrivateTest")
    path = tmp_path / "fer2013.npz"
    np.savez(
        path,
        images=np.concatenate([images] * 3),
        labels=np.concatenate([labels] * 3),
        usage=np.repeat(parts, 70),
        label_names=np.array(float_network.LABELS),
    )
    return path
