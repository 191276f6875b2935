"""No password of a camera is in any message that a broker gets or keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from paho.mqtt import client as paho
from passwords import ADDRESSES, SECRET
from rigs.broker import broker, until
from samples import event

from edge.health.report import Health
from edge.log.event_sink import SqliteSink
from edge.mqtt.sink import MqttSink
from edge.settings.sections import MqttSettings
from edge.system import redaction
from edge.system.redaction import protect_address, shown
from edge.types import Origin


def listening(port: int, found: dict[str, bytes]) -> Callable[[], object]:
    """Everything that is sent from now on, and what is retained, by topic and number."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)

    def keep(_client: object, _data: object, message: paho.MQTTMessage) -> None:
        found[f"{message.topic} {len(found)}"] = message.payload

    client.on_message = keep
    client.on_connect = lambda *_: client.subscribe("#")
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client.disconnect


def test_no_message_and_no_retained_topic_holds_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.mqtt.sink.folder", lambda: None)
    monkeypatch.setattr(redaction, "_known", {})
    path, health = tmp_path / "log.sqlite", Health()
    sent: dict[str, bytes] = {}
    kept: dict[str, bytes] = {}
    for number, address in enumerate(ADDRESSES):
        protect_address(address)
        health.part(f"camera {number}").failed(f"cannot open {address}: {address!r} is refused")
    with broker(tmp_path / "broker") as one:
        leave = listening(one.port, sent)
        settings = MqttSettings(host="127.0.0.1", port=one.port, device="shelf", discovery=True)
        with MqttSink(path, settings, report=health.report) as sink:
            with SqliteSink(path, commit_interval_s=3600) as log:
                for number, address in enumerate(ADDRESSES):
                    log.write(replace(event(number), origin=Origin(shown(address))))
            sink.write(event(0))
            until(lambda: sink.sent == len(ADDRESSES), "the events")
            until(lambda: any("/health" in topic for topic in sent), "the health")
        until(lambda: sum("/event " in topic for topic in sent) == len(ADDRESSES), "each event")
        leave()
        leave = listening(one.port, kept)
        until(lambda: any("/health" in topic for topic in kept), "what is retained")
        leave()
    assert len(ADDRESSES) >= 40
    assert len(kept) >= 3
    told = b"\n".join([*sent.values(), *kept.values()]).decode()
    assert "cannot open" in told
    assert not any(part in told for part in (SECRET, SECRET[:6], SECRET[-6:]))
