"""The verdict on a conversion: all that edge-convert verify and card have to say."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from convert import plots, report
from convert.datasets import fer2013
from convert.layer_noise import LayerNoise, layer_noise
from convert.quantize import to_float
from convert.validate import Comparison, Limits, compare
from edge.errors import ConversionError
from edge.models import find

LAYER_FACES = 64


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comparing gave; `broken` holds a sentence for each limit that is past."""

    model: str
    part: str
    comparisons: list[Comparison]
    layers: list[LayerNoise]
    limits: Limits
    broken: list[str]

    def as_dict(self, layers: int) -> dict[str, Any]:
        return {
            "model": self.model,
            "part": self.part,
            "faces": int(self.comparisons[0].int8.confusion.sum()),
            "comparisons": [found.as_dict() for found in self.comparisons],
            "layers": [asdict(layer) for layer in self._noisiest(layers)],
            "limits": asdict(self.limits),
            "broken": self.broken,
        }

    def lines(self, layers: int) -> Iterator[str]:
        yield f"{self.model} against its float32 network on {self.part}"
        yield from report.comparison_lines(self.comparisons)
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
) -> Verdict:
    """Compare the int8 `model` with the network it was made from, at noise `levels`, clean first.

    Raises ModelError, MissingModelError, DataError, MissingDataError, ConversionError.
    """
    int8 = find(str(model))
    if int8.card.dtype != "int8":
        raise ConversionError(f"{model} is {int8.card.dtype}: give the int8 model to verify")
    faces = fer2013.load(data).part(part)
    with tempfile.TemporaryDirectory() as folder:
        beside = Path(folder) / "float32.tflite"
        to_float(keras_file, model, beside)
        float32 = find(str(beside))
        total = 2 * len(levels) * len(faces)
        comparisons = compare(float32, int8, faces, levels, lambda n: progress(n, total))
        layers = layer_noise(float32, int8, faces.images[:LAYER_FACES])
    broken = comparisons[0].broken(limits)
    return Verdict(str(model), part, comparisons, layers, limits, broken)
