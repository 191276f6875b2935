"""A broker that sends too much, too deep, or as somebody else: the run goes on, and says so."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any

import pytest
from rigs import certificates
from rigs.broker import Broker, broker, free_port, listener, until
from samples import event, make_log

from edge.health.part import Part, State
from edge.log.event_sink import SqliteSink
from edge.mqtt.client import client_name
from edge.mqtt.connection import BrokerSession
from edge.mqtt.retained import RetainedTopics
from edge.mqtt.sink import MqttSink
from edge.settings.sections import MqttSettings

TOPIC = "emotion-edge/shelf-3/event"
HUGE_BYTES = 150_000_000


@pytest.fixture(autouse=True)
def _no_memory_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.mqtt.sink.folder", lambda: None)


def settings(port: int, **more: Any) -> MqttSettings:
    given = {"host": "127.0.0.1", "device": "shelf-3", "keepalive_s": 5} | more
    return MqttSettings(port=port, **given)


def add(path: Path, numbers: range, sink: MqttSink) -> None:
    with SqliteSink(path, commit_interval_s=3600) as log:
        for number in numbers:
            log.write(event(number))
    sink.write(event(numbers[-1]))


def publish(port: int, payload: bytes, **how: Any) -> None:
    """As somebody else, on this device's event topic."""
    from paho.mqtt import client as paho

    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.publish(TOPIC, payload, **{"qos": 1} | how).wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def peak_rss_mb() -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


def forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pytest.skip("this system does not let the peak of memory be measured anew")


_PUBLISH_HUGE = """
import sys
from paho.mqtt import client as paho
port, topic, size = sys.argv[1:]
client = paho.Client(paho.CallbackAPIVersion.VERSION2)
client.connect("127.0.0.1", int(port))
client.loop_start()
client.publish(topic, bytes(int(size)), qos=1, retain=True).wait_for_publish(60)
"""
"""In a process of its own: its memory is not ours."""


def test_a_message_of_150_mb_takes_no_memory_now_and_after_a_restart(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    part = Part("mqtt", "sink")
    with broker(tmp_path / "broker") as one:
        command = [sys.executable, "-c", _PUBLISH_HUGE, str(one.port), TOPIC, str(HUGE_BYTES)]
        for number in (1, 2):
            with MqttSink(path, settings(one.port), part=part) as sink:
                until(lambda: part.report().state is State.RUNNING, "the connection")
                forget_peak()
                before_mb = peak_rss_mb()
                if number == 1:  # it is retained: the second run gets it as it comes
                    subprocess.run(command, check=True, timeout=60)
                add(path, range(number, number + 1), sink)
                until(lambda: sink.sent == 1, "the event")
                until(lambda: "else publishes" in part.report().last_error, "a word on it")
                assert peak_rss_mb() - before_mb < 30
                assert part.report().state is State.RUNNING


def junk() -> dict[str, bytes]:
    return {
        "deep": b'{"id":' + b"[" * 60_000,
        "deep after an id": b'{"id":"1-1","x":' + b"[" * 60_000,
        "no text": bytes(range(256)) * 200,
        "a long number": b'{"id":"' + b"9" * 60_000 + b'-1"}',
        "empty": b"",
        "another device's": b'{"id":"5-1785067205000000","device":"shelf-3"}',
    }


def test_junk_on_its_topic_changes_nothing_and_each_event_comes_exactly_once(
    tmp_path: Path,
) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    part = Part("mqtt", "sink")
    with broker(tmp_path / "broker") as one, listener(one.port) as heard:
        with MqttSink(path, settings(one.port), part=part) as sink:
            until(lambda: part.report().state is State.RUNNING, "the connection")
            for number, message in enumerate(junk().values()):
                publish(one.port, message)
                add(path, range(10 * number + 1, 10 * number + 11), sink)
            until(lambda: sink.sent == 60, "the events")
            assert "something else publishes" in part.report().last_error
            assert part.report().state is State.RUNNING
            assert part.report().restarts == 0
        until(lambda: len(heard.of("/event")) >= 66, "their arrival")
        ours = [one for one in heard.of("/event") if b'"scores"' in one]
        assert [json.loads(one)["track_id"] for one in ours] == list(range(1, 61))


DAMAGE = (
    "UPDATE event SET scores = x'00' WHERE id = 3",
    "UPDATE event SET scores = x'ffffffffffffffffffffffffffff' WHERE id = 3",
    "UPDATE event SET confidence = 'high' WHERE id = 3",
    "UPDATE event SET time_us = 9000000000000000000 WHERE id = 3",
    "UPDATE event SET time_us = 'noon' WHERE id = 3",
    "UPDATE event SET x = 'left' WHERE id = 3",
    "UPDATE event SET track_id = 1.5 WHERE id = 3",
)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_row_is_left_out_and_counted_and_the_next_ones_are_sent(
    damage: str, tmp_path: Path
) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    part = Part("mqtt", "sink")
    with broker(tmp_path / "broker") as one, listener(one.port) as heard:
        with MqttSink(path, settings(port := free_port()), part=part):
            until(lambda: "refused" in part.report().last_error, f"no broker at {port}")
            with SqliteSink(path, commit_interval_s=3600) as log:
                for number in range(1, 6):
                    log.write(event(number))
            connection = sqlite3.connect(path)
            connection.execute(damage)
            connection.commit()
            connection.close()
        with MqttSink(path, settings(one.port), part=part) as sink:
            until(lambda: sink.sent == 4, "the good ones")
            until(lambda: "1 damaged" in part.report().last_error, "a word on the bad one")
            add(path, range(6, 8), sink)
            until(lambda: sink.sent == 6, "those that came later")
            assert part.report().state is State.RUNNING
        until(lambda: len(heard.events()) == 6, "their arrival")
        assert [one["track_id"] for one in heard.events()] == [1, 2, 4, 5, 6, 7]


def test_a_thread_that_dies_is_told_and_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    part = Part("mqtt", "sink")
    seen: deque[str] = deque()
    failed = part.failed
    monkeypatch.setattr(part, "failed", lambda why: (seen.append(why), failed(why)))
    right_step, right_hear = MqttSink._step, BrokerSession._hear
    with broker(tmp_path / "broker") as one, MqttSink(path, settings(one.port), part=part) as sink:
        until(lambda: part.report().state is State.RUNNING, "the connection")

        def broken(*_: object) -> bool:
            raise ZeroDivisionError("a flaw of ours")

        monkeypatch.setattr(MqttSink, "_step", broken)
        until(lambda: any("a flaw of ours" in why for why in seen), "the sender's death")
        monkeypatch.setattr(MqttSink, "_step", right_step)
        add(path, range(1, 4), sink)
        until(lambda: sink.sent == 3, "the events after it")

        monkeypatch.setattr(BrokerSession, "_hear", broken)
        monkeypatch.setattr(MqttSink, "_wait", lambda self, seconds: self._rest(0.05))
        sink._wake()
        one.stop()
        one.start()  # the next link's echo subscriber dies of its first message
        until(lambda: "ZeroDivisionError" in part.report().last_error, "the subscriber's death")
        monkeypatch.setattr(BrokerSession, "_hear", right_hear)
        add(path, range(4, 7), sink)
        until(lambda: sink.sent == 6, "the events after that")
    assert "broke" in caplog.text


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates.make(tmp_path_factory.mktemp("tls"))


def _tls(signed: Path, name: str) -> tuple[str, ...]:
    key = signed / "key.pem"
    return ("allow_anonymous true", f"certfile {signed / name}.pem", f"keyfile {key}")


def reason(given: MqttSettings) -> str:
    session = BrokerSession(given, "shelf-3", "t/shelf-3", "edge-test", deque(), lambda: None)
    assert not session.meet(lambda: False)
    said = session.reason
    session.end()
    return said


@pytest.mark.parametrize(
    ("certificate", "tls", "trusted", "said"),
    [
        ("good", True, False, "nobody known has signed"),
        ("other", True, True, "is for another name"),
        ("expired", True, True, "has expired"),
        ("", True, True, "does not speak TLS"),
        ("good", False, False, "is that its TLS port"),
    ],
)
def test_what_is_wrong_between_device_and_broker_is_said(
    certificate: str, tls: bool, trusted: bool, said: str, tmp_path: Path, signed: Path
) -> None:
    extra = _tls(signed, certificate) if certificate else ()
    with broker(tmp_path / "broker", *extra) as one:
        given = settings(one.port, tls=tls, ca_file=str(signed / "ca.pem") if trusted else "")
        assert said in reason(given)


def test_no_broker_and_no_host_are_told_apart() -> None:
    assert "refused" in reason(settings(free_port()))
    assert "there is no host" in reason(settings(1883, host="nowhere.invalid"))


def test_two_of_one_name_do_not_fight_without_a_word(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    part = Part("mqtt", "sink")
    with broker(tmp_path / "broker") as one, MqttSink(path, settings(one.port), part=part):
        until(lambda: part.report().state is State.RUNNING, "the connection")
        stop = threading.Event()
        rival = threading.Thread(target=_rival, args=(one, stop))
        rival.start()
        try:
            until(lambda: "does another client call itself" in part.report().last_error, "a word")
        finally:
            stop.set()
            rival.join()


def _rival(one: Broker, stop: threading.Event) -> None:
    from paho.mqtt import client as paho

    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_name("shelf-3"))
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", one.port)
    client.loop_start()
    stop.wait(60)
    client.disconnect()
    client.loop_stop()


def test_a_password_in_clear_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for host, warned in (("127.0.0.1", False), ("broker.invalid", True)):
        caplog.clear()
        given = settings(9, host=host, user="edge", password="hunter2")
        MqttSink(tmp_path / "log.sqlite", given).close()
        assert ("unencrypted" in caplog.text) == warned
        assert "hunter2" not in caplog.text


def test_what_is_no_longer_ours_is_cleared_at_the_broker(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    with broker(tmp_path / "broker") as one:
        for changes in ({}, {"device": "shelf-4", "discovery": False}):
            part = Part("mqtt", "sink")
            with MqttSink(path, settings(one.port, **changes), part=part) as sink:
                until(lambda: part.report().state is State.RUNNING, "the connection")  # noqa: B023
                add(path, range(1, 2), sink)
                until(lambda: sink.sent >= 1, "an event")
        with listener(one.port) as heard:
            until(lambda: bool(heard.topics()), "what is kept")
            threading.Event().wait(0.3)
            assert {topic.split("/")[1] for topic in heard.topics()} == {"shelf-4"}


def test_a_list_of_topics_that_is_damaged_clears_nothing(tmp_path: Path) -> None:
    cleared: list[str] = []
    log = tmp_path / "log.sqlite"
    for text in ("", "[" * 100_000, "[1, 2]", '["b", ["a/#", 5, "x/+/y"]]', '["other", ["a"]]'):
        (tmp_path / "log.mqtt-topics").write_text(text)
        RetainedTopics(log, "b").replace(["c"], cleared.append)
    assert cleared == []
    RetainedTopics(log, "b").replace(["d"], cleared.append)
    assert cleared == ["c"]
