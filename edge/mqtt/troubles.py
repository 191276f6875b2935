"""Why a broker cannot be used, in a sentence that says what to do."""

from __future__ import annotations

import ipaddress
import socket
import ssl

from edge.mqtt.client import port
from edge.settings.sections import MqttSettings

# OpenSSL's numbers (X509_V_ERR_…).
_EXPIRED, _NOT_YET_VALID, _WRONG_HOST, _WRONG_ADDRESS = 10, 9, 62, 64
_UNKNOWN_SIGNERS = (2, 18, 19, 20, 21, 27)
_NEEDS_OURS = ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "BAD_CERTIFICATE", "UNKNOWN_CA")


def unreachable(error: BaseException, settings: MqttSettings) -> str:
    """Why no connection came about, from what the system or TLS raised."""
    host, where = settings.host, f"{settings.host}:{port(settings)}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error, where, host)
    if isinstance(error, ssl.SSLError) and str(error.reason).endswith(_NEEDS_OURS):
        return f"the broker {where} refuses this device's certificate: set mqtt.cert_file, key_file"
    if isinstance(error, (ssl.SSLError, ConnectionResetError)) and settings.tls:
        return f"{where} does not speak TLS: is that its plain port? Set mqtt.port, or tls = false"
    if isinstance(error, socket.gaierror):
        return f"there is no host {host}: check mqtt.host and the network"
    if isinstance(error, ConnectionRefusedError):
        return f"no broker answers at {where}, the connection was refused: check that it runs"
    if isinstance(error, TimeoutError):
        return f"no broker answers at {where} in time: check mqtt.host, mqtt.port and the firewall"
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"no broker answers at {where} ({why}): check mqtt.host and the network"


def _certificate(error: ssl.SSLCertVerificationError, where: str, host: str) -> str:
    code = error.verify_code
    if code in (_EXPIRED, _NOT_YET_VALID):
        when = "has expired" if code == _EXPIRED else "is not valid yet"
        return f"the certificate of {where} {when}: renew it, and check this device's clock"
    if code in (_WRONG_HOST, _WRONG_ADDRESS):
        return f"the certificate of {where} is for another name: write in mqtt.host what it is for"
    if code in _UNKNOWN_SIGNERS:
        return f"nobody known has signed the certificate of {where}: set mqtt.ca_file to who has"
    return f"the certificate of {where} cannot be trusted ({error.verify_message}), for {host}"


def turned_away(settings: MqttSettings) -> str:
    """The connection was closed before the broker had said yes or no."""
    where = f"{settings.host}:{port(settings)}"
    if settings.tls:
        return f"{where} closed the connection before letting this device in: see the broker's log"
    return (
        f"{where} closed the connection before letting this device in: is that its TLS port? "
        "Set mqtt.tls = true, or another mqtt.port"
    )


def same_name(identity: str) -> str:
    """It lets us in, and closes the connection soon after, again and again."""
    return (
        f"does another client call itself {identity}? A copied card does: "
        "give each device its own mqtt.device"
    )


def goes_in_clear(settings: MqttSettings) -> bool:
    """Whether a password would leave this device unencrypted."""
    secret = bool(settings.password.get_secret_value()) and not settings.tls
    return secret and not _is_loopback(settings.host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
