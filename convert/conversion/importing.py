"""Anybody's trained network → a .tflite with its card, of which nothing is taken from ours."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.conversion import flatbuffer as tflite_file
from convert.conversion.checks import Structure
from convert.conversion.inspect import inspect
from convert.conversion.quantize import child_environment
from convert.conversion.wanted import TRIAL_FILE, Checked, Wanted
from convert.datasets.own import OwnPictures
from edge.errors import ConversionError
from edge.models import Model
from edge.models.description import (
    Description,
    check_classes,
    described_card,
    input_shape,
    only_end,
)
from edge.models.probe import Probe, probe
from edge.system.native_output import debugging
from edge.system.pip import pip_install

CHILD = (sys.executable, "-m", "convert.conversion.import_process")
MINUTES = 60.0
REPRESENTATIVE = 300
"""Pictures that the ranges of the activations are measured on."""


@dataclass(slots=True)
class Exported:
    """The network as float32, and what was learned of it; `notes` are told to the person."""

    structure: Structure
    work: Path
    facts: dict[str, Any]
    content: bytes
    found: Probe
    notes: list[str] = field(default_factory=list)
    plan: dict[str, Any] = field(default_factory=dict)

    @property
    def converted(self) -> bool:
        """Whether it came as a .tflite, which stays as it is."""
        return self.structure.kind == "tflite"


@contextmanager
def exported(
    path: Path, wanted: Wanted, file: Checked, pictures: OwnPictures | None = None
) -> Iterator[Exported]:
    """The network of `path` in float32, in a folder that goes when the block ends.

    pictures: a Keras network's scaling is tried on these, before it is converted
    Raises ModelError, ConversionError, each with the reason, MissingPackageError.
    """
    structure = file.structure
    with TemporaryDirectory(prefix="edge-import-") as folder:
        work = Path(folder)
        if structure.kind == "tflite":
            content = path.read_bytes()
            facts: dict[str, Any] = {"parameters": 0, "macs": 0, "normalization": None}
            made = Exported(structure, work, facts, content, probe(content, str(path)))
        else:
            plan = {
                "file": str(path.resolve()),
                "kind": structure.kind,
                "input_shape": file.shape,
                "output": wanted.output,
                "scaling": wanted.scaling,
                "strict": True,
            }
            if pictures is not None:
                np.savez(work / TRIAL_FILE, images=pictures.images, labels=pictures.labels)
            run_child("export", plan, work, path)
            facts = json.loads((work / "facts.json").read_text())
            content = (work / "float32.tflite").read_bytes()
            found = probe(content, str(path))
            made = Exported(structure, work, facts, content, found, plan=plan)
        source = only_end(made.found, path)
        input_shape(path, source, wanted.kind)
        check_classes(path, made.found.outputs[0], len(wanted.labels))
        made.notes.extend(_notes(made))
        yield made


def _notes(made: Exported) -> Iterator[str]:
    facts, structure = made.facts, made.structure
    if facts.get("signature"):
        yield f"of its signatures {facts['signature']} was taken"
    if structure.recurrent:
        yield f"{len(structure.recurrent)} recurrent layer(s) ({structure.recurrent[0]}): unrolled"
    if any("float16" in str(settings.get("dtype")) for _, settings in structure.layers):
        yield "mixed precision: taken back to float32"
    activation = facts.get("activation")
    if activation == "sigmoid":
        yield "its last layer is a sigmoid: the scores are divided by their sum"
    elif activation and activation != "softmax":
        yield f"its last layer is {activation} (logits): a softmax was appended"


def described(path: Path, made: Exported, wanted: Wanted, scaling: str, content: bytes) -> Model:
    """`content` as a model whose card says what is known, and no more."""
    said = Description.model_validate(
        {
            "labels": wanted.labels,
            "scaling": scaling,
            "colour": wanted.colour,
            "output": "" if not made.converted else wanted.output,
            "step_s": wanted.step_s,
            "margin": wanted.margin,
            "stretch": wanted.stretch,
            "kind": wanted.kind,
            "features": wanted.features,
        }
    )
    found = made.found if content is made.content else probe(content, str(path))
    card = described_card(path, content, found, said)
    changes: dict[str, Any] = {
        "parameters": made.facts["parameters"],
        "macs": made.facts["macs"],
        "source": f"imported from {path.name} ({_KINDS[made.structure.kind]})",
    }
    if made.facts.get("activation") == "sigmoid":
        changes["output"] = "probabilities"
    return Model(path, card.model_copy(update=changes), content)


_KINDS = {"keras": "Keras", "h5": "Keras, HDF5", "saved_model": "SavedModel", "tflite": "TFLite"}


def to_int8(path: Path, made: Exported, pictures: NDArray[np.float32]) -> bytes:
    """The int8 file; where an operator has no int8 form it stays in float32, and a note says so.

    pictures: float32 (n, *input_shape), scaled as the network was trained
    """
    np.save(made.work / "representative.npy", pictures)
    try:
        run_child("int8", made.plan, made.work, path)
    except ConversionError:
        run_child("int8", {**made.plan, "strict": False}, made.work, path)
    content = (made.work / "int8.tflite").read_bytes()
    model = tflite_file.parse(content)
    tflite_file.fold_float_islands(model)
    folded = tflite_file.serialize(model)
    left = _float_tensors(folded, made.work)
    if left:
        made.notes.append(f"{left} of its tensors stay float32: they have no int8 operator")
    return folded


def _float_tensors(content: bytes, work: Path) -> int:
    path = work / "inspected.tflite"
    path.write_bytes(content)
    return inspect(path).float_tensors


def run_child(what: str, plan: dict[str, Any], work: Path, path: Path) -> None:
    """Raises ConversionError with the reason in one sentence; its own words with --debug."""
    plan_file = work / "plan.json"
    plan_file.write_text(json.dumps(plan))
    try:
        done = subprocess.run(
            [*CHILD, what, str(plan_file)],
            env=child_environment(),
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
            timeout=60 * MINUTES,
        )
    except subprocess.TimeoutExpired as error:
        raise ConversionError(f"{path} was not converted within {MINUTES:g} minutes") from error
    chatter = (done.stdout + done.stderr).strip()
    if debugging() and chatter:
        print(chatter, file=sys.stderr)
    if done.returncode:
        raise ConversionError(f"{path} cannot be converted: {_reason(done.returncode, chatter)}")


_REASONS = {
    "No module named 'tensorflow'": f"it needs TensorFlow: {pip_install('emotion-edge[convert]')}",
    "Could not locate class": "it has a layer of its author's own code: save it as a SavedModel",
    "Unknown layer": "it has a layer of its author's own code: save it as a SavedModel",
    "unsafe": "it holds code of its author's, which is not run here: save it as a SavedModel",
    "needs to be rewritten": "it uses TensorFlow operators that the device's runtime lacks",
    "Some ops are not supported": "it uses TensorFlow operators that the device's runtime lacks",
    "custom op:": "it uses TensorFlow operators that the device's runtime lacks",
    "Quantization not yet supported": "one of its operators has no int8 form",
    "MemoryError": "it takes more memory than it may",
    "Unrecognized keyword": "it was saved by a version of Keras that this one cannot read",
}


_LOGGED = re.compile(r"[IW]\d{4} |[\d-]+ [\d:.]+: [IW] ")
"""What TensorFlow says of itself whether or not anything is wrong."""


def _reason(code: int, chatter: str) -> str:
    if code < 0:
        return "the converter crashed on it (with --debug its last words are shown)"
    lines = [line for line in chatter.splitlines() if not _LOGGED.match(line)]
    refused = next((line for line in reversed(lines) if line.startswith("REFUSED ")), None)
    if refused is not None:
        return refused.removeprefix("REFUSED ")
    for sign, reason in _REASONS.items():
        if any(sign in line for line in lines):
            return f"{reason} (its converter's own words: --debug)"
    return lines[-1][:300] if lines else "its converter said nothing"


def embed(content: bytes, metadata: dict[str, Any]) -> bytes:
    """The file with its metadata inside."""
    model = tflite_file.parse(content)
    tflite_file.embed_metadata(model, metadata)
    return tflite_file.serialize(model)
