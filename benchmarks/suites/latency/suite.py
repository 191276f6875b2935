"""Milliseconds from a 48x48 face to its scores, and what that is of the core's peak."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.util import find_spec

from benchmarks.measuring.findings import Finding, Remark
from benchmarks.measuring.matmul import MACS
from benchmarks.measuring.sampling import Sample, sample
from benchmarks.measuring.timing import Measurement, ratio
from benchmarks.measuring.worker import CALLS, SWEEP_BYTES, Work
from benchmarks.plan import Plan, label, model_argument
from benchmarks.suites.latency.operators import by_operator
from edge.models import Model

_ENGINES = {"litert": "ai_edge_litert", "tflite-runtime": "tflite_runtime"}
_PROCESSES, _QUICK_PROCESSES = 12, 2
# More of them, for so long, where they are disturbed or disagree.
_LONGEST_S = 120.0
# So that no two processes of a run have the same seed.
_APART = 1_000_000


def measure(plan: Plan) -> Iterator[Finding]:
    """Models and engines in turn, for each number of threads; ratios to the first model."""
    models = plan.some_models()
    engines = [engine for engine, package in _ENGINES.items() if find_spec(package)]
    if len(engines) == 1:
        yield Remark(f"{engines[0]} alone: the other engine is not installed here")
    if "litert" not in engines:
        yield Remark("no share of the peak: the matrix product needs LiteRT")
    for threads in range(1, plan.threads + 1):
        taken = _sample(plan, models, engines, threads)
        cases = [_case(model, engine, threads) for engine in engines for model in models]
        yield from (taken.timed[case] for case in cases)
        yield from taken.remarks(_threads(threads))
        yield from _ratios(models, engines, threads, taken.timed, plan.seed)
        yield from _rates(models, engines, threads, taken)
    if "litert" in engines:
        for model in models:
            yield from by_operator(plan, model)
        yield Remark(
            "by operator: LiteRT's own profiler, one thread, the calmer half of the inferences; "
            "the rest is what takes less than 1 % by kind, calls of less than 1 µs, which it does "
            "not see, and what lies between operators"
        )
    yield Remark(
        "each call is Classifier.classify alone; a round is every case, a matrix product and a "
        f"sweep through {SWEEP_BYTES >> 20} MB of memory in random turns of {CALLS} calls: a "
        "figure is of a turn's last call, first ms of its first, which finds the caches full of "
        "other things, as after a search for faces, and ± how well that is known, as a share; in "
        f"{_QUICK_PROCESSES if plan.quick else _PROCESSES} processes or more, since each gets "
        "other memory; peak is the matrix product at its fastest, in the same type"
    )


def _case(model: Model, engine: str, threads: int) -> str:
    return f"{label(model)}, {engine}, {_threads(threads)}"


def _threads(threads: int) -> str:
    return f"{threads} thread{'s' if threads > 1 else ''}"


def _sample(plan: Plan, models: tuple[Model, ...], engines: list[str], threads: int) -> Sample:
    processes = plan.processes(_PROCESSES, _QUICK_PROCESSES)
    dtypes = dict.fromkeys(str(model.card.dtype) for model in models)
    work = Work(
        models=tuple(map(model_argument, models)),
        engines=tuple(engines),
        products=tuple(dtypes) if "litert" in engines else (),
        threads=threads,
        rounds=math.ceil(plan.times(240, 24) / processes),
        warmups=2 if plan.quick else 5,
        seed=plan.seed + threads * _APART,
    )

    def progress(done: int) -> None:
        plan.progress((threads - 1) * processes + min(done, processes), plan.threads * processes)

    return sample(
        work,
        [_case(model, engine, threads) for engine in engines for model in models],
        processes=processes,
        # What a person asked for is what is done.
        longest_s=0.0 if plan.quick or plan.rounds else _LONGEST_S,
        on_process=progress,
    )


def _ratios(
    models: tuple[Model, ...],
    engines: list[str],
    threads: int,
    timed: dict[str, Measurement],
    seed: int,
) -> Iterator[Finding]:
    for engine in engines:
        names = [_case(model, engine, threads) for model in models]
        for name in names[1:]:
            yield ratio(timed[name], timed[names[0]], seed=seed)
    for model in models if len(engines) == 2 else ():
        with_each = [timed[_case(model, engine, threads)] for engine in engines]
        yield ratio(with_each[1], with_each[0], seed=seed)


def _rates(
    models: tuple[Model, ...], engines: list[str], threads: int, taken: Sample
) -> Iterator[Finding]:
    """Of each case, from the medians: faces and multiply-accumulates a second, the share of the
    peak, and what a call takes that comes after other work."""
    peaks = {dtype: MACS / taken.products[dtype].minimum / 1e6 for dtype in taken.products}
    for dtype, peak in peaks.items():
        row = f"matrix product {dtype}, {_threads(threads)}"
        yield Measurement(f"{row}/GMAC/s", "", (peak,))
    for engine in engines:
        for model in models:
            case = _case(model, engine, threads)
            achieved = model.card.macs / taken.timed[case].median / 1e6
            yield Measurement(f"{case}/faces/s", "", (1e3 / taken.timed[case].median,))
            yield Measurement(f"{case}/GMAC/s", "", (achieved,))
            if model.card.dtype in peaks:
                yield Measurement(f"{case}/of peak", "share", (achieved / peaks[model.card.dtype],))
            first = taken.first[case]
            yield Measurement(f"{case}/first ms", "ms", (first.median,))
            if first.margin:
                yield Measurement(f"{case}/first ±", "share", (first.margin,))
