"""A sound card of one's own: a PulseAudio server whose microphone is a pipe that a thread feeds.

    with pulse_server(folder) as pulse:
        pulse.play(samples)      # int16 (n,), 16 kHz: heard in real time, silence before and after

PortAudio finds it by the variables in `pulse.environment`: ALSA's `pulse` plugin under three
names (default, "desk" and "kitchen"), nothing of this machine's own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes.util import find_library
from pathlib import Path

import numpy as np
from rigs.servers import RigMissingError

RATE_HZ = 16_000
STEP_S = 0.01

_MIC_PA = """\
load-module module-native-protocol-unix auth-anonymous=1 socket={folder}/socket
load-module module-pipe-source source_name=mic file={folder}/pipe format=s16le rate=16000 channels=1
set-default-source mic
"""
_ASOUND_CONF = """\
pcm.!default { type pulse hint { show on description "default" } }
ctl.!default { type pulse }
pcm.desk { type pulse }
pcm.kitchen { type pulse }
"""


class Pulse:
    """One server at a time; `kill`, `stop` and `start` are what a person does to a cable."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "asound.conf").write_text(_ASOUND_CONF)
        (folder / "mic.pa").write_text(_MIC_PA.format(folder=folder))
        self.environment = {
            "PULSE_SERVER": f"unix:{folder}/socket",
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
            "JACK_NO_START_SERVER": "1",
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: threading.Thread | None = None
        self._quit = threading.Event()
        self._waiting: deque[np.ndarray] = deque()
        self._hum = np.random.default_rng(0).integers(-3, 4, RATE_HZ, np.int16)

    def play(self, samples: np.ndarray) -> None:
        """samples: int16 (n,); heard after what was given before."""
        step = round(STEP_S * RATE_HZ)
        self._waiting.extend(np.split(samples, range(step, len(samples), step)))

    def fall_silent(self) -> np.ndarray:
        """From now on, zeros come where nothing is played; the hum that came before."""
        before, self._hum = self._hum, np.zeros_like(self._hum)
        return before

    def hum(self, samples: np.ndarray) -> None:
        """samples: int16 (RATE_HZ,), heard over and over where nothing is played"""
        self._hum = samples

    def start(self) -> None:
        for name in ("socket", "pipe"):
            (self.folder / name).unlink(missing_ok=True)
        self._process = subprocess.Popen(
            ["pulseaudio", "-n", "-F", str(self.folder / "mic.pa"), "--daemonize=no",
             "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"],
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder),
                 "XDG_RUNTIME_DIR": str(self.folder)},
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "server.log").open("wb"),
        )  # fmt: skip  # an option and its value on one line
        limit_s = time.monotonic() + 20
        while not ((self.folder / "socket").exists() and (self.folder / "pipe").exists()):
            if self._process.poll() is not None or time.monotonic() > limit_s:
                self.kill()
                raise RigMissingError((self.folder / "server.log").read_text()[-500:])
            time.sleep(0.02)
        self._quit.clear()
        self._writer = threading.Thread(target=self._feed, daemon=True)
        self._writer.start()

    def freeze(self) -> None:
        """It answers nothing any more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is None:
            return
        self._quit.set()
        self._process.kill()
        self._process.wait()
        self._process = None
        if self._writer is not None:
            self._writer.join(5)

    def _feed(self) -> None:
        step = round(STEP_S * RATE_HZ)
        try:
            pipe = os.open(self.folder / "pipe", os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # the server died before
            return
        due_s = time.monotonic()
        at = 0
        try:
            while not self._quit.is_set():
                hum = self._hum[at : at + step]
                at = (at + step) % RATE_HZ
                self._write(pipe, (self._waiting.popleft() if self._waiting else hum).tobytes())
                due_s = max(due_s + STEP_S, time.monotonic() - 0.5)
                self._quit.wait(max(0.0, due_s - time.monotonic()))
        except BrokenPipeError:
            pass
        finally:
            os.close(pipe)

    def _write(self, pipe: int, data: bytes) -> None:
        while data and not self._quit.is_set():
            try:
                data = data[os.write(pipe, data) :]
            except BlockingIOError:  # the server is slower than the clock: wait, lose nothing
                self._quit.wait(STEP_S)


def missing() -> str | None:
    """What this machine lacks for the rig, or None."""
    if shutil.which("pulseaudio") is None:
        return "no pulseaudio: apt install pulseaudio libasound2-plugins"
    if find_library("asound") is None or not any(
        Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")
    ):
        return "no pulse plugin of ALSA: apt install libasound2-plugins"
    try:
        import pyaudio  # noqa: F401 - whether it loads is the question
    except ImportError as error:
        return f"no PyAudio ({error}): apt install portaudio19-dev gcc && pip install pyaudio"
    return None


@contextmanager
def pulse_server(folder: Path) -> Iterator[Pulse]:
    """A running one, in `folder`. Raises RigMissingError where this machine cannot."""
    lack = missing()
    if lack is not None:
        raise RigMissingError(lack)
    pulse = Pulse(folder)
    pulse.start()
    try:
        yield pulse
    finally:
        pulse.kill()
