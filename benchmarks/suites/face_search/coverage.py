"""How many of the faces that one search finds another one follows, and what it makes up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.types import Face, iou

Boxes = Sequence[Sequence[Face]]
"""By frame."""

_CONSECUTIVE = 3
_GAP_S = 1.0
_SAME_FACE = 0.2
_COVERS = 0.5


@dataclass(frozen=True, slots=True)
class Appearance:
    """One face as the reference sees it, perhaps with gaps: (frame, box), at least three of them
    in consecutive frames. A box that comes and goes is no face."""

    seen: tuple[tuple[int, Face], ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """faces: the reference's boxes later than the grace after their face appeared; covered: of
    them with a followed box on them; reported: of them with a reported one; late_s: the longest
    time from an appearance to the first followed box; switches: (frame, old id, new id)"""

    faces: int
    covered: int
    reported: int
    late_s: float
    switches: tuple[tuple[int, int, int], ...]


def appearances(boxes: Boxes, fps: float) -> list[Appearance]:
    """The faces in a reference's boxes, linked from frame to frame by overlap."""
    chains: list[list[tuple[int, Face]]] = []
    for index, faces in enumerate(boxes):
        recent = [chain for chain in chains if index - chain[-1][0] <= _GAP_S * fps]
        pairs = sorted(
            ((iou(chain[-1][1], face), c, f) for c, chain in enumerate(recent)
             for f, face in enumerate(faces)),
            reverse=True,
        )  # fmt: skip  # the comprehension reads as two lines
        linked: set[int] = set()
        for overlap, c, f in pairs:
            if overlap >= _SAME_FACE and f not in linked and recent[c][-1][0] < index:
                recent[c].append((index, faces[f]))
                linked.add(f)
        chains += [[(index, face)] for f, face in enumerate(faces) if f not in linked]
    return [Appearance(tuple(chain)) for chain in chains if _lasting(chain)]


def without(found: Sequence[Appearance], not_faces: Sequence[Face]) -> list[Appearance]:
    """Those that lie on none of these boxes."""
    return [
        each
        for each in found
        if not any(iou(face, no) >= _COVERS for no in not_faces for _, face in each.seen)
    ]


def coverage(
    reference: Sequence[Appearance], followed: Boxes, reported: Boxes, fps: float, grace_s: float
) -> Coverage:
    """followed: with those that are not confirmed yet; reported: with their track ids."""
    faces = covered = shown = 0
    late_s = 0.0
    switches: list[tuple[int, int, int]] = []
    for appearance in reference:
        start = appearance.seen[0][0]
        hits = [index for index, face in appearance.seen if _best(face, followed[index])]
        late_s = max(late_s, ((hits[0] if hits else len(followed)) - start) / fps)
        last = 0
        for index, face in appearance.seen:
            one = _best(face, reported[index])
            if index - start > grace_s * fps:
                faces += 1
                covered += _best(face, followed[index]) is not None
                shown += one is not None
            if one and last and one.track_id != last:
                switches.append((index, last, one.track_id))
            last = one.track_id if one else last
    return Coverage(faces, covered, shown, late_s, tuple(switches))


def false_boxes(reference: Sequence[Appearance], boxes: Boxes, fps: float) -> int:
    """Boxes with no face of the reference near, within a second before or after."""
    return sum(
        not any(
            abs(index - when) <= _GAP_S * fps and iou(box, face) >= _SAME_FACE
            for appearance in reference
            for when, face in appearance.seen
        )
        for index, frame in enumerate(boxes)
        for box in frame
    )


def _lasting(chain: Sequence[tuple[int, Face]]) -> bool:
    frames = [index for index, _ in chain]
    steps = zip(frames, frames[_CONSECUTIVE - 1 :], strict=False)
    return any(last - first == _CONSECUTIVE - 1 for first, last in steps)


def _best(face: Face, others: Sequence[Face]) -> Face | None:
    best = max(others, key=lambda other: iou(face, other), default=None)
    return best if best is not None and iou(face, best) >= _COVERS else None
