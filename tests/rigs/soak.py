"""A long run whose camera dies every minute: does it grow, does it leak?

    python tests/rigs/soak.py [--minutes 5] [--death-s 60]

A process runs as the service does, on an MJPEG camera on loopback that is killed and restarted.
Prints a line a minute, and at the end the slope of resident memory after the warm-up (a third of
the time) with twice its standard error, threads and descriptors, restarts and events. Exits with 1
where memory surely grows by more than 1 MB an hour, threads or descriptors grow, or no event came
after the last death. A short run cannot tell 1 MB an hour from none, and says so.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SAMPLE_S = 2.0
LIMIT_MB_AN_HOUR = 1.0


@dataclass(frozen=True)
class Sample:
    time_s: float
    rss_mb: float
    threads: int
    descriptors: int


def sample(pid: int, began_s: float) -> Sample:
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return Sample(
        time.monotonic() - began_s,
        int(status["VmRSS"].split()[0]) / 1024,
        int(status["Threads"]),
        len(list(Path(f"/proc/{pid}/fd").iterdir())),
    )


def slope(samples: list[Sample]) -> tuple[float, float]:
    """MB an hour by least squares, and the standard error of that."""
    hours = np.array([one.time_s / 3600 for one in samples])
    rss = np.array([one.rss_mb for one in samples])
    (gradient, _), left, *_ = np.polyfit(hours, rss, 1, full=True)
    spread = float(((hours - hours.mean()) ** 2).sum())
    variance = float(np.sum(left)) / max(1, len(samples) - 2)
    return float(gradient), (variance / spread) ** 0.5


class Camera:
    """The MJPEG rig on one port, through its deaths."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        script = [sys.executable, str(HERE / "mjpeg_server.py"), str(self.port)]
        self._process = subprocess.Popen(script, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


def soak(home: Path, minutes: float, death_s: float) -> int:
    camera = Camera(home)
    camera.start()
    config = home / "edge.toml"
    config.write_text(
        f'[camera]\nsource = "http://127.0.0.1:{camera.port}/face"\n'
        '[service]\nsupervise = "always"\nretry_delay_s = 0.5\n'
    )
    environment = os.environ | {"RUNTIME_DIRECTORY": str(home), "STATE_DIRECTORY": str(home)}
    command = [sys.executable, "-m", "edge", "run", "--config", str(config)]
    run = subprocess.Popen([*command, "--output", "none", "--quiet"], env=environment)
    samples: list[Sample] = []
    events_at_death = deaths = 0
    began_s = time.monotonic()
    try:
        while (now_s := time.monotonic() - began_s) < minutes * 60:
            if run.poll() is not None:
                print(f"FAILED: the run ended with {run.returncode}")
                return 1
            time.sleep(SAMPLE_S)
            if run.poll() is not None:
                continue
            samples.append(sample(run.pid, began_s))
            if now_s // death_s > deaths and minutes * 60 - now_s > death_s / 2:
                deaths += 1
                events_at_death = report(home).get("events", 0)
                tell(samples[-1], report(home))
                camera.kill()
                time.sleep(3)
                camera.start()
        return judge(samples, report(home), deaths, events_at_death)
    finally:
        run.terminate()
        run.wait(30)
        camera.kill()


def report(home: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    with suppress(OSError, ValueError):
        found = json.loads((home / "health.json").read_text())
    return found


def tell(one: Sample, found: dict[str, int]) -> None:
    print(
        f"{one.time_s / 60:6.1f} min  {one.rss_mb:7.1f} MB  {one.threads} threads  "
        f"{one.descriptors} descriptors  {found.get('fps', 0)} frames a second  "
        f"{found.get('restarts', 0)} restarts  {found.get('events', 0)} events",
        flush=True,
    )


def judge(samples: list[Sample], found: dict[str, int], deaths: int, events_before: int) -> int:
    tell(samples[-1], found)
    late = samples[len(samples) // 3 :]
    gradient, error = slope(late)
    half = len(late) // 2
    early, last = late[:half], late[half:]
    threads = max(s.threads for s in last) - max(s.threads for s in early)
    descriptors = max(s.descriptors for s in last) - max(s.descriptors for s in early)
    print(
        f"{deaths} deaths; resident memory {gradient:+.2f} ± {2 * error:.2f} MB an hour; "
        f"threads {threads:+d}, descriptors {descriptors:+d} from the first half to the second"
    )
    went_on = found.get("events", 0) > events_before or deaths == 0
    if threads > 0 or descriptors > 0 or not went_on or gradient - 2 * error > LIMIT_MB_AN_HOUR:
        print("FAILED")
        return 1
    if gradient + 2 * error > LIMIT_MB_AN_HOUR:
        print("no leak of threads or descriptors; UNDECIDED for memory: the run was too short")
    else:
        print("PASSED")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--death-s", type=float, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        return soak(Path(home), given.minutes, given.death_s)


if __name__ == "__main__":
    sys.exit(main())
