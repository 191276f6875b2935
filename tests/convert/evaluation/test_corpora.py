"""A network's figures by corpus: labels of its own, calm and neutral, calibration, coverage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convert.datasets.corpus import Utterance
from convert.datasets.ravdess import LABELS
from convert.datasets.speech_mixture import Mixture
from convert.evaluation.corpora import calibration_error, lines, merge_calm, score, with_temperature
from edge.audio.feature_settings import FeatureSettings

HAPPY, SAD, NEUTRAL, CALM = (LABELS.index(name) for name in ("happy", "sad", "neutral", "calm"))


def mixture(labels: list[int], corpus: str = "mine") -> Mixture:
    clips = tuple(
        Utterance(Path(str(i)), corpus, f"{corpus}:{i}", label) for i, label in enumerate(labels)
    )
    empty = np.zeros((len(labels), 1), np.int64)
    return Mixture(clips, np.empty((0, 65), np.float16), empty, empty, FeatureSettings())


def answers(*tops: dict[int, float]) -> np.ndarray:
    scores = np.zeros((len(tops), 8), np.float32)
    for row, top in zip(scores, tops, strict=True):
        for label, value in top.items():
            row[label] = value
    return scores


def test_only_its_own_labels_may_be_answered_and_all_of_them() -> None:
    scores = answers({HAPPY: 0.3, SAD: 0.2, 4: 0.5}, {SAD: 0.9, HAPPY: 0.1})
    found = score(scores, mixture([HAPPY, SAD]))[0]
    assert (found.uar_own, found.uar_all, found.labels, found.clips) == (1.0, 0.5, 2, 2)
    assert found.confidence == pytest.approx(0.7)


def test_calm_counts_as_neutral_where_a_corpus_has_only_one_of_them() -> None:
    scores = answers({CALM: 0.4, NEUTRAL: 0.2, HAPPY: 0.4})
    assert merge_calm(scores, (NEUTRAL, HAPPY))[0, NEUTRAL] == pytest.approx(0.6)
    assert merge_calm(scores, (CALM, HAPPY))[0, CALM] == pytest.approx(0.6)
    np.testing.assert_array_equal(merge_calm(scores, (CALM, NEUTRAL)), scores)
    assert score(scores, mixture([NEUTRAL]))[0].uar_all == 1


def test_what_is_below_the_floor_is_not_said() -> None:
    scores = answers({HAPPY: 0.9}, {HAPPY: 0.4, SAD: 0.3}, {SAD: 0.8})
    found = score(scores, mixture([HAPPY, SAD, HAPPY]), floor=0.5)[0]
    assert found.coverage == pytest.approx(2 / 3)
    assert found.said_right == pytest.approx(0.5)
    assert np.isnan(score(scores, mixture([HAPPY, SAD, HAPPY]), floor=0.95)[0].said_right)


def test_calibration_error_is_the_gap_of_confidence_and_truth() -> None:
    confidence = np.full(100, 0.8, np.float32)
    right = np.arange(100) < 80
    assert calibration_error(confidence, right) == pytest.approx(0, abs=1e-6)
    assert calibration_error(confidence, ~right) == pytest.approx(0.6, abs=1e-6)


def test_a_higher_temperature_is_less_sure_of_the_same() -> None:
    scores = answers({HAPPY: 0.7, SAD: 0.3})
    softer = with_temperature(scores, 2)
    assert 0.5 < softer[0, HAPPY] < 0.7
    np.testing.assert_allclose(softer.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(with_temperature(scores, 1), scores, atol=1e-5)


def test_each_corpus_has_a_row() -> None:
    one, other = mixture([HAPPY, SAD]), mixture([SAD], "theirs")
    both = Mixture(
        one.clips + other.clips, one.frames, np.zeros((3, 1), np.int64),
        np.zeros((3, 1), np.int64), one.settings,
    )  # fmt: skip
    rows = list(lines(score(answers({HAPPY: 1}, {SAD: 1}, {SAD: 1}), both)))
    assert [row.split()[0] for row in rows] == ["corpus", "mine", "theirs"]
