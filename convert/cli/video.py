"""Training and converting networks for sequences of faces, for the command line."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any


def train_video(
    name: str,
    data: Path,
    out: Path,
    asked: dict[str, Any],
    motion: dict[str, Any],
    resume: bool,
) -> list[dict[str, float]]:
    """Train `name` on sequences made of FER2013's stills; the history, a record an epoch."""
    from convert import plots, zoo
    from convert.datasets import fer2013
    from convert.training import video as train_video
    from convert.zoo.video_resgru import SEQUENCE

    settings = train_video.recipe(out, asked, motion)
    whole = fer2013.load(data)
    with redirect_stdout(sys.stderr):
        history = train_video.train(
            zoo.architecture(name),
            SEQUENCE,
            whole.part("Training"),
            whole.part("PublicTest"),
            out,
            settings,
            resume=resume,
        )
    plots.history(history, out / "history.png")
    return history


def quantize_video(
    keras_file: Path, name: str, data: Path, out: Path, images: int, seed: int
) -> None:
    """Convert a network for video; its ranges are measured on courses made as for training."""
    from convert import zoo
    from convert.conversion.quantize import QuantizeSettings, quantize
    from convert.datasets import fer2013
    from convert.datasets.synthetic_sequences import PROVENANCE, Motion, Stills, drawn_set
    from convert.zoo.video_resgru import SEQUENCE

    stills = Stills(fer2013.load(data).part("Training"), SEQUENCE, Motion())
    # Their own noise came before equalisation, as a camera's does.
    settings = QuantizeSettings(images=images, noise_share=0, seed=seed)
    drawn = drawn_set(stills, images, seed)
    quantize(keras_file, zoo.architecture(name), drawn, out, settings, SEQUENCE, PROVENANCE)
