"""Where frames and sound come from, and what keeps a live source alive."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self, TypeVar

Item = TypeVar("Item", covariant=True)


class Source(Protocol[Item]):
    """A context manager that iterates frames or chunks of sound, once; outside `with` it is closed.

    name:   what a person calls it: "/dev/video0", "USB PnP Sound Device", "clip.mp4"
    live:   True: items come in real time; False: as fast as they are taken, and every one counts
    ended:  why iteration stopped ("end of file", "stream died: ..."), None while it runs
    failed: True where it ended because something broke, not because it was over
    """

    @property
    def name(self) -> str: ...
    @property
    def live(self) -> bool: ...
    @property
    def ended(self) -> str | None: ...
    @property
    def failed(self) -> bool: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def __iter__(self) -> Iterator[Item]: ...
    def close(self) -> None: ...
