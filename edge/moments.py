"""One timeline: what is seen and what is heard, in order, from files or as it happens."""

from __future__ import annotations

import heapq
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from edge.capture import IDLE_S
from edge.pipeline import Scene
from edge.speech import Hearing

if TYPE_CHECKING:
    from edge.sources.sounds import SoundSource
    from edge.speech import SpeechPipeline

Moment = Scene | Hearing


def in_order(scenes: Iterable[Scene], hearings: Iterable[Hearing]) -> Iterator[Moment]:
    """Both, by the time of the source: a hearing comes when its window is over."""
    return heapq.merge(scenes, hearings, key=_time_s)


def _time_s(moment: Moment) -> float:
    return moment.frame.timestamp_s if isinstance(moment, Scene) else moment.end_s


class LiveHearings:
    """Hears a live source in a thread of its own.

    Iterated, it waits for each hearing; `take` gives those that are there, for who looks at a
    camera meanwhile. An error of the source is raised to either, once. Setting `stop` ends both
    sides. `on_idle` is called every half second without a hearing.
    """

    def __init__(
        self,
        source: SoundSource,
        pipeline: SpeechPipeline,
        stop: threading.Event,
        on_idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._source = source
        self._pipeline = pipeline
        self._stop = stop
        self._on_idle = on_idle
        self._changed = threading.Condition()
        self._heard: deque[Hearing] = deque()
        self._error: BaseException | None = None
        self.done = False
        # A daemon: a driver that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._listen, name="listen", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def take(self) -> list[Hearing]:
        """Those heard since the last call, in order."""
        with self._changed:
            heard = list(self._heard)
            self._heard.clear()
            if self._error is not None and not heard:
                error, self._error = self._error, None
                raise error
        return heard

    def __iter__(self) -> Iterator[Hearing]:
        while not self._stop.is_set():
            with self._changed:
                self._changed.wait_for(lambda: bool(self._heard) or self.done, IDLE_S)
                done = self.done
            heard = self.take()
            yield from heard
            if not heard:
                if done:
                    return
                self._on_idle()

    def close(self, timeout_s: float = 2.0) -> None:
        """End it; after `timeout_s` a hung driver is left behind."""
        self._stop.set()
        self._source.close()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _listen(self) -> None:
        try:
            for hearing in self._pipeline.hearings(self._source):
                with self._changed:
                    self._heard.append(hearing)
                    self._changed.notify()
                if self._stop.is_set():
                    break
        except BaseException as error:  # handed to the reader, whatever it is
            self._error = error
        finally:
            with self._changed:
                self.done = True
                self._changed.notify()
