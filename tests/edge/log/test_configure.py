"""The log that the settings ask for: events, counts, events in memory, or none."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from samples import event, make_log

from edge.errors import UsageError
from edge.log.configure import events_log, log_path, log_sinks, retention
from edge.log.purge import delete_all
from edge.log.reader import open_log
from edge.settings.loading import override
from edge.settings.sections import Settings
from edge.types import EmotionEvent


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    shared = Path("/dev/shm")
    if not shared.is_dir():
        pytest.skip("there is no /dev/shm here")
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        monkeypatch.setenv("RUNTIME_DIRECTORY", folder)
        yield Path(folder)


def asked(path: Path | str, **changes: Any) -> Settings:
    given = {key.replace("__", "."): value for key, value in changes.items()}
    return override(Settings(), {"log.path": str(path), **given}, "test")


def run(settings: Settings, events: list[EmotionEvent], annotate: Path | None = None) -> None:
    with ExitStack() as stack:
        sinks = [stack.enter_context(sink) for sink in log_sinks(settings, annotate)]
        for one in events:
            for sink in sinks:
                sink.write(one)


def tracks(path: Path) -> list[int]:
    with open_log(path) as log:
        return [one.track_id for one in log.events()]


NOW = datetime.now(UTC)  # an event of long ago would leave at once
EVENTS = [replace(event(number, "happy"), time=NOW) for number in range(1, 6)]


@pytest.mark.usefixtures("memory")
def test_by_default_events_are_logged(tmp_path: Path) -> None:
    settings = asked(tmp_path / "log.sqlite")
    run(settings, EVENTS)
    assert log_path(settings) == events_log(settings) == tmp_path / "log.sqlite"
    assert tracks(tmp_path / "log.sqlite") == [1, 2, 3, 4, 5]


def test_none_is_none() -> None:
    settings = asked("none")
    assert (log_path(settings), events_log(settings), list(log_sinks(settings))) == (None, None, [])


def test_counts_only_leaves_no_event_anywhere(tmp_path: Path, memory: Path) -> None:
    path = tmp_path / "log.sqlite"
    settings = asked(path, privacy__mode="counts", privacy__count_interval_s=900)
    assert events_log(settings) is None
    with ExitStack() as stack:
        (sink,) = (stack.enter_context(one) for one in log_sinks(settings))
        for one in EVENTS:
            sink.write(one)
        held = [part.read_text().count("\n") for part in memory.iterdir()]
        assert held == [2], "the name of the batch and its sums, and no event"
    assert tracks(path) == []
    assert not list(memory.iterdir())
    with open_log(path) as log:
        assert [(one.interval_s, one.events) for one in log.counts()] == [(900, 5)]


@pytest.mark.usefixtures("memory")
def test_counts_only_in_a_log_that_holds_events_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_log(tmp_path / "log.sqlite", 3)
    with caplog.at_level(logging.WARNING):
        run(asked(path, privacy__mode="counts"), EVENTS)
    assert "edge log delete --all" in caplog.text


def test_in_ram_events_are_in_memory_and_counts_on_the_disk(tmp_path: Path, memory: Path) -> None:
    path = tmp_path / "log.sqlite"
    settings = asked(path, log__mode="ram")
    held = events_log(settings)
    assert held is not None
    assert held.parent == memory
    run(settings, EVENTS)
    assert tracks(held) == [1, 2, 3, 4, 5]
    assert tracks(path) == [1, 2, 3, 4, 5], "read where they are"
    with open_log(path) as log:
        assert [one.track_id for one in log.latest(2)] == [4, 5]
        found = log.stats()
        assert (found.events, found.counted) == (5, 5)
        assert log.score_labels() == list(EVENTS[0].scores)
    for part in memory.iterdir():
        part.unlink()  # the device was switched off
    assert tracks(path) == []
    run(settings, [replace(event(6, "sad"), time=NOW)])
    assert tracks(path) == [6]
    assert delete_all(path) == 1
    assert tracks(held) == []
    with open_log(path) as log:
        assert log.stats().events == 0


def test_in_ram_without_a_folder_in_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.log.configure.memory_folder", lambda: None)
    with pytest.raises(UsageError, match=r"log\.mode"):
        list(log_sinks(asked(tmp_path / "log.sqlite", log__mode="ram")))


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("mode", ["events", "counts"])
def test_the_log_says_when_frames_were_stored(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "log.sqlite"
    run(asked(path, privacy__mode=mode), EVENTS)
    run(asked(path, privacy__mode=mode), EVENTS, annotate=tmp_path / "out.mp4")
    with open_log(path) as log:
        ((_, text),) = log.stats().notes
    assert "stores its frames" in text
    assert str(tmp_path / "out.mp4") in text


_NUMBERS = st.one_of(st.integers(), st.floats(), st.none(), st.text(), st.booleans())


@hypothesis_settings(deadline=None)
@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "log.mode": st.sampled_from(["card", "ram", "RAM", "", 3]),
            "log.commit_interval_s": _NUMBERS,
            "log.retention_days": _NUMBERS,
            "log.max_size_mb": _NUMBERS,
            "log.ram_mb": _NUMBERS,
            "privacy.mode": st.sampled_from(["events", "counts", "none", None]),
            "privacy.count_interval_s": _NUMBERS,
        },
    )
)
def test_any_settings_make_a_log_or_are_refused_by_name(changes: dict[str, Any]) -> None:
    refusal = ""
    try:
        settings = override(Settings(), changes, "test")
    except UsageError as error:
        refusal = str(error)
    if refusal:
        assert any(name in refusal for name in changes)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.sqlite"
        settings = override(settings, {"log.path": str(path), "log.mode": "card"}, "test")
        assert retention(settings.log).max_age > timedelta(0)
        run(settings, [replace(one, time=datetime.now(UTC) + timedelta(days=1)) for one in EVENTS])
        with open_log(path) as log:
            assert log.stats().counted == (5 if settings.privacy.mode == "counts" else 0)
