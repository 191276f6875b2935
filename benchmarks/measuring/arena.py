"""How much memory a network's activations need: what the interpreter's planner laid out for them.

Python has no call for it, but it has every tensor's address: those outside the file's own bytes
lie in the arena. Printed by a process of its own, so that the one that measures stays small.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from edge.models import find, verify

# The planner aligns to 64 bytes; what is further apart is another block of memory.
_GAP_BYTES = 4096


def arena_bytes(content: bytes) -> int:
    """Activations and scratch of TensorFlow Lite's own kernels, holes of the layout included.

    XNNPACK, which takes most operators over on a device, keeps its activations in a workspace
    that nothing tells of; so this is planned without it.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    first = np.frombuffer(content, np.uint8).__array_interface__["data"][0]
    spans = sorted(
        span
        for span in _spans(interpreter)
        if not first <= span[0] < first + len(content) and span[0] < span[1]
    )
    total, end = 0, 0
    for start, stop in spans:
        total += max(0, stop - (end if start - end <= _GAP_BYTES else start))
        end = max(end, stop)
    return total


def _spans(interpreter: Any) -> list[tuple[int, int]]:
    """(first, past the last) address of every tensor that has memory."""
    found = []
    for tensor in interpreter.get_tensor_details():
        try:
            memory = interpreter.tensor(tensor["index"])()
        except ValueError:  # not allocated: folded away
            continue
        start = memory.__array_interface__["data"][0]
        found.append((start, start + memory.nbytes))
    return found


if __name__ == "__main__":
    print(arena_bytes(verify(find(sys.argv[1]))))
