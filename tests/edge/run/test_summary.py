"""What a run says of itself at its end, after a minute or after months."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime

from edge.run.summary import RunSummary
from edge.types import EmotionEvent, Face


def seen(track_id: int, label: str = "happy") -> EmotionEvent:
    face = Face(10, 10, 80, 80, track_id)
    now = datetime(2026, 11, 26, tzinfo=UTC)
    return EmotionEvent(now, "face", track_id, label, 0.9, {label: 0.9}, face, "edge_net")


def heard() -> EmotionEvent:
    return EmotionEvent(
        datetime(2026, 11, 26, tzinfo=UTC), "speech", 0, "calm", 0.8, {"calm": 0.8}, None, "voice"
    )


def test_a_face_is_counted_once_however_many_events_it_gives() -> None:
    summary = RunSummary()
    summary.count([seen(1), seen(2), heard(), seen(1, "sad")])
    summary.count([seen(2), heard(), seen(3)])
    assert (summary.tracks, summary.events) == (3, 7)
    assert summary.labels == {"happy": 4, "sad": 1, "calm": 2}
    assert summary.modalities == {"face": 5, "speech": 2}


def test_months_of_visitors_take_no_more_memory_than_a_day() -> None:
    summary = RunSummary()
    summary.count(map(seen, range(1, 2001)))
    tracemalloc.start()
    try:
        summary.count(map(seen, range(2001, 12_001)))
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert summary.tracks == 12_000
    # As many numbers as before, at other places; ten thousand more would take 0.6 MB.
    assert grown < 100_000
