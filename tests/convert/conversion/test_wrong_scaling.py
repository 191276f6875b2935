"""A network that was trained on 0 to 1: its scaling is found, and another one's harm is said."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import flatbuffers
import numpy as np
import pytest
import tiny_model
from ai_edge_litert import schema_py_generated as schema

from convert.cli.main import app
from edge.cli.app import run_app


def of_light(path: Path) -> Path:
    """float32, 16x16 gray: "bright" where the mean is above 0.65, else "dark"."""
    content = tiny_model.build("float32", classes=2, picture_shape=(16, 16, 1))
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    tensors = model.subgraphs[0].tensors
    kernel = np.stack([np.full(256, 40 / 256), np.zeros(256)]).astype(np.float32)
    for index, values in ((1, kernel), (2, np.array([-26, 0], np.float32))):
        data = np.frombuffer(values.tobytes(), np.uint8)
        model.buffers[tensors[index].buffer].data = data
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(builder.Output())
    return path


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        ((), 0, "scaling 0-1: tried on 24 pictures: accuracy 0-1 1.000"),
        (("--scaling", "0-1"), 0, "a .tflite stays as it is"),
        (("--scaling", "-1-1"), 1, "names 50.0% of 24 .* and with 0-1 100.0%: give --scaling 0-1"),
        (("--scaling", "0-255"), 1, "names 50.0% of 24 .* and with 0-1 100.0%"),
    ],
)
def test_a_scaling_that_is_wrong_is_said(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    rng = np.random.default_rng(0)
    for label, level in (("bright", 200), ("dark", 60)):
        (tmp_path / "faces" / label).mkdir(parents=True)
        for number in range(12):
            image = rng.integers(level - 20, level + 20, (24, 24), dtype=np.uint8)
            cv2.imwrite(str(tmp_path / "faces" / label / f"{number}.png"), image)
    bring = (
        "import", of_light(tmp_path / "theirs.tflite"), "--labels", "bright,dark", "--faces",
        "whole", "--data", tmp_path / "faces", "--out", tmp_path / "mine.tflite", *options,
    )  # fmt: skip
    assert run_app(app, "edge-convert", [str(one) for one in bring]) == code
    assert re.search(sentence, capsys.readouterr().err)
