"""Send a file's bytes as a live source does: over TCP or HTTP to whoever asks, or by UDP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PACKET = 7 * 188
"""Seven packets of a transport stream, as is usual over UDP."""
_HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: video/unknown\r\nConnection: close\r\n\r\n"


@contextmanager
def over_tcp(path: Path, *, http: bool = False) -> Iterator[str]:
    """The URL at which each caller gets the file, after which the line is quiet."""
    left = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while not left.is_set():
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(caller,), daemon=True).start()

        def answer(caller: socket.socket) -> None:
            try:
                with caller:
                    if http:
                        caller.recv(4096)
                        caller.sendall(_HTTP)
                    caller.sendall(path.read_bytes())
                    left.wait(20)
            except OSError:
                pass  # it has seen enough

        threading.Thread(target=serve, daemon=True).start()
        yield f"{'http' if http else 'tcp'}://127.0.0.1:{server.getsockname()[1]}"
        left.set()


@contextmanager
def over_udp(path: Path, seconds: float) -> Iterator[str]:
    """The URL to which the file is sent, again and again, each time in so many seconds."""
    left = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def send() -> None:
        data = path.read_bytes()
        packets = [data[at : at + _PACKET] for at in range(0, len(data), _PACKET)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            while not left.is_set():
                for packet in packets:
                    out.sendto(packet, ("127.0.0.1", port))
                    left.wait(seconds / len(packets))

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield f"udp://127.0.0.1:{port}"
    finally:
        left.set()
        sender.join()
