"""What Home Assistant receives, so that a device and its values appear there by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edge import __version__

_DIAGNOSTIC = {"entity_category": "diagnostic"}
_MEASURED = _DIAGNOSTIC | {"state_class": "measurement"}

_SENSORS: dict[str, tuple[str, str, dict[str, str]]] = {
    "emotion": ("state", "label", {"name": "Emotion", "icon": "mdi:emoticon-outline"}),
    "run": ("health", "state", _DIAGNOSTIC | {"name": "Run", "icon": "mdi:heart-pulse"}),
    "fps": ("health", "fps", _MEASURED | {"name": "Frames a second", "icon": "mdi:speedometer"}),
    "temperature": (
        "health",
        "temperature_c",
        _MEASURED
        | {"name": "Temperature", "device_class": "temperature", "unit_of_measurement": "°C"},
    ),
    "restarts": (
        "health",
        "restarts",
        _DIAGNOSTIC
        | {"name": "Restarts", "icon": "mdi:restart", "state_class": "total_increasing"},
    ),
}
"""Key → the topic it is read from, the field of its JSON, and what Home Assistant shows."""


def discovery(prefix: str, base: str, device: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(topic, configuration) of each value; to be published as retained messages.

    base: what this device's topics begin with, `TOPIC/DEVICE`
    """
    owner = {
        "identifiers": [f"emotion-edge-{device}"],
        "name": device,
        "manufacturer": "emotion-edge",
        "model": "emotion-edge",
        "sw_version": __version__,
    }
    name = device.replace(".", "_")
    for key, (topic, field, shown) in _SENSORS.items():
        configuration = shown | {
            "state_topic": f"{base}/{topic}",
            "value_template": f"{{{{ value_json.{field} }}}}",
            "unique_id": f"emotion-edge-{device}-{key}",
            "availability_topic": f"{base}/status",
            "device": owner,
        }
        if key == "emotion":
            configuration["json_attributes_topic"] = f"{base}/state"
        yield f"{prefix}/sensor/emotion-edge-{name}/{key}/config", configuration
