"""Whatever a log is set to keep, kill -9 takes nothing that was written, and repeats nothing."""

from __future__ import annotations

import random
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from numbered_writer import start, stop_at_random, write_as_set

from edge.log.configure import events_log, log_sinks
from edge.log.purge import delete_all
from edge.log.reader import open_log
from edge.settings.sections import LogSettings, PrivacySettings, Settings

KILLS = 50  # a test: 200 in each mode
SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as name:
        (Path(name) / "memory").mkdir()
        monkeypatch.setenv("RUNTIME_DIRECTORY", f"{name}/memory")
        yield Path(name)


@pytest.mark.parametrize("mode", ["card", "ram", "counts"])
@pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="there is no file system in memory")
@pytest.mark.parametrize("seed", range(4))
def test_kill_9_loses_nothing_that_was_written(folder: Path, mode: str, seed: int) -> None:
    path = folder / "log.sqlite"
    settings = Settings(
        log=LogSettings(
            path=str(path),
            commit_interval_s=0.002,
            retention_days=3650,
            mode="ram" if mode == "ram" else "card",
        ),
        privacy=PrivacySettings(mode="counts" if mode == "counts" else "events"),
    )
    chance = random.Random(seed)
    written = only_counted = 0
    for _ in range(KILLS):
        child, said = start(write_as_set, settings, written + 1)
        acknowledged = max(stop_at_random(child, said, signal.SIGKILL, chance)[0], written)
        for sink in log_sinks(settings):  # the next run takes in what waited
            sink.close()
        counted, written = counted_and_kept(path, events_log(settings))
        # One more may be there, that the child could not acknowledge any more.
        assert written in (acknowledged, acknowledged + 1)
        # Beside events in memory, it may have been killed between the two logs.
        assert counted - written - only_counted in (0, 1)
        only_counted = counted - written
    assert written > KILLS
    if events := events_log(settings):
        with open_log(events) as log:
            assert [one.track_id for one in log.events()] == list(range(1, written + 1))
    delete_all(path)
    assert not [part for part in (folder / "memory").iterdir() if part.suffix == ".spool"]


def counted_and_kept(path: Path, events: Path | None) -> tuple[int, int]:
    """How many events the counts say, and how many there are; the same where one is not kept."""
    counted = kept = None
    if path != events:
        with open_log(path) as log:
            counted = sum(one.events for one in log.counts())
    if events is not None:
        with open_log(events) as log:
            kept = log.latest(1)[0].track_id if log.last_number() else 0
    return (kept or 0) if counted is None else counted, (counted or 0) if kept is None else kept
