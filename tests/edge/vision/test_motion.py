"""What counts as changed, and that it adds up until it has been searched."""

from __future__ import annotations

import numpy as np

from edge.types import Face, iou
from edge.vision.motion import MotionDetector, cells_of, frame_of, whole

WIDTH, HEIGHT = 640, 480
ROOM = np.full((HEIGHT, WIDTH), 100, np.uint8)


def room(x: int, y: int = 200, side: int = 80, value: int = 255) -> np.ndarray:
    image = ROOM.copy()
    image[y : y + side, x : x + side] = value
    return image


def framed(cells: np.ndarray | None) -> Face:
    assert cells is not None
    left, top, right, bottom = frame_of(cells, WIDTH, HEIGHT)
    return Face(left, top, right - left, bottom - top)


def started(margin_px: int = 10) -> MotionDetector:
    changes = MotionDetector(margin_px=margin_px)
    cells = changes.since_last(ROOM, [])
    assert cells is not None
    assert cells.all()
    changes.remember(cells)
    return changes


def test_changes_are_framed_and_noise_and_lamps_and_known_faces_are_none() -> None:
    changes = started()
    noise = np.random.default_rng(1).normal(0, 10, ROOM.shape)
    assert changes.since_last(np.clip(ROOM + noise, 0, 255).astype(np.uint8), []) is None
    assert changes.since_last((ROOM + 9).astype(np.uint8), []) is None  # a lamp
    assert iou(framed(changes.since_last(room(304), [])), Face(288, 184, 112, 112)) > 0.9
    assert changes.since_last(room(304), [Face(300, 195, 90, 90)]) is None


def test_two_changes_far_apart_are_two_rectangles() -> None:
    cells = started().since_last(room(80) + room(480) - ROOM, [])
    assert cells is not None
    assert 0.02 < cells.mean() < 0.15
    assert framed(cells).width > 400


def test_what_is_not_searched_is_still_changed_the_next_time() -> None:
    changes = started()
    assert changes.since_last(room(480), []) is not None
    elsewhere = whole()
    elsewhere[:, 40:] = 0
    changes.remember(elsewhere)
    assert iou(framed(changes.since_last(room(480), [])), Face(464, 184, 112, 112)) > 0.9
    changes.remember(whole())
    assert changes.since_last(room(480), []) is None


def test_a_slow_change_adds_up() -> None:
    changes = started()
    for value in range(101, 106):
        assert changes.since_last(room(304, value=value), []) is None
    assert changes.since_last(room(304, value=112), []) is not None


def test_cells_of_a_box_cover_it_and_no_cell_outside_the_picture() -> None:
    rows, columns = cells_of(Face(-20, 470, 60, 60), WIDTH, HEIGHT)
    cells = np.zeros_like(whole())
    cells[rows, columns] = 1
    assert frame_of(cells, WIDTH, HEIGHT) == (0, 464, 40, 480)


def test_no_cell_has_no_frame() -> None:
    assert frame_of(np.zeros_like(whole()), WIDTH, HEIGHT) == (0, 0, 0, 0)
