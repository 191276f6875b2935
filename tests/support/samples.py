"""What the tests of the sinks and of the log share: events, a log, a disk that fills up."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import strategies as st

from edge.log.event_sink import SqliteSink
from edge.types import EmotionEvent, Face

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
START = datetime(2026, 7, 25, 12, 0, tzinfo=UTC)


def event(
    number: int, label: str = "", *, modality: str = "face", model: str = "cnn"
) -> EmotionEvent:
    """The event of second `number`; the number is also its track, so that it can be counted."""
    top = label or LABELS[number % len(LABELS)]
    scores = dict.fromkeys(LABELS, 0.05) | {top: 0.7}
    face = Face(100 + number % 300, 80, 120, 120, number) if modality == "face" else None
    time = START + timedelta(seconds=number)
    return EmotionEvent(time, modality, number, top, 0.7, scores, face, model)


def make_log(path: Path, count: int, **changes: str) -> Path:
    with SqliteSink(path, commit_interval_s=3600) as sink:
        for number in range(1, count + 1):
            sink.write(event(number, **changes))
    return path


def make_mixed_log(path: Path) -> Path:
    """140 seconds of a face, then 10 of a voice that is happy."""
    with SqliteSink(path, commit_interval_s=3600) as sink:
        for number in range(140):
            sink.write(event(number))
        for number in range(140, 150):
            sink.write(event(number, "happy", modality="speech", model="audio"))
    return path


def alike(a: EmotionEvent, b: EmotionEvent) -> bool:
    """Equal, but for the rounding of scores to ten-thousandths."""
    near = pytest.approx(list(a.scores.values()), abs=5.1e-5)
    return (
        (a.time, a.modality, a.track_id, a.label, a.face, a.model)
        == (b.time, b.modality, b.track_id, b.label, b.face, b.model)
        and list(a.scores) == list(b.scores)
        and list(b.scores.values()) == near
        and b.confidence == pytest.approx(a.confidence, abs=5.1e-5)
    )


@st.composite
def events(draw: st.DrawFn) -> EmotionEvent:
    zone = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    time = draw(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=zone))
    track = draw(st.integers(0, 2**40))
    pixel = st.integers(-(2**20), 2**20)
    box = st.builds(Face, pixel, pixel, pixel, pixel, st.just(track))
    share = st.floats(0, 1)
    return EmotionEvent(
        time=time,
        modality=draw(st.sampled_from(["face", "speech", "fusion"])),
        track_id=track,
        label=draw(st.text()),
        confidence=draw(share),
        scores=draw(st.dictionaries(st.text(), share, max_size=10)),
        face=draw(st.none() | box),
        model=draw(st.text()),
    )


@contextmanager
def small_disk(at: Path, size: str) -> Iterator[Path]:
    """A real disk of `size`, in memory; the test is skipped where mounting one is not permitted."""
    at.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(at)]
    try:
        subprocess.run(mount, check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"cannot mount a small disk here ({error})")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True, timeout=20)


def fill(disk: Path) -> Path:
    """Write a file until the disk has no byte left; remove it to have the space again."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast


def make_read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True, timeout=20)
