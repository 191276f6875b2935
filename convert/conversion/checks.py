"""What a network's file says of it, read without running any of it: what cannot be converted is
refused here, before TensorFlow is started."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import ConversionError, MissingModelError, MissingPackageError, ModelError
from edge.system.pip import pip_install

MAX_FILE_BYTES = 1 << 30
MAX_CONFIG_BYTES = 32 << 20
MAX_STEPS = 256
"""A recurrent layer is written out step by step; more makes a file of too many operators."""
RECURRENT = ("LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D")
_CODE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "__lambda__")
_READERS = ("StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing")
_ROOMS = (
    "layers", "models", "initializers", "regularizers", "constraints", "activations",
    "dtype_policies", "ops",
)  # fmt: skip
_MODULES = tuple(f"{root}.{room}" for root in ("keras", "keras.src") for room in _ROOMS)
_PLAIN = ("keras", "builtins")
_FUNCTIONS = ("keras.activations", "keras.src.activations", "builtins", "keras.ops")
_REFUSED_OPS = ("PyFunc", "EagerPyFunc", "PyFuncStateless", "ReadFile", "WriteFile")
_DAMAGE = (
    OSError, EOFError, ValueError, KeyError, TypeError, RecursionError, RuntimeError, MemoryError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What zipfile, json and h5py raise of damaged files. RuntimeError: encrypted, or too new."""
_FOREIGN = {
    ".onnx": "an ONNX network: make a .tflite of it (onnx2tf -i FILE), and give that",
    **dict.fromkeys(
        (".pt", ".pth"),
        "PyTorch's: make a .tflite of the network there (litert-torch), its channels last, and "
        "give that",
    ),
    ".pb": "a graph without its variables' folder: give the SavedModel's folder",
    ".json": "no network that can be read here: give the .keras, .h5 or SavedModel it came from",
}
_LOOPS = ("While", "StatelessWhile", "TensorListReserve")


@dataclass(frozen=True, slots=True)
class Structure:
    """kind: keras, h5, saved_model or tflite; layers: (class, its config) in the file's order;
    empty where the file has none. input_shape: without the batch, None where a size is open"""

    kind: str
    layers: tuple[tuple[str, dict[str, Any]], ...] = ()
    input_shape: tuple[int | None, ...] = ()
    classes: int | None = None
    """The outputs that it has, where its last layer says so."""

    @property
    def recurrent(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.layers if name in RECURRENT)


def read_structure(path: Path) -> Structure:
    """Raises MissingModelError, ModelError for what is no network or damaged, ConversionError for
    what cannot be converted, each with the reason."""
    if path.is_dir():
        return _saved_model(path)
    if not path.is_file():
        raise MissingModelError(
            f"there is no network {path}: give a .keras, .h5, .tflite or a SavedModel's folder"
        )
    if (size := path.stat().st_size) > MAX_FILE_BYTES:
        raise ModelError(f"{path} has {size >> 20:,} MB and may have {MAX_FILE_BYTES >> 20:,}")
    if how := _FOREIGN.get(path.suffix.lower()):
        raise ModelError(f"{path} is {how}")
    with path.open("rb") as file:
        start = file.read(8)
    if start[4:8] == b"TFL3":
        return Structure("tflite")
    if start[:4] == b"PK\x03\x04":
        return _of_config(path, "keras", _keras_config(path))
    if start == b"\x89HDF\r\n\x1a\n":
        return _of_config(path, "h5", _h5_config(path))
    raise ModelError(f"{path} is neither a .keras, .h5 nor .tflite file: save the network as one")


def _keras_config(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if "config.json" not in archive.namelist():
                raise ModelError(
                    f"{path} is an archive and no .keras: unpack it, and give the network in it"
                )
            if sum(entry.file_size for entry in entries) > MAX_FILE_BYTES:
                raise ModelError(f"{path} unpacks to more than {MAX_FILE_BYTES >> 20:,} MB")
            if archive.getinfo("config.json").file_size > MAX_CONFIG_BYTES:
                raise ModelError(f"{path} has a config of over {MAX_CONFIG_BYTES >> 20} MB")
            return _parsed(archive.read("config.json"))
    except _DAMAGE as error:
        raise ModelError(f"{path} is no whole .keras file ({error}): save it again") from error


def _h5_config(path: Path) -> dict[str, Any]:
    try:
        import h5py
    except ImportError as error:
        raise MissingPackageError(
            f"an .h5 file is read with h5py ({error}): {pip_install('emotion-edge[convert]')}"
        ) from error
    try:
        with h5py.File(path, "r") as file:
            text = file.attrs.get("model_config")
        if text is None:
            raise ModelError(f"{path} holds weights alone: save the whole network, with model.save")
        if len(text) > MAX_CONFIG_BYTES:
            raise ModelError(f"{path} has a config of over {MAX_CONFIG_BYTES >> 20} MB")
        return _parsed(text)
    except _DAMAGE as error:
        raise ModelError(f"{path} is no whole .h5 file ({error}): save it again") from error


def _parsed(text: str | bytes) -> dict[str, Any]:
    config = json.loads(text)
    if not isinstance(config, dict):
        raise ValueError("its config is no network's")
    # Neither is built for inference.
    for key in ("compile_config", "build_config"):
        config.pop(key, None)
    return config


def _of_config(path: Path, kind: str, config: dict[str, Any]) -> Structure:
    try:
        objects = list(_objects(config))
    except RecursionError as error:
        raise ModelError(f"{path} is nested too deeply to be a network's") from error
    for found in objects:
        _check_object(path, found)
    whole = config.get("config")
    if config.get("class_name") not in ("Functional", "Model", "Sequential") or not isinstance(
        whole, dict
    ):
        raise ConversionError(
            f"{path} holds a {config.get('class_name')}, which only its own code can build: save "
            "it as a SavedModel (model.export), which needs no code"
        )
    for what, key in (("inputs", "input_layers"), ("outputs", "output_layers")):
        if (n := _count(whole.get(key))) > 1:
            raise ConversionError(f"{path} has {n} {what}: {_ONE[what]}")
    layers = tuple(
        (str(found["class_name"]), settings)
        for found in objects
        if isinstance(settings := found.get("config"), dict)
    )
    return Structure(kind, layers, _input_shape(layers), _classes(whole))


_ONE = {
    "inputs": "give a network that takes the picture alone",
    "outputs": "save the part of it that names the labels, keras.Model(inputs, that_output)",
}


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Every part of the config that makes Keras build or find something."""
    if isinstance(config, dict):
        if isinstance(config.get("class_name"), str):
            yield config
        for key, value in config.items():
            if key not in ("compile_config", "build_config"):
                yield from _objects(value)
    elif isinstance(config, list):
        for value in config:
            yield from _objects(value)


def _check_object(path: Path, found: dict[str, Any]) -> None:
    name, module = found["class_name"], found.get("module") or ""
    if name in _CODE:
        raise ConversionError(
            f"{path} has a {name.strip('_')} layer, which is code of its author's and is not run "
            "here: replace it by a layer (Rescaling for a scaling), or save it as a SavedModel"
        )
    if name in _READERS:
        raise ConversionError(f"{path} has a {name} layer, which is for text: give one of pictures")
    registered = found.get("registered_name") or ""
    custom = ">" in str(registered) and not str(registered).startswith("keras")
    known = module in _PLAIN or f"{module}.".startswith(tuple(f"{room}." for room in _MODULES))
    if name == "function" and module and module not in _FUNCTIONS:
        known = False
    if custom or (module and not known):
        raise ConversionError(
            f"{path} has a custom layer {name} ({module or registered}), which only its own code "
            "can build: save the network as a SavedModel (model.export), which needs no code"
        )


def _count(ends: Any) -> int:
    """Keras writes one end as [name, 0, 0], several as a list of these or a dict."""
    if isinstance(ends, list) and ends and isinstance(ends[0], str):
        return 1
    return len(ends) if isinstance(ends, (list, dict)) else 1


def _classes(config: dict[str, Any]) -> int | None:
    """The units of the dense layer that gives the output; None where it is another."""
    layers = [one for one in config.get("layers") or () if isinstance(one, dict)]
    ends = config.get("output_layers")
    while isinstance(ends, (list, tuple)) and ends and not isinstance(ends[0], str):
        ends = ends[0]
    name = ends[0] if isinstance(ends, list) and ends else None
    last = [one for one in layers if name in (None, (one.get("config") or {}).get("name"))][-1:]
    settings = last[0].get("config") if last and last[0].get("class_name") == "Dense" else None
    units = settings.get("units") if isinstance(settings, dict) else None
    # One sigmoid becomes two scores.
    return max(2, units) if isinstance(units, int) else None


def _input_shape(layers: tuple[tuple[str, dict[str, Any]], ...]) -> tuple[int | None, ...]:
    for _, settings in layers:
        shape = settings.get("batch_shape") or settings.get("batch_input_shape")
        if isinstance(shape, list):
            return tuple(n if isinstance(n, int) else None for n in shape[1:])
    return ()


def _saved_model(folder: Path) -> Structure:
    graph = folder / "saved_model.pb"
    if not graph.is_file():
        raise MissingModelError(f"{folder} holds no saved_model.pb: give a SavedModel's folder")
    if sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) > MAX_FILE_BYTES:
        raise ModelError(f"{folder} is larger than {MAX_FILE_BYTES >> 20:,} MB")
    content = graph.read_bytes()
    # Operators' names stand in the file as text: no TensorFlow is needed to see them.
    for name in _REFUSED_OPS:
        if _has_operator(content, name):
            raise ConversionError(
                f"{folder} has a {name} operator, which runs code or reads files and is not run "
                "here: save the network without it"
            )
    for name in _LOOPS:
        if _has_operator(content, name):
            raise ConversionError(
                f"{folder} runs its recurrent layers as a loop, which has no int8 form: import "
                "the .keras file, whose layers are unrolled here"
            )
    return Structure("saved_model")


def _has_operator(content: bytes, name: str) -> bool:
    """As protocol buffers hold it: field 2 of a NodeDef, its length, the text."""
    return b"\x12" + bytes([len(name)]) + name.encode() in content
