"""What Home Assistant is told, so that a device and its values appear there by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edge import __version__


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
    for key, value in _values(base).items():
        yield (
            f"{prefix}/sensor/emotion-edge-{name}/{key}/config",
            value
            | {
                "unique_id": f"emotion-edge-{device}-{key}",
                "availability_topic": f"{base}/status",
                "device": owner,
            },
        )


def _values(base: str) -> dict[str, dict[str, Any]]:
    """Each value by its key, less what all of them have in common."""
    return {
        "emotion": {
            "name": "Emotion",
            "icon": "mdi:emoticon-outline",
            "state_topic": f"{base}/state",
            "value_template": "{{ value_json.label }}",
            "json_attributes_topic": f"{base}/state",
        },
        "run": {
            "name": "Run",
            "icon": "mdi:heart-pulse",
            "state_topic": f"{base}/health",
            "value_template": "{{ value_json.state }}",
            "entity_category": "diagnostic",
        },
        "fps": {
            "name": "Frames a second",
            "icon": "mdi:speedometer",
            "state_topic": f"{base}/health",
            "value_template": "{{ value_json.fps }}",
            "state_class": "measurement",
            "entity_category": "diagnostic",
        },
        "temperature": {
            "name": "Temperature",
            "device_class": "temperature",
            "unit_of_measurement": "°C",
            "state_topic": f"{base}/health",
            "value_template": "{{ value_json.temperature_c }}",
            "state_class": "measurement",
            "entity_category": "diagnostic",
        },
        "restarts": {
            "name": "Restarts",
            "icon": "mdi:restart",
            "state_topic": f"{base}/health",
            "value_template": "{{ value_json.restarts }}",
            "state_class": "total_increasing",
            "entity_category": "diagnostic",
        },
    }
