"""Whether what a network takes of time and memory is known before it sees a picture.

Trial runs say what a file costs only where every run is alike. A loop may end at once for the
trial's pictures and never for a dark one; a tensor may be as long as a pixel says. Such a file is
refused by its operators, before it is run.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_BY_PICTURE = {
    "WHILE", "IF", "CALL", "CALL_ONCE", "WHERE", "UNIQUE", "HASHTABLE", "HASHTABLE_FIND",
    "HASHTABLE_IMPORT", "HASHTABLE_LOOKUP", "LSH_PROJECTION", "EMBEDDING_LOOKUP_SPARSE",
}  # fmt: skip
"""Operators whose time, size or outcome their values decide."""
_STATE = ("READ_VARIABLE", "RANDOM_", "MULTINOMIAL")
"""Operators whose values change from run to run, whatever they are given."""
_OF_SHAPES = {"SHAPE", "RANK"}
_AS_DATA = {"CAST", "DELEGATE"}
"""What may take a whole number that the picture decides: it is only data to them."""
_WHOLE = (np.int32, np.int64, np.uint32)


def by_picture(interpreter: Any) -> str | None:
    """The reason to refuse it, in one clause; None for a network whose runs are all alike.

    Sizes, axes and places are whole numbers of 32 or 64 bits; so where no operator takes one that
    comes of the picture, every size is known. interpreter: a tflite one, its tensors allocated
    """
    kinds = {one["index"]: one["dtype"] for one in interpreter.get_tensor_details()}
    of_picture = {int(one["index"]) for one in interpreter.get_input_details()}
    operators = interpreter._get_ops_details()
    for name in (operator["op_name"] for operator in operators):
        if name in _BY_PICTURE or name.startswith("STABLEHLO_"):
            return f"what its operator {name} takes of time and memory may depend on the picture"
    for operator in operators:
        name = operator["op_name"]
        taken = of_picture.intersection(map(int, operator["inputs"]))
        if name not in _AS_DATA and any(kinds.get(index) in _WHOLE for index in taken):
            return f"its operator {name} takes a whole number, which may be a size, of the picture"
        if (taken and name not in _OF_SHAPES) or name.startswith(_STATE):
            of_picture.update(map(int, operator["outputs"]))
    return None
