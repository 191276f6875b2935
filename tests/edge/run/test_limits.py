"""What ends a run by a signal."""

from __future__ import annotations

import os
import signal

import pytest

from edge.run.limits import sigterm_as_event


class _Finalized:
    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(100):  # where the handler runs
            pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_ctrl_c_that_python_swallows_ends_the_run_all_the_same() -> None:
    before = signal.getsignal(signal.SIGINT)
    with sigterm_as_event() as stop:
        _Finalized()
        assert stop.is_set()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_ask_the_run_to_stop(number: int) -> None:
    with sigterm_as_event() as stop:
        if number == signal.SIGINT:
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(number)
        else:
            signal.raise_signal(number)
        assert stop.is_set()
