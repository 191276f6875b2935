"""What every sink of the table keeps to, whatever it writes to."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from rigs.broker import broker, listener, until
from samples import alike, event, make_log

from edge.errors import SinkError, UsageError
from edge.log.reader import open_log
from edge.settings.sections import MqttSettings
from edge.sinks import _TABLE, Sink, open_sink
from edge.sinks.event_json import from_line
from edge.types import EmotionEvent, Face


@dataclass
class Rig:
    """A sink under test, and what can be read back from where it wrote: events, or lines only."""

    sink: Sink
    events: Callable[[], list[EmotionEvent]] | None
    count: Callable[[], int]


def _sqlite(tmp_path: Path) -> Rig:
    path = tmp_path / "log.sqlite"

    def read() -> list[EmotionEvent]:
        with open_log(path) as log:
            return list(log.events())

    return Rig(open_sink("sqlite", path), read, lambda: len(read()))


def _jsonl(tmp_path: Path) -> Rig:
    stream = io.StringIO()

    def read() -> list[EmotionEvent]:
        return [from_line(line) for line in stream.getvalue().splitlines()]

    return Rig(open_sink("jsonl", stream), read, lambda: len(read()))


def _console(tmp_path: Path) -> Rig:
    stream = io.StringIO()
    return Rig(open_sink("console", stream), None, lambda: len(stream.getvalue().splitlines()))


class _Logged(Sink):
    """What sends the log's events, with the log that it sends from; closed before it."""

    def __init__(self, log: Sink, sender: Sink) -> None:
        self._log = log
        self._sender = sender

    def write(self, event: EmotionEvent) -> None:
        self._sender.write(event)
        self._log.write(event)

    def flush(self) -> None:
        self._log.flush()
        self._sender.flush()

    def close(self) -> None:
        self._log.close()
        self._sender.close()


@pytest.fixture
def mqtt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Rig]]:
    """A real broker, and somebody who listens: made where a test is about to use it."""
    monkeypatch.setattr("edge.mqtt.sink.folder", lambda: None)
    monkeypatch.setattr("edge.mqtt.sink.DRAIN_S", 20.0)  # a busy machine is slow, not wrong
    with ExitStack() as stack:

        def make(folder: Path) -> Rig:
            one = stack.enter_context(broker(tmp_path / "broker"))
            heard = stack.enter_context(listener(one.port))
            log = make_log(folder / "log.sqlite", 0)
            settings = MqttSettings(host="127.0.0.1", port=one.port)
            sender = open_sink("mqtt", log, settings=settings)
            until(lambda: heard.of("/status") == [b"online"], "the greeting")

            def read() -> list[EmotionEvent]:
                until(lambda: b"offline" in heard.of("/status"), "the farewell")
                heard.catch_up()
                extra = ("id", "device")
                plain = [{k: v for k, v in e.items() if k not in extra} for e in heard.events()]
                return [from_line(json.dumps(event)) for event in plain]

            return Rig(_Logged(open_sink("sqlite", log), sender), read, lambda: len(read()))

        yield make


RIGS = {"sqlite": _sqlite, "jsonl": _jsonl, "console": _console}


def _rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    make = RIGS.get(request.param) or request.getfixturevalue(request.param)
    return make(tmp_path)


@pytest.fixture(params=_TABLE)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    return _rig(request, tmp_path)


@pytest.fixture(params=[name for name in _TABLE if name != "console"])
def readable(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    """A rig whose events come back; the console's lines are a person's, and show what they get."""
    return _rig(request, tmp_path)


def test_every_event_arrives_once_and_in_order(rig: Rig) -> None:
    sent = [event(1), event(2, modality="speech", model="audio"), event(3, "unknown")]
    with rig.sink as sink:
        for one in sent:
            sink.write(one)
            sink.flush()
    assert rig.count() == 3
    if rig.events is not None:
        assert all(alike(a, b) for a, b in zip(sent, rig.events(), strict=True))


def test_the_numbers_may_be_numpys(rig: Rig) -> None:
    """OpenCV and LiteRT hand out int32 and float32."""
    score = np.float32(0.25)
    face = Face(*np.array([1, 2, 30, 40], np.int32), track_id=np.int64(7))
    sent = replace(event(7), face=face, confidence=score, scores={"a": score, "b": 1 - score})
    with rig.sink as sink:
        sink.write(sent)
    assert rig.count() == 1
    if rig.events is not None:
        assert alike(sent, rig.events()[0])


def test_flush_without_events_is_harmless(rig: Rig) -> None:
    with rig.sink as sink:
        sink.flush()
    assert rig.count() == 0


def test_writing_after_close_is_an_error(rig: Rig) -> None:
    rig.sink.close()
    with pytest.raises(SinkError, match="closed"):
        rig.sink.write(event(1))


def test_closing_twice_is_harmless(rig: Rig) -> None:
    rig.sink.write(event(1))
    rig.sink.close()
    rig.sink.close()
    rig.sink.flush()
    assert rig.count() == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"time": datetime(2026, 7, 25)},
        {"confidence": float("nan")},
        {"scores": {"happy": float("inf")}},
        {"scores": {"happy": -0.5}},
    ],
    ids=str,
)
def test_an_event_that_makes_no_sense_is_refused_and_the_others_are_kept(
    readable: Rig, bad: dict[str, object]
) -> None:
    with readable.sink as sink:
        sink.write(event(1))
        with pytest.raises(SinkError, match="cannot"):
            sink.write(replace(event(2), **bad))
        sink.write(event(3))
    assert [one.track_id for one in readable.events()] == [1, 3]


def test_times_come_back_as_the_same_moment(readable: Rig) -> None:
    sent = replace(event(1), time=datetime.fromisoformat("2026-03-29T02:30:00.123456+05:45"))
    with readable.sink as sink:
        sink.write(sent)
    assert readable.events()[0].time == datetime(2026, 3, 28, 20, 45, 0, 123456, UTC)


def test_an_unknown_sink_names_the_choices() -> None:
    with pytest.raises(UsageError, match="sqlite, jsonl, console"):
        open_sink("mqtt5", Path("x"))
