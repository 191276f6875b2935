"""The times of a file's frames, whatever its container says of them."""

from __future__ import annotations

LONGEST_GAP_S = 60.0
"""A recording's longest pause; a longer step, or one back, is a clock that was set."""


class MediaClock:
    """From positions in a file to times that only grow, from 0 s on.

    Where the positions stand still or step back a little, the nominal rate carries on until they
    have caught up. Where they leap (a transport stream of two parts, a counter that ran over), the
    times go on by one frame, and follow the positions again from there.

    leaps: how often they did
    """

    def __init__(self, step_s: float) -> None:
        """step_s: between two frames, nominally"""
        self.leaps = 0
        self._step_s = step_s
        self._longest_s = max(LONGEST_GAP_S, 20 * step_s)
        self._at_s: float | None = None
        self._offset_s = 0.0

    def at(self, position_s: float | None) -> float:
        """The time of the next frame, whose position this is; None where it has none."""
        if self._at_s is None:
            self._at_s, self._offset_s = 0.0, -(position_s or 0.0)
            return 0.0
        next_s = self._at_s + self._step_s
        if position_s is not None:
            candidate_s = position_s + self._offset_s
            if abs(candidate_s - self._at_s) > self._longest_s:
                self.leaps += 1
                self._offset_s = next_s - position_s
            elif candidate_s > self._at_s:
                next_s = candidate_s
        self._at_s = next_s
        return next_s
