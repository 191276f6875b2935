"""The status page, asked for by friends and by strangers, over real sockets."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT
from samples import START, event, make_log

from edge.errors import EdgeError, UsageError
from edge.health.report import Health
from edge.settings.loading import load
from edge.settings.sections import StatusSettings
from edge.status.prometheus import prometheus
from edge.status.server import MAX_AT_ONCE, MAX_REQUEST_BYTES, StatusPage
from edge.status.view import View, read

TOKEN = "0123456789abcdef"


def busy() -> Health:
    health = Health()
    health.watch_stages(lambda: {"search": 0.5, "inference": 0.1})
    health.part("camera").failed('<script>alert("x")</script> & more')
    health.part("log", "sink").running(3)
    for number in range(1, 4):
        health.frame(dropped=2)
        health.event(event(number, "happy"))
    return health


@contextmanager
def served(log: Path | None = None, **more: Any) -> Iterator[StatusPage]:
    with StatusPage(StatusSettings(enabled=True, port=0, **more), busy().report, log) as page:
        yield page


def ask(
    page: StatusPage, path: str = "/", method: str = "GET", **headers: str
) -> tuple[int, http.client.HTTPMessage, str]:
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=20)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


class _Strict(HTMLParser):
    """Every element that is opened is closed, in order; the texts are gathered."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_page_the_json_and_the_metrics_tell_the_same(tmp_path: Path) -> None:
    with served(make_log(tmp_path / "log.sqlite", 10)) as page:
        status, headers, text = ask(page)
        assert status == 200
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert "unsafe" not in headers["Content-Security-Policy"]
        parsed = _Strict()
        parsed.feed(text)
        assert parsed.open == []
        assert '<script>alert("x")</script> & more' in parsed.texts
        found = json.loads(ask(page, "/status.json")[2])
        assert (found["state"], found["frames"], found["dropped"]) == ("failed", 3, 2)
        metrics = ask(page, "/metrics")[2]
        assert "edge_frames_total 3\n" in metrics
        assert 'edge_part_state{part="camera",kind="source",state="failed"} 1\n' in metrics
        assert ask(page, "/nothing")[0] == 404


def test_the_metrics_are_in_prometheus_own_format() -> None:
    health = busy()
    health.part('odd"name\\\n').waiting("why")
    for line in prometheus(health.report()).splitlines():
        assert re.fullmatch(
            r"# (HELP|TYPE) edge_\w+ .+"
            r'|edge_\w+(\{\w+="([^"\\]|\\.)*"(,\w+="([^"\\]|\\.)*")*\})? -?[\d.e+-]+',
            line,
        ), line


def test_the_dashboard_asks_for_metrics_that_there_are() -> None:
    board = json.loads((ROOT / "examples" / "grafana.json").read_text(encoding="utf-8"))
    asked = " ".join(one["expr"] for panel in board["panels"] for one in panel["targets"])
    report = replace(busy().report(), temperature_c=50.0)
    there = set(re.findall(r"^# TYPE (\w+)", prometheus(report), re.MULTILINE))
    assert set(re.findall(r"edge_\w+", asked)) <= there
    assert len(board["panels"]) > 5


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8787", 200),
        ("127.0.0.1:8787", 200),
        ("[::1]:8787", 200),
        ("192.168.1.20", 200),
        ("kiosk.local:8787", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
        ("[", 421),
    ],
)
def test_only_its_own_names_are_answered(host: str, status: int) -> None:
    """A web page whose name leads to 127.0.0.1 is a stranger here (DNS rebinding)."""
    with served(names=("kiosk.local",)) as page:
        assert ask(page, Host=host)[0] == status
        assert ask(page, "/status.json", Host=host)[0] == status
        assert ask(page, "/metrics", Host=host)[0] == status


def test_with_a_token_nothing_is_told_without_it() -> None:
    with served(token=TOKEN) as page:
        for path in ("/", "/status.json", "/metrics", "/nothing", "/?token=", "/?token=wrong"):
            status, headers, text = ask(page, path)
            assert status == 401, path
            assert headers["WWW-Authenticate"] == "Bearer"
            assert "camera" not in text
        assert ask(page, f"/?token={TOKEN}")[0] == 200
        assert ask(page, "/metrics", Authorization=f"Bearer {TOKEN}")[0] == 200
        assert ask(page, f"/?token={TOKEN}", Authorization="Bearer wrong")[0] == 401


def test_the_token_given_once_opens_the_page_s_own_links() -> None:
    with served(token=TOKEN) as page:
        _, headers, _ = ask(page, f"/?token={TOKEN}")
        cookie = headers["Set-Cookie"].partition(";")[0]
        assert "HttpOnly" in headers["Set-Cookie"]
        assert TOKEN not in cookie
        assert ask(page, "/page.css", Cookie=f"other=1; {cookie}")[0] == 200
        assert ask(page, "/", Cookie="edge_page=wrong")[0] == 401
        assert ask(page, "/", Cookie="edge_page=")[0] == 401


def test_head_tells_the_length_and_nothing_else() -> None:
    with served() as page:
        status, headers, text = ask(page, "/status.json", method="HEAD")
        assert (status, text) == (200, "")
        assert int(headers["Content-Length"]) > 100


def test_who_is_there_is_said_before_anything_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = threading.Event()

    def read_late(*arguments: Any, **more: Any) -> View:
        assert counted.wait(20)
        return read(*arguments, **more)

    monkeypatch.setattr("edge.status.view.read", read_late)
    monkeypatch.setattr("edge.status.view.PATIENCE_S", 20.0)
    with (
        served(make_log(tmp_path / "log.sqlite", 3)) as page,
        socket.create_connection(("127.0.0.1", page.port), timeout=20) as connection,
    ):
        connection.sendall(
            f"GET /?at={START.astimezone():%Y-%m-%d} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode()
        )
        text = b""
        while b"Nobody is there" not in text and b"nobody is shown" not in text:
            text += connection.recv(1 << 16)
        assert b"Moments" not in text
        counted.set()
        while piece := connection.recv(1 << 16):
            text += piece
    assert text.endswith(b"</html>")
    assert b"<dt>Moments</dt>" in text


def test_beyond_loopback_it_wants_a_token() -> None:
    with pytest.raises(ValueError, match="token"):
        StatusSettings(enabled=True, host="0.0.0.0")
    with pytest.raises(UsageError, match=r"status\.token"):
        load(None, {"EDGE_STATUS_ENABLED": "true", "EDGE_STATUS_HOST": "::"})
    with pytest.raises(ValueError, match="16"):
        StatusSettings(token="short")
    assert StatusSettings(enabled=True, host="0.0.0.0", token=TOKEN).host == "0.0.0.0"
    assert not StatusSettings().enabled


def test_it_reads_only_and_only_so_much() -> None:
    with served() as page:
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            assert ask(page, method=method)[0] == 501
        long = "x" * (2 * MAX_REQUEST_BYTES)
        for request in (
            f"GET /{long} HTTP/1.0\r\n\r\n",
            f"GET / HTTP/1.0\r\nX: {long}\r\n\r\n",
            "GET / HTTP/1.0\r\n" + "X: y\r\n" * 5000 + "\r\n",
            long,
        ):
            assert b" 200 " not in _raw(page, request.encode())
        assert ask(page)[0] == 200


def test_whoever_holds_many_connections_open_does_not_hold_up_the_run() -> None:
    with served() as page:
        address = ("127.0.0.1", page.port)
        held = [socket.create_connection(address, 20) for _ in range(4 * MAX_AT_ONCE)]
        for one in held:
            one.close()
        _eventually(lambda: ask(page)[0] == 200)


def _eventually(works: Callable[[], bool]) -> None:
    for _ in range(100):
        try:
            if works():
                return
        except OSError:  # no place free: it closes the connection at once
            continue
    raise AssertionError("it never worked")


def _raw(page: StatusPage, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", page.port), 20) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))
        except OSError:  # it hung up on what was too much
            return b""


@pytest.fixture(scope="module")
def one_page() -> Iterator[StatusPage]:
    with served(token=TOKEN) as page:
        yield page


@settings(max_examples=60, deadline=None)
@given(request=st.binary(max_size=300))
def test_whatever_is_sent_without_the_token_tells_nothing(
    one_page: StatusPage, request: bytes
) -> None:
    for start in (b"", b"GET /", b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: "):
        answer = _raw(one_page, start + request + b"\r\n\r\n")
        assert b"camera" not in answer
        assert b" 200 " not in answer


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with served() as page, pytest.raises(EdgeError, match=r"set another status\.port"):
        StatusPage(StatusSettings(enabled=True, port=page.port), busy().report, None)
