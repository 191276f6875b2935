"""What a subscriber gets over breaks, by three ways of sending: the figures of 0010-mqtt.md.

    PYTHONPATH=. python docs/decisions/0010_mqtt.py [--breaks 5] [--seed 0]

A real mosquitto on loopback, which writes down what it takes over; a subscriber with QoS 2 and a
session that is kept; about 200 events a second. Either the sender's connections are cut, by a
network that hands messages on in pieces, or the broker is stopped and started again.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho

from edge.log.event_sink import SqliteSink
from edge.mqtt.sink import MqttSink
from edge.settings.sections import MqttSettings

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "support"))

from rigs.broker import Broker, broker, listener
from rigs.proxy import Network, network
from samples import event

PACE_S = 0.005
PATIENCE_S = 60.0
TOPIC = "emotion-edge/shelf-3/event"


class Resuming:
    """Paho as it is: it connects again by itself, and resumes what was under way."""

    def __init__(self, port: int, home: Path, qos: int) -> None:
        self._qos = qos
        self._messages: list[Any] = []
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, "shelf-3", clean_session=qos == 1
        )
        self._client.max_inflight_messages_set(10)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def send(self, number: int) -> None:
        message = self._client.publish(TOPIC, json.dumps({"track_id": number}), self._qos)
        message.rc = 0  # not connected just now: paho keeps it
        self._messages.append(message)

    def left(self) -> int:
        return sum(not message.is_published() for message in self._messages)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Linked:
    """The sink of this package, on a log."""

    def __init__(self, port: int, home: Path) -> None:
        self._log = SqliteSink(home / "log.sqlite", 0.1)
        settings = MqttSettings(host="127.0.0.1", port=port, device="shelf-3", discovery=False)
        self._sink = MqttSink(home / "log.sqlite", settings)
        self._sent = 0

    def send(self, number: int) -> None:
        self._log.write(event(number))
        self._sink.write(event(number))
        self._sent += 1

    def left(self) -> int:
        self._log.flush()
        return self._sent - self._sink.sent

    def close(self) -> None:
        self._sink.close()
        self._log.close()


WAYS: dict[str, Callable[[int, Path], Any]] = {
    "QoS 1, resumed": lambda port, home: Resuming(port, home, 1),
    "QoS 2, resumed": lambda port, home: Resuming(port, home, 2),
    "QoS 2, a link and its witness": Linked,
}


def break_off(kind: str, one: Broker, between: Network) -> None:
    if kind == "cut":
        between.cut()
    else:
        one.stop()
        time.sleep(0.2)
        one.start()


def measure(way: str, kind: str, breaks: int, chance: random.Random) -> str:
    with (
        tempfile.TemporaryDirectory() as folder,
        broker(Path(folder) / "broker") as one,
        listener(one.port) as heard,
        network(one.port) as between,
    ):
        sender = WAYS[way](between.port, Path(folder))
        sent = 0
        for _ in range(breaks):
            until_s = time.monotonic() + chance.uniform(1, 2.5)
            while time.monotonic() < until_s:
                sent += 1
                sender.send(sent)
                time.sleep(PACE_S)
            break_off(kind, one, between)
        until_s = time.monotonic() + PATIENCE_S
        while sender.left() and time.monotonic() < until_s:
            time.sleep(0.2)
        left = sender.left()
        time.sleep(3)
        came = Counter(found["track_id"] for found in heard.events())
        sender.close()
    doubled = came.total() - len(came)
    return f"| {way} | {kind} | {sent} | {left} | {sent - len(came)} | {doubled} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--breaks", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print("| sent with | break | events | never confirmed | missing | doubled |")
    print("|---|---|---|---|---|---|")
    for way in WAYS:
        for kind in ("cut", "stop"):
            print(measure(way, kind, given.breaks, random.Random(given.seed)), flush=True)


if __name__ == "__main__":
    main()
