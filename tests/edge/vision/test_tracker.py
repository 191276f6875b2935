"""Identity: kept through misses and movement, never shared, never given twice."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.types import Face
from edge.vision.tracker import Tracker

FPS = 10.0


def ids(faces: list[Face]) -> list[int]:
    return [face.track_id for face in faces]


def followed(tracker: Tracker, frames: list[list[Face]], start_s: float = 0.0) -> list[list[Face]]:
    return [tracker.update(faces, start_s + n / FPS) for n, faces in enumerate(frames)]


def at(x: int, y: int = 100, side: int = 80) -> Face:
    return Face(x, y, side, side)


def test_a_face_is_reported_once_it_was_seen_long_enough() -> None:
    tracker = Tracker(confirm_hits=3, confirm_s=0.4)
    reported = followed(tracker, [[at(100)]] * 7)
    assert [ids(faces) for faces in reported] == [[], [], [], [], [1], [1], [1]]


def test_the_slowest_device_needs_the_hits_too() -> None:
    tracker = Tracker(confirm_hits=3, confirm_s=0.4)
    assert [ids(tracker.update([at(100)], float(second))) for second in range(3)] == [[], [], [1]]


def test_without_confirmation_a_face_is_reported_at_once() -> None:
    tracker = Tracker(confirm_hits=1, confirm_s=0)
    assert ids(tracker.update([at(100), at(300)], 0.0)) == [1, 2]


def test_a_passing_fancy_gets_no_id() -> None:
    tracker = Tracker()
    followed(tracker, [[at(100)], [], [at(100)], [], []] * 4)
    reported = followed(tracker, [[at(400)]] * 5, start_s=10)
    assert ids(reported[-1]) == [1]


def test_a_box_that_flickers_every_other_frame_is_not_confirmed() -> None:
    assert not any(followed(Tracker(), [[at(100)], []] * 30))


def test_identity_survives_missed_frames_and_reports_only_what_is_seen() -> None:
    tracker = Tracker(patience_s=1.0)
    reported = followed(tracker, [[at(100)]] * 6 + [[]] * 9 + [[at(110)]] * 2)
    assert all(faces == [] for faces in reported[6:15])
    assert reported[-1] == [Face(110, 100, 80, 80, track_id=1)]


def test_a_face_that_left_for_long_comes_back_as_another() -> None:
    tracker = Tracker(patience_s=1.0)
    reported = followed(tracker, [[at(100)]] * 6 + [[]] * 12 + [[at(100)]] * 6)
    assert ids(reported[-1]) == [2]


def test_the_end_of_a_track_is_told_once() -> None:
    tracker = Tracker(patience_s=0.5)
    gone = []
    for n, faces in enumerate([[at(100)]] * 6 + [[]] * 20):
        tracker.update(faces, n / FPS)
        gone.append(tracker.gone)
    assert [ended for ended in gone if ended] == [(1,)]


def test_a_walk_faster_than_its_own_width_a_second_is_one_track() -> None:
    frames = [[at(20 + 25 * n)] for n in range(20)]
    reported = followed(Tracker(), frames)
    assert ids(reported[-1]) == [1]
    assert {face.track_id for faces in reported for face in faces} == {1}


def test_a_walk_through_a_short_gap_is_expected_further_on() -> None:
    frames = [[at(20 + 25 * n)] for n in range(20)]
    frames[10:13] = [[], [], []]
    assert {face.track_id for faces in followed(Tracker(), frames) for face in faces} == {1}


def test_two_faces_side_by_side_keep_their_ids_in_any_order_of_detection() -> None:
    pair = [at(100), at(190)]
    reported = followed(Tracker(), [pair, pair[::-1]] * 6)
    assert all([(face.track_id, face.x) for face in faces] == [(1, 100), (2, 190)]
               for faces in reported[4:])  # fmt: skip  # one thought


def test_a_newcomer_cannot_take_a_followed_face() -> None:
    tracker = Tracker()
    followed(tracker, [[at(100)]] * 6)
    # A rival box fits the next detection better, but the face belongs to track 1.
    tracker.update([at(100), at(150)], 0.6)
    assert ids(tracker.update([at(140)], 0.7)) == [1]


def test_a_clock_that_jumps_back_neither_ends_nor_prolongs_a_track() -> None:
    tracker = Tracker(patience_s=1.0)
    followed(tracker, [[at(100)]] * 6, start_s=1000)
    assert ids(tracker.update([at(100)], 5.0)) == [1]
    assert tracker.update([], 5.5) == []
    tracker.update([], 6.1)
    assert tracker.gone == (1,)


boxes = st.builds(
    Face,
    x=st.integers(-20, 300),
    y=st.integers(-20, 200),
    width=st.integers(1, 200),
    height=st.integers(1, 200),
)
steps = st.tuples(st.lists(boxes, max_size=5), st.floats(-1, 2, allow_nan=False))


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=40))
def test_ids_are_unique_rising_and_never_reused(walk: list[tuple[list[Face], float]]) -> None:
    tracker = Tracker(confirm_hits=2, confirm_s=0.1)
    clock_s, given_ids, ended = 0.0, set[int](), set[int]()
    for faces, passed_s in walk:
        clock_s += passed_s
        reported = tracker.update(faces, clock_s)
        now = ids(reported)
        assert len(now) == len(set(now))
        assert ended.isdisjoint(now)
        assert ended.isdisjoint(tracker.gone)
        fresh = set(now) - given_ids
        assert all(new > max(given_ids, default=0) for new in fresh)
        given_ids |= fresh
        ended |= set(tracker.gone)
        plain = [(face.x, face.y, face.width, face.height) for face in faces]
        assert all((f.x, f.y, f.width, f.height) in plain for f in reported)


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, max_size=20))
def test_nothing_is_kept_of_what_has_gone(walk: list[tuple[list[Face], float]]) -> None:
    tracker = Tracker(confirm_hits=1, confirm_s=0, patience_s=1.0)
    clock_s, seen, ended = 0.0, set[int](), list[int]()
    for faces, passed_s in [*walk, ([], 2.0), ([], 2.0)]:
        clock_s += passed_s
        seen |= set(ids(tracker.update(faces, clock_s)))
        ended += tracker.gone
    assert seen <= set(ended)
    assert len(ended) == len(set(ended))


def test_frames_at_nearly_the_same_moment_give_no_endless_velocity() -> None:
    tracker = Tracker()
    for box, time_s in ((Face(14, 0, 3, 80), 0.0), (Face(5, 0, 12, 72), 2.3e-308)):
        tracker.update([box], time_s)
    assert tracker.update([], 2.3e-308) == []
