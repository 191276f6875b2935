"""The microphone, over a stand-in for PyAudio whose deaths and refusals are scripted."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice

import numpy as np
import pytest
from rigs.broker import until
from rigs.fake_pyaudio import OVERFLOW, Card, device, module, tone

from edge.errors import MissingDeviceError, MissingPackageError, SourceError, UsageError
from edge.settings.sections import MicSettings
from edge.sources.audio import list_microphones
from edge.sources.audio.conditioning import SampleClock, ZeroWatch
from edge.sources.audio.microphone import MicrophoneSource
from edge.sources.audio.portaudio import bounded

SETTINGS = MicSettings(read_timeout_s=5, open_timeout_s=20, retries=2, retry_delay_s=0.01)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Iterator[Card]:
    one = Card()
    monkeypatch.setitem(sys.modules, "pyaudio", module(one))
    yield one
    assert one.alive == 0, "a PyAudio was not terminated"


def test_microphones_are_listed_by_name_and_outputs_are_not(card: Card) -> None:
    card.devices = [device("HDMI", channels=0), device("USB mic", channels=2, rate_hz=48_000)]
    assert list_microphones() == [("USB mic", "2 channels, 48000 Hz, the default")]


@pytest.mark.parametrize(
    ("spec", "index"),
    [("default", 1), ("2", 2), ("Webcam", 2), ("usb pnp", 1), ("USB PnP: Audio (hw:1,0)", 1)],
)
def test_a_microphone_is_chosen_by_name_part_or_index(card: Card, spec: str, index: int) -> None:
    card.devices = [
        device("HDMI", channels=0), device("USB PnP: Audio (hw:1,0)"), device("Webcam (hw:2,0)"),
    ]  # fmt: skip
    with MicrophoneSource(spec, SETTINGS) as source:
        next(iter(source))
    assert card.opened[0]["input_device_index"] == index
    assert source.name == card.devices[index]["name"]


@pytest.mark.parametrize("spec", ["7", "0", "999999999", "kitchen"])
def test_what_is_not_there_is_never_asked_for(card: Card, spec: str) -> None:
    card.devices = [device("HDMI", channels=0), device("desk")]
    with pytest.raises(MissingDeviceError, match="give one of 'desk'"):
        MicrophoneSource(spec, SETTINGS).__enter__()
    assert card.opened == []


def test_no_microphone_at_all_is_said(card: Card) -> None:
    card.devices = [device("HDMI", channels=0)]
    with pytest.raises(MissingDeviceError, match="no microphone was found"):
        MicrophoneSource("default", SETTINGS).__enter__()


def test_a_part_that_fits_two_is_refused(card: Card) -> None:
    card.devices = [device("USB left"), device("USB right")]
    with pytest.raises(UsageError, match="'USB left', 'USB right'"):
        MicrophoneSource("usb", SETTINGS).__enter__()


def test_without_pyaudio_the_command_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    for use in (list_microphones, MicrophoneSource("default", SETTINGS).__enter__):
        with pytest.raises(MissingPackageError, match=r"sudo apt install portaudio19-dev gcc"):
            use()


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_device_of_its_own_mind_is_resampled_and_mixed(
    card: Card, rate_hz: int, channels: int
) -> None:
    pytest.importorskip("soxr")
    card.devices = [device("studio", channels=channels, rate_hz=rate_hz)]
    card.clips = {(rate_hz, channels)}
    with MicrophoneSource("default", SETTINGS) as source:
        samples = np.concatenate([chunk.samples for chunk in islice(source, 30)])
    assert source.health.samples == len(samples)
    assert np.abs(samples).max() == pytest.approx(8000 / 32768, rel=0.2)
    # The stand-in's tone begins anew with each block, so its sign changes tell its pitch.
    crossings = np.count_nonzero(np.diff(np.signbit(samples)))
    assert crossings / len(samples) * 16_000 == pytest.approx(2 * 440, rel=0.1)


def test_a_device_that_takes_nothing_is_said(card: Card) -> None:
    card.clips = set()
    with pytest.raises(SourceError, match=r"set mic\.device_rate_hz"):
        MicrophoneSource("default", SETTINGS).__enter__()


def test_a_busy_device_is_said(card: Card) -> None:
    card.refusal = -9985
    with pytest.raises(SourceError, match="in use by another program"):
        MicrophoneSource("default", SETTINGS).__enter__()


def deaths(*lives: int) -> object:
    """Each opening delivers so many blocks, then the stream is over."""
    left = list(lives)

    def script(rate_hz: int, count: int, channels: int) -> Iterable[tuple[np.ndarray, int]]:
        for _ in range(left.pop(0) if left else 0):
            yield tone(rate_hz, count, channels), 0

    return script


def test_what_dies_is_opened_again_and_comes_back(
    card: Card, caplog: pytest.LogCaptureFixture
) -> None:
    card.script = deaths(3, 4)  # type: ignore[assignment]  # a closure of its type
    settings = SETTINGS.model_copy(update={"read_timeout_s": 0.3})
    with MicrophoneSource("default", settings) as source:
        chunks = list(source)
        assert source.failed
    assert len(chunks) == 7
    assert len(card.opened) == 4
    assert source.ended == (
        "microphone died: its sound server or the device itself is gone (unplugged?) "
        "(2 tries to open it again failed)"
    )
    assert "opening it again" in caplog.text
    times = [chunk.timestamp_s for chunk in chunks]
    assert times == sorted(times)


def test_a_stream_that_falls_silent_is_a_death_too(card: Card) -> None:
    quit_ = threading.Event()

    def script(rate_hz: int, count: int, channels: int) -> Iterable[tuple[np.ndarray, int]]:
        yield tone(rate_hz, count, channels), 0
        quit_.wait(20)

    card.script = script
    settings = SETTINGS.model_copy(update={"read_timeout_s": 0.2, "retries": 0})
    with MicrophoneSource("default", settings) as source:
        assert len(list(source)) == 1
        quit_.set()
    assert source.ended == "microphone died: no sound came within 0.2 s"


def test_a_slow_reader_loses_the_oldest_and_knows_how_much(card: Card) -> None:
    done = threading.Event()

    def script(rate_hz: int, count: int, channels: int) -> Iterable[tuple[np.ndarray, int]]:
        for _ in range(40):
            yield tone(rate_hz, count, channels), 0
        done.set()

    card.script = script
    settings = SETTINGS.model_copy(update={"buffer_s": 0.32, "retries": 0, "read_timeout_s": 0.2})
    with MicrophoneSource("default", settings) as source:
        done.wait(30)
        chunks = list(source)
    assert len(chunks) == 10
    assert source.health.overruns == 30
    assert any("30 blocks were lost" in note for note in source.health.notes())


def test_the_devices_own_overflow_is_counted(card: Card) -> None:
    def script(rate_hz: int, count: int, channels: int) -> Iterable[tuple[np.ndarray, int]]:
        for status in (0, OVERFLOW, 0):
            yield tone(rate_hz, count, channels), status

    card.script = script
    settings = SETTINGS.model_copy(update={"retries": 0, "read_timeout_s": 0.2})
    with MicrophoneSource("default", settings) as source:
        assert len(list(source)) == 3
    assert source.health.overflows == 1


def test_a_close_that_hangs_is_left_behind(card: Card, caplog: pytest.LogCaptureFixture) -> None:
    card.hang = threading.Event()
    settings = SETTINGS.model_copy(update={"open_timeout_s": 0.5})
    source = MicrophoneSource("default", settings)
    source.settings = settings
    with source:
        next(iter(source))
    assert "it was left behind" in caplog.text
    card.hang.set()
    bounded(lambda: None, 20, lambda nothing: None)  # its turn comes when the close is done


def test_work_that_hangs_is_not_waited_for_and_cleans_up_after_itself() -> None:
    go_on, cleaned = threading.Event(), threading.Event()
    with pytest.raises(SourceError, match="did not answer within"):
        bounded(lambda: go_on.wait(30), 0.05, lambda late: cleaned.set())
    with pytest.raises(SourceError, match="did not answer within"):
        bounded(lambda: None, 0.05, lambda late: None)
    go_on.set()
    assert cleaned.wait(30)
    assert bounded(lambda: 7, 30, lambda late: None) == 7


def test_work_that_fails_fails_here() -> None:
    def fail() -> None:
        raise MissingDeviceError("none")

    with pytest.raises(MissingDeviceError):
        bounded(fail, 30, lambda late: None)


def test_a_refusal_leaves_no_ring_of_references() -> None:
    """A microphone that is unplugged is asked for again and again, for weeks."""
    refusals: list[weakref.ref[SourceError]] = []

    def noted(refusal: SourceError) -> SourceError:
        refusals.append(weakref.ref(refusal))
        return refusal

    def refuse() -> None:
        raise noted(SourceError("refused"))

    gc.collect()
    gc.disable()
    try:
        with suppress(SourceError):
            bounded(refuse, 30, lambda late: None)
        until(lambda: refusals[0]() is None, "the refusal to be forgotten")
    finally:
        gc.enable()


def test_only_zeros_are_said_ever_more_seldom(caplog: pytest.LogCaptureFixture) -> None:
    watch = ZeroWatch("desk")
    caplog.set_level(logging.WARNING)
    for at_s in range(30):
        watch.check(np.zeros(160, np.float32), float(at_s))
    assert watch.silent
    assert caplog.text.count("nothing but zeros") == 3  # after 3, 9 and 21 s
    watch.check(np.full(160, 1e-4, np.float32), 30.0)
    assert not watch.silent
    assert "sound comes again" in caplog.text


def test_the_clock_counts_samples_and_follows_the_arrivals() -> None:
    clock = SampleClock()
    jitter = np.random.default_rng(0).uniform(0, 0.03, 2000)
    # A card that is 0.1 % slow, read with jitter.
    arrivals = np.arange(1, 2001) * 0.032 * 1.001 + jitter
    stamps = np.array([clock.stamp(512, arrived) for arrived in arrivals])
    steps = np.diff(stamps)
    assert np.abs(steps - 0.032).max() < 0.001
    assert np.abs(stamps + 0.032 - arrivals).max() < 0.06


def test_the_clock_leaps_where_sound_is_lost() -> None:
    clock = SampleClock()
    assert clock.stamp(1600, 1.0) == pytest.approx(0.9)
    assert clock.stamp(1600, 5.0) == pytest.approx(4.9)
    clock.restart()
    assert clock.stamp(1600, 5.3) == pytest.approx(5.2)
