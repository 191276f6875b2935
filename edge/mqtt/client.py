"""A connection to an MQTT broker, as the settings describe it."""

from __future__ import annotations

import hmac
import re
import socket
from functools import cache
from pathlib import Path
from typing import Any

from edge.errors import MissingDataError, MissingPackageError, UsageError
from edge.settings.sections import MqttSettings
from edge.system.pip import pip_install

MAX_MESSAGE_BYTES = 64 << 10
"""An event's message has some hundred bytes. A topic may have 64 KiB, and stands before it."""


def make_client(
    settings: MqttSettings, identity: str, *, will: str = "", keep_session: bool = False
) -> Any:
    """A paho client that is not connected yet, and that connects once only.

    identity:     no two clients of one broker may share it
    will:         where the last will goes, "offline"
    keep_session: whether the broker keeps what comes for it while it is away
    Raises UsageError without a host, MissingPackageError without paho-mqtt, MissingDataError for
    a certificate that is not there.
    """
    if not settings.host:
        raise UsageError("mqtt.host is empty: give the broker's name or address")
    try:
        from paho.mqtt import client as paho
        from paho.mqtt.enums import CallbackAPIVersion
    except ImportError as error:
        raise MissingPackageError(
            f"MQTT needs paho-mqtt: {pip_install('emotion-edge[mqtt]')}"
        ) from error
    client = _bounded(paho)(
        CallbackAPIVersion.VERSION2,
        client_id=identity,
        clean_session=not keep_session,
        reconnect_on_failure=False,
    )
    client.max_inflight_messages_set(settings.batch)
    if will:
        client.will_set(will, "offline", 1, retain=True)
    if settings.user:
        client.username_pw_set(settings.user, settings.password.get_secret_value() or None)
    if settings.tls:
        _set_tls(client, settings)
    return client


@cache
def _bounded(paho: Any) -> Any:
    """paho's client, which keeps of a message no more than its beginning, however long it is.

    A broker may hand over 256 MB at once, and again after each restart until it is confirmed: so
    it is read to its end and confirmed, and all but its beginning dropped as it comes.
    """

    class BoundedClient(paho.Client):  # type: ignore[misc]  # paho is a module that is looked up
        def _sock_recv(self, bufsize: int) -> Any:
            del self._in_packet["packet"][MAX_MESSAGE_BYTES:]
            return super()._sock_recv(min(bufsize, MAX_MESSAGE_BYTES))

        def _packet_handle(self) -> Any:
            del self._in_packet["packet"][MAX_MESSAGE_BYTES:]
            return super()._packet_handle()

    return BoundedClient


def client_name(device: str) -> str:
    """What this device calls itself at the broker: its name, and what tells its machine apart.

    Two boards of one host name would else take the connection from each other for ever.
    """
    try:
        machine = Path("/etc/machine-id").read_text(encoding="utf-8").strip()
    except OSError:
        machine = ""
    told = hmac.new(machine.encode(), b"emotion-edge mqtt", "sha256").hexdigest()[:8]
    return f"emotion-edge-{device}-{told}"


def port(settings: MqttSettings) -> int:
    return settings.port or (8883 if settings.tls else 1883)


def host_name() -> str:
    """The host's name in the letters that a topic may have."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", socket.gethostname().split(".")[0]) or "device"


def _set_tls(client: Any, settings: MqttSettings) -> None:
    for path in (settings.ca_file, settings.cert_file, settings.key_file):
        if path and not Path(path).is_file():
            raise MissingDataError(f"there is no certificate {path}: check [mqtt] in the settings")
    try:
        client.tls_set(
            ca_certs=settings.ca_file or None,
            certfile=settings.cert_file or None,
            keyfile=settings.key_file or None,
        )
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise UsageError(
            f"the certificates in [mqtt] cannot be used ({error}): check that they belong together"
        ) from error
