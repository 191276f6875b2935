"""What counts as a face, as covered, as false, as a switch."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.suites.face_search.coverage import appearances, coverage, false_boxes, without
from edge.types import Face

FPS = 10.0
HERE, THERE = Face(100, 100, 50, 50), Face(300, 100, 50, 50)


def ours(face: Face, track_id: int = 1) -> list[Face]:
    return [replace(face, track_id=track_id)]


def test_a_face_is_seen_in_three_consecutive_frames_and_may_have_gaps() -> None:
    boxes = [[HERE]] * 3 + [[]] * 4 + [[HERE, THERE]] * 2 + [[]] * 20
    [face] = appearances(boxes, FPS)
    assert [frame for frame, _ in face.seen] == [0, 1, 2, 7, 8]
    assert appearances([[HERE], []] * 10, FPS) == []


def test_two_faces_are_two_appearances_and_one_that_moves_is_one() -> None:
    boxes = [[HERE, replace(THERE, x=300 + 10 * n)] for n in range(10)]
    assert [len(found.seen) for found in appearances(boxes, FPS)] == [10, 10]


def test_what_lies_on_no_face_is_left_out() -> None:
    found = appearances([[HERE, THERE]] * 5, FPS)
    [left] = without(found, (replace(THERE, x=THERE.x + 5),))
    assert left.seen[0][1] == HERE
    assert without(found, ()) == found


def test_only_boxes_after_the_grace_count() -> None:
    reference = appearances([[HERE]] * 20, FPS)
    followed = [[]] * 5 + [[HERE]] * 10 + [[THERE]] * 5
    reported = [[]] * 8 + [ours(HERE)] * 7 + [ours(THERE)] * 5
    held = coverage(reference, followed, reported, FPS, grace_s=0.5)
    assert (held.faces, held.covered, held.reported) == (14, 9, 7)
    assert held.late_s == 0.5


def test_a_track_that_changes_on_one_face_is_a_switch() -> None:
    reference = appearances([[HERE]] * 12, FPS)
    reported = [ours(HERE, 1)] * 4 + [[]] * 2 + [ours(HERE, 2)] * 6
    held = coverage(reference, reported, reported, FPS, grace_s=0.0)
    assert held.switches == ((6, 1, 2),)


def test_a_box_is_false_where_no_face_is_near_within_a_second() -> None:
    reference = appearances([[HERE]] * 5 + [[]] * 40, FPS)
    boxes = [[HERE, THERE]] * 5 + [[HERE]] * 15 + [[]] * 25
    # THERE five times, and HERE from 1.1 s after it was last seen, in frame 4.
    assert false_boxes(reference, boxes, FPS) == 5 + 5
    assert false_boxes([], boxes, FPS) == 25
