"""A stand-in for the module `pyaudio`: its devices, refusals and deaths are the test's to say."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

Block = np.ndarray
OVERFLOW = 2


def device(name: str, *, channels: int = 1, rate_hz: int = 44_100) -> dict[str, Any]:
    return {"name": name, "maxInputChannels": channels, "defaultSampleRate": float(rate_hz)}


def tone(rate_hz: int, count: int, channels: int) -> Block:
    wave = 8000 * np.sin(2 * np.pi * 440 * np.arange(count) / rate_hz)
    return np.repeat(wave.astype(np.int16)[:, None], channels, axis=1)


@dataclass
class Card:
    """The sound card behind the stand-in.

    takes:   (rate, channels) that a device can be opened with; None: any
    script:  the blocks (and overflow flags) of each opening; by default a tone for ever
    opened:  the arguments of each opening
    """

    devices: list[dict[str, Any]] = field(default_factory=lambda: [device("desk")])
    clips: set[tuple[int, int]] | None = None
    refusal: int | None = None
    script: Callable[[int, int, int], Iterable[tuple[Block, int]]] | None = None
    opened: list[dict[str, Any]] = field(default_factory=list)
    alive: int = 0
    hang: threading.Event | None = None

    def blocks(self, rate_hz: int, count: int, channels: int) -> Iterator[tuple[Block, int]]:
        if self.script is not None:
            yield from self.script(rate_hz, count, channels)
            return
        while True:
            yield tone(rate_hz, count, channels), 0


class _Stream:
    def __init__(self, card: Card, options: dict[str, Any]) -> None:
        self._card, self._options = card, options
        self._quit = threading.Event()
        self._active = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        rate_hz, count = self._options["rate"], self._options["frames_per_buffer"]
        for block, status in self._card.blocks(rate_hz, count, self._options["channels"]):
            if self._quit.wait(0.001):
                break
            self._options["stream_callback"](block.tobytes(), len(block), {}, status)
        self._active = False

    def is_active(self) -> bool:
        return self._active

    def close(self) -> None:
        if self._card.hang is not None:
            self._card.hang.wait(30)
        self._quit.set()
        self._thread.join(1)


def module(card: Card) -> ModuleType:
    """To put in `sys.modules` as "pyaudio"."""

    class PyAudio:
        def __init__(self) -> None:
            self._devices = list(card.devices)
            card.alive += 1

        def terminate(self) -> None:
            card.alive -= 1

        def get_device_count(self) -> int:
            return len(self._devices)

        def get_device_info_by_index(self, index: int) -> dict[str, Any]:
            return {"index": index, **self._devices[index]}

        def get_default_input_device_info(self) -> dict[str, Any]:
            for index, each in enumerate(self._devices):
                if each["maxInputChannels"]:
                    return {"index": index, **each}
            raise OSError("No Default Input Device Available")

        def open(self, **options: Any) -> _Stream:
            card.opened.append(options)
            if card.refusal is not None:
                raise OSError(card.refusal, "refused")
            if card.clips is not None and (options["rate"], options["channels"]) not in card.clips:
                raise OSError(-9997, "Invalid sample rate")
            return _Stream(card, options)

    fake = ModuleType("pyaudio")
    vars(fake).update(PyAudio=PyAudio, paInt16=8, paContinue=0, paInputOverflow=OVERFLOW)
    return fake
