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


_BINARY_SENSORS: dict[str, tuple[str, str, dict[str, Any]]] = {
    # An event of the last minute: those that waited for the broker are of nobody who is there.
    "presence": (
        "event",
        "{{ 'ON' if as_timestamp(now()) - as_timestamp(value_json.time) < 60 else 'OFF' }}",
        {"name": "Presence", "device_class": "occupancy", "off_delay": 10},
    ),
    "camera_gone": (
        "health",
        "{{ 'ON' if value_json.parts | selectattr('kind', 'eq', 'source')"
        " | rejectattr('state', 'in', ['running', 'starting']) | list else 'OFF' }}",
        _DIAGNOSTIC | {"name": "Camera gone", "device_class": "problem"},
    ),
}
"""Key → the topic it is read from, the template of "ON" and "OFF", what Home Assistant shows."""


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
    for key, (topic, template, shown) in _BINARY_SENSORS.items():
        yield (
            f"{prefix}/binary_sensor/emotion-edge-{name}/{key}/config",
            shown
            | {
                "state_topic": f"{base}/{topic}",
                "value_template": template,
                "unique_id": f"emotion-edge-{device}-{key}",
                "availability_topic": f"{base}/status",
                "device": owner,
            },
        )
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
