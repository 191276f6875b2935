"""The board on paper: what published figures of other boards let one expect. No measurement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.forecast.forecast import forecaster
from benchmarks.report.blocks import Block, Note, Section, Table, Text
from benchmarks.report.board_forecast import span_text, tables
from benchmarks.report.data import published
from benchmarks.report.tables import grid, number
from benchmarks.results.results import ModelUsed, Report

TITLE = "The board on paper"


def section(report: Report) -> Section | None:
    """Projected ms of inference and of the face search; None where the run names no model."""
    known = published("boards")
    blocks = [*_inference(known["inference"], report.models), *_search(known["search"], report)]
    if not blocks:
        return None
    warning = Text(
        "Projections from figures that others published, not measurements of these boards: a "
        "first guess before one is bought. edge-bench run on the board itself replaces them."
    )
    return Section(TITLE, (warning, *blocks), "projection")


def projected_ms(macs: int, board_ms: Sequence[float], reference_macs: int) -> tuple[float, ...]:
    """The board's published ms, by the ratio of the multiply-accumulates."""
    return tuple(ms * macs / reference_macs for ms in board_ms)


def _inference(known: dict[str, Any], models: Sequence[ModelUsed]) -> Iterator[Block]:
    """By counted instructions where this very network was counted, else by its size alone."""
    counted = {
        model.name: network
        for model in models
        if (network := forecaster().network(model.name, model.parameters, model.macs))
    }
    if counted:
        yield from tables(counted.values())
    others = [model for model in models if model.name not in counted]
    if others:
        yield from _by_macs(known, others)


def _by_macs(known: dict[str, Any], models: Sequence[ModelUsed]) -> Iterator[Block]:
    boards, threads = known["board"], known["threads"]
    rows = []
    for model in models:
        spans = [projected_ms(model.macs, board["ms"], known["macs"]) for board in boards]
        rows.append((f"{model.name}, {threads} threads", f"{model.macs / 1e6:.0f}",
                     *(span_text(span) for span in spans)))  # fmt: skip
        highest = (span_text((threads * max(span),)) for span in spans)
        rows.append((f"{model.name}, 1 thread, up to", f"{model.macs / 1e6:.0f}",
                     *(text.replace("≈", "≤") for text in highest)))  # fmt: skip
    header = ("ms an inference, projected", "MMAC", *(board["name"] for board in boards))
    yield Table(header, tuple(rows), "Inference", "projection")
    yield Note(
        f"method: published ms of {known['model']} ({known['macs'] / 1e6:.0f} MMAC, "
        f"{threads} threads) times the ratio of the multiply-accumulates; one thread takes at "
        f"most {threads} times as long. Networks differ in MAC/s on one core (in one layer's "
        "kind, in what fits its caches), easily by a factor of 2 either way"
    )
    errors = macs_errors(known)
    yield Note(
        f"error: of {len(errors)} published figures of other networks on these boards, median "
        f"{np.median(errors):.0%}, worst {max(errors):.0%}; all of them are larger than ours"
    )
    yield Note(f"source: {known['source']}")


def macs_errors(known: dict[str, Any]) -> list[float]:
    """How far this projection is off where a network's time was published, as shares of that."""
    by_board = {board["name"]: board["ms"] for board in known["board"]}
    errors = []
    for check in forecaster().checks:
        macs = forecaster().macs.get(check.work)
        if macs is not None and check.threads == known["threads"]:
            low, high = projected_ms(macs, (min(by_board[check.board]), max(by_board[check.board])),
                                     known["macs"])  # fmt: skip
            errors.append(abs((low + high) / 2 / check.ms - 1))
    return errors


def _search(known: dict[str, Any], report: Report) -> Iterator[Block]:
    found = [suite for suite in report.suites if suite.name == "search"]
    fractions = {
        clip: columns["ours/naive"]
        for suite in found
        for clip, columns in grid(suite.measurements).items()
        if "ours/naive" in columns
    }
    if not fractions:
        return
    rows = tuple(
        (clip, number(share), *(span_text([share * ms for ms in known[f"{threads}_ms"]])
                                for threads in ("one_thread", "four_threads")))
        for clip, share in fractions.items()
    )  # fmt: skip
    header = (
        f"ms a frame on a {known['board']}, projected",
        "share of naive",
        "1 thread",
        "4 threads",
    )
    yield Table(header, rows, "Face search", "projection")
    yield Note(
        f"method: published ms of {known['what']} on a {known['board']}, times the share of the "
        "naive search that this run measured for each clip; by default edge looks for "
        "no face below min_face_px, which costs less than the published search for smaller ones"
    )
    yield Note(f"source: {known['source']}")
