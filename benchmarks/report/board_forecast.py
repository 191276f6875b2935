"""Forecasts of boards as tables: what the shipped networks would take, and how good that is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.forecast.forecast import THREADS, Forecaster, Network, forecaster
from benchmarks.report.blocks import Block, Document, Note, Section, Table, Text

TITLE = "What a board would take"
_WHOLE = {"frame": "a frame with {}", "sound": "a window of sound with {}"}


def document() -> Document:
    """All that is known: no run is needed."""
    known = forecaster()
    forecasts = Section(TITLE, (*tables(known.networks),), "projection")
    checks = Section("Checked on published figures", (*_checks(known),), "projection")
    summary = "Forecasts, not measurements: edge-bench run on the board itself replaces them."
    return Document("edge-bench, forecast of boards", (summary,), (forecasts, checks))


def tables(networks: Iterable[Network]) -> Iterator[Block]:
    """Each network's call and what it is a part of, with how far such forecasts were off."""
    known = forecaster()
    rows = tuple(row for network in networks for row in _rows(known, network))
    header = ("ms, forecast", *(f"{board.name} ({board.ghz:g} GHz)" for board in known.boards))
    yield Table(header, rows, "Inference, frames and sound", "projection")
    yield Note(f"error: {known.trust.sentence()}")
    yield Note(
        "method: the blocks of instructions that the arm64 build runs on such a core were counted "
        "under an emulator, timed by llvm-mca, and the bytes from memory added; two constants a "
        "kind of core are fitted to the published figures. A frame is 640x480 with one face, "
        "searched, followed and classified; a window of sound is all that one costs. Work lighter "
        "than all that was checked at four threads may gain nothing by them: its interval goes up "
        "to one thread's. Reading the camera, decoding and the log are not in it"
    )


def _rows(known: Forecaster, network: Network) -> Iterator[tuple[str, ...]]:
    works = {
        network.name: f"net/{network.name}",
        _WHOLE[network.path].format(network.name): f"{network.path}/{network.name}",
    }
    for title, work in works.items():
        for threads in THREADS:
            spans = (known.interval_ms(work, board, threads) for board in known.boards)
            plural = "s" if threads > 1 else ""
            yield (f"{title}, {threads} thread{plural}", *(span_text(span) for span in spans))


def _checks(known: Forecaster) -> Iterator[Block]:
    yield Text(known.trust.sentence().capitalize() + ".")
    rows = tuple(
        (
            f"{one.check.board}, {one.check.work}, {one.check.ghz:g} GHz",
            str(one.check.threads),
            f"{one.check.ms:g}",
            _rounded(one.ms),
            f"{one.error:+.0%}",
        )
        for one in known.trust.checked
    )
    header = ("board and work", "threads", "published ms", "forecast ms", "error")
    yield Table(header, rows, "Each without the figures of its own network", "projection")
    constants = tuple(
        (name, f"{of.cycles:.2f}", f"{1 / of.ms_per_mb:.1f}" if of.ms_per_mb else "–")
        for name, of in known.constants.items()
    )
    columns = ("core", "cycles for each that llvm-mca counts", "GB/s from memory")
    yield Table(columns, constants, "Fitted constants", "projection")
    sources = dict.fromkeys(check.source for check in known.checks)
    yield Note(f"sources: {'; '.join(sources)}")
    yield Note(f"costs counted with {known.made_with}")


def span_text(ms: Sequence[float]) -> str:
    """Two digits are all that a forecast is worth: "≈ 46", "3.0 – 4.3"."""
    low, high = _rounded(min(ms)), _rounded(max(ms))
    return f"≈ {low}" if low == high else f"{low} – {high}"


def _rounded(ms: float) -> str:
    return f"{ms:.0f}" if ms >= 10 else f"{ms:.1f}" if ms >= 1 else f"{ms:.2f}"
