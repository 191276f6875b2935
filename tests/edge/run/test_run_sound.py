"""`edge run` with a microphone, as a person starts it; the network for voices is a stand-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_model

from edge.audio.feature_settings import FeatureSettings

pytest.importorskip("soundfile")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings file that names a tiny network for voices."""
    features = FeatureSettings(window_frames=48, n_mels=48, n_mfcc=8)
    model = tiny_model.write(tmp_path, modality="speech", preprocessing=features)
    file = tmp_path / "edge.toml"
    file.write_text(f'[model]\nspeech = "{model.path}"\nfusion = "none"\n')
    return file


def edge(*arguments: str | Path, state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge", "run", "--log", "none", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=110,
        env={**os.environ, "STATE_DIRECTORY": str(state)},
    )


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def assert_one_sentence(done: subprocess.CompletedProcess[str], code: int, *named: str) -> None:
    assert done.returncode == code, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in named:
        assert word in done.stderr


def test_a_voice_alone_is_heard(settings: Path, tmp_path: Path) -> None:
    done = edge(
        "--config", settings, "--camera", "none", "--mic", "synthetic", "--output", "jsonl",
        state=tmp_path,
    )  # fmt: skip  # one command line
    found = events(done)
    assert found
    assert {event["modality"] for event in found} == {"speech"}
    assert "s of sound" in done.stderr


def test_both_senses_share_one_timeline(settings: Path, tmp_path: Path) -> None:
    done = edge(
        "--config", settings, "--camera", "synthetic", "--mic", "synthetic",
        "--output", "jsonl", state=tmp_path,
    )  # fmt: skip  # one command line
    found = events(done)
    assert {event["modality"] for event in found} == {"face", "speech"}
    times = [str(event["time"]) for event in found]
    assert times == sorted(times)


@pytest.mark.data
def test_a_videos_own_sound_is_used(settings: Path, data_dir: Path, tmp_path: Path) -> None:
    clip = next((data_dir / "video").glob("01-01-08-*.mp4"))
    done = edge(
        "--config", settings, "--camera", clip, "--mic", clip, "--output", "jsonl", state=tmp_path
    )
    assert {event["modality"] for event in events(done)} == {"face", "speech"}


def test_sound_that_is_only_zeros_is_said_and_not_classified(
    settings: Path, tmp_path: Path
) -> None:
    import soundfile

    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(5 * 16_000, np.int16), 16_000)
    done = edge("--config", settings, "--camera", "none", "--mic", silent, state=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "nothing but zeros" in done.stderr
    assert done.stdout == ""


def test_neither_camera_nor_microphone_is_one_sentence(tmp_path: Path) -> None:
    done = edge("--camera", "none", state=tmp_path)
    assert_one_sentence(done, 2, "--camera", "--mic")


def test_a_face_network_for_voices_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "edge.toml"
    file.write_text('[model]\nspeech = "cnn_lstm"\n')
    done = edge("--config", file, "--camera", "none", "--mic", "synthetic", state=tmp_path)
    assert_one_sentence(done, 1, "cnn_lstm", "speech")


def test_pictures_without_a_time_cannot_be_heard(settings: Path, tmp_path: Path) -> None:
    import cv2

    folder = tmp_path / "pictures"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.zeros((60, 60), np.uint8))
    done = edge("--config", settings, "--camera", folder, "--mic", "synthetic", state=tmp_path)
    assert_one_sentence(done, 2, "pictures", "time")


def test_a_file_that_is_no_sound_is_one_sentence(settings: Path, tmp_path: Path) -> None:
    file = tmp_path / "noise.wav"
    file.write_bytes(b"RIFF" + bytes(range(200)))
    done = edge("--config", settings, "--camera", "none", "--mic", file, state=tmp_path)
    assert_one_sentence(done, 1, "noise.wav")


def test_an_absent_microphone_is_one_sentence(settings: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyaudio")
    done = edge("--config", settings, "--camera", "none", "--mic", "No Such Mic", state=tmp_path)
    assert_one_sentence(done, 3, "microphone", "--mic")


@pytest.mark.data
def test_face_and_voice_of_one_person_are_fused(data_dir: Path, tmp_path: Path) -> None:
    """The shipped networks, all three of them, on a take that has sound and pictures."""
    clip = next((data_dir / "video").glob("01-01-08-*.mp4"))
    found = events(edge("--camera", clip, "--mic", clip, "--output", "jsonl", state=tmp_path))
    fused = [event for event in found if event["modality"] == "fusion"]
    assert fused
    assert all(event["face"] and event["track_id"] for event in fused)
    assert {event["model"] for event in fused} == {"fusion"}
