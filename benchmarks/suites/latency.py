"""Milliseconds from a 48x48 face to its scores, and what that is of the core's peak."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from time import monotonic

import numpy as np

from benchmarks.draws import Work, draw
from benchmarks.measure import Measurement, interleave, ratio
from benchmarks.product import MACS, product
from benchmarks.profiles import by_operator
from benchmarks.results import Doubt, Finding, Remark
from benchmarks.suites import Plan, label, model_argument
from edge.errors import MissingPackageError
from edge.models import Model

_ENGINES = {"litert": "ai_edge_litert", "tflite-runtime": "tflite_runtime"}
_PROCESSES, _QUICK_PROCESSES = 12, 2
# Beyond these, more of them as long as a median is known worse than this, for so long.
_MARGIN, _LONGEST_S = 0.02, 60.0
# So that no two processes of a run have the same seed.
_APART = 1_000_000


def measure(plan: Plan) -> Iterator[Finding]:
    """Models and engines in turn, for each number of threads; ratios to the first model."""
    models = plan.some_models()
    engines = [engine for engine, package in _ENGINES.items() if find_spec(package)]
    if len(engines) == 1:
        yield Remark(f"{engines[0]} alone: the other engine is not installed here")
    for threads in range(1, plan.threads + 1):
        timed = _time(plan, models, engines, threads)
        yield from timed.values()
        yield from map(_doubt, _unsure(timed))
        for engine in engines:
            names = [_case(model, engine, threads) for model in models]
            for name in names[1:]:
                yield ratio(timed[name], timed[names[0]], seed=plan.seed)
        for model in models if len(engines) == 2 else ():
            with_each = [timed[_case(model, engine, threads)] for engine in engines]
            yield ratio(with_each[1], with_each[0], seed=plan.seed)
        yield from _rates(models, engines, threads, timed, rounds=max(plan.times(300, 40) // 15, 3))
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
        "the caches as another left them; in at least "
        f"{_QUICK_PROCESSES if plan.quick else _PROCESSES} processes one after another, since "
        "each gets other memory; peak is a large matrix product in the same type"
    )


def _doubt(measurement: Measurement) -> Doubt:
    medians = np.median(measurement.by_process(), axis=1)
    return Doubt(
        f"{measurement.name} is known to ±{measurement.margin:.0%} only: {measurement.processes} "
        f"processes had medians of {medians.min():.3g} to {medians.max():.3g} ms: stop other "
        "programs, or run it where nobody shares the machine"
    )


def _case(model: Model, engine: str, threads: int) -> str:
    return f"{label(model)}, {engine}, {threads} thread{'s' if threads > 1 else ''}"


def _time(
    plan: Plan, models: tuple[Model, ...], engines: list[str], threads: int
) -> dict[str, Measurement]:
    """One process after another, until what they say of every case agrees or time is up."""
    least = min(_QUICK_PROCESSES if plan.quick else _PROCESSES, plan.rounds or _PROCESSES)
    work = Work(
        models=tuple(map(model_argument, models)),
        engines=tuple(engines),
        threads=threads,
        rounds=math.ceil(plan.times(300, 40) / least),
        warmups=5 if plan.quick else 20,
        seed=0,
    )
    cases = [_case(model, engine, threads) for engine in engines for model in models]
    taken: dict[str, Measurement] = {}
    # What a person asked for is what is done; else goes on where it helps.
    until_s = 0.0 if plan.quick or plan.rounds else monotonic() + _LONGEST_S
    number = 0
    while number < least or (_unsure(taken) and monotonic() < until_s):
        values = draw(replace(work, seed=plan.seed + threads * _APART + number))
        number += 1
        for case, new in zip(cases, values, strict=True):
            before = taken[case].values if case in taken else ()
            warmups = number * work.warmups
            taken[case] = Measurement(case, "ms", before + new, warmups, processes=number)
        plan.progress((threads - 1) * least + min(number, least), plan.threads * least)
    return taken


def _unsure(taken: dict[str, Measurement]) -> list[Measurement]:
    return [measurement for measurement in taken.values() if measurement.margin > _MARGIN]


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
