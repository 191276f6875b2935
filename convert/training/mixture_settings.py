"""What a run on several corpora is asked for: its settings and whom it is judged on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from convert.augmentation.acoustics import Acoustics
from convert.augmentation.spectrogram import SpectrogramAugmentation
from convert.datasets import ravdess
from convert.training.speech_settings import numbers_in
from edge.audio.feature_settings import FeatureSettings

MixtureTest = int | str | tuple[int, ...]
"""What a network never hears: a fold's speakers, a corpus, or RAVDESS actors."""
WEIGHTS = {"ased": 0.4, "emospeech": 0.4}
"""Of corpora whose labels are weak, or belong to sentences and not to voices."""


@dataclass(frozen=True, slots=True)
class MixtureSettings:
    """One run's recipe. `learning_rate` is the peak of a warm-up and cosine schedule.

    windows:       of one epoch
    short_frames:  windows of `epochs` epochs are this long, and whole in the `finish_epochs`
                   after them, at `finish_rate` times the learning rate
    versions:      of each clip besides itself, by `acoustics`
    cap, weights:  see `speech_mixture.draw_weights`
    start:         a trained .keras to go on from: one that heard none of the test's speakers
    """

    epochs: int = 40
    finish_epochs: int = 4
    finish_rate: float = 0.25
    windows: int = 4096
    short_frames: int = 160
    batch_size: int = 128
    learning_rate: float = 0.003
    weight_decay: float = 0.02
    label_smoothing: float = 0.1
    mixup: float = 0.2
    seed: int = 7
    precision: str = "auto"
    start: str | None = None
    versions: int = 5
    cap: int = 20
    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    features: FeatureSettings = field(default_factory=FeatureSettings)
    augmentation: SpectrogramAugmentation = field(default_factory=SpectrogramAugmentation)
    acoustics: Acoustics = field(default_factory=Acoustics)

    def as_dict(self) -> dict[str, Any]:
        """As run.json holds it."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["features"] = self.features.model_dump()
        fields["augmentation"] = asdict(self.augmentation)
        fields["acoustics"] = asdict(self.acoustics)
        whole: dict[str, Any] = json.loads(json.dumps(fields))
        return whole


def mixture_recipe(out: Path, asked: Mapping[str, Any]) -> MixtureSettings:
    """What was asked for; where it is None, what the run in `out` was started with, if any."""
    run_file = out / "run.json"
    before = json.loads(run_file.read_text()) if run_file.exists() else {}
    for name in ("network", "noise", "corpora"):
        before.pop(name, None)
    given = {key: value for key, value in asked.items() if value is not None}
    merged = {**before, **given}
    if "features" in merged:
        merged["features"] = FeatureSettings(**merged["features"])
    for name, kind in (("augmentation", SpectrogramAugmentation), ("acoustics", Acoustics)):
        if name in merged:
            drawn: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in merged[name].items()
            }
            merged[name] = kind(**drawn)
    return MixtureSettings(**merged)


def mixture_tests(fold: str, hold_out: str, leave_out: str) -> dict[str, MixtureTest]:
    """The folders of a run and their tests.

    fold: "all", or "3"; hold_out: RAVDESS actors "1,7" in its place; leave_out: corpora
    "emovo,nemo" in its place, a network each. Raises UsageError for anything else.
    """
    if leave_out:
        return {f"without_{name.strip()}": name.strip() for name in leave_out.split(",")}
    if hold_out:
        actors = numbers_in(hold_out)
        return {"without_" + "_".join(f"{actor:02}" for actor in actors): actors}
    numbers = range(1, ravdess.N_FOLDS + 1) if fold == "all" else numbers_in(fold)
    return {f"fold_{number}": number for number in numbers}
