"""Events to a real broker that is stopped, killed and started again; and to one that refuses."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import deque
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rigs.broker import Listener, broker, free_port, listener, until
from rigs.proxy import network
from samples import event, make_log

from edge.errors import MissingDataError, SinkError, UsageError
from edge.health.part import Part, State
from edge.health.report import Health
from edge.log.event_sink import SqliteSink
from edge.mqtt.connection import BrokerSession
from edge.mqtt.sink import MqttSink
from edge.settings.sections import MqttSettings


@pytest.fixture(autouse=True)
def _no_memory_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cursor of a test may be left in the user's own folder."""
    monkeypatch.setattr("edge.mqtt.sink.folder", lambda: None)


def settings(port: int, **more: Any) -> MqttSettings:
    return MqttSettings(host="127.0.0.1", port=port, device="shelf-3", keepalive_s=5, **more)


def have_come(heard: Listener, count: int) -> bool:
    return len(heard.events()) >= count


def log_events(path: Path, numbers: range, *others: MqttSink) -> None:
    """Commit these to the log, and announce them."""
    with SqliteSink(path, commit_interval_s=3600) as log:
        for number in numbers:
            log.write(event(number))
    for other in others:
        for number in numbers:
            other.write(event(number))


def test_a_broker_that_is_killed_and_comes_back_gets_each_event_exactly_once(
    tmp_path: Path,
) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    part = Part("mqtt", "sink")
    with (
        broker(tmp_path / "broker") as one,
        listener(one.port) as heard,
        MqttSink(path, settings(one.port, batch=7), part=part) as sink,
    ):
        log_events(path, range(1, 101), sink)
        until(lambda: len(heard.events()) == 100 and sink.sent == 100, "the first events")
        one.stop(kill=True)
        until(lambda: part.report().state is State.WAITING, "the loss to be noticed")
        log_events(path, range(101, 201), sink)
        one.start()
        until(lambda: sink.sent == 200, "every event to be confirmed")
        until(lambda: len(heard.events()) >= 200, "every event to arrive")
        arrived = heard.events()
    assert [one["track_id"] for one in arrived] == list(range(1, 201))
    assert len({one["id"] for one in arrived}) == 200


def test_a_broker_that_is_stopped_in_the_midst_and_comes_back_gives_each_event_exactly_once(
    tmp_path: Path,
) -> None:
    """To somebody who subscribes with QoS 2, and is not asked to look at any `id`.

    Not killed: what it has confirmed and not written down, a broker takes with it.
    """
    path = make_log(tmp_path / "log.sqlite", 0)
    with broker(tmp_path / "broker") as one, listener(one.port) as heard:
        with MqttSink(path, settings(one.port)) as sink:
            log_events(path, range(1, 401), sink)
            until(lambda: len(heard.events()) >= 20, "the first events")
            one.stop()
            log_events(path, range(401, 441), sink)
            one.start()
            until(lambda: sink.sent == 440, "every event to be confirmed")
        until(lambda: len(heard.events()) >= 440, "every event to arrive")
        assert [one["track_id"] for one in heard.events()] == list(range(1, 441))


def test_a_network_that_is_cut_again_and_again_gives_each_event_exactly_once(
    tmp_path: Path,
) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    with (
        broker(tmp_path / "broker") as one,
        listener(one.port) as heard,
        network(one.port) as between,
    ):
        with MqttSink(path, settings(between.port)) as sink:
            log_events(path, range(1, 301), sink)
            for count in (40, 90, 91, 200):
                until(partial(have_come, heard, count), "more events")
                between.cut()
            until(lambda: sink.sent == 300, "every event to be confirmed")
        until(lambda: len(heard.events()) >= 300, "every event to arrive")
        assert [one["track_id"] for one in heard.events()] == list(range(1, 301))


def test_a_run_that_ends_while_the_network_is_cut_leaves_the_next_one_nothing_to_repeat(
    tmp_path: Path,
) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    with broker(tmp_path / "broker") as one, listener(one.port) as heard:
        with network(one.port) as between, MqttSink(path, settings(between.port)) as sink:
            log_events(path, range(1, 101), sink)
            until(lambda: len(heard.events()) >= 30, "the first events")
            between.close()
        with MqttSink(path, settings(one.port)) as sink:
            until(lambda: len(heard.events()) >= 100, "what the last run left")
            until(lambda: sink._outbox.take(1) == [], "the last of it")
        assert [one["track_id"] for one in heard.events()] == list(range(1, 101))


def test_a_broker_that_lets_nobody_read_loses_nothing_and_is_complained_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Then what was under way may come twice, under the same `id`."""
    path = make_log(tmp_path / "log.sqlite", 0)
    rules = tmp_path / "rules"
    rules.write_text("topic write #\nuser listener\ntopic readwrite #\n")
    passwords = tmp_path / "passwords"
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("no mosquitto_passwd: apt-get install mosquitto")
    subprocess.run([tool, "-c", "-b", str(passwords), "listener", "x"], check=True, timeout=30)
    extra = ("allow_anonymous true", f"acl_file {rules}", f"password_file {passwords}")
    with (
        broker(tmp_path / "broker", *extra) as one,
        listener(one.port, lambda client: client.username_pw_set("listener", "x")) as heard,
        network(one.port) as between,
        MqttSink(path, settings(between.port, batch=5)) as sink,
    ):
        log_events(path, range(1, 81), sink)
        until(lambda: len(heard.events()) >= 20, "the first events")
        between.cut()
        until(lambda: sink.sent == 80, "every event to be confirmed")
        until(lambda: len({one["id"] for one in heard.events()}) == 80, "every event to arrive")
        assert len(heard.events()) <= 80 + 5
    assert "does not tell which events" in caplog.text


def test_a_broker_that_was_never_there_gets_what_came_since_the_first_run(tmp_path: Path) -> None:
    """And not what an old log held before anybody asked for MQTT."""
    path = make_log(tmp_path / "log.sqlite", 20)
    port = free_port()
    part = Part("mqtt", "sink")
    with MqttSink(path, settings(port), part=part) as sink:
        log_events(path, range(21, 31), sink)
        until(lambda: "no broker answers" in part.report().last_error, "the refusal")
        assert part.report().state is State.WAITING
    with broker(tmp_path / "broker") as one, listener(one.port) as heard:
        with MqttSink(path, settings(one.port)) as sink:
            until(lambda: sink.sent == 10, "what the last run left")
        until(lambda: len(heard.events()) >= 10, "its arrival")
        assert [one["track_id"] for one in heard.events()] == list(range(21, 31))


def test_a_broker_that_is_looked_for_again_and_again_costs_no_descriptors() -> None:
    given, looked_for = settings(free_port()), []
    for _ in range(10):
        link = BrokerSession(given, "shelf-3", "t/shelf-3", "edge-test", deque(), lambda: None)
        assert not link.meet(lambda: False)
        link.end()
        looked_for.append(len(list(Path("/proc/self/fd").iterdir())))
    assert max(looked_for[5:]) <= looked_for[0]


def test_what_is_known_of_a_device_is_kept_by_the_broker(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    health = Health()
    health.part("camera").running()
    with broker(tmp_path / "broker") as one, listener(one.port) as heard:
        with MqttSink(path, settings(one.port), report=health.report) as sink:
            log_events(path, range(1, 4), sink)
            until(lambda: bool(heard.of("shelf-3/state")), "the state")
            until(lambda: bool(heard.of("shelf-3/health")), "the health")
            until(lambda: sum(t.endswith("/config") for t in heard.topics()) == 7, "discovery")
        until(lambda: len(heard.of("shelf-3/status")) == 2, "the farewell")
        assert heard.of("shelf-3/status") == [b"online", b"offline"]
        state = json.loads(heard.of("shelf-3/state")[-1])
        assert set(state) == {"label", "confidence", "modality", "time"}
        assert json.loads(heard.of("shelf-3/health")[-1])["state"] == "running"
        configuration = json.loads(heard.of("emotion-edge-shelf-3/emotion/config")[0])
        assert configuration["state_topic"] == "emotion-edge/shelf-3/state"
        assert configuration["availability_topic"] == "emotion-edge/shelf-3/status"


def test_a_device_that_loses_its_power_is_offline_by_its_last_will(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    with (
        broker(tmp_path / "broker") as one,
        listener(one.port) as heard,
        network(one.port) as between,
    ):
        sink = MqttSink(path, settings(between.port))
        until(lambda: heard.of("/status") == [b"online"], "the greeting")
        between.cut()  # the plug is pulled: no farewell
        until(lambda: b"offline" in heard.of("/status"), "the last will")
        until(lambda: heard.of("/status")[-1] == b"online", "the return")
        sink.close()


def test_a_wrong_password_is_said_and_the_right_one_is_taken(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("no mosquitto_passwd: apt-get install mosquitto")
    subprocess.run([tool, "-c", "-b", str(passwords), "edge", "right"], check=True, timeout=30)
    path = make_log(tmp_path / "log.sqlite", 0)
    rules = ("allow_anonymous false", f"password_file {passwords}")
    with broker(tmp_path / "broker", *rules) as one:
        part = Part("mqtt", "sink")
        with MqttSink(path, settings(one.port, user="edge", password="wrong"), part=part):
            until(lambda: part.report().state is State.FAILED, "the refusal")
            assert "refuses" in part.report().last_error
        with MqttSink(path, settings(one.port, user="edge", password="right"), part=part) as sink:
            log_events(path, range(1, 4), sink)
            until(lambda: sink.sent == 3, "the events")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl: apt-get install openssl")
    home = tmp_path_factory.mktemp("tls")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(home / "key.pem"), "-out", str(home / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return home


def test_over_tls_the_broker_has_to_prove_itself(tmp_path: Path, certificates: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    ca = str(certificates / "cert.pem")
    rules = ("allow_anonymous true", f"certfile {ca}", f"keyfile {certificates}/key.pem")
    with broker(tmp_path / "broker", *rules) as one:
        with MqttSink(path, settings(one.port, tls=True, ca_file=ca)) as sink:
            log_events(path, range(1, 4), sink)
            until(lambda: sink.sent == 3, "the events")
        part = Part("mqtt", "sink")
        with MqttSink(path, settings(one.port, tls=True), part=part) as sink:
            log_events(path, range(4, 7), sink)
            until(lambda: "nobody known has signed" in part.report().last_error, "the refusal")
            assert sink.sent == 0


def test_certificates_that_are_not_there_are_said(tmp_path: Path) -> None:
    path = make_log(tmp_path / "log.sqlite", 0)
    with pytest.raises(MissingDataError, match=r"nothing\.pem"):
        MqttSink(path, settings(1, tls=True, ca_file=str(tmp_path / "nothing.pem")))
    (tmp_path / "bad.pem").write_text("no certificate")
    with pytest.raises(UsageError, match="cannot be used"):
        MqttSink(path, settings(1, tls=True, ca_file=str(tmp_path / "bad.pem")))
    with pytest.raises(UsageError, match=r"mqtt\.host"):
        MqttSink(path, MqttSettings())


def test_closing_without_a_broker_is_quick_and_a_closed_one_takes_nothing(tmp_path: Path) -> None:
    sink = MqttSink(tmp_path / "log.sqlite", settings(free_port()))
    sink.close()
    sink.close()
    with pytest.raises(SinkError, match="closed"):
        sink.write(event(1))
