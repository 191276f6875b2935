"""An event as JSON: a dictionary, a line, and back."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from edge.errors import DataError, SinkError
from edge.types import EmotionEvent, Face, Origin

_LONGEST_LINE = 64 << 10
"""What is longer is no event."""


def as_dict(event: EmotionEvent) -> dict[str, Any]:
    """The event in JSON's types: time in ISO 8601, scores to 4 decimals, face as an object or None.

    Raises SinkError for a time without zone and for a score outside 0 … 1.
    """
    if event.time.tzinfo is None:
        raise SinkError(f"cannot write the time {event.time}: it has no time zone")
    face = event.face
    scores = {label: round(float(score), 4) for label, score in event.scores.items()}
    confidence = round(float(event.confidence), 4)
    if not all(0 <= score <= 1.001 for score in (confidence, *scores.values())):
        raise SinkError(f"cannot write an event with the scores {scores}: they are no shares of 1")
    return {
        "time": event.time.isoformat(),
        "modality": event.modality,
        "track_id": int(event.track_id),
        "label": event.label,
        "confidence": confidence,
        "scores": scores,
        "face": face
        and {
            "x": int(face.x),
            "y": int(face.y),
            "width": int(face.width),
            "height": int(face.height),
        }
        | ({"angle": float(face.angle)} if face.angle else {}),
        "model": event.model,
        **_origin(event.origin),
    } | ({} if event.forecast is None else {"forecast": event.forecast})


def _origin(origin: Origin) -> dict[str, Any]:
    # A file's name need not be valid text.
    source = origin.source.encode(errors="backslashreplace").decode()
    media_s = None if origin.media_s is None else round(float(origin.media_s), 6)
    return {"source": source, "index": origin.index, "media_s": media_s}


def to_line(event: EmotionEvent) -> str:
    """One line of JSON, with no line end."""
    return json.dumps(as_dict(event), ensure_ascii=True, separators=(",", ":"))


def from_line(line: str) -> EmotionEvent:
    """The event of one line. Raises DataError for a line that `to_line` did not write."""
    try:
        raw = json.loads(line[:_LONGEST_LINE])
        raw.pop("wrong_clock", None)  # said of it by `edge log`
        face = raw.pop("face")
        origin = Origin(raw.pop("source", ""), raw.pop("index", None), raw.pop("media_s", None))
        return EmotionEvent(
            time=datetime.fromisoformat(raw.pop("time")),
            face=face and Face(**face, track_id=raw["track_id"]),
            origin=origin,
            **raw,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(f"this line is no event ({error}): {line[:80]!r}") from error
