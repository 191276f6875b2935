"""Minutes of a live microphone beside a live camera: does any sound get lost?

    python tests/rigs/capture_soak.py --minutes 10 [--voice take.flac] [--model cnn_lstm]

PulseAudio's pipe is the microphone (see pulse.py), a server of MJPEG the camera. Prints what
`edge run` says at the end: seconds of sound, windows, frames, and each thing that was lost.
Needs pulseaudio and libasound2-plugins.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from rigs.pulse import Pulse, pulse_server
from rigs.servers import mjpeg_server

PAUSE_S = 3.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--voice", type=Path, help="a take to play over and over")
    parser.add_argument("--model", default="cnn_lstm")
    given = parser.parse_args()
    seconds = given.minutes * 60
    with (
        tempfile.TemporaryDirectory() as folder,
        pulse_server(Path(folder)) as pulse,
        mjpeg_server() as server,
    ):
        done = threading.Event()
        talk = threading.Thread(target=_talk, args=(pulse, given.voice, done), daemon=True)
        talk.start()
        command = [
            sys.executable, "-m", "edge", "run", "--camera", server.url("/alive"),
            "--mic", "default", "--model", given.model, "--duration", str(seconds),
            "--log", "none", "--output", "none",
        ]  # fmt: skip  # one command line
        finished = subprocess.run(command, env={**os.environ, **pulse.environment}, check=False)
        done.set()
        talk.join(5)
    return finished.returncode


def _talk(pulse: Pulse, take: Path | None, done: threading.Event) -> None:
    """Say the take again and again, with pauses between."""
    if take is None:
        return
    import soundfile

    samples, _ = soundfile.read(take, dtype="int16")
    while not done.is_set():
        pulse.play(np.asarray(samples))
        done.wait(len(samples) / 16_000 + PAUSE_S)


if __name__ == "__main__":
    raise SystemExit(main())
