"""A report with something of every suite, as a run on a made-up board would leave it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from benchmarks.measuring.environment import Condition, Machine
from benchmarks.measuring.findings import Matrix, Remark
from benchmarks.measuring.timing import Measurement, Ratio
from benchmarks.results.results import ModelUsed, Report, SuiteResult

BEFORE = Condition("ondemand", 1.5e9, 1.5e9, 51.0, 0, 0.2, 3 * 2**28, 10.0, 5.0, 0.0, 1.0)
AFTER = replace(BEFORE, clock_hz=1e9, temperature_c=81.4, throttled=0x40004, at_s=72.0)
MACHINE = Machine(
    "Raspberry Pi 4 <B>", "Cortex-A72", "aarch64", 4, 2**30, "6.6", "3.11", {"numpy": "2.1"}
)
MODELS = (
    ModelUsed("cnn", "/home/somebody/cnn.tflite", "ab" * 32, 4478727, 290_475_520),
    ModelUsed("cnn_lstm", "/home/somebody/cnn_lstm.tflite", "cd" * 32, 3121287, 71_000_000),
)
LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
LEVELS = ("0.005", "0.01", "0.03", "0.05", "0.08", "0.1", "0.15", "0.2", "0.25", "0.3")
STAGES = ("capture", "gray", "search", "track", "inference", "sink", "other", "whole frame")


def cell(name: str, value: float, unit: str = "share") -> Measurement:
    return Measurement(name, unit, (value,))


def _latency() -> Iterable[Measurement]:
    for threads, pace in (("1 thread", 1.0), ("2 threads", 0.6)):
        for name, ms in (("cnn", 12.0), ("cnn_lstm", 4.0)):
            values = tuple(pace * ms * (1 + k / 100) for k in range(9))
            yield Measurement(f"{name} int8, litert, {threads}", "ms", values, 5)
            yield cell(f"{name} int8, litert, {threads}/faces/s", 1e3 / ms, "")


def _pipeline() -> Iterable[Measurement]:
    for name in ("cnn", "cnn_lstm"):
        for k, stage in enumerate(STAGES):
            values = tuple(1.0 + k + frame for frame in range(5))
            yield Measurement(f"{name} int8, {stage}", "ms", values, varied=True)
    for width in (320, 640, 1920):
        for stage in ("search", "inference", "whole frame"):
            yield cell(f"{width} px wide/{stage}, ms", width / 40, "ms")


def _accuracy() -> Iterable[Measurement]:
    for k, name in enumerate(("cnn", "cnn_lstm")):
        columns = ("accuracy", "F1", "precision", "recall", "simple acc.", "simple F1",
                   "complex acc.", "complex F1")  # fmt: skip
        yield from (
            cell(f"{name} int8/{column}", 0.5 + 0.01 * k + 0.001 * i)
            for i, column in enumerate(columns)
        )
        for label in LABELS:
            yield from (
                cell(f"{name} int8 {label}/{c}", 0.4) for c in ("F1", "precision", "recall")
            )


def _noise() -> Iterable[Measurement]:
    for k, row in enumerate(("clean", *(f"noise {level}" for level in LEVELS), "blur 1 px")):
        for j, name in enumerate(("cnn", "cnn_lstm")):
            yield cell(f"{row}/{name} int8 accuracy", 0.64 - 0.02 * k + 0.005 * j)
            yield cell(f"{row}/{name} int8 F1", 0.60 - 0.02 * k + 0.005 * j)


def suite(name: str, *measurements: Measurement, **more: object) -> SuiteResult:
    whole = SuiteResult(name, "done", BEFORE, AFTER, tuple(measurements))
    return replace(whole, **more)  # type: ignore[arg-type]  # by field name


def made() -> Report:
    first = Measurement("first event, cnn", "s", (1.0, 1.2), 1)
    imports = (cell("all imports", 900, "ms"), cell("import numpy", 300, "ms"),
               cell(f"import {'very_' * 12}long", 200, "ms"))  # fmt: skip
    counts = tuple(tuple(7 if r == c else 1 for c in range(7)) for r in range(7))
    return Report(
        "2025-01-01T00:00:00+00:00",
        "edge-bench run --json r.json",
        MACHINE,
        MODELS,
        (
            suite(
                "latency",
                *_latency(),
                ratios=(Ratio("cnn_lstm int8", "cnn int8", 0.33, 0.32, 0.34),),
                doubts=("the board was at 81 °C: cool it", "the governor ondemand: set another"),
            ),
            suite("pipeline", *_pipeline(), doubts=("the board was at 81 °C: cool it",)),
            suite("search", cell("street/naive ms", 40, "ms"), cell("street/ours ms", 4, "ms"),
                  cell("street/ours/naive", 0.1, "")),
            suite("voice", Measurement("audio_crnn int8, gate of 1 s", "ms", (1.0, 1.1)),
                  cell("audio_crnn int8, whole/CPU s per s of sound", 0.02, "")),
            suite("memory", cell("edge run, cnn", 113, "MB"), cell("python alone", 11, "MB")),
            suite("startup", first, *imports),
            suite("size", cell("model cnn.tflite", 4.5, "MB"), cell("base install", 330, "MB")),
            suite("accuracy", *_accuracy(), matrices=(Matrix("cnn int8", LABELS, counts),),
                  remarks=(Remark("FER2013 PrivateTest, 3589 faces"),)),
            suite("noise", *_noise()),
            suite("preprocessing", status="skipped", reason="no data | no <set>", exit_code=3),
        ),
    )  # fmt: skip
