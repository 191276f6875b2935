"""Metrics against their definitions, counted the long way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.suites.accuracy.metrics import f1s, of_group, precisions
from convert.metrics import ClassScores, class_scores

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


@given(PAIRS)
def test_scores_are_what_counting_gives(pairs: list[tuple[int, int]]) -> None:
    true, named = (np.array(column) for column in zip(*pairs, strict=True))
    scores = class_scores(true, named, 4)
    for c in range(4):
        hits = sum(t == p == c for t, p in pairs)
        seen, said = sum(true == c), sum(named == c)
        assert precisions(scores)[c] == pytest.approx(hits / said if said else 0)
        assert f1s(scores)[c] == pytest.approx(2 * hits / (seen + said) if seen + said else 0)
    there = [c for c in range(4) if c in true or c in named]
    assert scores.macro_f1 == pytest.approx(f1s(scores)[there].mean())


def test_a_group_is_judged_on_its_own_samples() -> None:
    # Classes 0 and 1 are the group; the third class's samples, all named 0, do not count.
    counts = np.array([[8, 1, 1], [2, 8, 0], [10, 0, 0]])
    accuracy, f1 = of_group(ClassScores(counts), [0, 1])
    assert accuracy == pytest.approx(16 / 20)
    f1_of_0 = 2 * 0.8 * 0.8 / 1.6
    f1_of_1 = 2 * (8 / 9) * 0.8 / (8 / 9 + 0.8)
    assert f1 == pytest.approx((f1_of_0 + f1_of_1) / 2)
