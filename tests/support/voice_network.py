"""A network for voices that knows low tones from high ones, and sounds for it."""

from __future__ import annotations

import csv
from pathlib import Path

import flatbuffers
import numpy as np
import tiny_model
from ai_edge_litert import schema_py_generated as schema

LABELS = ("low", "high")
RATE_HZ = 16_000
FRAMES, BANDS = 98, 40


def build(shape: tuple[int, ...] = (FRAMES, BANDS, 1)) -> bytes:
    """float32: the lower half of the bands speaks for "low", the upper for "high"."""
    content = tiny_model.build("float32", classes=2, picture_shape=(FRAMES, BANDS, 1))
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    graph = model.subgraphs[0]
    halves = np.where(np.arange(BANDS) < BANDS // 2, 1.0, -1.0)
    kernel = np.tile(halves, FRAMES) * 0.02
    weights = np.stack([kernel, -kernel]).astype(np.float32)
    model.buffers[graph.tensors[1].buffer].data = np.frombuffer(weights.tobytes(), np.uint8)
    graph.tensors[graph.inputs[0]].shape = [1, *shape]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def write_sounds(root: Path, each: int = 4, seconds: float = 1.5) -> Path:
    """A csv of tones that come and go as syllables do, each of a label by another speaker."""
    import soundfile

    rng = np.random.default_rng(5)
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    root.mkdir(parents=True, exist_ok=True)
    with (root / "sounds.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("file", "label", "person"))
        for label, hz in zip(LABELS, (350.0, 2500.0), strict=True):
            for number in range(each):
                tone = np.sin(2 * np.pi * hz * (1 + 0.02 * number) * times)
                tone *= 0.3 * (np.sin(2 * np.pi * 4 * times) > -0.5)
                samples = tone + 0.001 * rng.standard_normal(len(times))
                name = f"{label}{number}.wav"
                soundfile.write(root / name, samples, RATE_HZ, subtype="PCM_16")
                rows.writerow((name, label, f"speaker{number}"))
    return root / "sounds.csv"
