"""`edge models show` says what a network's confidence is worth."""

from __future__ import annotations

from typer.testing import CliRunner

from edge.cli.models import app
from edge.models import find


def test_a_calibrated_network_says_its_floor_and_how_often_it_says_something() -> None:
    shown = CliRunner().invoke(app, ["show", "edge_net"])
    calibration = find("edge_net").card.calibration
    assert shown.exit_code == 0
    assert calibration is not None
    assert f"floor            {calibration.floor:g}" in shown.stdout
    for label, share in calibration.coverage.items():
        assert f"{label} {share:.0%}" in shown.stdout


def test_of_a_network_that_is_not_calibrated_nothing_of_the_kind_is_said() -> None:
    shown = CliRunner().invoke(app, ["show", "fusion"])
    assert shown.exit_code == 0
    assert "says something" not in shown.stdout
