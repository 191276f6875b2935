"""How much a day of events writes to the card: the figures of 0005-log-writes.md.

    python docs/decisions/0005_log_writes.py [--commit-interval S …]

Simulates 24 hours, through the log's own sink: a kiosk with 60 visitors an hour for 12 hours, and
the worst case, one face that is always there. What the device behind the file system has to write
is measured on an ext4 of its own behind a loop device, with everything flushed after each commit,
as the kernel does within 30 s; that needs root, and is left out without. What goes through write(2)
is what the process says of itself (/proc/self/io).
"""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.log.configure import retention
from edge.log.event_sink import SqliteSink
from edge.log.retention import Retention
from edge.settings.sections import LogSettings, Settings, SmoothingSettings
from edge.sinks.event_json import to_line
from edge.types import EmotionEvent, Face

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
START = datetime.now(UTC) - timedelta(days=1)  # of today: the retention is applied as well
DAY_S = 24 * 3600
CHANGES_S = 4.0  # a label lasts so long, on average


def visitors(an_hour: float, hours: float, stay_s: float = 20.0, seed: int = 1) -> Iterator[float]:
    """When each event of a day with this many visitors is due: seconds, in order."""
    chance = random.Random(seed)
    times: list[float] = []
    at = 0.0
    while (at := at + chance.expovariate(an_hour / 3600)) < hours * 3600:
        times += _seen(at, chance.lognormvariate(0, 0.7) * stay_s, chance)
    yield from sorted(times)


def always_there(seed: int = 1) -> Iterator[float]:
    """As `visitors`, for one face that is in view all day."""
    yield from _seen(0.0, float(DAY_S), random.Random(seed))


def _seen(since_s: float, for_s: float, chance: random.Random) -> Iterator[float]:
    """An event whenever the label changes, and every interval while it stays."""
    interval_s = SmoothingSettings().event_interval_s
    at, end = since_s, since_s + for_s
    change = at + chance.expovariate(1 / CHANGES_S)
    while at < end:
        yield at
        if change < at + interval_s:
            at, change = change, change + chance.expovariate(1 / CHANGES_S)
        else:
            at += interval_s


def event(at_s: float, number: int, chance: random.Random) -> EmotionEvent:
    shares = [chance.random() for _ in LABELS]
    scores = {label: share / sum(shares) for label, share in zip(LABELS, shares, strict=True)}
    label = max(scores, key=lambda name: scores[name])
    track = number // 20 + 1
    box = Face(chance.randrange(400), chance.randrange(300), 180, 180, track)
    time = START + timedelta(seconds=at_s)
    return EmotionEvent(time, "face", track, label, scores[label], scores, box, "cnn_lstm")


def log_a_day(
    path: Path,
    times: Iterator[float],
    settings: LogSettings,
    keep: Retention,
    after_commit: Callable[[], None] = lambda: None,
) -> tuple[int, int]:
    """Write the events as a run does, whose clock is simulated.

    Returns how many there were, and the bytes that went to memory instead of the card meanwhile.
    """
    now_s = 0.0
    chance = random.Random(0)
    count = committed = in_memory = 0
    memory = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    sink = SqliteSink(
        path, settings.commit_interval_s, memory=memory, retention=keep, clock=lambda: now_s
    )
    with sink:
        for at_s in times:
            # Events may be far apart, and a run flushes with every frame.
            while now_s < at_s:
                now_s = min(at_s, now_s + 1.0)
                sink.flush()
            one = event(at_s, count, chance)
            sink.write(one)
            count += 1
            in_memory += len(to_line(one)) + 1 if memory else 0
            if sink.written != committed:
                committed = sink.written
                after_commit()
        now_s = float(DAY_S)
        sink.flush()
    after_commit()
    return count, in_memory


def written_bytes() -> int:
    """What this process gave to write(2) so far, on whatever file."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar"))


class Card:
    """A file system of its own, and what its device has written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        device = folder.stat().st_dev
        self._stat = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat")
        self._libc = ctypes.CDLL(None, use_errno=True)

    def flush(self) -> None:
        file = os.open(self.folder, os.O_RDONLY)
        try:
            if self._libc.syncfs(file):
                raise OSError(ctypes.get_errno(), "syncfs")
        finally:
            os.close(file)

    def device_bytes(self) -> int:
        return int(self._stat.read_text().split()[6]) * 512


@contextmanager
def card(size: str = "4G") -> Iterator[Card]:
    """An ext4 as a card has it, in memory. Raises OSError or CalledProcessError without root."""
    where = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=where) as folder:
        image, mount = Path(folder) / "card.img", Path(folder) / "card"
        mount.mkdir()
        _do("truncate", "-s", size, image)
        lazy = "lazy_itable_init=0,lazy_journal_init=0"
        _do("mkfs.ext4", "-q", "-F", "-b", "4096", "-E", lazy, image)
        _do("mount", "-o", "loop,noatime", image, mount)
        try:
            yield Card(mount)
        finally:
            _do("umount", mount)


def _do(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--commit-interval", type=float, nargs="+", metavar="S")
    asked = parser.parse_args().commit_interval or [Settings().log.commit_interval_s]
    print(f"{'24 hours of':<30}{'commit':>7}{'events':>9}{'write(2)':>12}{'device':>12}{'file':>9}")
    for interval_s in asked:
        settings = LogSettings(commit_interval_s=interval_s)
        plenty = retention(settings)
        little = Retention(timedelta(days=3650), 3_000_000)  # deletes as much as comes in
        _print_day("60 visitors an hour, 12 h", visitors(60, 12), settings, plenty)
        _print_day("one face, always there", always_there(), settings, plenty)
        _print_day("the same, and as much deleted", always_there(), settings, little)


def _print_day(name: str, times: Iterator[float], settings: LogSettings, keep: Retention) -> None:
    try:
        with card() as ext4:
            path = ext4.folder / "log.sqlite"
            ext4.flush()
            device = ext4.device_bytes()
            before = written_bytes()
            count, aside = log_a_day(path, times, settings, keep, ext4.flush)
            wrote = written_bytes() - before - aside
            on_device = f"{(ext4.device_bytes() - device) / 1e6:9.1f} MB"
            size = path.stat().st_size
    except (OSError, subprocess.CalledProcessError):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "log.sqlite"
            before = written_bytes()
            count, aside = log_a_day(path, times, settings, keep)
            wrote = written_bytes() - before - aside
            on_device, size = "needs root", path.stat().st_size
    print(
        f"{name:<30}{settings.commit_interval_s:5g} s{count:9,}{wrote / 1e6:9.1f} MB"
        f"{on_device:>12}{size / 1e6:6.1f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
