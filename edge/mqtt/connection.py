"""One connection to the broker, from its beginning to its break; the next one is another link."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from edge.mqtt.client import make_client, port
from edge.mqtt.troubles import turned_away, unreachable
from edge.settings.sections import MqttSettings

EVENT_QOS = 2
"""So that a subscriber who asks for it is given each event once by the broker, too."""
_QOS = 1
_ID = re.compile(rb'\{"id":"([0-9]{1,19}-[0-9-]{1,20})"')
"""How a message of ours begins: nothing of what comes is parsed any further."""
_ENTER_S = 30.0
"""How long the broker may take to let the sender in."""
_ANSWER_S = 5.0
"""How long it may take to let the echo subscriber in, and to give back the mark."""


class BrokerSession:
    """A sender, and an echo subscriber that hears from the broker which events it has passed on.

    Where a connection breaks, nobody knows of the events under way which ones came through. MQTT
    would have both ends resume; the broker that the tests use, killed or with more under way than
    it allows, then loses events or refuses the connection for ever. So here nothing is resumed:
    each link's sender begins with a session of its own, in which the broker drops what it had half
    of. The echo subscriber asks for this device's events, in a session that the broker keeps. What
    it was passed meanwhile comes first, then a mark that the new sender sends: an event that was
    not confirmed_id until then has not been passed on, and is to be sent again.

    up:      both are let in, and the mark came back
    gone:    the link is of no more use; `reason` says why, `refused` whether the broker said no
    foreign: messages on this device's event topic that are none of its own
    no_echo: why the echo subscriber hears nothing (a rule of the broker's); "" where it does
    """

    def __init__(
        self,
        settings: MqttSettings,
        device: str,
        base: str,
        identity: str,
        confirmed_ids: deque[str],
        changed: Callable[[], None],
    ) -> None:
        """base: what the topics begin with; identity: what no other client may call itself

        confirmed_ids: is given the id of each event passed on
        changed: called from other threads when there is something to look at
        """
        self.up = self.gone = self.refused = False
        self.reason = self.no_echo = ""
        self.foreign = 0
        self._settings = settings
        self._where = f"{settings.host}:{port(settings)}"
        self._base = base
        self._confirmed_ids = confirmed_ids
        self._changed = changed
        self._mark = secrets.token_hex(8)
        self._issued: deque[str] = deque(maxlen=4 * settings.batch)
        self._let_in: set[Any] = set()
        self._entered, self._listening = threading.Event(), threading.Event()
        self._marked = threading.Event()
        self._sender: Any = make_client(settings, identity, will=f"{base}/status")
        self._echo_subscriber: Any = make_client(settings, f"{identity}-echo", keep_session=True)
        self._echo_subscriber.on_subscribe = self._subscribed
        self._echo_subscriber.on_message = self._hear
        self._sender.on_publish = lambda *_: changed()
        self._threads = []
        for client in (self._sender, self._echo_subscriber):
            client.on_connect, client.on_disconnect = self._met, self._parted
            client.connect_async(settings.host, port(settings), settings.keepalive_s)
            thread = threading.Thread(
                target=self._drive, args=(client,), name="mqtt connection", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def _drive(self, client: Any) -> None:
        """A client's thread. However it ends, the link ends with it, and there is a reason."""
        reason = ""
        try:
            client.loop_forever()
        except OSError as error:
            reason = unreachable(error, self._settings)
        except Exception as error:
            reason = f"the connection to {self._where} broke ({type(error).__name__}: {error})"
        if client is self._sender or not self.no_echo:
            self._leave(reason or f"the connection to {self._where} was closed")

    def meet(self, leaving: Callable[[], bool]) -> bool:
        """Wait until the link is up, or not to be; `leaving`: whether to give up."""

        def come(event: threading.Event, patience_s: float = _ANSWER_S) -> bool:
            end_s = time.monotonic() + patience_s
            while not event.wait(0.1):
                if self.gone or leaving() or time.monotonic() > end_s:
                    return False
            return not self.gone

        if not come(self._entered, _ENTER_S):
            return False
        if not come(self._listening):
            self.no_echo = "it lets no second client in"
        if not self.no_echo:
            self.publish("sync", self._mark)
            if not come(self._marked):
                self.no_echo = "it does not give back what is published"
        self.up = not self.gone and not leaving()
        return self.up

    def publish(self, what: str, text: str, qos: int = _QOS, *, retain: bool = False) -> Any:
        """Send to this device's topic `what`; gives what says when that is confirmed."""
        return self.publish_to(f"{self._base}/{what}", text, qos, retain=retain)

    def publish_event(self, event_id: str, text: str) -> Any:
        """`publish` to …/event; confirmed_id there, its id is ours."""
        self._issued.append(event_id)
        return self.publish("event", text, EVENT_QOS)

    def publish_to(self, topic: str, text: str, qos: int = _QOS, *, retain: bool = False) -> Any:
        message = self._sender.publish(topic, text, qos, retain=retain)
        message.rc = 0  # the connection broke just now: then it is never confirmed
        return message

    def end(self) -> None:
        """Take leave; what was published before goes out first, where there is a connection.

        Nothing can be published afterwards.
        """
        self.up, self.gone = False, True
        clients = (self._sender, self._echo_subscriber)
        for client in clients:
            client.disconnect()
        for thread in self._threads:
            thread.join(_ENTER_S)
        # They hold this link and it holds them: let go, so that their sockets do not wait for the
        # collector, through weeks in which a broker is looked for.
        self._sender = self._echo_subscriber = None
        self._let_in.clear()

    # What paho's threads call. They hold locks of their own meanwhile.

    def _met(self, client: Any, data: Any, flags: Any, reason: Any, more: Any) -> None:
        if reason.is_failure:
            if client is self._echo_subscriber:
                self._lose_echo(f"it refuses a second client: {reason}")
            else:
                self.refused = True
                self._leave(f"the broker {self._where} refuses: {reason}")
            return
        if self.gone:
            client.disconnect()
        self._let_in.add(client)
        if client is self._sender:
            self._entered.set()
        if client is self._echo_subscriber:
            client.subscribe([(f"{self._base}/event", _QOS), (f"{self._base}/sync", _QOS)])

    def _subscribed(self, client: Any, data: Any, number: int, codes: Any, more: Any) -> None:
        if any(code.is_failure for code in codes):
            self._lose_echo(f"it lets nobody read {self._base}/event")
        self._listening.set()

    def _hear(self, client: Any, data: Any, message: Any) -> None:
        if message.topic.endswith("/sync"):
            if message.payload == self._mark.encode():
                self._marked.set()
            return
        found = _ID.match(message.payload)
        if found is None:  # somebody else publishes there, whatever it is
            self.foreign += 1
            return
        confirmed_id = found[1].decode()
        if self._marked.is_set() and confirmed_id not in self._issued:
            self.foreign += 1
        self._confirmed_ids.append(confirmed_id)

    def _parted(self, client: Any, data: Any, flags: Any, reason: Any, more: Any) -> None:
        if client in self._let_in:
            self._leave(f"the broker {self._where} is away ({reason})")
        elif client is self._echo_subscriber:
            self._lose_echo("it closes a second client's connection")
        elif not self.refused:
            self._leave(turned_away(self._settings))

    def _lose_echo(self, reason: str) -> None:
        self.no_echo = reason
        self._listening.set()

    def _leave(self, reason: str) -> None:
        if not self.gone:
            self.reason, self.up, self.gone = reason, False, True
        self._changed()
