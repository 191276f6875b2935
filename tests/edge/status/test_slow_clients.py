"""Clients that say nothing, or a byte now and then, keep nobody else from the status page."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from edge.health.report import Health
from edge.settings.sections import StatusSettings
from edge.status.server import REQUEST_S, StatusPage


@pytest.fixture
def page() -> Iterator[StatusPage]:
    health = Health()
    health.part("camera").running()
    with StatusPage(StatusSettings(enabled=True, port=0), health.report, None) as page:
        yield page


def ask(page: StatusPage, method: str = "GET", path: str = "/status.json") -> tuple[int, float]:
    """The status, and how long it took, in seconds."""
    began_s = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=20)
    try:
        connection.request(method, path)
        status = connection.getresponse().status
        return status, time.monotonic() - began_s
    finally:
        connection.close()


@contextmanager
def silent(page: StatusPage, count: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection(("127.0.0.1", page.port), 5))
            for _ in range(count)
        ]


def test_200_that_say_nothing_keep_nobody_out(page: StatusPage) -> None:
    with silent(page, 200):
        answers = [ask(page) for _ in range(5)]
    assert [status for status, _ in answers] == [200] * 5
    print("slowest answer beside 200 silent clients:", max(seconds for _, seconds in answers))


def test_8_that_drip_keep_nobody_out(page: StatusPage) -> None:
    stop = threading.Event()

    def drip(client: socket.socket) -> None:
        with suppress(OSError):
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            while not stop.wait(0.2):
                client.sendall(b"X")

    with silent(page, 8) as clients:
        threads = [threading.Thread(target=drip, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        answers = [ask(page) for _ in range(5)]
        stop.set()
        for thread in threads:
            thread.join()
    assert [status for status, _ in answers] == [200] * 5
    print("slowest answer beside 8 that drip:", max(seconds for _, seconds in answers))


def test_one_that_drips_is_cut_when_its_time_is_over(page: StatusPage) -> None:
    with silent(page, 1) as (client,):
        client.settimeout(20)
        client.sendall(b"GET / HT")
        for _ in range(round(REQUEST_S / 0.2) + 10):
            time.sleep(0.2)
            try:
                client.sendall(b"X")
            except OSError:
                return
        assert client.recv(100) == b""


@pytest.mark.parametrize(
    "request_text",
    [
        b"BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 300 + b"\r\n",
        b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_every_answer_has_the_security_headers(page: StatusPage, request_text: bytes) -> None:
    with silent(page, 1) as (client,):
        client.sendall(request_text)
        client.settimeout(20)
        answer = b""
        while some := client.recv(1 << 16):
            answer += some
    head = answer.partition(b"\r\n\r\n")[0]
    for header in (b"Content-Security-Policy", b"X-Content-Type-Options", b"Referrer-Policy"):
        assert header in head, head


def test_an_own_run_says_that_it_runs() -> None:
    health = Health()
    assert health.report().state == "starting"
    health.frame()
    assert health.report().state == "running"
