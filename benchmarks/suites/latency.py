"""Milliseconds from a 48x48 face to its scores, and what that is of the core's peak."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec

import numpy as np

from benchmarks.measure import Measurement, interleave, ratio
from benchmarks.product import MACS, product
from benchmarks.profiles import by_operator
from benchmarks.results import Finding, Remark
from benchmarks.suites import Plan, label
from edge.errors import MissingPackageError
from edge.inference import Classifier
from edge.models import Model

_ENGINES = {"litert": "ai_edge_litert", "tflite-runtime": "tflite_runtime"}


def measure(plan: Plan) -> Iterator[Finding]:
    """Models and engines in turn, for each number of threads; ratios to the first model."""
    models = plan.some_models()
    engines = [engine for engine, package in _ENGINES.items() if find_spec(package)]
    if len(engines) == 1:
        yield Remark(f"{engines[0]} alone: the other engine is not installed here")
    rounds, warmups = plan.times(300, 40), 5 if plan.quick else 20
    for threads in range(1, plan.threads + 1):
        timed = _time(plan, models, engines, threads, rounds=rounds, warmups=warmups)
        yield from timed.values()
        for engine in engines:
            names = [_case(model, engine, threads) for model in models]
            for name in names[1:]:
                yield ratio(timed[name], timed[names[0]], seed=plan.seed)
        for model in models if len(engines) == 2 else ():
            with_each = [timed[_case(model, engine, threads)] for engine in engines]
            yield ratio(with_each[1], with_each[0], seed=plan.seed)
        yield from _rates(models, engines, threads, timed, rounds=max(rounds // 15, 3))
    if "litert" in engines:
        for model in models:
            yield from by_operator(plan, model)
        yield Remark(
            "by operator: LiteRT's own profiler, one thread, the calmer half of the inferences; "
            "the rest is what takes less than 1 % by kind, calls of less than 1 µs, which it does "
            "not see, and what lies between operators"
        )
    yield Remark(
        "each call is Classifier.classify alone, the cases in random turns, so a network finds "
        "the caches as another left them; peak is a large matrix product in the same type"
    )


def _case(model: Model, engine: str, threads: int) -> str:
    return f"{label(model)}, {engine}, {threads} thread{'s' if threads > 1 else ''}"


def _time(
    plan: Plan,
    models: tuple[Model, ...],
    engines: list[str],
    threads: int,
    *,
    rounds: int,
    warmups: int,
) -> dict[str, Measurement]:
    face = np.random.default_rng(plan.seed).integers(0, 256, (48, 48), np.uint8)
    cases: dict[str, Callable[[], object]] = {}
    before = (threads - 1) * (rounds + warmups)
    total = plan.threads * (rounds + warmups)
    with ExitStack() as stack:
        for engine in engines:
            for model in models:
                classifier = Classifier(model, threads=threads, engine=engine)
                stack.callback(classifier.close)
                cases[_case(model, engine, threads)] = partial(classifier.classify, face)
        return interleave(
            cases,
            rounds=rounds,
            warmups=warmups,
            seed=plan.seed + threads,
            on_round=lambda done: plan.progress(before + done, total),
        )


def _rates(
    models: tuple[Model, ...],
    engines: list[str],
    threads: int,
    timed: dict[str, Measurement],
    *,
    rounds: int,
) -> Iterator[Finding]:
    """Faces and multiply-accumulates a second, and the share of the peak, from the medians."""
    peaks: dict[str, float] = {}
    dtypes = dict.fromkeys(str(model.card.dtype) for model in models)
    try:
        products = {dtype: product(dtype, threads=threads) for dtype in dtypes}
        for dtype, best in interleave(products, rounds=rounds, warmups=2).items():
            peaks[dtype] = MACS / best.minimum / 1e6
    except MissingPackageError as error:
        yield Remark(f"no share of the peak: {error}")
    for dtype, peak in peaks.items():
        row = f"matrix product {dtype}, {threads} thread{'s' if threads > 1 else ''}"
        yield Measurement(f"{row}/GMAC/s", "", (peak,))
    for engine in engines:
        for model in models:
            case = _case(model, engine, threads)
            achieved = model.card.macs / timed[case].median / 1e6
            yield Measurement(f"{case}/faces/s", "", (1e3 / timed[case].median,))
            yield Measurement(f"{case}/GMAC/s", "", (achieved,))
            if model.card.dtype in peaks:
                yield Measurement(f"{case}/of peak", "share", (achieved / peaks[model.card.dtype],))
