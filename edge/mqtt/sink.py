"""Events to an MQTT broker, from the log: those of its absence too, when it is back."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import EdgeError, SinkError
from edge.health.file import folder
from edge.health.part import Part
from edge.health.report import Report
from edge.mqtt import messages
from edge.mqtt.client import client_name, host_name, port
from edge.mqtt.connection import BrokerSession
from edge.mqtt.homeassistant import discovery
from edge.mqtt.outbox import Outbox, event_id
from edge.mqtt.retained import RetainedTopics
from edge.mqtt.troubles import goes_in_clear, same_name
from edge.settings.sections import MqttSettings
from edge.sinks import Sink
from edge.sinks.event_json import as_dict
from edge.system.backoff import Backoff
from edge.types import EmotionEvent

POLL_S = 1.0
HEALTH_INTERVAL_S = 60.0
DRAIN_S = 2.0
"""How long `close` waits for the broker to confirm what is under way."""
LAST_RETRY_S = 60.0
"""A broker that is away is looked for after 1, 2, 4 … 60 seconds."""
_STEADY_S = 30.0
"""A link that held this long was a good one: the next wait is short again."""
_SUSPICIOUS = 3

_log = logging.getLogger(__name__)


class MqttSink(Sink):
    """Publishes the log's events to TOPIC/DEVICE/event, in order, each with its own `id`.

    `write` only announces an event: it is read from the log, in a thread of this sink's own, and
    counts as sent when the broker has confirmed it. So nothing but what the log holds is ever sent,
    a broker may be away for as long as the log keeps its events, and neither a restart of the
    broker nor one of this process loses an event. What was under way when a connection broke is
    sent again only where the broker did not pass it on (see `BrokerSession`); where it does not
    say, it may come again under the same `id`.

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
        self._identity = client_name(self.device)
        self._changed = threading.Condition()
        self._confirmed_ids: deque[str] = deque(maxlen=2 * settings.batch)
        self._under_way: deque[_UnderWay] = deque()
        self._closing = threading.Event()
        self._no_echo = ""
        self._mentioned: deque[str] = deque(maxlen=20)
        self._news = True  # what the last run left
        self._health_due_s = float("-inf")
        self.sent = 0
        first = self._open_session()
        self._outbox = Outbox(log, "mqtt", folder())
        self._retained = RetainedTopics(log, self._where)
        if goes_in_clear(settings):
            _log.warning("mqtt.password goes to %s unencrypted: set mqtt.tls = true", self._where)
        self._part.waiting(f"no broker at {self._where} yet")
        self._thread = threading.Thread(
            target=self._forward, args=(first,), name="mqtt", daemon=True
        )
        self._thread.start()

    def write(self, event: EmotionEvent) -> None:
        if self._closing.is_set():
            raise SinkError(f"the connection to {self._where} is closed: no event can be sent")
        as_dict(event)  # what makes no sense is refused by every sink alike
        self._news = True

    def flush(self) -> None:
        pass

    def close(self) -> None:
        """Send what is logged, for two seconds at most; the next run sends the rest."""
        with self._changed:
            if self._closing.is_set():
                return
            self._closing.set()
            self._changed.notify_all()
        self._thread.join(DRAIN_S + POLL_S)
        self._outbox.close()

    def _open_session(self) -> BrokerSession:
        return BrokerSession(
            self._settings, self.device, self._base, self._identity, self._confirmed_ids, self._wake
        )

    def _forward(self, first: BrokerSession) -> None:
        """The thread: one link after the other, until this is closed. Nothing else ends it."""
        session: BrokerSession | None = first
        backoff = Backoff(1.0, LAST_RETRY_S)
        while not self._closing.is_set():
            held_s = 0.0
            try:
                session = session or self._open_session()
                held_s = self._serve(session)
            except Exception as error:  # a death nobody would see: the next link may do better
                self._part.failed(f"sending broke ({type(error).__name__}: {error})")
                _log.error("sending to %s broke", self._where, exc_info=True)
            if held_s > _STEADY_S:
                backoff.reset()
            if session is not None:
                session.end()
                self._tell_end(session, short_lives=backoff.failures + 1 if held_s else 0)
            session = None
            backoff.wait(self._closing)
        if session is not None:
            session.end()

    def _serve(self, session: BrokerSession) -> float:
        """Use a link until it breaks or this is closed; for how many seconds it was of use."""
        if not session.meet(self._closing.is_set):
            return 0.0
        began_s = time.monotonic()
        self._send_while_up(session)
        return time.monotonic() - began_s

    def _send_while_up(self, session: BrokerSession) -> None:
        """As long as the link holds, keep `batch` events under way; at the end, take leave."""
        self._restart(session)
        while session.up and not self._closing.is_set():
            self._step(session)
            self._wait(POLL_S)
        self._news = True  # the log may have closed, and so committed, just before
        until_s = time.monotonic() + DRAIN_S
        while (
            session.up and time.monotonic() < until_s and (self._step(session) or self._under_way)
        ):
            self._rest(0.1)
        if session.up:
            session.publish("status", "offline", retain=True)

    def _wait(self, seconds: float) -> None:
        """Until there is something to do, or it is time to close; for `seconds` at most."""
        with self._changed:
            if not self._closing.is_set():
                self._changed.wait(seconds)

    def _rest(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait(seconds)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _restart(self, session: BrokerSession) -> None:
        """What was under way is taken again from the log; who was told of this device is again."""
        if session.no_echo and session.no_echo != self._no_echo:
            _log.warning(
                "the broker %s does not tell which events it passed on (%s): what is under way when"
                " the connection breaks may come twice, under the same id",
                self._where,
                session.no_echo,
            )
        self._no_echo = session.no_echo
        self._settle()
        self._under_way.clear()
        self._outbox.rewind()
        self._news = True
        self._health_due_s = float("-inf")
        session.publish("status", "online", retain=True)
        known = {}
        if self._settings.discovery:
            known = dict(discovery(self._settings.discovery_prefix, self._base, self.device))
        own = [f"{self._base}/{what}" for what in ("status", "state", "health")]
        self._retained.replace([*own, *known], lambda old: session.publish_to(old, "", retain=True))
        for topic, configuration in known.items():
            session.publish_to(topic, json.dumps(configuration), retain=True)

    def _step(self, session: BrokerSession) -> bool:
        """Note what has arrived, publish what is due; whether there was any."""
        self._settle()
        try:
            last = self._send(session)
        except EdgeError as error:  # the log cannot be read: it may be again
            self._part.failed(str(error))
            return False
        self._part.running(0)
        self._mention(session)
        # QoS 0: only the latest counts.
        if last is not None:
            session.publish("state", messages.state(last), 0, retain=True)
        self._tell_health(session)
        return last is not None

    def _send(self, session: BrokerSession) -> EmotionEvent | None:
        """The last event that was published now."""
        last = None
        while self._news and (room := self._settings.batch - len(self._under_way)) > 0:
            self._news = False
            taken = self._outbox.take(room)
            for number, event in taken:
                message = None
                # Another thread adds to `_confirmed_ids`; a look into a deque is one step to it.
                if (name := event_id(number, event)) not in self._confirmed_ids:
                    message = session.publish_event(
                        name, messages.event(number, event, self.device)
                    )
                    last = event
                self._under_way.append(_UnderWay(number, event, message))
            self._settle()
            self._news = self._news or len(taken) == room
        return last

    def _settle(self) -> None:
        """What has arrived leaves the outbox: in order, so that none is skipped."""
        arrived = None
        while self._under_way and self._under_way[0].arrived:
            arrived = self._under_way.popleft()
            self.sent += 1
            self._part.running()
        if arrived is not None:
            self._outbox.settle(arrived.number, arrived.event)

    def _tell_health(self, session: BrokerSession) -> None:
        if self._report is None or time.monotonic() < self._health_due_s:
            return
        self._health_due_s = time.monotonic() + HEALTH_INTERVAL_S
        session.publish("health", messages.health(self._report()), 0, retain=True)

    def _mention(self, session: BrokerSession) -> None:
        """What goes on and is still wrong, once for each that is new."""
        oddities = []
        if session.foreign:
            oddities.append(
                f"something else publishes on {self._base}/event, which is left out: "
                "does another device have the same mqtt.device?"
            )
        if self._outbox.skipped:
            oddities.append(f"left out {self._outbox.skipped} damaged events of the log")
        for oddity in oddities:
            if oddity not in self._mentioned:
                self._mentioned.append(oddity)
                self._part.mention(oddity)
                _log.warning("mqtt: %s", oddity)

    def _tell_end(self, session: BrokerSession, short_lives: int) -> None:
        """short_lives: how many links in a row, this one the last, broke soon after they began"""
        if self._closing.is_set() or not session.reason:
            return
        reason = session.reason
        if short_lives >= _SUSPICIOUS:
            reason += f"; {same_name(self._identity)}"
        if self._part.report().last_error != reason:
            _log.warning("%s: the log keeps the events", reason)
        (self._part.failed if session.refused else self._part.waiting)(reason)


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """message: None for an event that the broker has passed on before"""

    number: int
    event: EmotionEvent
    message: Any

    @property
    def arrived(self) -> bool:
        return self.message is None or bool(self.message.is_published())
