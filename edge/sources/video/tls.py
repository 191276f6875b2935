"""Whom a camera's encrypted connection is trusted to: checked before any password is sent."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from edge.errors import SourceError

_WRONG_NAME = (62, 64)  # OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and …_IP_ADDRESS_MISMATCH
_EXPIRED = 10
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


def trusted(host: str, port: int, ca_file: str, timeout_s: float) -> ssl.SSLContext:
    """A context that lets nobody but this camera in; without `ca_file` the system's signers count.

    Where `ca_file` holds the very certificate that the camera shows, its name need not be right:
    many cameras sign their own, for no name.
    Raises SourceError for a certificate that cannot be trusted, OSError for no connection.
    """
    context = _context(ca_file)
    try:
        _shake_hands(context, host, port, timeout_s)
    except ssl.SSLCertVerificationError as error:
        pinned = _pinned(ca_file, host, port, timeout_s) if error.verify_code in _WRONG_NAME else ""
        if not pinned:
            raise SourceError(_why(error, host)) from None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=pinned)
    except ssl.SSLError as error:
        raise SourceError(f"{host} does not speak TLS on port {port} ({error.reason})") from None
    return context


def ffmpeg_options(ca_file: str) -> str:
    """What makes FFMPEG check as well, which by itself it does not."""
    bundle = ca_file or next((name for name in _BUNDLES if Path(name).is_file()), "")
    return "tls_verify;1" + f"|ca_file;{bundle}" * bool(bundle)


def _context(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        try:
            context = ssl.create_default_context(cafile=ca_file)
        except OSError as error:  # SSLError, for a file of no certificate, is one
            why = error.strerror or "it holds no certificate in PEM"
            raise SourceError(f"camera.ca_file {ca_file}: {why}; give a PEM file") from None
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _shake_hands(context: ssl.SSLContext, host: str, port: int, timeout_s: float) -> bytes:
    """The certificate that is shown there."""
    with (
        socket.create_connection((host, port), timeout_s) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        return secured.getpeercert(binary_form=True) or b""


def _pinned(ca_file: str, host: str, port: int, timeout_s: float) -> str:
    """The camera's certificate, in PEM, if it is one of the file's; else ""."""
    if not ca_file:
        return ""
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    shown = ssl.DER_cert_to_PEM_cert(_shake_hands(anyone, host, port, timeout_s))
    known = Path(ca_file).read_text(encoding="ascii", errors="replace")
    return shown if "".join(shown.split()) in "".join(known.split()) else ""


def _why(error: ssl.SSLCertVerificationError, host: str) -> str:
    if error.verify_code == _EXPIRED:
        return f"the certificate of {host} has expired: renew it, and check this device's clock"
    if error.verify_code in _WRONG_NAME:
        return (
            f"the certificate of {host} is for another name: write that in the address, or set"
            " camera.ca_file to the camera's own certificate"
        )
    return (
        f"nobody known has signed the certificate of {host} ({error.verify_message}): set"
        " camera.ca_file to it, or to who has"
    )
