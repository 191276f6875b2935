"""`edge run` as a person starts it: a process, its output, its exit code, its log."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from places import ROOT
from rigs.servers import mjpeg_server

from edge.models import find


def edge(*arguments: str | Path, state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=110,
        env={**os.environ, "STATE_DIRECTORY": str(state)},
    )


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def logged(log: Path) -> int:
    with sqlite3.connect(log) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        count: int = database.execute("SELECT count(*) FROM event").fetchone()[0]
        return count


def assert_one_sentence(done: subprocess.CompletedProcess[str], code: int, *named: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in named:
        assert word in done.stderr


def test_the_sample_gives_events_a_summary_and_a_log(tmp_path: Path) -> None:
    done = edge("run", "--camera", "synthetic", "--output", "jsonl", state=tmp_path)
    found = events(done)
    assert found
    assert {event["modality"] for event in found} == {"face"}
    assert all(abs(sum(event["scores"].values()) - 1) < 0.01 for event in found)  # type: ignore[attr-defined]  # a dict
    assert f"events: {len(found)}" in done.stderr
    assert logged(tmp_path / "files.sqlite") == len(found)


def test_the_demo_says_what_it_saw_and_where_the_log_is(tmp_path: Path) -> None:
    clip = tmp_path / "demo.mp4"
    done = edge("demo", "--annotate", clip, state=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"networks edge_net; log {tmp_path / 'demo.sqlite'}; no page\n" in done.stderr
    capture = cv2.VideoCapture(str(clip))
    shown, image = capture.read()
    assert shown
    assert image.std() > 10


@pytest.mark.data
def test_a_face_in_a_clip_is_named(data_dir: Path, tmp_path: Path) -> None:
    clip = data_dir / "video" / "single_face.mp4"
    done = edge("run", "--camera", clip, "--output", "jsonl", "--log", "none", state=tmp_path)
    found = events(done)
    assert found
    assert {event["track_id"] for event in found} == {1}
    assert not list(tmp_path.iterdir())


@pytest.mark.data
@pytest.mark.parametrize("clip", ["no_people_bottles.mp4", "no_face.mp4"])
def test_a_clip_without_a_face_gives_nothing(data_dir: Path, tmp_path: Path, clip: str) -> None:
    path = data_dir / "video" / clip
    assert events(edge("run", "--camera", path, "--output", "jsonl", state=tmp_path)) == []


@pytest.mark.data
def test_several_people_are_several_tracks(data_dir: Path, tmp_path: Path) -> None:
    clip = data_dir / "video" / "walking_faces.mp4"
    found = events(edge("run", "--camera", clip, "--output", "jsonl", state=tmp_path))
    assert len({event["track_id"] for event in found}) >= 2


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["--camera", "nowhere.mp4"], 3, "nowhere.mp4"),
        (["--camera", "/dev/video97"], 3, "/dev/video97"),
        (["--camera", "gopher://x"], 2, "gopher"),
        (["--camera", "synthetic", "--model", "resnet"], 3, "resnet"),
        (["--config", "nothing.toml"], 3, "nothing.toml"),
        (["--frames", "0"], 2, "--frames"),
        (["--camera", "synthetic", "--log", "/proc/nowhere/log.sqlite"], 1, "/proc/nowhere"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    tmp_path: Path, arguments: Sequence[str], code: int, named: str
) -> None:
    assert_one_sentence(edge("run", *arguments, state=tmp_path), code, named)


def test_a_video_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(os.urandom(4096))
    assert_one_sentence(edge("run", "--camera", clip, state=tmp_path), 1, "clip.mp4")
    clip.write_bytes(b"")
    assert_one_sentence(edge("run", "--camera", clip, state=tmp_path), 1, "clip.mp4")


@pytest.mark.parametrize("damage", ["truncated", "other hash", "no labels", "no card"])
def test_a_damaged_model_never_reaches_the_interpreter(tmp_path: Path, damage: str) -> None:
    shipped = find("cnn")
    model, card = tmp_path / "cnn.tflite", tmp_path / "cnn.json"
    content = shipped.path.read_bytes()
    fields = json.loads(shipped.path.with_suffix(".json").read_text())
    if damage == "truncated":
        content = content[:1000]
    if damage == "other hash":
        content = content[:-1] + bytes([content[-1] ^ 1])
    if damage == "no labels":
        del fields["labels"]
    model.write_bytes(content)
    if damage != "no card":
        card.write_text(json.dumps(fields))
    done = edge("run", "--camera", "synthetic", "--model", model, state=tmp_path / "state")
    assert_one_sentence(done, done.returncode, "cnn")
    assert done.returncode in (1, 3)


def test_odd_pictures_in_a_folder_are_taken(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, shape in (("gray", (97, 131)), ("alpha", (64, 33, 4)), ("tiny", (1, 1, 3))):
        cv2.imwrite(str(folder / f"{name}.png"), np.full(shape, 127, np.uint8))
    done = edge("run", "--camera", folder, "--output", "jsonl", state=tmp_path)
    assert events(done) == []
    assert "3 frames" in done.stderr


def test_each_picture_of_a_folder_is_judged_by_itself(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    portrait = ROOT / "edge" / "assets" / "astronaut.jpg"
    for name in ("1.jpg", "2.jpg"):
        (folder / name).write_bytes(portrait.read_bytes())
    shown = tmp_path / "shown"
    done = edge("run", "--camera", folder, "--output", "jsonl", "--annotate", shown, state=tmp_path)
    assert [event["track_id"] for event in events(done)] == [1, 2]
    assert len(list(shown.glob("*.jpg"))) == 2


def test_pictures_that_are_faces_already_need_no_detector(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    portrait = cv2.imread(str(ROOT / "edge" / "assets" / "astronaut.jpg"))
    cv2.imwrite(str(folder / "face.png"), cv2.resize(portrait[65:163, 177:275], (48, 48)))
    command = ("run", "--camera", folder, "--output", "jsonl")
    [seen] = events(edge(*command, "--detector", "none", state=tmp_path))
    assert seen["face"] == {"x": 0, "y": 0, "width": 48, "height": 48}


@contextmanager
def watching_a_live_face(state: Path) -> Iterator[subprocess.Popen[str]]:
    """`edge run` on a network camera that shows a face, stopped after its first event."""
    with mjpeg_server() as server:
        command = [sys.executable, "-m", "edge", "run", "--camera", server.url("/face")]
        with subprocess.Popen(
            [*command, "--output", "jsonl"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "STATE_DIRECTORY": str(state)},
        ) as process:
            try:
                yield process
            finally:
                process.kill()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_the_run_and_the_log_keeps_all(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with watching_a_live_face(tmp_path) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(number)
        rest, errors = process.communicate(timeout=60)
        assert process.returncode == code, errors
    assert "Traceback" not in errors
    assert "events: " in errors
    assert logged(tmp_path / "log.sqlite") == len([first, *rest.splitlines()])


@pytest.mark.parametrize("mic", ["none", "no such microphone"])
def test_a_duration_ends_a_run_whose_camera_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mic: str
) -> None:
    monkeypatch.setenv("EDGE_SERVICE_SUPERVISE", "always")
    arguments = ["--camera", "/dev/video97", "--mic", mic, "--duration", "2"]
    done = edge("run", *arguments, "--log", "none", state=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "/dev/video97: 0 frames in 2." in done.stderr
    assert "ended by 2 s, as asked" in done.stderr


def test_sigterm_ends_a_run_whose_camera_is_not_there_and_the_summary_says_so(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "edge", "run", "--camera", "/dev/video97"]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "EDGE_SERVICE_SUPERVISE": "always", "STATE_DIRECTORY": str(tmp_path)},
    ) as process:
        assert process.stderr is not None
        said = [process.stderr.readline() for _ in range(2)]
        assert any("there is no camera /dev/video97" in line for line in said)
        assert any(
            line.startswith("camera /dev/video97; no microphone; networks edge_net; log ")
            for line in said
        )
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert "ended by a request to stop" in errors


def test_a_kill_loses_no_event_that_was_printed_before_the_last(tmp_path: Path) -> None:
    with watching_a_live_face(tmp_path) as process:
        assert process.stdout is not None
        printed = [json.loads(process.stdout.readline()) for _ in range(4)]
        process.kill()
        process.wait(timeout=60)
    log = tmp_path / "log.sqlite"
    with sqlite3.connect(log) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    stats = subprocess.run(
        [sys.executable, "-m", "edge", "log", "stats", "--log", str(log), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(stats.stdout)["events"] >= len(printed) - 1


def test_a_stream_that_dies_for_good_ends_the_run_with_its_reason(tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    config.write_text("[camera]\nretries = 1\nretry_delay_s = 0.1\n")
    with mjpeg_server() as server:
        url = server.url("/once")
        done = edge("run", "--config", config, "--camera", url, "--quiet", state=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "died" in done.stderr.splitlines()[-1]


def test_a_full_disk_does_not_end_the_run_and_is_said(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    size = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(["mount", *size], capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk to fill")
    try:
        filler = disk / "filler"
        with pytest.raises(OSError, match="No space"):
            filler.write_bytes(bytes(2**20))
        done = edge("run", "--camera", "synthetic", "--output", "jsonl", state=disk)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) >= 8
    assert "Traceback" not in done.stderr
    assert "could not be written" in done.stderr
