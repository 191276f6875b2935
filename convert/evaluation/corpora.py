"""What a speech network's scores are worth, corpus by corpus: recall, calibration, coverage.

A corpus that has one of neutral and calm does not tell them apart: both scores count as that
one. Average recall is over the labels that the corpus has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.datasets.corpus import own_labels
from convert.datasets.ravdess import LABELS
from convert.datasets.speech_mixture import Mixture
from convert.metrics import class_scores

BINS = 15
_NEUTRAL, _CALM = LABELS.index("neutral"), LABELS.index("calm")


@dataclass(frozen=True, slots=True)
class CorpusScores:
    """One corpus's figures.

    uar_own:    average recall where only the corpus's labels may be answered
    uar_all:    where any label may
    confidence: the mean top score over all labels
    ece:        expected calibration error of that (Guo et al. 2017), 15 bins
    coverage:   the share of clips whose confidence reaches the floor
    said_right: the accuracy of those; nan where there is none
    """

    corpus: str
    language: str
    clips: int
    labels: int
    uar_own: float
    uar_all: float
    confidence: float
    ece: float
    coverage: float
    said_right: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def score(scores: NDArray[np.float32], test: Mixture, floor: float = 0.0) -> list[CorpusScores]:
    """The figures of each corpus in `test`, by the network's `scores` (n, 8)."""
    found = []
    for corpus in dict.fromkeys(test.corpora.tolist()):
        chosen = test.corpora == corpus
        found.append(_of_corpus(corpus, scores[chosen], test.where(chosen), floor))
    return found


def _of_corpus(
    corpus: str, scores: NDArray[np.float32], test: Mixture, floor: float
) -> CorpusScores:
    own = own_labels(test.clips)
    merged = merge_calm(scores, own)
    labels, n = test.labels, len(LABELS)
    among_own = np.full_like(merged, -1.0)
    among_own[:, own] = merged[:, own]
    answers = merged.argmax(axis=1)
    confidence, right = merged.max(axis=1), answers == labels
    said = confidence >= floor
    languages = sorted({clip.language for clip in test.clips if clip.language})
    return CorpusScores(
        corpus,
        "/".join(languages),
        len(test),
        len(own),
        class_scores(labels, among_own.argmax(axis=1), n).uar,
        class_scores(labels, answers, n).uar,
        float(confidence.mean()),
        calibration_error(confidence, right),
        float(said.mean()),
        float(right[said].mean()) if said.any() else float("nan"),
    )


def merge_calm(scores: NDArray[np.float32], own: Sequence[int]) -> NDArray[np.float32]:
    """Scores (n, 8), with calm's and neutral's added where a corpus has only one of them."""
    merged = scores.copy()
    if _CALM in own and _NEUTRAL in own:
        return merged
    kept, other = (_CALM, _NEUTRAL) if _CALM in own else (_NEUTRAL, _CALM)
    merged[:, kept] += merged[:, other]
    merged[:, other] = 0
    return merged


def calibration_error(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """Expected calibration error: the bins' mean gap of confidence and accuracy, by size."""
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = [
        abs(float(confidence[bins == bin_].mean()) - float(right[bins == bin_].mean()))
        * float((bins == bin_).mean())
        for bin_ in np.unique(bins)
    ]
    return float(sum(gaps))


def with_temperature(scores: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Scores (n, classes) as a softmax at another temperature gives them."""
    powers = np.power(np.maximum(scores, 1e-6), 1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def lines(found: Sequence[CorpusScores]) -> Iterator[str]:
    """The figures for a person, a row a corpus."""
    yield (
        f"{'corpus':<12}{'language':<10}{'clips':>6}{'labels':>7}{'own':>8}{'all':>8}"
        f"{'conf.':>8}{'ECE':>8}{'said':>8}{'right':>8}"
    )
    for each in found:
        yield (
            f"{each.corpus:<12}{each.language:<10}{each.clips:>6}{each.labels:>7}"
            f"{each.uar_own:>8.3f}{each.uar_all:>8.3f}{each.confidence:>8.3f}{each.ece:>8.3f}"
            f"{each.coverage:>8.3f}{each.said_right:>8.3f}"
        )
