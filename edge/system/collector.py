"""The interpreter's search for cyclic garbage: not while a run loads."""

from __future__ import annotations

import gc

_AFTER = 4_000
"""Objects made and not freed, after which cycles are looked for: well under 1 MB."""


def pause() -> None:
    """No search until `resume`. While a run loads it is 14 of them, 11 ms, for next to nothing."""
    gc.set_threshold(_AFTER)
    gc.disable()


def resume() -> None:
    """After `pause`: what is there by now stays as long as the process, and is never searched."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
