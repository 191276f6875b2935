"""The protocol, read from the other end of a real socket."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.service.sd_notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        if request.param == "path":
            name = str(tmp_path / "notify")
            listener.bind(name)
        else:
            name = f"@edge-test-{os.getpid()}"
            listener.bind("\0" + name[1:])
        listener.setblocking(False)
        yield listener, name


def _heard(listener: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(listener.recv(4096).decode())
        except BlockingIOError:
            return messages


def test_each_message_is_the_protocols(manager: tuple[socket.socket, str]) -> None:
    listener, name = manager
    notifier = Notifier({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "20000000"})
    assert notifier.present
    notifier.status("waiting for\nthe camera")
    notifier.ready()
    notifier.reloading()
    notifier.stopping()
    status, ready, reloading, stopping = _heard(listener)
    assert status == "STATUS=waiting for the camera"
    assert ready == "READY=1"
    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", reloading)
    assert stopping == "STOPPING=1"
    notifier.close()
    notifier.ready()
    assert _heard(listener) == []


def test_signs_of_life_are_sent_four_times_an_interval_at_most(
    manager: tuple[socket.socket, str],
) -> None:
    listener, name = manager
    now_s = [0.0]
    environ = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "8000000", "WATCHDOG_PID": str(os.getpid())}
    notifier = Notifier(environ, clock=lambda: now_s[0])
    assert notifier.watchdog_s == 8
    for _ in range(65):
        notifier.alive()
        now_s[0] += 0.125
    assert _heard(listener) == ["WATCHDOG=1"] * 5  # at 0, 2, 4, 6 and 8 s
    notifier.close()


def test_a_status_is_sent_when_it_changes(manager: tuple[socket.socket, str]) -> None:
    listener, name = manager
    notifier = Notifier({"NOTIFY_SOCKET": name})
    for text in ("a", "a", "b", "b", "a"):
        notifier.status(text)
    assert _heard(listener) == ["STATUS=a", "STATUS=b", "STATUS=a"]
    notifier.close()


@pytest.mark.parametrize("value", ["", "relative/path", "vsock:2:1234"])
def test_without_a_manager_nothing_happens(value: str) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": value, "WATCHDOG_USEC": "1000000"})
    assert not notifier.present
    assert notifier.watchdog_s is None
    assert notifier.ready()
    notifier.alive()
    notifier.close()


@pytest.mark.parametrize(
    "extra", [{"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_PID": "1"}, {}]
)
def test_where_nobody_waits_for_signs_of_life_none_are_sent(
    manager: tuple[socket.socket, str], extra: dict[str, str]
) -> None:
    listener, name = manager
    if "WATCHDOG_PID" in extra:
        extra = extra | {"WATCHDOG_USEC": "1000000"}
    notifier = Notifier({"NOTIFY_SOCKET": name, **extra})
    notifier.alive()
    assert _heard(listener) == []
    notifier.close()


def test_a_manager_that_is_gone_does_not_matter_and_is_told_again_later(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    notifier = Notifier({"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "60000000"})
    notifier.status("running")
    notifier.alive()
    assert not notifier.ready()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.setblocking(False)
        notifier.status("running")
        notifier.alive()
        assert notifier.ready()
        assert _heard(listener) == ["STATUS=running", "WATCHDOG=1", "READY=1"]
    notifier.close()
