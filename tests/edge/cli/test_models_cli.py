"""`edge models show` says what a network's confidence is worth."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from edge.cli.models import _short_lines, app
from edge.models import Figure, find, shipped


def test_a_calibrated_network_says_its_floor_and_how_often_it_says_something() -> None:
    shown = CliRunner().invoke(app, ["show", "edge_net"])
    calibration = find("edge_net").card.calibration
    assert shown.exit_code == 0
    assert calibration is not None
    assert f"floor            {calibration.floor:g}" in shown.stdout
    words = " ".join(shown.stdout.split())
    for label, share in calibration.coverage.items():
        assert f"{label} {share:.0%}" in words


def test_of_a_network_that_is_not_calibrated_nothing_of_the_kind_is_said() -> None:
    shown = CliRunner().invoke(app, ["show", "fusion"])
    assert shown.exit_code == 0
    assert "says something" not in shown.stdout


def test_a_condition_is_told_as_the_device_answers_in_it() -> None:
    told = {
        "accuracy": 0.6,
        "accuracy, mask": 0.3,
        "accuracy as calibrated": 0.8,
        "accuracy as calibrated, mask": 0.5,
        "accuracy, hand": 0.4,
    }
    figures = tuple(
        Figure(name=f"int8 {name}", value=value, protocol="p") for name, value in told.items()
    )
    card = find("edge_net").card.model_copy(update={"figures": figures})
    before, after = "\n".join(_short_lines(card)).split("As a device says it")
    assert "0.600" in before
    assert "0.400" in before
    assert "0.300" not in before + after
    for name in ("accuracy", "accuracy, mask"):
        assert f"{name:<31} {told[name.replace('accuracy', 'accuracy as calibrated')]:.3f}" in after


@pytest.mark.parametrize("name", [card.name for card in shipped()])
def test_a_card_fits_a_screen_and_all_of_it_is_to_be_had(name: str) -> None:
    card = find(name).card
    shown = CliRunner().invoke(app, ["show", name]).stdout
    lines = shown.splitlines()
    assert len(lines) <= 32
    assert max(map(len, lines)) <= 80
    assert card.terms in " ".join(shown.split())
    first = next(f for f in card.figures if f.name.startswith("int8"))
    assert f"{first.value:.3f}" in shown
    everything = CliRunner().invoke(app, ["show", name, "--all"]).stdout
    for figure in card.figures:
        assert f"{figure.name:<40} {figure.value:<10.4g} {figure.protocol}" in everything


def test_the_list_fits_a_screen_and_marks_the_defaults() -> None:
    lines = CliRunner().invoke(app, ["list"]).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    marked = [line.split()[1] for line in lines[1:-1] if line.startswith("*")]
    assert marked == ["audio_crnn", "edge_net", "fusion"]
    assert all(line.split()[-1].startswith("0.") for line in lines[1:-1])


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("edge models show c", ["cnn", "cnn_lstm"]),
        ("edge run --speech-model a", ["audio_crnn"]),
        ("edge log stats --by w", ["week", "weekday"]),
    ],
)
def test_a_shell_completes_what_only_the_device_knows(words: str, offered: list[str]) -> None:
    asked = {"_EDGE_COMPLETE": "complete_bash", "COMP_WORDS": words}
    asked["COMP_CWORD"] = str(len(words.split()) - 1)
    command = [sys.executable, "-m", "edge"]
    found = subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True)
    assert found.stdout.split() == offered
