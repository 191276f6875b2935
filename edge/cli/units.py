"""Sizes as a person reads them."""

from __future__ import annotations


def size(count: int) -> str:
    """In powers of ten, as disks and downloads are labelled: 3,300,000 is "3.3 MB"."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} bytes"
