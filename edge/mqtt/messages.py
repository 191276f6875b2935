"""What a broker receives: an event, the latest state, the run's health; each as JSON."""

from __future__ import annotations

import json
from typing import Any

from edge.health.report import Report
from edge.mqtt.outbox import event_id
from edge.sinks.event_json import as_dict
from edge.types import EmotionEvent


def event(number: int, one: EmotionEvent, device: str) -> str:
    """The whole event. Its id comes first: so it is found without reading what follows."""
    whole: dict[str, Any] = {"id": event_id(number, one), "device": device}
    return json.dumps(whole | as_dict(one), separators=(",", ":"))


def state(latest: EmotionEvent) -> str:
    """What the latest event says, in short."""
    found = as_dict(latest)
    return json.dumps({key: found[key] for key in ("label", "confidence", "modality", "time")})


def health(report: Report) -> str:
    """The run's health, less the last event, which has a topic of its own."""
    found = report.as_dict()
    return json.dumps({key: found[key] for key in found if key != "last_event"})
