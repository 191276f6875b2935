"""The arena holds at least what an operator needs at once, and nothing of the file."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.measuring.arena import arena_bytes
from edge.models import Model, find, verify


@pytest.mark.parametrize(("dtype", "size"), [("int8", 1), ("float32", 4)])
def test_a_small_networks_arena_is_its_tensors(
    make_model: Callable[..., Model], dtype: str, size: int
) -> None:
    found = arena_bytes(make_model("cnn", dtype=dtype).path.read_bytes())
    needed = size * (48 * 48 + 7 + 7)
    assert needed <= found < needed + 1024 + 4 * 48 * 48


def test_the_papers_cnn_needs_its_widest_layers_at_once_and_not_all() -> None:
    model = find("cnn")
    found = arena_bytes(verify(model))
    # The second convolution: 24x24 pixels of 64 channels in, of 128 out.
    assert 24 * 24 * (64 + 128) < found < model.card.size_bytes / 2
