"""A network on loopback that can be cut: it hands TCP through to a port, until it does not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Network:
    """Everything to `port` here goes to `target`; in small pieces, so that a cut hits messages."""

    def __init__(self, target: int, piece_bytes: int = 64) -> None:
        self._target, self._piece_bytes = target, piece_bytes
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:  # closed
                return
            try:
                there = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                here.close()
                continue
            there.settimeout(None)
            with self._lock:
                self._open += [here, there]
            for a, b in ((here, there), (there, here)):
                threading.Thread(target=self._hand_on, args=(a, b), daemon=True).start()

    def _hand_on(self, a: socket.socket, b: socket.socket) -> None:
        with suppress(OSError):
            while data := a.recv(self._piece_bytes):
                b.sendall(data)
        for end in (a, b):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Every connection breaks, with whatever is on its way; new ones may come."""
        with self._lock:
            for end in self._open:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def close(self) -> None:
        with suppress(OSError):  # closed before
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()


@contextmanager
def network(target: int) -> Iterator[Network]:
    one = Network(target)
    try:
        yield one
    finally:
        one.close()
