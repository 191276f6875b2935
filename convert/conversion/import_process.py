"""A network of somebody else's, read and converted in a process of its own, with bounds on it.

    python -m convert.conversion.import_process export PLAN.json
    python -m convert.conversion.import_process int8 PLAN.json

`export` writes the network as a SavedModel of one float32 picture (recurrent layers unrolled,
logits given a softmax, mixed precision taken back), the float32 .tflite, and facts.json.
`int8` makes the int8 .tflite out of that SavedModel and the pictures in representative.npy.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from convert.conversion.checks import RECURRENT
from convert.conversion.converter_process import ask_for_int8
from convert.conversion.input_scaling import decide, hits, scaled
from convert.conversion.macs import macs
from convert.conversion.wanted import TRIAL_FILE
from edge.errors import EdgeError
from edge.models.scaling import Scaling

MEMORY_BYTES = 24 << 30
"""Of addresses, of which TensorFlow maps far more than it uses."""
DATA_BYTES = 8 << 30
"""Of memory of its own; an import of a small network takes 0.6 GB of it."""
CPU_SECONDS = 3600
_AT_ONCE = 50
"""Pictures that a scaling is tried on in one call."""
_OLD_OPTIONS = {"DepthwiseConv2D": ("groups",), **dict.fromkeys(RECURRENT, ("time_major",))}


def export(plan: dict[str, Any], work: Path) -> None:
    if plan["kind"] == "saved_model":
        facts = _export_saved_model(plan, work)
    else:
        facts = _export_keras(plan, work)
    (work / "facts.json").write_text(json.dumps(facts))
    converter = tf.lite.TFLiteConverter.from_saved_model(str(work / "saved"))
    (work / "float32.tflite").write_bytes(converter.convert())


def _export_keras(plan: dict[str, Any], work: Path) -> dict[str, Any]:
    given = _load(plan, work)
    config = _plain(given.get_config())
    model = type(given).from_config(config)
    shape = tuple(plan["input_shape"] or given.input_shape[1:])
    if not model.built:
        model.build((1, *shape))
    model.set_weights(given.get_weights())
    last = _last_activation(given)
    tried = _tried(plan, work, shape, lambda lot: _scores(_one(model(lot)), last, plan["output"]))
    image = keras.Input(batch_shape=(1, *shape), dtype="float32", name="image")
    whole = keras.Model(image, _scores(_one(model(image)), last, plan["output"]))
    one = keras.InputSpec(shape=(1, *shape), dtype="float32", name="image")
    whole.export(work / "saved", verbose=False, input_signature=[one])
    return {
        "input_shape": shape,
        "classes": whole.output_shape[-1],
        "activation": last,
        "parameters": given.count_params(),
        "macs": _macs(model, shape),
        "normalization": _normalization(given),
        "scaling": tried,
    }


def _tried(
    plan: dict[str, Any], work: Path, shape: tuple[int, ...], scores: Callable[[Any], Any]
) -> dict[str, Any] | None:
    """The scaling that fits the pictures left for it, before the conversion takes its minutes."""
    if not (work / TRIAL_FILE).exists():
        return None
    with np.load(work / TRIAL_FILE) as trial:
        images, labels = trial["images"].reshape(-1, *shape[-3:]), trial["labels"]

    def measure(scaling: Scaling) -> float:
        found = []
        for start in range(0, len(images), _AT_ONCE):
            lot = scaled(images[start : start + _AT_ONCE], scaling)
            if len(shape) == 4:
                lot = np.repeat(lot[:, None], shape[0], axis=1)
            found.append(np.reshape(scores(lot), (len(lot), -1)))
        outputs = np.concatenate(found)
        return hits(labels, outputs.argmax(axis=1), max(outputs.shape[1], int(labels.max()) + 1))

    try:
        best = decide(plan["scaling"], images.shape[-1], measure, len(images))
    except EdgeError as error:
        raise SystemExit(f"REFUSED {error}") from error
    return {"scaling": str(best.scaling), "why": best.why, "sure": best.sure}


def _load(plan: dict[str, Any], work: Path) -> keras.Model:
    path = Path(plan["file"])
    if plan["kind"] == "h5":
        path = _without_old_options(path, work / "given.h5")
    else:
        path = Path(shutil.copy(path, work / "given.keras"))  # Keras goes by the name's end
    return keras.models.load_model(path, compile=False, safe_mode=True)


def _without_old_options(path: Path, copy: Path) -> Path:
    """Keras 2 wrote options that Keras 3 does not know."""
    import h5py

    shutil.copy(path, copy)
    with h5py.File(copy, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        for found in _dicts(config):
            for option in _OLD_OPTIONS.get(str(found.get("class_name")), ()):
                found["config"].pop(option, None)
        file.attrs["model_config"] = json.dumps(config)
    return copy


def _plain(config: dict[str, Any]) -> dict[str, Any]:
    """The config with recurrent layers unrolled, in float32, for any number of pictures."""
    config = json.loads(json.dumps(config, default=_listed))
    for found in _dicts(config):
        for key in ("batch_shape", "batch_input_shape"):
            if isinstance(found.get(key), list):
                found[key][0] = None
        if found.get("class_name") in RECURRENT:
            found["config"].update(unroll=True, stateful=False)
        if str(found.get("class_name", "")).endswith("DTypePolicy"):
            found.update(class_name="DTypePolicy", config={"name": "float32"})
        dtype = found.get("dtype")
        if isinstance(dtype, str) and ("mixed" in dtype or dtype in ("float16", "bfloat16")):
            found["dtype"] = "float32"
    return config


def _listed(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _dicts(config: Any) -> Iterator[dict[str, Any]]:
    if isinstance(config, dict):
        yield config
        config = list(config.values())
    if isinstance(config, list):
        for value in config:
            yield from _dicts(value)


def _last_activation(model: keras.Model) -> str:
    """softmax, sigmoid, or another, by the layer that the output comes from."""
    layer = model
    while isinstance(layer, keras.Model):
        layer = _one(layer.output)._keras_history.operation if layer.built else layer.layers[-1]
    if type(layer).__name__ in ("Softmax", "Sigmoid"):
        return type(layer).__name__.lower()
    return str(getattr(getattr(layer, "activation", None), "__name__", "linear"))


def _one(outputs: Any) -> Any:
    """The only output, which a network of Keras 2 gives as a list of one."""
    return outputs[0] if isinstance(outputs, list) else outputs


def _scores(outputs: Any, last: str, wanted: str) -> Any:
    if outputs.shape[-1] == 1 and last == "sigmoid":
        # One score says how much it is the second label.
        return keras.layers.Concatenate(name="both")([1 - outputs, outputs])
    if wanted == "logits" or (not wanted and last not in ("softmax", "sigmoid")):
        return keras.layers.Softmax(name="appended_softmax")(outputs)
    return outputs


def _macs(model: keras.Model, shape: tuple[int, ...]) -> int:
    """0 where they are not known."""
    try:
        return macs(model)
    except (EdgeError, ValueError, TypeError, AttributeError):
        return 0


def _normalization(model: keras.Model) -> list[float] | None:
    """The first Normalization layer's mean, in its input's units."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Normalization):
            return [float(value) for value in np.ravel(layer.mean)]
    return None


def _export_saved_model(plan: dict[str, Any], work: Path) -> dict[str, Any]:
    loaded = tf.saved_model.load(plan["file"])
    chosen, signature = _signature(loaded)
    inputs = signature.structured_input_signature[1]
    if len(inputs) != 1:
        raise SystemExit(f"REFUSED it has {len(inputs)} inputs: give one of the picture alone")
    ((name, spec),) = inputs.items()
    _check_input(spec)
    outputs = signature.structured_outputs
    if len(outputs) != 1:
        raise SystemExit(f"REFUSED it has {len(outputs)} outputs: save the one of the labels")
    shape = tuple(plan["input_shape"] or spec.shape[1:])
    if None in shape:
        raise SystemExit(f"REFUSED its input has no fixed size {shape}: give it with --size 96x96")

    def scores(image: Any) -> Any:
        (found,) = signature(**{name: tf.cast(image, spec.dtype)}).values()
        return found

    noise = tf.constant(np.random.default_rng(0).random((1, *shape)), tf.float32)
    trial = scores(noise).numpy()
    probable = trial.min() >= 0 and abs(trial.sum() - 1) < 0.02
    append = plan["output"] == "logits" or (not plan["output"] and not probable)

    class Network(tf.Module):  # type: ignore[misc]  # tensorflow is untyped
        def __init__(self) -> None:
            self.loaded = loaded

        @tf.function(input_signature=[tf.TensorSpec((1, *shape), tf.float32, "image")])  # type: ignore[untyped-decorator]
        def serve(self, image: Any) -> Any:
            return tf.nn.softmax(scores(image)) if append else scores(image)

    network = Network()
    tf.saved_model.save(network, str(work / "saved"), signatures=network.serve)
    return {
        "input_shape": shape,
        "classes": int(trial.shape[-1]),
        "activation": "softmax" if probable else "linear",
        "parameters": sum(int(tf.size(v)) for v in getattr(loaded, "variables", ())),
        "macs": 0,
        "normalization": None,
        "signature": chosen if len(loaded.signatures) > 1 else "",
    }


def _check_input(spec: Any) -> None:
    if not (spec.dtype.is_floating or spec.dtype.is_integer):
        raise SystemExit(f"REFUSED it takes {spec.dtype.name}: save it for the picture's numbers")
    if spec.shape.rank and spec.shape[0] not in (None, 1):
        raise SystemExit(
            f"REFUSED it takes {spec.shape[0]} pictures at once: save it for one, or for any number"
        )


def _signature(loaded: Any) -> tuple[str, Any]:
    """Its name and itself: serving_default, or the only one."""
    signatures = dict(loaded.signatures)
    if not signatures:
        raise SystemExit("REFUSED it has no signature: save it with one (model.export does)")
    if len(signatures) > 1 and "serving_default" not in signatures:
        raise SystemExit(
            f"REFUSED it has the signatures {', '.join(sorted(signatures))} and none of them is "
            "serving_default: save it with the one that names the labels"
        )
    name = "serving_default" if "serving_default" in signatures else next(iter(signatures))
    return name, signatures[name]


def to_int8(plan: dict[str, Any], work: Path) -> None:
    images = np.load(work / "representative.npy")
    converter = tf.lite.TFLiteConverter.from_saved_model(str(work / "saved"))
    ask_for_int8(converter, images)
    if not plan["strict"]:
        # What has no int8 kernel stays in float32, between conversions.
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
            tf.lite.OpsSet.TFLITE_BUILTINS,
        ]
    (work / "int8.tflite").write_bytes(converter.convert())


def main(what: str, plan_file: str) -> None:
    work = Path(plan_file).parent
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_DATA, (DATA_BYTES, DATA_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 30, 4 << 30))
    plan = json.loads(Path(plan_file).read_text())
    {"export": export, "int8": to_int8}[what](plan, work)


if __name__ == "__main__":
    main(*sys.argv[1:])
