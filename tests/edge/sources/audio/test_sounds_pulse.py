"""The microphone for real: PortAudio → ALSA → PulseAudio, in real time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from places import ROOT
from rigs.pulse import RATE_HZ, Pulse, pulse_server
from rigs.servers import RigMissingError

from edge.errors import MissingDeviceError, SourceError
from edge.settings.sections import MicSettings
from edge.sources.audio import list_microphones
from edge.sources.audio.microphone import MicrophoneSource
from edge.types import AudioChunk

# Room for a busy machine: nothing here waits for as long unless something is broken.
SETTINGS = MicSettings(open_timeout_s=30, read_timeout_s=5, retries=9, retry_delay_s=0.2)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulse]:
    try:
        with pulse_server(tmp_path_factory.mktemp("pulse")) as pulse:
            yield pulse
    except RigMissingError as error:
        pytest.skip(str(error))


@pytest.fixture
def pulse(server: Pulse, monkeypatch: pytest.MonkeyPatch) -> Pulse:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server


def clip() -> np.ndarray:
    """A second of noise that is found again to the bit."""
    return np.random.default_rng(7).integers(-9000, 9000, RATE_HZ, np.int16)


def after(first: AudioChunk, chunks: Iterator[AudioChunk], count: int) -> np.ndarray:
    """The samples of `first` and `count` more, as int16."""
    pieces = [first.samples, *(next(chunks).samples for _ in range(count))]
    return np.rint(np.concatenate(pieces) * 32768).astype(np.int16)


def loud(chunks: Iterator[AudioChunk]) -> AudioChunk:
    return next(chunk for chunk in chunks if np.abs(chunk.samples).max() > 0.05)


def test_what_was_played_is_heard_to_the_bit(pulse: Pulse) -> None:
    played = clip()
    with MicrophoneSource("desk", SETTINGS) as source:
        chunks = iter(source)
        next(chunks)
        pulse.play(played)
        heard = after(loud(chunks), chunks, 40)
        assert source.health.overruns == source.health.overflows == 0
    begin = int(np.argmax(np.abs(heard.astype(int)) > 10))
    at = int(np.argmax(played == heard[begin]))
    assert at < 20
    assert np.array_equal(heard[begin : begin + RATE_HZ - at], played[at:])


def test_microphones_are_known_by_name_and_what_is_not_there_is_safe(pulse: Pulse) -> None:
    names = [name for name, _ in list_microphones()]
    assert {"default", "desk", "kitchen"} <= set(names)
    for spec in ("attic", "99"):
        with pytest.raises(MissingDeviceError, match="'kitchen'"):
            MicrophoneSource(spec, SETTINGS).__enter__()


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000])
def test_another_rate_is_resampled(pulse: Pulse, rate_hz: int) -> None:
    pytest.importorskip("soxr")
    settings = SETTINGS.model_copy(update={"device_rate_hz": rate_hz})
    wave = 8000 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)
    with MicrophoneSource("kitchen", settings) as source:
        chunks = iter(source)
        next(chunks)
        pulse.play(wave.astype(np.int16))
        heard = after(loud(chunks), chunks, 24)[2000:10_000]
    assert np.abs(np.fft.rfft(heard)).argmax() * RATE_HZ / len(heard) == pytest.approx(440, abs=3)


def test_a_server_that_dies_is_waited_for(pulse: Pulse, caplog: pytest.LogCaptureFixture) -> None:
    with MicrophoneSource("desk", SETTINGS) as source:
        chunks = iter(source)
        before = next(chunks)
        pulse.kill()
        back = threading.Timer(0.5, pulse.start)
        back.start()
        gone = [before.timestamp_s]
        for chunk in chunks:
            gone.append(chunk.timestamp_s)
            if "opening it again" in caplog.text:
                break
        back.join()
        assert source.ended is None
    assert "is gone (unplugged?)" in caplog.text
    assert gone == sorted(gone)


def test_a_server_that_stays_away_ends_it_with_the_reason(pulse: Pulse) -> None:
    settings = SETTINGS.model_copy(update={"retries": 1, "retry_delay_s": 0.01})
    try:
        with MicrophoneSource("desk", settings) as source:
            next(iter(source))
            pulse.kill()
            assert list(source) is not None
            assert source.failed
        assert source.ended is not None
        assert source.ended.startswith("microphone died: no microphone was found")
    finally:
        pulse.start()


def test_a_server_that_answers_nothing_hangs_nobody(
    pulse: Pulse, caplog: pytest.LogCaptureFixture
) -> None:
    settings = SETTINGS.model_copy(
        update={"read_timeout_s": 0.5, "open_timeout_s": 0.5, "retries": 1, "retry_delay_s": 0.01}
    )
    with MicrophoneSource("desk", SETTINGS) as source:
        chunks = iter(source)
        next(chunks)
        source._waits = source.settings = settings
        pulse.freeze()
        try:
            list(chunks)
            assert source.failed
            with pytest.raises(SourceError, match="did not answer within"):
                MicrophoneSource("desk", settings).__enter__()
        finally:
            pulse.thaw()
    assert "no sound came within" in caplog.text
    with MicrophoneSource("desk", SETTINGS) as again:
        assert len(next(iter(again)).samples)


def test_a_muted_microphone_is_said(pulse: Pulse, caplog: pytest.LogCaptureFixture) -> None:
    hum = pulse.fall_silent()
    with MicrophoneSource("desk", SETTINGS) as source:
        for _ in source:
            if source.silent:
                break
        assert source.silent
    assert "nothing but zeros" in caplog.text
    pulse.hum(hum)


def test_nothing_but_our_own_words_comes_to_the_terminal(pulse: Pulse, tmp_path: Path) -> None:
    script = tmp_path / "listen.py"
    script.write_text(
        "import os, signal, sys\n"
        "from edge.settings.sections import MicSettings\n"
        "from edge.sources.audio.microphone import MicrophoneSource\n"
        "settings = MicSettings(open_timeout_s=30, read_timeout_s=5, retries=0)\n"
        "with MicrophoneSource('desk', settings) as source:\n"
        "    next(iter(source))\n"
        "    print('listening', flush=True)\n"
        "    list(source)\n"
        "    print(source.ended)\n"
    )
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip  # one call on a few lines
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "listening\n"
            pulse.kill()
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
            pulse.start()
    assert "microphone died" in out
    assert err == ""
