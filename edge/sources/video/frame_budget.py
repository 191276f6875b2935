"""How long a live source may be silent before it counts as dead."""

from __future__ import annotations

_TIMES = 5
"""A pause of so many of the longest intervals is none of the source's own."""


class FrameBudget:
    """The wait for the next frame: short where the source is known to be quick.

    The first frame after an opening has `open_s`. A further one has `read_s`, until the source has
    delivered for that long, or said its rate: then five times the longest of its intervals,
    between `least_s` and `read_s`. A source that fell silent and, opened again, goes on was slow
    and not dead: each time `least_s` doubles. It outlives the openings of one source.
    """

    def __init__(self, open_s: float, read_s: float, least_s: float) -> None:
        self._open_s = open_s
        self._read_s = read_s
        self._least_s = min(least_s, read_s)
        self._latest_s: float | None = None
        self._since_s = self._longest_s = 0.0
        self._known_s: float | None = None
        """The longest interval of the stretch of `read_s` before this one."""

    @property
    def is_first(self) -> bool:
        """No frame has come since the opening."""
        return self._latest_s is None

    @property
    def seconds(self) -> float:
        """The wait for the next frame, counted from the one before."""
        if self._latest_s is None:
            return self._open_s
        if self._known_s is None:
            return self._read_s
        wait_s = _TIMES * max(self._known_s, self._longest_s)
        return min(max(wait_s, self._least_s), self._read_s)

    def opened(self, fps: float | None = None) -> None:
        """The source is open (again). fps: its rate, where that can be relied on."""
        self._latest_s, self._longest_s = None, 0.0
        if fps and self._known_s is None:
            self._known_s = 1 / fps

    def came(self, now_s: float) -> None:
        """A frame came."""
        if self._latest_s is None:
            self._since_s = now_s
        else:
            self._longest_s = max(self._longest_s, now_s - self._latest_s)
            if now_s - self._since_s >= self._read_s:
                self._known_s, self._longest_s, self._since_s = self._longest_s, 0.0, now_s
        self._latest_s = now_s

    def exceeded(self) -> None:
        """It was silent for longer."""
        if self._latest_s is not None:
            self._least_s = min(2 * self._least_s, self._read_s)
