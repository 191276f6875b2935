"""What a run on voices is asked for: its settings, what it hears, and whom it is judged on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from convert.augmentation.audio import SoundAugmentation
from convert.datasets import ravdess
from convert.zoo import Architecture
from edge.audio.feature_settings import FeatureSettings
from edge.errors import UsageError

Test = int | tuple[int, ...]
"""What a network is judged on: a fold's number, or the actors that it never hears."""


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """One run's recipe. `learning_rate` is the peak of a warm-up and cosine schedule.

    `mixup`: α of the Beta distribution that pairs of windows are mixed by (Zhang et al. 2018);
    0 mixes none. `split`: "speaker" or "random" (see `ravdess.test_mask`).
    """

    epochs: int = 120
    batch_size: int = 32
    learning_rate: float = 0.002
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    mixup: float = 0.2
    seed: int = 7
    precision: str = "auto"
    split: str = "speaker"
    features: FeatureSettings = field(default_factory=FeatureSettings)
    augmentation: SoundAugmentation = field(default_factory=SoundAugmentation)

    def as_dict(self) -> dict[str, Any]:
        """As run.json holds it."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["features"] = self.features.model_dump()
        fields["augmentation"] = asdict(self.augmentation)
        whole: dict[str, Any] = json.loads(json.dumps(fields))
        return whole


def recipe(out: Path, asked: dict[str, Any], augmentation: dict[str, Any]) -> SpeechSettings:
    """What was asked for; where it is None, what the run in `out` was started with, if any.

    asked: fields of `SpeechSettings`; `features` as a dict of fields of `FeatureSettings`
    """
    run_file = out / "run.json"
    before = json.loads(run_file.read_text()) if run_file.exists() else {}
    before.pop("network", None)
    before.pop("noise", None)
    parse_features = _given(asked).get("features", {})
    features = FeatureSettings(**{**before.pop("features", {}), **parse_features})
    drawn = {**before.pop("augmentation", {}), **_given(augmentation)}
    for name in ("speeds", "snr_db"):
        if name in drawn:
            drawn[name] = tuple(drawn[name])
    return SpeechSettings(
        **{**before, **_given(asked), "features": features},
        augmentation=SoundAugmentation(**drawn),
    )


def _given(asked: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in asked.items() if value is not None}


def parse_features(text: str) -> dict[str, Any]:
    """ "mfcc,energy" → the fields of `FeatureSettings`. Raises UsageError for another feature."""
    names = [name.strip() for name in text.split(",")]
    spectra = [name for name in names if name in ("log_mel", "mfcc")]
    for name in names:
        if name not in ("log_mel", "mfcc", "energy", "f0"):
            raise UsageError(
                f"there is no feature {name!r}: give log_mel or mfcc, and energy, f0 beside it"
            )
    if len(spectra) != 1:
        raise UsageError(f"{text!r} has {len(spectra)} spectra: give one of log_mel, mfcc")
    return {"spectrum": spectra[0], "energy": "energy" in names, "f0": "f0" in names}


def with_features(architecture: Architecture, features: FeatureSettings) -> Architecture:
    """`architecture` for the pictures that `features` make."""
    shape = (features.window_frames, features.columns, 1)
    return replace(architecture, input_shape=shape)


def features_of(keras_file: Path) -> FeatureSettings:
    """What a network hears, as its recipe says: NAME.run.json beside it, or its run's run.json."""
    # A network of a fold, or of held out actors, stands in a folder of its run's.
    for run_file in (keras_file.with_suffix(".run.json"), keras_file.parent.parent / "run.json"):
        if run_file.exists():
            return FeatureSettings(**json.loads(run_file.read_text()).get("features", {}))
    return FeatureSettings()


def tests_of(fold: str, hold_out: str) -> dict[str, Test]:
    """The folders of a run and their tests: "all" or "3" of the folds, or actors "1,7".

    Raises UsageError for anything else.
    """
    if not hold_out and fold == "all":
        return {f"fold_{number}": number for number in range(1, ravdess.N_FOLDS + 1)}
    if hold_out:
        actors = numbers_in(hold_out)
        return {"without_" + "_".join(f"{actor:02}" for actor in actors): actors}
    return {f"fold_{number}": number for number in numbers_in(fold)}


def numbers_in(numbers: str) -> tuple[int, ...]:
    """ "1,7" → (1, 7), each once and in order. Raises UsageError for anything else."""
    given = numbers.split(",")
    if not all(number.strip().isdecimal() for number in given):
        raise UsageError(f"{numbers!r} is no number: give such as 3, or 1,7 of actors")
    return tuple(sorted({int(number) for number in given}))
