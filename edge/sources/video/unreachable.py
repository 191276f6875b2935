"""Why an address gives no video: FFMPEG has no reasons, so the camera is asked once more."""

from __future__ import annotations

import socket
from urllib.parse import SplitResult, urlunsplit

PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443, "rtmp": 1935}
_ANSWER_S = 5.0


def why_not(url: SplitResult, waited_s: float, budget_s: float) -> str:
    """What happened, and what to do.

    waited_s: for how long nothing came; budget_s: for how long it would have been waited
    """
    host, port = url.hostname or "", url.port or PORTS.get(url.scheme, 0)
    if url.scheme == "udp":
        return _why_not_udp(host, port, waited_s)
    try:
        with socket.create_connection((host, port), _ANSWER_S) as knock:
            status = _rtsp_status(knock, url) if url.scheme == "rtsp" else ""
    except socket.gaierror:
        return f"there is no host {host}; check the name and the network"
    except TimeoutError:
        return f"{host} does not answer on port {port}; check that the camera is on"
    except OSError as error:
        return f"{host} port {port}: {error.strerror}; check that the camera serves there"
    if status.startswith(("401", "403")):
        if url.username is None:
            return f"the camera asks for a user and a password ({status}): rtsp://USER:PASS@…"
        return f"the camera refuses this user and password ({status})"
    if status.startswith("404"):
        return f"the camera has nothing at this path ({status}): check the path"
    if status and not status.startswith("200"):
        return f"the camera answers with an error ({status})"
    if waited_s >= 0.9 * budget_s:
        return (
            f"{host} answers on port {port}, but no video came within {waited_s:.0f} s; "
            "check the camera, or give it longer by camera.open_timeout_s"
        )
    return f"{host} answers on port {port}, but what it sends cannot be decoded: choose H.264 there"


def _why_not_udp(host: str, port: int, waited_s: float) -> str:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as own:
            own.bind((host, port))
    except OSError as error:
        return f"cannot listen on {host} port {port}: {error.strerror}"
    return (
        f"no video came to port {port} within {waited_s:.0f} s; check that something sends to it, "
        "or give it longer by camera.open_timeout_s"
    )


def _rtsp_status(knock: socket.socket, url: SplitResult) -> str:
    """The status line's number and words, "" where there is none.

    Asked without user and password: a camera that wants them says 401 then.
    """
    place = url.netloc.rpartition("@")[2]
    address = urlunsplit(url._replace(netloc=place, fragment=""))
    ask = f"DESCRIBE {address} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
    try:
        knock.sendall(ask.encode())
        line = knock.recv(1024).partition(b"\r\n")[0].decode("ascii", "replace")
    except OSError:
        return ""
    return line.partition(" ")[2].strip() if line.startswith("RTSP/") else ""
