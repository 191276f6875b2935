"""The peak is a real matrix product, and its size is known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.measuring import matmul


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_the_product_is_the_product(dtype: str) -> None:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=matmul.model(dtype), num_threads=1)
    interpreter.allocate_tensors()
    given, found = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    assert tuple(given["shape"]) == (matmul.ROWS, matmul.DEPTH)
    values = np.random.default_rng(5).integers(-100, 100, given["shape"]).astype(dtype)
    interpreter.set_tensor(given["index"], values)
    interpreter.invoke()
    weights = np.random.default_rng(1).integers(-100, 100, (matmul.COLUMNS, matmul.DEPTH))
    exact = values.astype(np.float64) @ weights.T
    result = interpreter.get_tensor(found["index"]).astype(np.float64)
    if dtype == "int8":
        # Scales 0.01 · 0.01 / 1.0.
        exact = np.clip(exact * 1e-4, -128, 127)
        assert np.abs(result - exact).max() <= 1
    else:
        assert np.allclose(result, exact)
    assert matmul.ROWS * matmul.DEPTH * matmul.COLUMNS == matmul.MACS


def test_a_call_computes_once_more() -> None:
    call = matmul.matmul("int8", threads=2)
    call()
    call()
