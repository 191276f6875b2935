"""The wait between attempts."""

from __future__ import annotations

import logging
import threading
import time

from edge.system.backoff import Backoff


def delays(backoff: Backoff, count: int) -> list[float]:
    found = []
    for _ in range(count):
        found.append(backoff.delay_s)
        backoff.failures += 1
    return found


def test_the_wait_doubles_up_to_half_a_minute() -> None:
    assert delays(Backoff(0.5), 8) == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert delays(Backoff(0.5), 10_000)[-1] == 30
    assert delays(Backoff(60), 2) == [60, 60]
    assert delays(Backoff(1, 60), 8)[-3:] == [32, 60, 60]


def test_attempts_are_counted_until_one_succeeds() -> None:
    backoff, never = Backoff(0.0, attempts=2), threading.Event()
    assert not backoff.exhausted
    assert backoff.log_level == logging.WARNING
    assert backoff.wait(never)
    assert backoff.log_level == logging.INFO
    assert backoff.wait(never)
    assert backoff.exhausted
    backoff.reset()
    assert not backoff.exhausted
    assert not Backoff(0.0).exhausted
    assert Backoff(0.0, attempts=0).exhausted


def test_a_wait_is_interrupted_and_ticks_meanwhile() -> None:
    interrupt, ticks = threading.Event(), []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 3:
            interrupt.set()

    began_s = time.monotonic()
    assert not Backoff(1000.0, 1000.0).wait(interrupt, tick)
    assert len(ticks) == 3
    assert time.monotonic() - began_s < 100
