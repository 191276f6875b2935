"""jsonl and console: lines on a stream that may be narrow, full or closed at the other end."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT, SUPPORT
from samples import alike, event, events

from edge.errors import DataError, SinkError
from edge.sinks.console import ConsoleSink
from edge.sinks.event_json import from_line, to_line
from edge.sinks.jsonl import JsonlSink
from edge.types import EmotionEvent


@given(events())
def test_an_event_survives_json(sent: EmotionEvent) -> None:
    line = to_line(sent)
    assert "\n" not in line
    assert line.isascii()
    assert alike(sent, from_line(line))


def test_a_tilt_stands_in_the_line_only_where_there_is_one() -> None:
    sent = event(1)
    assert sent.face is not None
    assert "angle" not in to_line(sent)
    tilted = replace(sent, face=replace(sent.face, angle=30.0))
    again = from_line(to_line(tilted))
    assert again.face is not None
    assert again.face.angle == 30


@given(st.text() | st.recursive(st.none() | st.integers(), st.lists).map(json.dumps))
def test_any_other_line_is_one_error(line: str) -> None:
    with pytest.raises(DataError, match="no event"):
        from_line(line)


def test_each_line_is_there_at_once() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as reader, os.fdopen(writing, "w") as stream:
        JsonlSink(stream).write(event(1))
        assert from_line(reader.readline()).track_id == 1


def test_the_stream_stays_open_for_its_owner() -> None:
    stream = io.StringIO()
    JsonlSink(stream).close()
    stream.write("mine")


def test_a_reader_that_leaves_is_one_error_and_a_quiet_end() -> None:
    code = (
        "import sys; from edge.errors import SinkError; from edge.sinks.jsonl import JsonlSink\n"
        "from samples import event\n"
        "sys.stdin.readline()\n"
        "try: JsonlSink(sys.stdout).write(event(1))\n"
        "except SinkError as error: print(error, file=sys.stderr)\n"
    )
    paths = os.pathsep.join([str(SUPPORT), str(ROOT)])
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert child.stdout is not None
    child.stdout.close()
    child.stdout = None  # `communicate` leaves it alone then
    _, said = child.communicate("go\n", timeout=60)
    assert child.returncode == 0
    assert said == "the reader of stdout has gone: the run ends here\n"


def test_a_full_disk_behind_the_stream_is_one_error() -> None:
    with pytest.raises(SinkError, match="No space left"), open("/dev/full", "w") as stream:  # noqa: PTH123 - a device
        JsonlSink(stream).write(event(1))


@pytest.fixture
def in_nepal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_nepal")
def test_a_person_reads_local_time_who_what_and_how_sure() -> None:
    stream = io.StringIO()
    with ConsoleSink(stream) as sink:
        sink.write(event(0, "happy", modality="speech"))
        sink.write(event(4, "happy"))
    speech, face = stream.getvalue().splitlines()
    assert speech.split() == ["17:45:00", "speech", "happy", "█" * 14 + "░" * 6, "70%"]
    assert face.split()[:3] == ["17:45:04", "#4", "happy"]


def test_a_terminal_without_blocks_gets_plain_characters() -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as stream:
        ConsoleSink(stream).write(event(4, "happy"))
        assert b"#" * 14 + b"." * 6 in raw.getvalue()
