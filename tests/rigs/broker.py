"""A real mosquitto on a free port of loopback, killed and back; and somebody who listens."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BOUND_S = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], bool], what: str) -> None:
    end_s = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < end_s, f"waited {BOUND_S} s in vain: {what}"
        time.sleep(0.05)


class Broker:
    """mosquitto with what it has taken over written down at each change, so that a kill loses none.

    extra: more lines for its configuration
    """

    def __init__(self, home: Path, *extra: str) -> None:
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        if program is None:
            pytest.skip("no mosquitto: apt-get install mosquitto")
        pytest.importorskip("paho.mqtt", reason="no paho-mqtt: pip install emotion-edge[mqtt]")
        home.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        lines = [
            f"listener {self.port} 127.0.0.1",
            *(extra or ("allow_anonymous true",)),
            "user root",
            "persistence true",
            f"persistence_location {home}/",
            "autosave_on_changes true",
            "autosave_interval 1",
            "max_queued_messages 0",
        ]
        self._database = home / "mosquitto.db"
        self._config = home / "mosquitto.conf"
        self._config.write_text("\n".join(lines) + "\n")
        self._command = [program, "-c", str(self._config)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self._answers, "the broker's start")

    def _written_since(self, time_ns: int) -> bool:
        return self._database.exists() and self._database.stat().st_mtime_ns > time_ns

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "mosquitto did not start"
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def stop(self, *, kill: bool = False) -> None:
        """kill: after it has written down whose sessions it keeps, as it does from time to time."""
        if self._process is not None:
            if kill:
                written = self._database.stat().st_mtime_ns if self._database.exists() else 0
                self._process.send_signal(signal.SIGUSR1)
                until(lambda: self._written_since(written), "the broker to write its sessions")
                self._process.kill()
            else:
                self._process.terminate()
            self._process.wait(BOUND_S)
            self._process = None


@contextmanager
def broker(home: Path, *extra: str) -> Iterator[Broker]:
    one = Broker(home, *extra)
    one.start()
    try:
        yield one
    finally:
        one.stop()


class Listener:
    """Subscribes to everything; keeps what comes, through the broker's deaths."""

    def __init__(self, port: int, prepare: Callable[[Any], None] = lambda client: None) -> None:
        from paho.mqtt import client as paho

        self._lock = threading.Lock()
        self._messages: list[tuple[str, bytes]] = []
        self._subscribed = threading.Event()
        # Not version 5: mosquitto 2.0 keeps such a session over a restart only from its second
        # connection on.
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, "listener", clean_session=False
        )
        prepare(self._client)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_message = self._take
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=2)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._subscribed.wait(BOUND_S)

    def _take(self, client: Any, data: Any, message: Any) -> None:
        with self._lock:
            self._messages.append((message.topic, message.payload))

    def of(self, ending: str) -> list[bytes]:
        """What came on topics of that ending, in order."""
        with self._lock:
            return [payload for topic, payload in self._messages if topic.endswith(ending)]

    def topics(self) -> list[str]:
        with self._lock:
            return [topic for topic, _ in self._messages]

    def catch_up(self) -> None:
        """Until all that the broker had passed on has come: a status overtakes an event, whose
        QoS 2 takes two journeys more."""
        mark = uuid.uuid4().hex.encode()
        self._client.publish("listener/mark", mark, qos=2)
        until(lambda: mark in self.of("/mark"), "the listener's own mark")

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(payload) for payload in self.of("/event")]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def listener(port: int, prepare: Callable[[Any], None] = lambda client: None) -> Iterator[Listener]:
    one = Listener(port, prepare)
    try:
        yield one
    finally:
        one.close()
