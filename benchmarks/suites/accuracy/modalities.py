"""A suite of two parts, for faces and for voices, of which either may lack its models or data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from benchmarks.measuring.findings import Finding, Remark
from benchmarks.plan import Plan
from edge.errors import MissingPartError

Part = Callable[[Plan], Iterator[Finding]]


def by_modality(plan: Plan, parts: Mapping[str, Part]) -> Iterator[Finding]:
    """What the parts find, by modality, for which the plan has models.

    What one of them lacks is a remark, where another one has found something; otherwise it
    raises MissingPartError.
    """
    modalities = [modality for modality in parts if plan.of(modality)]
    if not modalities:
        plan.some_models()
    lacking: dict[str, MissingPartError] = {}
    for modality in modalities:
        try:
            yield from parts[modality](plan)
        except MissingPartError as error:
            lacking[modality] = error
    if lacking and len(lacking) == len(modalities):
        raise next(iter(lacking.values()))
    for modality, lack in lacking.items():
        yield Remark(f"no {modality} figures: {lack}")
