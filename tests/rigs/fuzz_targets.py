"""What reads bytes from outside, each with good examples to damage: the targets of fuzz.py.

A target is a context manager that yields `attempt(data, name)`: it reads the data as a user's
command would, and may end or raise an EdgeError.
"""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import samples
from rigs import clips
from rigs.broker import broker, until
from rigs.fuzz_networks import NETWORKS
from rigs.fuzz_target import Attempt, Target, drop, on_files
from rigs.tracks import write_video

from edge.log.event_sink import SqliteSink
from edge.log.export import events_table, write_csv
from edge.log.reader import open_log
from edge.mqtt.sink import MqttSink
from edge.settings.loading import load
from edge.settings.sections import CameraSettings, MicSettings, MqttSettings, Settings
from edge.settings.toml import as_toml
from edge.sources.audio import open_sound
from edge.sources.video import open_source
from edge.sources.video.picture_decoding import decode
from edge.sources.video.picture_kinds import kind_of

FRAMES = 8


def _portrait() -> np.ndarray:
    noise = np.random.default_rng(3).integers(0, 256, (48, 64, 3), np.uint8)
    return cv2.GaussianBlur(noise, (5, 5), 0)


def _clip_files(folder: Path) -> dict[str, bytes]:
    codes = {"a.avi": "MJPG", "b.mp4": "mp4v", "c.avi": "XVID", "d.mkv": "VP80"}
    found = {}
    for name, code in codes.items():
        path = folder / name
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), 10, (64, 48))
        for number in range(FRAMES):
            writer.write(clips.frame(number))
        writer.release()
        found[name] = path.read_bytes()
    return {name: data for name, data in found.items() if data}


def _read_clip(path: Path) -> None:
    with open_source(str(path), settings=CameraSettings()) as source:
        for _ in islice(source, 2 * FRAMES):
            pass


def _picture_files(folder: Path) -> dict[str, bytes]:
    kinds = ("jpg", "png", "webp", "tiff", "bmp", "ppm", "hdr", "gif", "avif")
    found = {}
    for kind in kinds:
        try:
            image = _portrait().astype(np.float32) / 255 if kind == "hdr" else _portrait()
            found[f"a.{kind}"] = cv2.imencode(f".{kind}", image)[1].tobytes()
        except cv2.error:  # this OpenCV does not write it
            continue
    return found


@contextmanager
def _pictures(folder: Path) -> Iterator[Attempt]:
    def attempt(data: bytes, name: str) -> None:
        decode(data, kind_of(data[:64], Path(name).suffix) or "")

    yield attempt


def _stream_bytes(folder: Path) -> dict[str, bytes]:
    jpeg = cv2.imencode(".jpg", _portrait())[1].tobytes()
    part = b"--edge\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=edge\r\n\r\n"
    whole = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
    return {"stream": head + (part + jpeg + b"\r\n") * FRAMES, "still": whole + jpeg}


@contextmanager
def _streams(folder: Path) -> Iterator[Attempt]:
    """A camera on loopback that answers every request with the same bytes, then hangs up."""
    answer = b""

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with closing(connection):
                connection.settimeout(2)
                try:
                    connection.recv(4096)
                    connection.sendall(answer)
                except OSError:
                    continue

    def attempt(data: bytes, name: str) -> None:
        nonlocal answer
        answer = data
        settings = CameraSettings(retries=0, open_timeout_s=2, read_timeout_s=1)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/{name}"
        with open_source(url, settings=settings) as source:
            for _ in islice(source, FRAMES):
                pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield attempt


def _sound_files(folder: Path) -> dict[str, bytes]:
    import soundfile

    noise = (np.random.default_rng(1).standard_normal((4000, 2)) * 3000).astype(np.int16)
    found = {}
    for name in ("a.wav", "b.flac", "c.ogg", "d.mp3", "e.aiff", "f.au"):
        stream = io.BytesIO()
        soundfile.write(stream, noise, 16_000, format=name[2:].upper())
        found[name] = stream.getvalue()
    return found


def _track_files(folder: Path) -> dict[str, bytes]:
    found = (write_video(folder / name, seconds=0.4) for name in ("a.mp4", "b.mkv", "c.mov"))
    return {path.name: path.read_bytes() for path in found}


def _read_sound(path: Path) -> None:
    source = open_sound(str(path), MicSettings())
    assert source is not None
    with source:
        for _ in islice(source, 100):
            pass


def _settings_files(folder: Path) -> dict[str, bytes]:
    return {"edge.toml": as_toml(Settings()).encode()}


def _log_files(folder: Path) -> dict[str, bytes]:
    return {"log.sqlite": samples.make_log(folder / "log.sqlite", 30).read_bytes()}


def _read_log(path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with open_log(path) as log:
        log.stats()
        log.latest(5)
        log.after_id(0, 100)
        write_csv(events_table(log.events(), log.score_labels()), io.BytesIO())


def _write_log(path: Path) -> None:
    """As a run does: a log that is damaged is set aside, and the event is in the new one."""
    for other in path.parent.glob("*"):
        if other != path:
            other.unlink()
    with SqliteSink(path) as sink:
        sink.write(samples.event(99))
    with open_log(path) as log:
        assert log.latest(1)[0].track_id == samples.event(99).track_id


def _messages(folder: Path) -> dict[str, bytes]:
    event = {"id": "1-1785067205000000", "device": "shelf-3", "label": "happy"}
    return {"event": json.dumps(event | {"scores": {"happy": 1.0}}).encode()}


@contextmanager
def _broker(folder: Path) -> Iterator[Attempt]:
    """A real broker: a stranger's message on the device's own topic, then an event of its own."""
    from paho.mqtt import client as paho

    path = samples.make_log(folder / "sent.sqlite", 0)
    (folder / "broker").mkdir()
    with broker(folder / "broker") as one:
        settings = MqttSettings(host="127.0.0.1", port=one.port, device="shelf-3")
        stranger = paho.Client(paho.CallbackAPIVersion.VERSION2)
        stranger.connect("127.0.0.1", one.port)
        stranger.loop_start()
        with MqttSink(path, settings) as sink:

            def attempt(data: bytes, name: str) -> None:
                topic = f"emotion-edge/shelf-3/{name}"
                stranger.publish(topic, data, qos=1).wait_for_publish(10)
                sent = sink.sent
                event = samples.event(sent + 1)
                with SqliteSink(path, commit_interval_s=3600) as log:
                    log.write(event)
                sink.write(event)
                until(lambda: sink.sent == sent + 1, "the next event's arrival")

            yield attempt
        stranger.disconnect()
        stranger.loop_stop()


TARGETS = {
    "clips": Target(_clip_files, on_files(_read_clip), 40),
    "pictures": Target(_picture_files, _pictures, 200),
    "streams": Target(_stream_bytes, _streams, 2),
    "sounds": Target(_sound_files, on_files(_read_sound), 100),
    "tracks": Target(_track_files, on_files(_read_sound), 40),
    **NETWORKS,
    "settings": Target(_settings_files, on_files(lambda path: drop(load(path, {}))), 200),
    "logs": Target(_log_files, on_files(_read_log), 60),
    "runs": Target(_log_files, on_files(_write_log), 10),
    "messages": Target(_messages, _broker, 3),
}
