"""LiteRT's own profile of a real network, and what becomes of one that it does not give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.measuring import operators
from benchmarks.measuring.findings import Remark
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan
from benchmarks.suites.latency.operators import REST, by_operator
from edge.errors import EdgeError
from edge.models import Model, find

MakeModel = Callable[..., Model]


def test_a_profile_names_the_networks_operators(make_model: MakeModel) -> None:
    model = make_model("cnn", dtype="float32")
    found = operators.profile(model.path, threads=1, runs=10)
    kinds = {operator.kind for operator in found.operators}
    assert any("Fully Connected" in kind for kind in kinds)
    assert sum(sum(o.us) for o in found.operators) <= found.whole_us


def test_a_shipped_network_has_every_layer_in_it() -> None:
    found = operators.profile(find("cnn").path, threads=1, runs=4)
    by_kind = {operator.kind: operator.us for operator in found.operators}
    convolutions = next(us for kind, us in by_kind.items() if kind.startswith("Convolution"))
    dense = next(us for kind, us in by_kind.items() if kind.startswith("Fully Connected"))
    assert (len(convolutions), len(dense)) == (4, 3)
    assert found.operators[0].us == convolutions


def test_no_profile_is_an_error_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"nothing")
    with pytest.raises(EdgeError, match="LiteRtCreateModelFromFile"):
        operators.profile(tmp_path / "x.tflite", threads=1, runs=1)


def test_rows_add_up_to_the_whole(make_model: MakeModel) -> None:
    found = list(by_operator(Plan(rounds=5), make_model("cnn")))
    rows = {f.name: f.median for f in found if isinstance(f, Measurement)}
    assert sum(v for name, v in rows.items() if name.endswith("/of the whole")) == pytest.approx(1)
    assert f"cnn int8: {REST}/ms" in rows


def test_a_model_without_a_profile_says_why(make_model: MakeModel, tmp_path: Path) -> None:
    model = replace(make_model("cnn"), path=tmp_path / "gone.tflite")
    [remark] = list(by_operator(Plan(rounds=1), model))
    assert isinstance(remark, Remark)
    assert remark.text.startswith("cnn int8: no profile by operator: ")
