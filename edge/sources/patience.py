"""How long something may stay as it is before that counts: longer each time."""

from __future__ import annotations

_LAST_S = 600.0


class Patience:
    """Is over after `first_s`, then after twice as long each time, up to ten minutes.

    What looks dead may be meant so, and is asked about ever more seldom.
    """

    def __init__(self, first_s: float) -> None:
        self._first_s = self._wait_s = first_s
        self._since_s: float | None = None

    def over(self, now_s: float) -> float | None:
        """The seconds waited, where it is over; counted from the first call after `restart`."""
        if self._since_s is None:
            self._since_s = now_s
            return None
        if now_s - self._since_s < self._wait_s:
            return None
        waited_s, self._since_s = now_s - self._since_s, now_s
        self._wait_s = min(2 * self._wait_s, _LAST_S)
        return waited_s

    def restart(self) -> None:
        """It is as it should be."""
        self._since_s, self._wait_s = None, self._first_s
