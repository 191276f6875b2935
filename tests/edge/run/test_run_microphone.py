"""`edge run` on a real microphone: PortAudio → ALSA → PulseAudio, and a person's voice in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from rigs.pulse import RATE_HZ, Pulse, pulse_server
from rigs.servers import RigMissingError, mjpeg_server

from edge.types import UNKNOWN

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("pyaudio")
pytestmark = pytest.mark.data

ANGRY = "Actor_01/03-01-05-02-01-02-01.flac"
"""An actor whom the shipped network never heard in training."""
SECONDS = 14


@pytest.fixture(scope="module")
def pulse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulse]:
    try:
        with pulse_server(tmp_path_factory.mktemp("pulse")) as server:
            yield server
    except RigMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def voice(data_dir: Path) -> np.ndarray:
    """int16 (n,): the take over and over, with a second between."""
    samples, rate_hz = soundfile.read(data_dir / "ravdess" / "speech" / ANGRY, dtype="int16")
    assert rate_hz == RATE_HZ
    once = np.concatenate((samples, np.zeros(RATE_HZ, np.int16)))
    return np.resize(once, SECONDS * RATE_HZ)


def edge(pulse: Pulse, *arguments: str) -> tuple[list[dict[str, object]], str]:
    done = subprocess.run(
        [sys.executable, "-m", "edge", "run", "--mic", "default", "--log", "none",
         "--output", "jsonl", "--duration", str(SECONDS), *arguments],
        capture_output=True,
        text=True,
        timeout=110,
        env={**os.environ, **pulse.environment},
    )  # fmt: skip  # an option and its value on one line
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_a_voice_in_the_microphone_is_named(pulse: Pulse, voice: np.ndarray) -> None:
    pulse.play(voice)
    events, said = edge(pulse, "--camera", "none")
    labels = Counter(event["label"] for event in events if event["label"] != UNKNOWN)
    assert {event["modality"] for event in events} == {"speech"}
    assert labels.most_common(1)[0][0] == "angry"
    assert "lost" not in said


def test_camera_and_microphone_run_side_by_side(pulse: Pulse, voice: np.ndarray) -> None:
    pulse.play(voice)
    with mjpeg_server() as server:
        events, said = edge(pulse, "--camera", server.url("/alive"))
    assert "speech" in {event["modality"] for event in events}
    assert "frames in" in said
    assert "s of sound" in said
    assert "blocks were lost" not in said
