"""Metrics against their definitions, counted the long way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.metrics import confusion, group_scores, scores

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


@given(PAIRS)
def test_scores_are_what_counting_gives(pairs: list[tuple[int, int]]) -> None:
    counts = confusion(np.array([t for t, _ in pairs]), np.array([p for _, p in pairs]), 4)
    found = scores(counts)
    assert counts.sum() == len(pairs)
    assert found.accuracy == pytest.approx(sum(t == p for t, p in pairs) / len(pairs))
    for c in range(4):
        hits = sum(t == p == c for t, p in pairs)
        true, named = sum(t == c for t, _ in pairs), sum(p == c for _, p in pairs)
        assert found.recall[c] == pytest.approx(hits / true if true else 0)
        assert found.precision[c] == pytest.approx(hits / named if named else 0)
        assert found.f1[c] == pytest.approx(2 * hits / (true + named) if true + named else 0)


def test_rows_are_the_true_class() -> None:
    counts = confusion(np.array([0, 0, 1]), np.array([1, 1, 1]), 2)
    assert counts.tolist() == [[0, 2], [0, 1]]


def test_a_group_is_judged_on_its_own_samples() -> None:
    # Classes 0 and 1 are the group; the third class's samples, all named 0, do not count.
    counts = np.array([[8, 1, 1], [2, 8, 0], [10, 0, 0]])
    accuracy, f1 = group_scores(counts, [0, 1])
    assert accuracy == pytest.approx(16 / 20)
    f1_of_0 = 2 * 0.8 * 0.8 / 1.6
    f1_of_1 = 2 * (8 / 9) * 0.8 / (8 / 9 + 0.8)
    assert f1 == pytest.approx((f1_of_0 + f1_of_1) / 2)
