"""The verdict on a conversion: all that edge-convert verify and card have to say."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from convert import plots
from convert.conversion.quantize import to_float
from convert.datasets import ravdess_faces
from convert.evaluation import text as report
from convert.evaluation.compare import Comparison, Limits, compare
from convert.evaluation.layer_noise import LayerNoise, layer_noise
from convert.evaluation.ravdess_clips import compare_on_clips
from convert.evaluation.sanity import Answers, complaints
from convert.evaluation.test_sets import test_sets
from convert.predict import raw_outputs
from edge.errors import ConversionError
from edge.models import find
from edge.models.own import open_model

LAYER_FACES = 64


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comparing gave; `broken` holds a sentence for each limit that is past.

    `protocol` says what was looked at; `on_clips` is the comparison on true takes, where these
    were given: the limits leave it out.
    """

    model: str
    part: str
    protocol: str
    comparisons: list[Comparison]
    layers: list[LayerNoise]
    limits: Limits
    broken: list[str]
    on_clips: Comparison | None = None

    def as_dict(self, layers: int) -> dict[str, Any]:
        return {
            "model": self.model,
            "part": self.part,
            "faces": int(self.comparisons[0].int8.confusion.sum()),
            "comparisons": [found.as_dict() for found in self.comparisons],
            "layers": [asdict(layer) for layer in self._noisiest(layers)],
            "limits": asdict(self.limits),
            "broken": self.broken,
            "on_clips": self.on_clips.as_dict() if self.on_clips is not None else None,
        }

    def lines(self, layers: int) -> Iterator[str]:
        yield f"{self.model} against its float32 network on {self.protocol}"
        yield from report.comparison_lines(self.comparisons)
        if self.on_clips is not None:
            yield from report.clip_lines(self.on_clips)
        if layers:
            yield from report.layer_lines(self._noisiest(layers))

    def draw(self, folder: Path) -> None:
        """Confusion matrices of the int8 network, one a noise level, as PNG in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        for found in self.comparisons:
            suffix = f"_noise_{found.noise:g}" if found.noise else ""
            title = f"int8, {self.part}, noise {found.noise:g}: {found.int8.accuracy:.3f}"
            path = folder / f"confusion{suffix}.png"
            plots.confusion(found.int8.confusion, found.labels, title, path)

    def _noisiest(self, n: int) -> list[LayerNoise]:
        return [layer for layer in self.layers if isfinite(layer.snr_db)][:n]


def judge(
    model: Path,
    keras_file: Path,
    data: Path,
    part: str,
    levels: Sequence[float],
    limits: Limits,
    progress: Callable[[int, int], None] = lambda done, total: None,
    clips: Path | None = None,
) -> Verdict:
    """Compare the int8 `model` with the network it was made from, at noise `levels`, clean first.

    takes: an .npz of RAVDESS's takes with faces, to compare on too
    Raises ModelError, MissingModelError, DataError, MissingDataError, ConversionError,
    UsageError where it names other labels than the takes.
    """
    int8 = open_model(str(model))
    if int8.card.dtype != "int8":
        raise ConversionError(f"{model} is {int8.card.dtype}: give the int8 model to verify")
    looked_at = test_sets(int8.card, data, part)
    clean = looked_at.at(0.0)
    total = 2 * len(levels) * len(clean)
    with tempfile.TemporaryDirectory() as folder:
        beside = Path(folder) / "float32.tflite"
        to_float(keras_file, model, beside)
        float32 = find(str(beside))

        def compared(level: float) -> Comparison:
            found = compare(
                float32, int8, looked_at.at(level), progress=lambda n: progress(n, total)
            )
            return replace(found[0], noise=level)

        comparisons = [compared(level) for level in levels]
        layers = layer_noise(float32, int8, clean.images[:LAYER_FACES])
        seen = ravdess_faces.load(clips) if clips is not None else None
        on_clips = compare_on_clips(float32, int8, seen) if seen is not None else None
    broken = comparisons[0].broken(limits)
    said = Answers(raw_outputs(int8, clean.images), clean.labels, clean.label_names)
    broken += complaints(said)
    return Verdict(
        str(model), part, looked_at.protocol, comparisons, layers, limits, broken, on_clips
    )
