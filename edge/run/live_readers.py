"""Between a live source and the pipeline: a one-slot queue in which the newest frame wins."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from edge.pipeline.speech import SpeechResult
from edge.types import Frame

if TYPE_CHECKING:
    from edge.pipeline.speech import SpeechPipeline
    from edge.sources.audio import SoundSource
    from edge.sources.video import Source

IDLE_S = 0.5


class LatestFrames:
    """Iterates a live source's frames, captured in a thread of its own.

    A frame that comes before the last one was taken replaces it; `dropped` counts those.
    `on_idle` is called every half second without a frame, so that a stalled camera does not
    hold up what else the loop must do. Setting `stop` ends both sides. An error of the source
    is raised to the reader after its last frame.
    """

    def __init__(
        self,
        source: Source,
        stop: threading.Event,
        on_idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._source = source
        self._stop = stop
        self._on_idle = on_idle
        self._changed = threading.Condition()
        self._slot: Frame | None = None
        self._done = False
        self._error: BaseException | None = None
        self.dropped = 0
        # A daemon: a driver that hangs in a read must not keep the process from ending.
        self._thread = threading.Thread(target=self._capture, name="capture", daemon=True)

    def __iter__(self) -> Iterator[Frame]:
        self._thread.start()
        while not self._stop.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._slot is not None or self._done, IDLE_S)
                frame, self._slot = self._slot, None
                done = self._done
            if frame is not None:
                yield frame
            elif done:
                break
            else:
                self._on_idle()
        if self._error is not None:
            raise self._error

    def close(self, timeout_s: float = 2.0) -> None:
        """End the capture; after `timeout_s` a hung read is left behind."""
        self._stop.set()
        self._source.close()  # wakes a source that waits to try again
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _capture(self) -> None:
        try:
            for frame in self._source:
                with self._changed:
                    self.dropped += self._slot is not None
                    self._slot = frame
                    self._changed.notify()
                if self._stop.is_set():
                    break
        except BaseException as error:  # handed to the reader, whatever it is
            self._error = error
        finally:
            with self._changed:
                self._done = True
                self._changed.notify()


class LiveSpeechResults:
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
        self._pending: deque[SpeechResult] = deque()
        self._error: BaseException | None = None
        self.done = False
        # A daemon: a driver that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._listen, name="listen", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def take(self) -> list[SpeechResult]:
        """Those heard since the last call, in order."""
        with self._changed:
            pending = list(self._pending)
            self._pending.clear()
            if self._error is not None and not pending:
                error, self._error = self._error, None
                raise error
        return pending

    def __iter__(self) -> Iterator[SpeechResult]:
        while not self._stop.is_set():
            with self._changed:
                self._changed.wait_for(lambda: bool(self._pending) or self.done, IDLE_S)
                done = self.done
            pending = self.take()
            yield from pending
            if not pending:
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
            for speech_result in self._pipeline.results(self._source):
                with self._changed:
                    self._pending.append(speech_result)
                    self._changed.notify()
                if self._stop.is_set():
                    break
        except BaseException as error:  # handed to the reader, whatever it is
            self._error = error
        finally:
            with self._changed:
                self.done = True
                self._changed.notify()
