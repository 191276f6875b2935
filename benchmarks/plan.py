"""What a person asked to be measured, as every suite receives it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import MissingModelError

if TYPE_CHECKING:
    from edge.models import Model


_MOST_STARTS = 30


def _silent(done: int, total: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Plan:
    """What a person asked to be measured, the same for every suite.

    models:   the first is what the others are compared with; `voice` takes those that hear
    data:     FER2013 as csv, npz or folders
    clip:     a video with faces, or None for the synthetic one
    sound:    a file with voices, or None for the synthetic one
    threads:  1 to this many are measured
    rounds:   how often each case is timed; 0 leaves it to the suite
    quick:    about a tenth of the work
    install:  whether `size` may make a fresh environment (needs the network)
    edge:     the command whose process is measured, `edge` by default
    progress: told (done, total) between the timed parts
    """

    models: tuple[Model, ...] = ()
    data: Path | None = None
    clip: Path | None = None
    sound: Path | None = None
    threads: int = 1
    rounds: int = 0
    quick: bool = False
    install: bool = False
    seed: int = 0
    edge: tuple[str, ...] = (sys.executable, "-m", "edge")
    progress: Callable[[int, int], None] = _silent

    def times(self, default: int, quick: int) -> int:
        """How often to repeat: as asked, else `default`, or `quick` in a quick run."""
        return self.rounds or (quick if self.quick else default)

    def starts(self, default: int, quick: int) -> int:
        """How often to start a process: likewise, but never a latency's hundreds of times."""
        return min(self.times(default, quick), _MOST_STARTS)

    def processes(self, default: int = 6, quick: int = 2) -> int:
        """How many processes draw a figure, never more than the rounds asked for."""
        return min(quick if self.quick else default, self.rounds or default)

    def some_models(self) -> tuple[Model, ...]:
        """The models for faces. Raises MissingModelError where there is none."""
        return self._there("face")

    def speech_models(self) -> tuple[Model, ...]:
        """The models for voices. Raises likewise."""
        return self._there("speech")

    def of(self, modality: str) -> tuple[Model, ...]:
        """Those of the models, perhaps none."""
        return tuple(model for model in self.models if model.card.modality == modality)

    def _there(self, modality: str) -> tuple[Model, ...]:
        found = self.of(modality)
        if not found:
            raise MissingModelError(
                f"no {modality} model to measure: give --models NAME or a .tflite's path"
            )
        return found

    @property
    def camera(self) -> str:
        """What `edge run --camera` is given."""
        return str(self.clip) if self.clip else "synthetic"

    def edge_run(self, model: str, *, frames: int) -> list[str]:
        """The command line of `edge run` on the clip, its events as lines on standard output."""
        options = ["--camera", self.camera, "--model", model, "--output", "jsonl"]
        return [*self.edge, "run", *options, "--frames", str(frames)]


def model_argument(model: Model) -> str:
    """What names this very model file on a command line."""
    return str(model.path)


def label(model: Model) -> str:
    """What tells a model from its float or int8 twin in a table."""
    return f"{model.card.name} {model.card.dtype}"
