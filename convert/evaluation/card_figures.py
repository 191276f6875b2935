"""The figures of a verification, as a model card keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.models import Figure

if TYPE_CHECKING:
    from convert.evaluation.compare import Comparison


def figures(comparisons: list[Comparison], of: str) -> tuple[Figure, ...]:
    """Every figure of the comparisons, each with the protocol that gives it again; `of` says
    what they looked at."""
    found = []
    for comparison in comparisons:
        level = comparison.noise
        protocol = of
        if level:
            protocol += f"; noise clip(X + {level:g} N(0, 1), 0, 1) on X in [0, 1], then bytes"
        suffix = f" at noise {level:g}" if level else ""
        values = {
            "float32 accuracy": comparison.float32.accuracy,
            "int8 accuracy": comparison.int8.accuracy,
            "float32 macro F1": comparison.float32.macro_f1,
            "int8 macro F1": comparison.int8.macro_f1,
            "int8 and float32 agreement": comparison.agreement,
        }
        found += [
            Figure(name=name + suffix, value=round(value, 4), protocol=protocol)
            for name, value in values.items()
        ]
    return tuple(found)


def figures_on_clips(comparison: Comparison) -> tuple[Figure, ...]:
    """The figures of a network for video on true takes."""
    clips = int(comparison.int8.confusion.sum())
    protocol = (
        f"{clips} true takes of RAVDESS with faces, seen by no network in training: the mean of "
        "what it says of every course in a take; calm is none of them"
    )
    values = {
        "float32 accuracy on true takes": comparison.float32.accuracy,
        "int8 accuracy on true takes": comparison.int8.accuracy,
        "float32 UAR on true takes": comparison.float32.uar,
        "int8 UAR on true takes": comparison.int8.uar,
    }
    return tuple(
        Figure(name=name, value=round(value, 4), protocol=protocol)
        for name, value in values.items()
    )
