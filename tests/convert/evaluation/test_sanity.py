"""A network that fools its accuracy is found out: chance, logits, labels in another order."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from convert.evaluation.sanity import Answers, complaints, table

NAMES = tuple("abcdefg")


def answers(
    n: int = 350, classes: int = 7, right: float = 0.8, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Outputs that sum to 1 and name the label in `right` of the pictures, and the labels."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % classes).astype(np.uint8)
    said = np.where(rng.random(n) < right, labels, rng.integers(0, classes, n))
    outputs = np.full((n, classes), 0.3 / classes, np.float32)
    outputs[np.arange(n), said] += 0.7
    return outputs, labels


@pytest.mark.parametrize("classes", [2, 3, 4, 7])
def test_a_network_that_is_right_has_no_complaint(classes: int) -> None:
    outputs, labels = answers(classes=classes)
    assert complaints(Answers(outputs, labels, NAMES[:classes])) == []


def test_logits_are_named_though_every_label_is_right() -> None:
    outputs, labels = answers()
    (sentence,) = complaints(Answers(np.log(outputs), labels, NAMES))
    assert "lacks its softmax" in sentence
    assert complaints(Answers(np.log(outputs), labels, NAMES, as_logits=True)) == []


@pytest.mark.parametrize("right", [0.5, 0.9])
def test_another_order_of_the_labels_is_named(right: float) -> None:
    outputs, labels = answers(right=right)
    order = [3, 1, 0, 2, 6, 5, 4]  # output i means label order[i]
    (sentence,) = complaints(Answers(outputs[:, order], labels, NAMES))
    assert "--labels d,b,a,c,g,f,e" in sentence


def test_two_labels_that_are_swapped() -> None:
    outputs, labels = answers(n=60, classes=2)
    (sentence,) = complaints(Answers(outputs[:, ::-1], labels, ("yes", "no")))
    assert "--labels no,yes" in sentence


def test_chance_level_is_named_and_no_order_with_it() -> None:
    said = []
    for seed in range(20):
        outputs, labels = answers(n=140, right=0.0, seed=seed)
        said += complaints(Answers(outputs, labels, NAMES))
    assert len(said) >= 19  # by 99 %, and one may look better by luck
    assert all("chance level" in sentence for sentence in said)


def test_one_label_always_is_chance_however_often_it_is_right() -> None:
    labels = np.array([0] * 90 + [1] * 10, np.uint8)
    outputs = np.tile(np.array([[0.9, 0.1]], np.float32), (100, 1))
    (sentence,) = complaints(Answers(outputs, labels, ("calm", "angry")))
    assert "chance level" in sentence


def test_pictures_of_one_label_prove_nothing() -> None:
    outputs = np.tile(np.array([[0.9, 0.1]], np.float32), (100, 1))
    (sentence,) = complaints(Answers(outputs, np.zeros(100, np.uint8), ("calm", "angry")))
    assert "all 100 pictures are of calm" in sentence


def test_fifty_labels() -> None:
    outputs, labels = answers(n=500, classes=50)
    names = tuple(f"state {i}" for i in range(50))
    assert complaints(Answers(outputs, labels, names)) == []


def test_numbers_that_are_none() -> None:
    outputs, labels = answers()
    outputs[3, 2] = np.nan
    assert "no numbers" in complaints(Answers(outputs, labels, NAMES))[0]


def test_each_class_has_its_interval() -> None:
    outputs, labels = answers(n=30, classes=3)
    lines = list(table(Answers(outputs, labels, ("a", "b", "c")).scores, ("a", "b", "c")))
    assert len(lines) == 4
    assert all("[" in line for line in lines)
