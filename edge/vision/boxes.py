"""Boxes of faces between pictures of different sizes, and among each other."""

from __future__ import annotations

from collections.abc import Sequence

from edge.types import Face


def inside(left: float, top: float, width: float, height: float, size: tuple[int, int]) -> Face:
    """A box in whole pixels, cut to a picture of this (width, height); it may be empty."""
    x, y = (min(max(0, round(start)), end) for start, end in zip((left, top), size, strict=True))
    right, bottom = min(size[0], round(left + width)), min(size[1], round(top + height))
    return Face(x, y, max(0, right - x), max(0, bottom - y))


def without_nested(surest_first: Sequence[Face]) -> list[Face]:
    """Drops each box that lies more than half within a surer one, or holds one: a face holds
    no second face, but the cascade likes to see one in a mouth or around a head."""
    kept: list[Face] = []
    for face in surest_first:
        if all(_shared(face, other) <= 0.5 * min(face.area, other.area) for other in kept):
            kept.append(face)
    return kept


def _shared(a: Face, b: Face) -> int:
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(0, across) * max(0, down)
