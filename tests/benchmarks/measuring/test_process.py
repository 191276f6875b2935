"""A child is timed to its first line, and its peak memory is its own."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from benchmarks.measuring.process import watch
from edge.errors import EdgeError


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_output_errors_and_the_first_line_are_kept() -> None:
    done = watch(
        python(
            "import sys, time; print(1, flush=True); time.sleep(.2); "
            "print(2); sys.stderr.write('e')"
        )
    )
    assert done.output == "1\n2\n"
    assert done.errors == "e"
    assert done.first_line_s is not None
    assert 0 < done.first_line_s < done.wall_s
    assert done.cpu_s > 0


def test_a_silent_child_has_no_first_line() -> None:
    assert watch(python("pass")).first_line_s is None


def test_the_peak_is_the_childs_even_under_a_larger_parent() -> None:
    ballast = np.ones(40_000_000)  # 320 MB, resident
    done = watch(python("import time; b = bytearray(60_000_000); time.sleep(1)"))
    assert 60e6 < done.peak_rss_bytes < 120e6
    assert ballast[0] == 1


def test_a_peak_is_seen_after_it_passed() -> None:
    done = watch(python("b = b'x' * 400_000_000; del b; print(1)"))
    assert 400e6 < done.peak_rss_bytes < 460e6


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "import os; os.abort()"])
def test_a_failing_child_is_an_error(code: str) -> None:
    with pytest.raises(EdgeError, match=r"failed with exit code (3|-6)"):
        watch(python(code))


def test_the_error_carries_the_childs_last_words() -> None:
    with pytest.raises(EdgeError, match=r"no camera at all$"):
        watch(python("import sys; print('x\\nno camera at all', file=sys.stderr); sys.exit(3)"))


def test_a_child_that_hangs_is_ended() -> None:
    with pytest.raises(EdgeError, match="did not end in time"):
        watch(python("import time; time.sleep(60)"), timeout_s=0.5)


def test_an_interrupt_ends_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    pids: list[int] = []

    def interrupt(pid: int, options: int) -> tuple[int, int, object]:
        pids.append(pid)
        raise KeyboardInterrupt

    real = os.wait4
    monkeypatch.setattr(os, "wait4", interrupt)
    with pytest.raises(KeyboardInterrupt):
        watch(python("import time; time.sleep(60)"))
    monkeypatch.setattr(os, "wait4", real)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_a_command_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(EdgeError, match="cannot start no-such-command"):
        watch(["no-such-command"])
