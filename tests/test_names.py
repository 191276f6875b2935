"""The packages use the field's standard terms: names that were given up do not come back."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

GIVEN_UP = """
    Moment Hearing hearings Scene scenes Observation Eyes Ears eyes ears senses SenseLabels
    Course Courses Pace EvenPace held judged Reporter Vitals vitals hearing_hangups righted
    Life Reviving _Life Supervised Kind Begun BlockRing Conditioner
    Looks Changes shrunk _Manner VoiceGate picture shares
    quiet_stderr notice notify plainly numbered last_given Link witness blind heard Stretch
    lately usual stays
    fit fused calmed strangers cross trials takes draws anew product doubt contenders installed
    growth
"""
OF_LIBRARIES = {
    "fit": "keras.Model.fit",
    "notify": "threading.Condition.notify",
    "product": "itertools.product",
}
"""Allowed as attributes only: they are other people's names."""


def names(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Each name of a file, its line, and whether it is an attribute."""
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type == tokenize.NAME:
            yield token.string, token.start[0], before == "."
        before = token.string


@pytest.mark.parametrize("package", ["edge", "convert", "benchmarks"])
def test_names_that_were_given_up_do_not_come_back(package: str) -> None:
    given_up = frozenset(GIVEN_UP.split())
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for name, line, attribute in names(path)
        if name in given_up and not (attribute and name in OF_LIBRARIES)
    ]
    assert not found, "\n".join(found)
