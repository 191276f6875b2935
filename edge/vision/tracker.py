"""Who is who from frame to frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.types import Face, iou


@dataclass(slots=True)
class _Track:
    """One followed box. Times are the caller's timestamps, velocities px/s of the centre.

    lead: detections minus misses, until it is confirmed
    """

    face: Face
    born_s: float
    seen_s: float
    x_velocity: float = 0.0
    y_velocity: float = 0.0
    lead: int = 1

    @property
    def confirmed(self) -> bool:
        return self.face.track_id > 0

    def predicted(self, timestamp_s: float) -> Face:
        """Where the face is now if it kept its way, for as long as that can be trusted."""
        ahead_s = min(max(0.0, timestamp_s - self.seen_s), _PREDICT_S)
        return replace(
            self.face,
            x=round(self.face.x + self.x_velocity * ahead_s),
            y=round(self.face.y + self.y_velocity * ahead_s),
        )

    def see(self, found: Face, timestamp_s: float) -> None:
        passed_s = timestamp_s - self.seen_s
        # Frames less than a microsecond apart tell no velocity, or an endless one.
        if passed_s > 1e-6:
            self.x_velocity += _VELOCITY_GAIN * (
                (_x_centre(found) - _x_centre(self.face)) / passed_s - self.x_velocity
            )
            self.y_velocity += _VELOCITY_GAIN * (
                (_y_centre(found) - _y_centre(self.face)) / passed_s - self.y_velocity
            )
        self.face = replace(found, track_id=self.face.track_id)
        self.seen_s = timestamp_s
        self.lead += 1


class Tracker:
    """Gives faces an identity that lasts: greedy matching by overlap, surest pair first.

    A new box becomes a track, with the next id from 1 on, when it was found in `confirm_hits`
    frames more than it was missed in, over at least `confirm_s`; until then it is not reported,
    so a detector's passing fancy costs no id. A track that is missed keeps its id for
    `patience_s`. No id is given twice.
    """

    def __init__(
        self,
        *,
        confirm_hits: int = 3,
        confirm_s: float = 0.2,
        patience_s: float = 1.0,
        min_overlap: float = 0.2,
    ) -> None:
        self.gone: tuple[int, ...] = ()
        """The ids that ended in the last `update`; they will not come again."""
        self.unconfirmed: tuple[Face, ...] = ()
        """What the last `update` was given and did not report."""
        self._confirm_hits = confirm_hits
        self._confirm_s = confirm_s
        self._patience_s = patience_s
        self._min_overlap = min_overlap
        self._tracks: list[_Track] = []
        self._last_id = 0

    @classmethod
    def for_stills(cls) -> Tracker:
        """For unrelated pictures: every face is reported at once, and each as somebody new."""
        return cls(confirm_hits=1, confirm_s=0.0, patience_s=0.0, min_overlap=math.inf)

    def expected(self, timestamp_s: float) -> list[Face]:
        """Where the faces that are followed should be by now, confirmed ones first."""
        faces = [track.predicted(timestamp_s) for track in self._tracks]
        return sorted(faces, key=lambda face: (face.track_id == 0, face.track_id))

    def update(self, faces: Sequence[Face], timestamp_s: float) -> list[Face]:
        """The confirmed tracks seen in this frame, by id, with this frame's boxes.

        faces: the detector's, of one frame; timestamp_s: when that was, in seconds
        A clock that jumps back neither ends a track nor makes one last longer.
        """
        for track in self._tracks:
            track.seen_s = min(track.seen_s, timestamp_s)
            track.born_s = min(track.born_s, timestamp_s)
        matches = self._matches(faces, timestamp_s)
        seen = []
        for position, track in enumerate(self._tracks):
            if position in matches:
                track.see(faces[matches[position]], timestamp_s)
                seen.append(track)
            else:
                track.lead -= 1
        taken = set(matches.values())
        for number, face in enumerate(faces):
            if number not in taken:
                seen.append(_Track(replace(face, track_id=0), timestamp_s, timestamp_s))
                self._tracks.append(seen[-1])
        self._confirm(seen, timestamp_s)
        self._end(timestamp_s)
        self.unconfirmed = tuple([track.face for track in seen if not track.confirmed])
        return sorted((t.face for t in seen if t.confirmed), key=lambda face: face.track_id)

    def _matches(self, faces: Sequence[Face], timestamp_s: float) -> dict[int, int]:
        """Position of a track → position of its face."""
        expected = [track.predicted(timestamp_s) for track in self._tracks]
        pairs = [
            (not self._tracks[t].confirmed, -overlap, t, f)
            for t, box in enumerate(expected)
            for f, face in enumerate(faces)
            if (overlap := iou(box, face)) >= self._min_overlap
        ]
        matches: dict[int, int] = {}
        taken: set[int] = set()
        # Confirmed tracks choose first: a rival that has just appeared cannot take their face.
        for _, _, t, f in sorted(pairs):
            if t not in matches and f not in taken:
                matches[t] = f
                taken.add(f)
        return matches

    def _confirm(self, seen: list[_Track], timestamp_s: float) -> None:
        for track in seen:
            old_enough = timestamp_s - track.born_s >= self._confirm_s
            if not track.confirmed and track.lead >= self._confirm_hits and old_enough:
                self._last_id += 1
                track.face = replace(track.face, track_id=self._last_id)

    def _end(self, timestamp_s: float) -> None:
        lasting = [track for track in self._tracks if self._lasts(track, timestamp_s)]
        ended = {t.face.track_id for t in self._tracks} - {t.face.track_id for t in lasting}
        self.gone = tuple(sorted(ended - {0}))
        self._tracks = lasting

    def _lasts(self, track: _Track, timestamp_s: float) -> bool:
        patient = timestamp_s - track.seen_s <= self._patience_s
        return patient and (track.confirmed or track.lead > 0)


_PREDICT_S = 0.3
"""How far a way is extrapolated: people stop and turn."""

_VELOCITY_GAIN = 0.5
"""The newest step's share in the velocity: the cascade's boxes tremble by a few pixels."""


def _x_centre(face: Face) -> float:
    return face.x + face.width / 2


def _y_centre(face: Face) -> float:
    return face.y + face.height / 2
