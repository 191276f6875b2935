"""Every frame of a clip through the face path, as fast as it goes, in a process of its own.

    python -m benchmarks.suites.pipeline.playback CLIP MODEL FRAMES

CLIP is a path, or empty for the synthetic one; FRAMES the most, 0 for all. Prints a `Playback`.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import islice
from time import process_time

from benchmarks.measuring.repeated import in_process
from benchmarks.measuring.stages import staged
from benchmarks.suites.pipeline.clip import frame_count, log_of_its_own, opened, pipeline
from edge.models import find
from edge.models.classifier import Classifier


@dataclass(frozen=True, slots=True)
class Playback:
    """What one process took.

    name:   the clip's
    stages: ms a frame by stage
    cpu_s:  of all its threads, for all frames
    faces, classified: of all frames
    fps:    the clip's own
    stated: how many frames the clip says it has; ended: why it ended
    """

    name: str
    stages: dict[str, list[float]]
    cpu_s: float
    faces: int
    classified: int
    fps: float
    stated: int
    ended: str

    @property
    def frames(self) -> int:
        return len(next(iter(self.stages.values()), ()))


def play(clip: str, model: str, frames: int) -> Playback:
    """In another process. Raises EdgeError."""
    return Playback(**in_process(__name__, clip, model, str(frames)))


def _played(clip: str, model: str, most: int) -> Playback:
    found = find(model)
    stages: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        classifier = stack.enter_context(Classifier(found))
        face_path = pipeline(classifier, found.card.name)
        write = log_of_its_own(stack)
        source = stack.enter_context(opened(clip))
        cpu_s = process_time()
        for spent in staged(islice(source, most or None), face_path, write):
            for stage, milliseconds in spent.items():
                stages[stage].append(milliseconds)
        cpu_s = process_time() - cpu_s
        times = face_path.times
        fps = source.fps or source.settings.fps
        stated, ended = frame_count(source), source.ended or ""
    return Playback(
        source.name, dict(stages), cpu_s, times.faces, times.classified, fps, stated, ended
    )


if __name__ == "__main__":
    path, name, count = sys.argv[1:]
    print(json.dumps(asdict(_played(path, name, int(count)))))
