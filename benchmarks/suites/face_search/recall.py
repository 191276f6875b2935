"""Faces found in single pictures, ours beside naive, and which of them only one of both finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.findings import Finding, Remark
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan
from benchmarks.suites.face_search.baselines import NaiveSearch
from edge.settings.sections import DetectionSettings
from edge.types import Face
from edge.vision.full_search import FullSearch
from edge.vision.search import FaceSearch

Gray = NDArray[np.uint8]

_STILLS, _QUICK_STILLS = 150, 12
_BORDER_PX = 100
_EVEN = 127
_SMALL_PX = 24
"""The least that min_face_px may be: the cascade's window."""
_NOISE_LEVELS = 2.0
"""Standard deviation of what a sensor adds to a picture in a tenth of the light."""


@dataclass(frozen=True, slots=True)
class Still:
    """gray: uint8 (H, W), one face; face: where it is, by naive in full light, None if nowhere"""

    gray: Gray
    face: Face | None


@dataclass(slots=True)
class _Tally:
    """Of one condition: pictures whose face is found, boxes elsewhere, CPU seconds."""

    found: list[bool]
    elsewhere: int = 0
    spent_s: float = 0.0

    def see(self, search: FaceSearch, still: Still) -> None:
        started = process_time()
        boxes = search.find(still.gray, 0.0, [])
        self.spent_s += process_time() - started
        on_face = [_on(box, still.face) for box in boxes]
        self.found.append(any(on_face))
        self.elsewhere += len(boxes) - sum(on_face)


def stills(plan: Plan, count: int = _STILLS) -> Iterator[Finding]:
    """A row per condition over the pictures in the data's folder `wild`, if it is there.

    count: how many of them, evenly spaced
    """
    folder = plan.data / "wild" / "pictures" if plan.data else None
    if folder is None or not folder.is_dir():
        return
    pictures = _pictures(folder, _QUICK_STILLS if plan.quick else count)
    bordered = [_referenced(_with_border(gray)) for gray in pictures]
    rng = np.random.default_rng(plan.seed)
    default, small = DetectionSettings(), DetectionSettings(min_face_px=_SMALL_PX)
    for name, changed in _conditions(rng).items():
        yield from _row(f"stills, {name}", [changed(still) for still in bordered], default)
    for side in (_SMALL_PX, _SMALL_PX + 4):
        row = f"stills, a face of {side} px, min_face_px {_SMALL_PX}"
        yield from _row(row, list(map(_sizer(side), bordered)), small)
    yield Remark(
        f"stills: {len(pictures)} pictures of one face each; found: a box around the middle of the "
        "face, half to twice as large as naive's in the bordered image in full light; "
        "elsewhere: all other boxes; a cost is CPU time of the whole search of a single image, "
        f"tilted heads included; noise: Gaussian, {_NOISE_LEVELS:g} of 255 levels"
    )


def _pictures(folder: Path, count: int) -> list[Gray]:
    paths = sorted(folder.iterdir())
    chosen = paths[:: max(1, len(paths) // count)][:count]
    read = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in chosen]
    return [image.astype(np.uint8, copy=False) for image in read if image is not None]


def _conditions(rng: np.random.Generator) -> dict[str, Callable[[Still], Still]]:
    turns: dict[str, Callable[[Still], Still]] = {
        f"turned by {degrees}°": _turner(degrees) for degrees in (15, 30, 45)
    }
    sizes: dict[str, Callable[[Still], Still]] = {
        f"a face of {side} px": _sizer(side) for side in (48, 56)
    }
    return {
        "as they are": _without_border,
        "with a border": lambda still: still,
        "light x0.25": lambda still: _lit(_without_border(still), 0.25, 0.0, rng),
        "light x0.10, noise": lambda still: _lit(_without_border(still), 0.1, _NOISE_LEVELS, rng),
        **turns,
        "15 % beyond the frame's edge": _cut_by_edge,
        **sizes,
    }


def _row(row: str, stills: Sequence[Still], settings: DetectionSettings) -> Iterator[Measurement]:
    naive, ours = NaiveSearch(settings), FullSearch.of_stills(settings)
    tallies = {"naive": _Tally([]), "ours": _Tally([])}
    searches: dict[str, FaceSearch] = {"naive": naive, "ours": ours}
    for number, still in enumerate(stills):
        for name in ("naive", "ours") if number % 2 else ("ours", "naive"):
            tallies[name].see(searches[name], still)
    theirs, mine = np.array(tallies["naive"].found), np.array(tallies["ours"].found)
    yield _cell(row, "found, naive", theirs.mean())
    yield _cell(row, "found, ours", mine.mean())
    yield _cell(row, "by naive only", (theirs & ~mine).sum())
    yield _cell(row, "by ours only", (mine & ~theirs).sum())
    yield _cell(row, "elsewhere, naive", tallies["naive"].elsewhere)
    yield _cell(row, "elsewhere, ours", tallies["ours"].elsewhere)
    yield _cell(row, "ours/naive", tallies["ours"].spent_s / tallies["naive"].spent_s)


def _on(box: Face, face: Face | None) -> bool:
    """Whether a box is the face's; any is where naive saw none in full light."""
    if face is None:
        return True
    side, own = max(box.width, box.height), max(face.width, face.height)
    across = abs(box.x + box.width / 2 - face.x - face.width / 2)
    down = abs(box.y + box.height / 2 - face.y - face.height / 2)
    return max(across, down) <= 0.25 * own and 0.5 <= side / own <= 2


def _with_border(gray: Gray) -> Gray:
    sides = (_BORDER_PX,) * 4
    edged = cv2.copyMakeBorder(gray, *sides, cv2.BORDER_CONSTANT, value=_EVEN)
    return edged.astype(np.uint8, copy=False)


def _referenced(gray: Gray) -> Still:
    boxes = NaiveSearch(DetectionSettings()).find(gray, 0.0, [])
    return Still(gray, max(boxes, key=lambda box: box.area, default=None))


def _without_border(still: Still) -> Still:
    edge = _BORDER_PX
    return _moved(still, still.gray[edge:-edge, edge:-edge].copy(), edge, edge)


def _moved(still: Still, gray: Gray, left: int, top: int) -> Still:
    face = still.face
    return Still(gray, face and Face(face.x - left, face.y - top, face.width, face.height))


def _lit(still: Still, share: float, noise: float, rng: np.random.Generator) -> Still:
    dark = still.gray * share + rng.normal(0, noise, still.gray.shape)
    return Still(np.clip(np.rint(dark), 0, 255).astype(np.uint8), still.face)


def _turner(degrees: float) -> Callable[[Still], Still]:
    def turned(still: Still) -> Still:
        height, width = still.gray.shape
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
        gray = cv2.warpAffine(still.gray, turn, (width, height), borderValue=_EVEN)
        face = still.face
        if face:
            x, y = turn @ (face.x + face.width / 2, face.y + face.height / 2, 1.0)
            corner = (round(float(x) - face.width / 2), round(float(y) - face.height / 2))
            face = Face(*corner, face.width, face.height)
        return Still(gray.astype(np.uint8, copy=False), face)

    return turned


def _sizer(side_px: int) -> Callable[[Still], Still]:
    def sized(still: Still) -> Still:
        face = still.face
        scale = side_px / (face.width if face else 0.82 * (still.gray.shape[1] - 2 * _BORDER_PX))
        gray = cv2.resize(still.gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        box = face and Face(*(round(n * scale) for n in (face.x, face.y, face.width, face.height)))
        return Still(gray.astype(np.uint8, copy=False), box)

    return sized


def _cut_by_edge(still: Still) -> Still:
    face = still.face or Face(_BORDER_PX, _BORDER_PX, *(still.gray.shape[0] - 2 * _BORDER_PX,) * 2)
    left = face.x + round(0.15 * face.width)
    return _moved(still, still.gray[:, left:].copy(), left, 0)


def _cell(row: str, column: str, value: float) -> Measurement:
    return Measurement(f"{row}/{column}", "", (float(value),))
