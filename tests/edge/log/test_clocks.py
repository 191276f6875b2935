"""An event by a clock that was wrong is marked where it is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from edge.log.clocks import mark

NOW = datetime(2026, 8, 1, tzinfo=UTC)


@pytest.mark.parametrize("time", [datetime(1970, 1, 1, tzinfo=UTC), NOW + timedelta(days=365)])
def test_a_time_that_cannot_be_is_marked(time: datetime) -> None:
    assert mark(time, NOW) == "  (by a wrong clock)"


@pytest.mark.parametrize("days", [-2000, -1, 0, 0.9])
def test_a_time_that_can_be_is_not(days: float) -> None:
    assert mark(NOW + timedelta(days=days), NOW) == ""
