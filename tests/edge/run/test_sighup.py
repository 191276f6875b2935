"""SIGHUP at any moment of a service's life: it waits until it can be followed, and ends nothing."""

from __future__ import annotations

import os
import subprocess
import sys

SERVICE = """
import os, signal
from edge.system.early_sighup import await_sighup
await_sighup()
os.kill(os.getpid(), signal.SIGHUP)      # at start-up
from edge.health.report import Health
from edge.run.watchdog import Watchdog
from edge.settings.sections import Settings

now, read = Settings(), 0

def reread():
    global read
    read += 1
    return now

watchdog = Watchdog(Health(), reread)
for reloads in (1, 2):
    with watchdog.handle_sighup():
        watchdog.tick(now)
    assert read == reloads, read
    os.kill(os.getpid(), signal.SIGHUP)  # between two runs, and at shut-down
print("ended by itself")
"""


def test_a_service_follows_one_of_its_start_up_and_bears_one_of_its_shut_down() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVICE],
        env={**os.environ, "NOTIFY_SOCKET": "@emotion-edge-test-nobody"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "ended by itself\n"), done.stderr
