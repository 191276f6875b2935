"""Where and when faces are looked for, with a detector that notes what it is given."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from edge.settings.sections import DetectionSettings
from edge.types import Face, iou
from edge.vision.full_search import FullSearch
from edge.vision.search import TRUST_S, TrackedSearch
from edge.vision.tracker import Tracker

WIDTH, HEIGHT = 640, 480
FPS = 20.0
ROOM = np.full((HEIGHT, WIDTH), 100, np.uint8)


class Squares:
    """Stands in for a detector: a face is a white square; notes the pictures' sizes."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []
        self.sizes: list[tuple[float, float] | None] = []
        self.asked: list[float] = []
        self.lenient: list[bool] = []

    def find(
        self,
        gray: np.ndarray,
        sizes_px: tuple[float, float] | None = None,
        *,
        where: np.ndarray | None = None,
        lenient: bool = False,
    ) -> list[Face]:
        self.seen.append((gray.shape[1], gray.shape[0]))
        self.sizes.append(sizes_px)
        self.lenient.append(lenient)
        if where is not None:
            self.asked.append(float(where.mean()))
            size = (gray.shape[1], gray.shape[0])
            gray = gray * (cv2.resize(where, size, interpolation=cv2.INTER_NEAREST) > 0)
        rows, columns = np.nonzero(gray == 255)
        if not len(rows):
            return []
        side = int(max(np.ptp(rows), np.ptp(columns))) + 1
        least, most = sizes_px or (1, 10_000)
        if not least <= side <= most:
            return []
        return [Face(int(columns.min()), int(rows.min()), side, side)]

    @property
    def wide(self) -> list[tuple[int, int]]:
        return [size for size, sizes in zip(self.seen, self.sizes, strict=True) if sizes is None]


def room(x: int | None = None, side: int = 100, y: int = 200) -> np.ndarray:
    image = ROOM.copy()
    if x is not None:
        image[max(0, y) : y + side, max(0, x) : x + side] = 255
    return image


def searched(search: TrackedSearch, pictures: list[np.ndarray]) -> Iterator[list[Face]]:
    """As the pipeline does it: what is found is followed, and expected in the next frame."""
    tracker = Tracker()
    for n, image in enumerate(pictures):
        found = search.find(image, n / FPS, tracker.expected(n / FPS))
        tracker.update(found, n / FPS)
        yield found


def tracked(detector: Squares, **changes: object) -> TrackedSearch:
    settings = DetectionSettings.model_validate({"tilt_interval_s": 0} | changes)
    return TrackedSearch(detector, settings)


def test_every_picture_is_searched_wholly_where_they_are_unrelated() -> None:
    detector = Squares()
    search = FullSearch(detector)
    for _ in range(3):
        assert search.find(room(300), 0.0, [Face(0, 0, 50, 50)]) == [Face(300, 200, 100, 100)]
    assert detector.seen == [(WIDTH, HEIGHT)] * 3


def test_a_known_face_is_searched_for_in_its_surroundings_at_its_size() -> None:
    detector = Squares()
    *_, last = searched(tracked(detector), [room(300)] * 5)
    assert last == [Face(300, 200, 100, 100)]
    assert detector.seen == [(WIDTH, HEIGHT)] + [(150, 150)] * 4
    assert detector.sizes[-1] == (75, 133)


def test_a_moving_face_is_followed_to_the_edge_without_a_search_of_everything() -> None:
    detector = Squares()
    pictures = [room(100 + 12 * n) for n in range(40)]
    found = list(searched(tracked(detector), pictures))
    assert all(len(faces) == 1 for faces in found)
    # What changed is where the face was and is, and only that is searched for others.
    assert detector.wide[0] == (WIDTH, HEIGHT)
    assert all(width < WIDTH / 2 and height < HEIGHT / 2 for width, height in detector.wide[1:])


def test_a_growing_face_is_followed() -> None:
    detector = Squares()
    sides = [round(60 * 1.03**n) for n in range(40)]
    pictures = [room(300 - side // 2, side, 240 - side // 2) for side in sides]
    found = list(searched(tracked(detector), pictures))
    assert [[face.width for face in faces] for faces in found] == [[side] for side in sides]


@pytest.mark.parametrize("enters_at", range(20, 31))
def test_who_enters_is_found_within_half_a_second(enters_at: int) -> None:
    pictures = [room()] * enters_at + [room(300)] * 11
    found = list(searched(tracked(Squares()), pictures))
    first = next(n for n, faces in enumerate(found) if faces)
    assert (first - enters_at) / FPS <= 0.5


def test_an_empty_still_room_is_searched_once_in_two_seconds() -> None:
    detector = Squares()
    noise = np.random.default_rng(5)
    pictures = [
        np.clip(ROOM + noise.normal(0, 6, ROOM.shape), 0, 254).astype(np.uint8)
        for _ in range(int(6 * FPS))
    ]
    list(searched(tracked(detector), pictures))
    assert detector.seen == [(WIDTH, HEIGHT)] * 3


def test_without_the_motion_gate_it_is_searched_twice_a_second() -> None:
    detector = Squares()
    list(searched(tracked(detector, motion_gate=False), [ROOM] * int(6 * FPS)))
    assert detector.seen == [(WIDTH, HEIGHT)] * 12


def test_a_lost_face_brings_the_next_search_forward() -> None:
    detector = Squares()
    # From one frame to the next it is elsewhere: its surroundings are empty.
    pictures = [room(100)] * 6 + [room(450)] * 4
    found = list(searched(tracked(detector), pictures))
    assert [len(faces) for faces in found[5:7]] == [1, 1]
    assert found[6] == [Face(450, 200, 100, 100)]


def test_a_face_seen_both_ways_is_one_face() -> None:
    detector = Squares()
    found = list(searched(tracked(detector, motion_gate=False), [room(300)] * 40))
    assert [len(faces) for faces in found] == [1] * 40
    assert len(detector.wide) == 4


def test_a_clock_that_jumps_back_searches_everything_at_once() -> None:
    detector = Squares()
    search = tracked(detector)
    for timestamp_s in (500.0, 500.1, 3.0):
        search.find(ROOM, timestamp_s, [])
    assert detector.seen == [(WIDTH, HEIGHT)] * 2


def test_a_face_expected_outside_the_picture_is_not_searched_for() -> None:
    detector = Squares()
    search = tracked(detector)
    search.find(ROOM, 0.0, [])
    assert search.find(ROOM, 0.1, [Face(900, 100, 80, 80), Face(-300, 100, 80, 80)]) == []
    assert len(detector.seen) == 1


def spent(search_takes_s: float, seconds: float, **budget: float) -> TrackedSearch:
    """A search in a restless picture by a detector that takes this long."""
    search = TrackedSearch(
        Squares(),
        DetectionSettings.model_validate(
            {"motion_gate": False, "full_search_interval_s": 0.5, **budget}
        ),
        live=True,
        # Time passes only where the detector is asked.
        clock=lambda: search.counts.wide * search_takes_s,
    )
    for n in range(int(seconds * FPS)):
        search.find(ROOM, n / FPS, [])
    return search


@pytest.mark.parametrize(
    ("takes_s", "searches"),
    [
        (0.05, 24),  # 0.05 s are paid off in 0.17 s: every half second, as without a budget
        (0.30, 12),  # in 1.0 s
        (0.45, 8),  # in 1.5 s
        (3.00, 6),  # in 10 s, but new faces do not wait longer than 2 s
    ],
)
def test_the_budget_spaces_the_searches_for_new_faces(takes_s: float, searches: int) -> None:
    counts = spent(takes_s, 12, budget_share=0.3).counts
    assert abs(counts.wide - searches) <= 1


def test_a_budget_in_milliseconds_a_frame_comes_before_the_share() -> None:
    # 15 ms in each of 20 frames a second are 0.3 of the time.
    counts = spent(0.30, 12, budget_ms=15, budget_share=1.0).counts
    assert abs(counts.wide - 12) <= 1


def test_a_file_has_no_budget() -> None:
    search = TrackedSearch(
        Squares(),
        DetectionSettings(motion_gate=False, full_search_interval_s=0.5, budget_ms=0.001),
        clock=lambda: search.counts.wide * 10.0,
    )
    for n in range(int(6 * FPS)):
        search.find(ROOM, n / FPS, [])
    assert search.counts.wide == 12


class Shy(Squares):
    """Sees nothing while it is shy."""

    shy = False

    def find(
        self,
        gray: np.ndarray,
        sizes_px: tuple[float, float] | None = None,
        *,
        where: np.ndarray | None = None,
        lenient: bool = False,
    ) -> list[Face]:
        found = super().find(gray, sizes_px, where=where, lenient=lenient)
        return [] if self.shy else found


def portrait(x: int) -> np.ndarray:
    """A white square's rim with features in it, which can be told again."""
    image = room(x)
    features = np.random.default_rng(3).integers(0, 250, (9, 9)).astype(np.uint8)
    image[210:290, x + 10 : x + 90] = cv2.resize(features, (80, 80))
    return image


def test_a_confirmed_face_is_searched_for_at_intervals_and_followed_in_between() -> None:
    detector = Squares()
    search = tracked(detector, verify_interval_s=0.2, full_search_interval_s=10)
    found = list(searched(search, [portrait(100 + 4 * n) for n in range(41)]))
    for n, faces in enumerate(found):
        assert [iou(face, Face(100 + 4 * n, 200, 100, 100)) > 0.9 for face in faces] == [True]
    # Searched for in the frames up to its confirmation (0.2 s), then in every fourth.
    assert search.counts.near == 4 + 9
    assert search.counts.followed == 41 - 1 - search.counts.near


def test_a_face_that_the_detector_misses_goes_on_by_its_looks_but_not_for_long() -> None:
    detector = Shy()
    tracker = Tracker()
    search = tracked(detector, full_search_interval_s=10)
    followed = []
    for n in range(50):
        detector.shy = n >= 20
        found = search.find(portrait(300), n / FPS, tracker.expected(n / FPS))
        tracker.update(found, n / FPS)
        followed.append(bool(found))
    last = max(n for n, there in enumerate(followed) if there)
    assert all(followed[:last])
    assert 0 < (last - 19) / FPS <= TRUST_S


def test_a_face_that_is_not_confirmed_is_not_believed_by_its_looks() -> None:
    detector = Shy()
    search = tracked(detector, full_search_interval_s=10)
    assert search.find(portrait(300), 0.0, [])
    detector.shy = True
    assert search.find(portrait(300), 0.05, [Face(300, 200, 100, 100)]) == []


def test_a_known_face_is_left_out_of_the_search_for_new_ones() -> None:
    detector = Squares()
    pictures = [room(300)] * 20
    list(searched(tracked(detector, motion_gate=False, full_search_interval_s=0.5), pictures))
    assert detector.asked[0] == 1.0
    assert all(share < 0.97 for share in detector.asked[1:])
    assert len(detector.asked) == 2


def test_what_is_not_confirmed_yet_is_searched_for_strictly() -> None:
    detector = Squares()
    search = tracked(detector)
    search.find(room(300), 0.0, [])
    search.find(room(300), 0.05, [Face(300, 200, 100, 100)])
    search.find(room(300), 0.10, [Face(300, 200, 100, 100, track_id=1)])
    assert detector.lenient == [False, False, True]


def test_a_box_that_is_not_confirmed_does_not_hide_the_face_around_it() -> None:
    face = Face(300, 200, 100, 100)

    class Mouth(Squares):
        def find(
            self,
            gray: np.ndarray,
            sizes_px: tuple[float, float] | None = None,
            *,
            where: np.ndarray | None = None,
            lenient: bool = False,
        ) -> list[Face]:
            if sizes_px:  # around the mouth: it is at the middle of what is searched
                return [Face(gray.shape[1] // 2 - 15, gray.shape[0] // 2 - 15, 30, 30)]
            return super().find(gray, sizes_px, where=where, lenient=lenient)

    search = tracked(Mouth(), motion_gate=False, full_search_interval_s=0)
    assert search.find(room(300), 0.0, [Face(335, 260, 30, 30)]) == [face]
