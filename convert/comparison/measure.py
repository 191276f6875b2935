"""What only running a network tells: kept in a file, so that the page does not need them all."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from convert.augmentation.image import noisy
from convert.comparison.entries import Entry
from convert.datasets import Pictures
from convert.datasets import class_folders as class_folders
from convert.datasets.face_set import FaceSet
from convert.evaluation import cross_dataset as cross_dataset
from convert.metrics import ClassScores, class_scores
from convert.predict import predict
from edge.errors import DataError
from edge.models import Model, find
from edge.models.classifier import Classifier
from edge.settings.sections import PreprocessSettings
from edge.system.outputs import written_whole

TRAINING_FACES = 2000
LEVELS = (0.05, 0.1, 0.3)
ROUNDS, ROUND_S, WARMUPS = 40, 0.02, 3
_SEED = 7

Say = Callable[[str], None]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Latency(_Record):
    """Milliseconds a call of the device's classifier, one thread; over rounds in which every
    network took its turn."""

    median_ms: float
    p5_ms: float
    p95_ms: float
    device: str


class Elsewhere(_Record):
    """Accuracy on another data set, whole as `edge-convert judge` tells it."""

    data: str
    faces: int
    found: int
    accuracy: float
    low: float
    high: float
    uar: float


class Measured(_Record):
    """Of one int8 file; confusion: rows true, columns predicted, on PrivateTest

    figures: as on a card, those that its card lacks
    """

    sha256: str
    latency: Latency | None = None
    confusion: tuple[tuple[int, ...], ...] | None = None
    training_accuracy: float | None = None
    elsewhere: Elsewhere | None = None
    figures: dict[str, float] = {}

    @property
    def scores(self) -> ClassScores | None:
        return None if self.confusion is None else ClassScores(np.array(self.confusion))


class Kept(_Record):
    """The file: network → what was measured."""

    networks: dict[str, Measured] = {}

    @staticmethod
    def read(path: Path) -> Kept:
        """Nothing where there is no file. Raises DataError for a damaged one."""
        try:
            return Kept.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Kept()
        except (OSError, ValidationError) as error:
            raise DataError(f"{path} cannot be read ({error}): delete it, and measure") from error

    def write(self, path: Path) -> None:
        """A line a network."""
        lines = (f' "{name}": {one.model_dump_json()}' for name, one in self.networks.items())
        joined = ",\n".join(lines)
        with written_whole(path, own=True) as beside:  # `read` knew it
            beside.write_text(f'{{"networks": {{\n{joined}\n}}}}\n', encoding="utf-8")

    def of(self, entry: Entry) -> Measured | None:
        """What was measured of this very file of the network."""
        found = self.networks.get(entry.name)
        same = found is not None and entry.card is not None and found.sha256 == entry.card.sha256
        return found if same else None


@dataclass(frozen=True, slots=True)
class Faces:
    """What the networks that see one face are shown. other: a data set in class folders"""

    whole: FaceSet
    other: tuple[str, Path] | None = None


def measure(
    found: Iterable[Entry],
    faces: Faces | None,
    kept: Kept,
    say: Say,
    only: Sequence[str] | None = None,
) -> Kept:
    """`kept`, with all that can be measured here: each network whose file is at hand.

    only: those that are shown faces; all take their turns in the timing

    Raises ModelError for a file that is not the one its card describes, DataError.
    """
    models = {entry.name: find(str(entry.model)) for entry in found if entry.model}
    say(f"timing {len(models)} networks in turn")
    times = latencies(models)
    networks = dict(kept.networks)
    for name, model in models.items():
        before = kept.networks.get(name)
        same = before is not None and before.sha256 == model.card.sha256
        known = before if same and before else Measured(sha256=model.card.sha256)
        changes: dict[str, object] = {"latency": times[name]}
        if faces is not None and _sees_one_face(model) and (only is None or name in only):
            say(f"{name} on faces")
            changes |= _on_faces(model, faces)
        networks[name] = known.model_copy(update=changes)
    return Kept(networks=networks)


def _sees_one_face(model: Model) -> bool:
    return model.card.modality == "face" and len(model.card.input_shape) == 3


def latencies(models: Mapping[str, Model]) -> dict[str, Latency]:
    """In each round every network runs for about as long, in an order drawn anew."""
    rng = np.random.default_rng(_SEED)
    taken: dict[str, list[float]] = {name: [] for name in models}
    with ExitStack() as stack:
        ready = {
            name: (stack.enter_context(Classifier(model)), _input(model, rng))
            for name, model in models.items()
        }
        calls = {
            name: max(1, round(ROUND_S / min(_seconds(*one, 1) for _ in range(WARMUPS))))
            for name, one in ready.items()
        }
        for _ in range(ROUNDS):
            for name in rng.permutation(list(ready)):
                taken[name].append(1000 * _seconds(*ready[name], calls[name]))
    device = device_name()
    return {name: _latency(values, device) for name, values in taken.items()}


def _input(model: Model, rng: np.random.Generator) -> NDArray[np.uint8]:
    shape = model.card.input_shape
    shape = shape[:-1] if shape[-1] == 1 else shape
    return rng.integers(0, 256, shape, np.uint8)


def _seconds(classifier: Classifier, image: NDArray[np.uint8], calls: int) -> float:
    started = perf_counter()
    for _ in range(calls):
        classifier.classify(image)
    return (perf_counter() - started) / calls


def _latency(values: list[float], device: str) -> Latency:
    low, high = np.percentile(values, (5, 95)).tolist()
    return Latency(
        median_ms=round(median(values), 4),
        p5_ms=round(low, 4),
        p95_ms=round(high, 4),
        device=device,
    )


def device_name() -> str:
    """The processor, the interpreter and Python, for whoever reads the figures elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = named[0] if named else platform.processor()
    try:
        engine = f"LiteRT {version('ai-edge-litert')}"
    except PackageNotFoundError:
        engine = "tflite-runtime"
    return f"{processor or 'unknown processor'} ({platform.machine()}), {engine}"


def _on_faces(model: Model, faces: Faces) -> dict[str, object]:
    private, training = faces.whole.part("PrivateTest"), faces.whole.part("Training")
    drawn = np.random.default_rng(_SEED).permutation(len(training))[:TRAINING_FACES]
    found: dict[str, object] = {
        "confusion": tuple(map(tuple, _scores(model, private).confusion.tolist())),
        "training_accuracy": round(_scores(model, training.take(drawn)).accuracy, 4),
    }
    if model.card.figure("int8 accuracy") is None:
        found["figures"] = _figures(model, private)
    preprocessing = model.card.preprocessing
    if faces.other is not None and isinstance(preprocessing, PreprocessSettings):
        name, folder = faces.other
        others = _others(folder, preprocessing)
        verdict = cross_dataset.judge(model, folder, others)
        low, high = verdict.interval
        found["elsewhere"] = Elsewhere(
            data=name,
            faces=len(others),
            found=others.found,
            accuracy=round(verdict.scores.accuracy, 4),
            low=round(low, 4),
            high=round(high, 4),
            uar=round(verdict.scores.uar, 4),
        )
    return found


@cache
def _others(folder: Path, preprocessing: PreprocessSettings) -> class_folders.ClassFolders:
    """Faces are searched for once, and not for every network."""
    return class_folders.load(folder, preprocessing)


def _figures(model: Model, faces: FaceSet) -> dict[str, float]:
    """Accuracy and macro F1 of int8, clean and in noise."""
    found: dict[str, float] = {}
    for level in (0.0, *LEVELS):
        scores = _scores(model, replace(faces, images=noisy(faces.images, level)))
        suffix = f" at noise {level:g}" if level else ""
        found[f"int8 accuracy{suffix}"] = round(scores.accuracy, 4)
        found[f"int8 macro F1{suffix}"] = round(scores.macro_f1, 4)
    return found


def _scores(model: Model, faces: Pictures) -> ClassScores:
    predicted = predict(model.uncalibrated(), faces.images).argmax(axis=1)
    return class_scores(faces.labels, predicted, len(faces.label_names))
