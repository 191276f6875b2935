"""Events to an MQTT broker, from the log: those of its absence too, when it is back."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.errors import EdgeError, SinkError
from edge.health import Part, Report
from edge.health_file import folder
from edge.settings import MqttSettings
from edge.sinks import Sink
from edge.sinks.homeassistant import discovery
from edge.sinks.jsonl import as_dict
from edge.sinks.mqtt_client import host_name, make_client, port
from edge.sinks.outbox import Outbox, event_id
from edge.types import EmotionEvent

POLL_S = 1.0
HEALTH_INTERVAL_S = 60.0
DRAIN_S = 2.0
"""So long `close` waits for the broker to confirm what is under way."""
SESSION_S = 3600
"""So long the broker keeps what it knows of a connection that broke."""

# Not 2: a broker that restarts may forget that it had half of the exchange, and then the message
# is gone (seen with mosquitto 2.0). At 1 it may come twice, and `id` tells.
_QOS = 1

_log = logging.getLogger(__name__)


class MqttSink(Sink):
    """Publishes the log's events to TOPIC/DEVICE/event, in order, each with its own `id`.

    `write` only announces an event: it is read from the log once it is committed there, in a
    thread of this sink's own, and counts as sent when the broker has confirmed it. So nothing
    but what the log holds is ever sent, a broker may be away for as long as the log keeps its
    events, and neither a restart of the broker nor one of this process loses an event. One that
    was under way when the connection broke is sent again, under the same `id`: whoever gathers
    events drops an id that he has.

    TOPIC/DEVICE/status is "online" or, as last will, "offline"; …/state holds the latest event's
    label, …/health the run's health once a minute; all three are retained.
    """

    def __init__(
        self,
        log: Path,
        settings: MqttSettings,
        *,
        part: Part | None = None,
        report: Callable[[], Report] | None = None,
    ) -> None:
        """Begin to connect, in the background.

        log: where a SqliteSink writes; report: asked for the health
        Raises UsageError without a host, MissingPackageError without paho-mqtt, MissingDataError
        for a certificate that is not there.
        """
        self._settings = settings
        self._part = part if part is not None else Part("mqtt", "sink")
        self._report = report
        self._where = f"{settings.host}:{port(settings)}"
        self.device = settings.device or host_name()
        self._base = f"{settings.topic}/{self.device}"
        self._changed = threading.Condition()
        self._under_way: deque[tuple[Any, int, EmotionEvent]] = deque()
        self._connected = self._greeted = self._closing = False
        self._news = True  # what the last run left
        self._health_due_s = float("-inf")
        self.sent = 0
        self._client = make_client(settings, f"emotion-edge-{self.device}", f"{self._base}/status")
        self._client.on_connect, self._client.on_disconnect = self._met, self._parted
        self._client.on_connect_fail, self._client.on_publish = self._missed, self._delivered
        self._outbox = Outbox(log, "mqtt", folder())
        self._part.waiting(f"no broker at {self._where} yet")
        self._client.connect_async(settings.host, port(settings), settings.keepalive_s)
        self._client.loop_start()
        self._thread = threading.Thread(target=self._forward, name="mqtt", daemon=True)
        self._thread.start()

    def write(self, event: EmotionEvent) -> None:
        if self._closing:
            raise SinkError(f"the connection to {self._where} is closed: no event can be sent")
        as_dict(event)  # what makes no sense is refused by every sink alike
        self._news = True

    def flush(self) -> None:
        pass

    def close(self) -> None:
        """Send what is logged, for two seconds at most; the next run sends the rest."""
        with self._changed:
            if self._closing:
                return
            self._closing = True
            self._changed.notify_all()
        self._thread.join(DRAIN_S + POLL_S)
        if self._connected:
            self._client.publish(f"{self._base}/status", "offline", _QOS, retain=True)
        self._client.disconnect()
        self._client.loop_stop()
        self._outbox.close()

    def _forward(self) -> None:
        """The thread: as long as there is a connection, keep `batch` events under way."""
        while not self._closing:
            self._rest(POLL_S)
            self._step()
        self._news = True  # the log may have closed, and so committed, just before
        until_s = time.monotonic() + DRAIN_S
        while self._connected and time.monotonic() < until_s and (self._step() or self._under_way):
            self._rest(0.1)

    def _rest(self, seconds: float) -> None:
        with self._changed:
            if not self._closing or seconds < POLL_S:
                self._changed.wait(seconds)

    def _step(self) -> bool:
        """Note what has arrived, publish what is due; whether there was any."""
        self._settle()
        if not self._connected:
            return False
        if not self._greeted:
            self._greet()
        try:
            last = self._send()
        except EdgeError as error:  # the log cannot be read: it may be again
            self._part.failed(str(error))
            return False
        self._part.running(0)
        if last is not None:
            self._publish("state", _brief(last))
        self._tell_health()
        return last is not None

    def _send(self) -> EmotionEvent | None:
        """The last event that was published now."""
        last = None
        while self._news and (room := self._settings.batch - len(self._under_way)) > 0:
            self._news = False
            taken = self._outbox.take(room)
            for number, event in taken:
                payload = {"id": event_id(number, event), "device": self.device} | as_dict(event)
                text = json.dumps(payload, separators=(",", ":"))
                message = self._client.publish(f"{self._base}/event", text, _QOS)
                message.rc = 0  # not connected just now: paho keeps it, and sends it later
                self._under_way.append((message, number, event))
                last = event
            self._news = self._news or len(taken) == room
        return last

    def _settle(self) -> None:
        """What is confirmed leaves the outbox: in order, so that none is skipped."""
        while self._under_way and self._under_way[0][0].is_published():
            _, number, event = self._under_way.popleft()
            self._outbox.settle(number, event)
            self.sent += 1
            self._part.running()

    def _greet(self) -> None:
        self._greeted = True
        self._client.publish(f"{self._base}/status", "online", _QOS, retain=True)
        self._health_due_s = float("-inf")
        if self._settings.discovery:
            prefix = self._settings.discovery_prefix
            for topic, configuration in discovery(prefix, self._base, self.device):
                self._client.publish(topic, json.dumps(configuration), _QOS, retain=True)

    def _tell_health(self) -> None:
        if self._report is None or not self._connected or time.monotonic() < self._health_due_s:
            return
        self._health_due_s = time.monotonic() + HEALTH_INTERVAL_S
        found = self._report().as_dict()
        self._publish("health", {key: found[key] for key in found if key != "last_event"})

    def _publish(self, what: str, value: dict[str, Any]) -> None:
        # QoS 0: only the latest counts, and paho keeps none of them while there is no broker.
        self._client.publish(f"{self._base}/{what}", json.dumps(value), 0, retain=True)

    # What paho's thread calls. It holds a lock of its own meanwhile: so no waiting for ours while
    # we publish.

    def _met(self, client: Any, data: Any, flags: Any, reason: Any, more: Any) -> None:
        if reason.is_failure:
            self._part.failed(f"the broker {self._where} refuses: {reason}")
            _log.warning("the broker %s refuses: %s; trying again", self._where, reason)
            return
        _log.info("connected to the broker %s", self._where)
        self._connected, self._greeted, self._news = True, False, True
        self._delivered()

    def _parted(self, client: Any, data: Any, flags: Any, reason: Any, more: Any) -> None:
        before, self._connected = self._connected, False
        if before and not self._closing:
            self._part.waiting(f"the broker {self._where} is away ({reason})")
            _log.warning(
                "the broker %s is away (%s): the log keeps the events", self._where, reason
            )

    def _missed(self, client: Any, data: Any) -> None:
        self._part.waiting(f"no broker answers at {self._where}")

    def _delivered(self, *_: Any) -> None:
        with self._changed:
            self._changed.notify_all()


def _brief(event: EmotionEvent) -> dict[str, Any]:
    found = as_dict(event)
    return {key: found[key] for key in ("label", "confidence", "modality", "time")}
