"""What a run leaves behind on the disk and in memory: no picture, no sound, no embedding."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import tiny_model
from places import ROOT
from rigs.servers import mjpeg_server

from edge.audio.feature_settings import FeatureSettings
from edge.log.reader import open_log
from edge.vision.sequence_settings import SequenceSettings

CONTENT = {
    b"\xff\xd8\xff\xe0": "JPEG",
    b"\xff\xd8\xff\xdb": "JPEG",
    b"\xff\xd8\xff\xe1": "JPEG",
    b"\x89PNG": "PNG",
    b"GIF8": "GIF",
    b"WEBPVP8": "WebP",
    b"II*\x00": "TIFF",
    b"ftypisom": "MP4",
    b"ftypmp42": "MP4",
    b"RIFF": "WAV or AVI",
    b"\x1aE\xdf\xa3": "Matroska",
    b"OggS": "Ogg",
    b"fLaC": "FLAC",
    b"\x93NUMPY": "NumPy",
    b"PK\x03\x04": "zip or npz",
}
FACE_BYTES = 48 * 48
EMBEDDING_NUMBERS = 32  # the shortest that tells people apart has more


@dataclass(frozen=True)
class Device:
    """A person's account, a state folder and a folder in memory, all of them empty at first."""

    disk: Path
    memory: Path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        home, state, temporary = (self.disk / name for name in ("home", "state", "tmp"))
        for folder in (home, state, temporary):
            folder.mkdir(exist_ok=True)
        own = {
            "HOME": str(home),
            "STATE_DIRECTORY": str(state),
            "RUNTIME_DIRECTORY": str(self.memory),
            "TMPDIR": str(temporary),
            "PYTHONPATH": str(ROOT),
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "EDGE_"))}
        return subprocess.Popen(
            [sys.executable, "-m", "edge", *arguments],
            env=inherited | own,
            cwd=self.disk,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        child = self.start(*arguments)
        out, said = child.communicate(timeout=110)
        assert child.returncode == 0, said
        return out

    @property
    def log(self) -> Path:
        return self.disk / "state" / "files.sqlite"

    def files(self) -> list[Path]:
        every = [*self.disk.rglob("*"), *self.memory.rglob("*")]
        # Reading a log takes its -wal and -shm away: those first.
        return sorted(
            (path for path in every if path.is_file() and path.name != "edge.toml"), reverse=True
        )


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        yield Device(tmp_path, Path(name))


def suspicious(path: Path) -> list[str]:
    """What in this file could be a picture, a sound or an embedding."""
    content = path.read_bytes()
    found = [name for magic, name in CONTENT.items() if magic in content]
    if content.startswith(b"SQLite format 3"):
        return found + _too_long(path)
    if path.name.endswith(("-wal", "-shm")):  # parts of the log, whose values are looked at there
        return found
    if path.name.endswith(".spool"):
        lines = content.decode().splitlines()[1:]
        return found + [f"line {line}" for line in lines if _numbers(line) >= EMBEDDING_NUMBERS]
    if path.name == "health.json":
        return found + _too_long_in(json.loads(content))
    return found + ([f"{len(content)} bytes"] if len(content) >= FACE_BYTES else [])


def _too_long_in(value: object) -> list[str]:
    """Lists and texts in JSON that could be an embedding."""
    if isinstance(value, dict):
        return [found for part in value.values() for found in _too_long_in(part)]
    if isinstance(value, str):
        return [f"a text of {len(value)}"] if len(value) >= 8 * EMBEDDING_NUMBERS else []
    if isinstance(value, list):
        long = [f"a list of {len(value)}"] if len(value) >= EMBEDDING_NUMBERS else []
        return long + [found for part in value for found in _too_long_in(part)]
    return []


def _too_long(path: Path) -> list[str]:
    """Values that are longer than the scores of a model, or than a name."""
    connection = sqlite3.connect(path)
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    values = [
        value
        for (name,) in tables
        for row in connection.execute(f"SELECT * FROM {name}")
        for value in row
    ]
    connection.close()
    return [
        f"a value of {len(value)}"
        for value in values
        if isinstance(value, str | bytes) and len(value) >= 4 * EMBEDDING_NUMBERS
    ]


def _numbers(line: str) -> int:
    event = json.loads(line)
    return len(event["scores"]) + len(event["face"] or {})


def assert_nothing_of_a_person(device: Device) -> None:
    files = device.files()
    sizes = [path.stat().st_size for path in files if not path.name.endswith("-shm")]
    assert sum(sizes) < 200_000  # and 300 frames of 640x480 were seen
    assert {path: found for path in files if (found := suspicious(path))} == {}
    rest = {path.name for path in files} - {
        "files.sqlite",
        "files.sqlite-wal",
        "files.sqlite-shm",
        "health.json",
    }
    assert {name for name in rest if not name.endswith(".spool")} == set()


@pytest.mark.parametrize("sequence", [None, SequenceSettings(frames=4, step_s=0.3)])
def test_a_run_leaves_no_picture_no_sound_and_no_embedding(
    device: Device, tmp_path_factory: pytest.TempPathFactory, sequence: SequenceSettings | None
) -> None:
    features = FeatureSettings(window_frames=48, n_mels=48, n_mfcc=8)
    elsewhere = tmp_path_factory.mktemp("model")
    model = tiny_model.write(elsewhere, modality="speech", preprocessing=features)
    settings = f'[model]\nspeech = "{model.path}"\nfusion = "none"\n'
    if sequence is not None:
        video_input = tiny_model.write(tmp_path_factory.mktemp("eyes"), sequence=sequence)
        settings += f'name = "{video_input.path}"\n'
    (device.disk / "edge.toml").write_text(settings)
    inputs = ("--camera", "synthetic", "--mic", "synthetic")
    device.run("run", "--config", "edge.toml", *inputs, "--output", "none")
    with open_log(device.log) as log:
        assert set(log.stats().modalities) == {"face", "speech"}
        assert log.stats().notes == ()
    assert_nothing_of_a_person(device)


def test_a_killed_run_leaves_none_either(device: Device) -> None:
    child = device.start("run", "--camera", "synthetic", "--output", "jsonl")
    assert child.stdout is not None
    for _ in range(3):
        assert child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
    assert any(path.suffix == ".spool" for path in device.files())
    assert_nothing_of_a_person(device)
    with open_log(device.log) as log:
        assert log.stats().events >= 3


def test_the_live_picture_leaves_none_either(device: Device) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = f"[status]\nenabled = true\nport = {port}\npreview = true\npreview_fps = 5\n"
    (device.disk / "edge.toml").write_text(settings)
    with mjpeg_server() as camera:
        arguments = ("--config", "edge.toml", "--camera", camera.url("/face"), "--duration", "6")
        child = device.start("run", *arguments, "--output", "none")
        seen = 0
        while child.poll() is None:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                connection.request("GET", "/preview.mjpg")
                seen += connection.getresponse().read().count(b"\xff\xd8\xff")
            except OSError:
                time.sleep(0.1)
        _, said = child.communicate()
    assert child.returncode == 0, said
    assert seen > 2
    (log,) = device.disk.rglob("*.sqlite")
    with open_log(log) as opened:
        assert opened.stats().notes == ()
    for path in device.files():
        assert not suspicious(path), path


def test_counts_only_leaves_no_event(device: Device) -> None:
    (device.disk / "edge.toml").write_text('[privacy]\nmode = "counts"\n')
    device.run("run", "--config", "edge.toml", "--camera", "synthetic", "--output", "none")
    assert_nothing_of_a_person(device)
    with open_log(device.log) as log:
        assert list(log.events()) == []
        assert log.stats().counted > 0


def test_frames_are_stored_when_a_person_asks_and_the_log_says_so(device: Device) -> None:
    device.run("run", "--camera", "synthetic", "--output", "none", "--annotate", "seen.mp4")
    assert suspicious(device.disk / "seen.mp4"), "else these tests find nothing at all"
    with open_log(device.log) as log:
        ((_, text),) = log.stats().notes
    assert "seen.mp4" in text


def test_what_should_be_found_is_found(tmp_path: Path) -> None:
    face = np.random.default_rng(1).integers(0, 255, (48, 48), np.uint8)
    cv2.imwrite(str(tmp_path / "face.jpg"), face)
    (tmp_path / "raw.bin").write_bytes(face.tobytes())
    (tmp_path / "hidden.bin").write_bytes(b"x" * 99 + (tmp_path / "face.jpg").read_bytes()[:999])
    connection = sqlite3.connect(tmp_path / "vectors.sqlite")
    connection.execute("CREATE TABLE person (embedding BLOB)")
    connection.execute("INSERT INTO person VALUES (?)", [np.ones(64, np.float32).tobytes()])
    connection.commit()
    connection.close()
    for name in ("face.jpg", "raw.bin", "hidden.bin", "vectors.sqlite"):
        assert suspicious(tmp_path / name), name
