"""Where a network's time goes, operator by operator, as LiteRT's own profiler tells it.

LiteRT's Python API has no profiler, its C API has (litert/c/litert_profiler.h), and the wheel
brings that library. Python cannot check a C call, and the C API changes from release to release:
so `profile` asks a child process, and a crash there is an error here.
"""

from __future__ import annotations

import ctypes
import json
import sys
from collections import defaultdict
from ctypes import Structure, byref, c_char_p, c_int, c_size_t, c_uint64, c_void_p
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean
from time import perf_counter_ns
from typing import Any

from edge.errors import EdgeError, MissingPackageError

_CPU = 1
_TENSOR_TYPE_BYTES = 256  # LiteRtRankedTensorType has 72
_TIMEOUT_S = 120.0
# LiteRtProfilerEventType: the interpreter's own operators, and those that XNNPACK tells.
_OPERATOR, _DELEGATES_OPERATOR = 1 << 1, 1 << 3


@dataclass(frozen=True, slots=True)
class Operator:
    """kind: as the runtime names it; us: of each one in an inference, in order"""

    kind: str
    us: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """whole_us: of one inference while it was profiled; operators: the slowest kind first"""

    whole_us: float
    operators: tuple[Operator, ...]


def profile(model: Path, *, threads: int, runs: int) -> Profile:
    """By kind of operator, through XNNPACK as in `Classifier`. Raises EdgeError where this
    LiteRT gives none, MissingPackageError where there is no LiteRT."""
    from benchmarks.measuring.process import watch

    _library()
    command = [
        sys.executable,
        "-m",
        "benchmarks.measuring.operators",
        str(model),
        str(threads),
        str(runs),
    ]
    output = json.loads(watch(command, timeout_s=_TIMEOUT_S).output)
    found = (Operator(each["kind"], tuple(each["us"])) for each in output["operators"])
    return Profile(output["whole_us"], tuple(found))


def _library() -> Path:
    package = find_spec("ai_edge_litert")
    if package is None or package.origin is None:
        raise MissingPackageError("a profile needs LiteRT: pip install ai-edge-litert")
    library = Path(package.origin).parent / "libLiteRt.so"
    if not library.exists():
        raise EdgeError(f"this LiteRT has no {library.name}: pip install -U ai-edge-litert")
    return library


class _Memory(Structure):
    _fields_ = (("total", c_size_t), ("in_use", c_size_t), ("private", c_size_t))


class _Event(Structure):
    """ProfiledEventData."""

    _fields_ = (
        ("tag", c_char_p),
        ("kind", c_int),
        ("start_us", c_uint64),
        ("elapsed_us", c_uint64),
        ("memory_before", _Memory),
        ("memory_after", _Memory),
        ("metadata", c_uint64 * 2),
        ("source", c_int),
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """One inference: all of it, and its operators in order."""

    whole_us: float
    kinds: tuple[str, ...]
    us: tuple[int, ...]


class _Profiled:
    """A model compiled with its profiler. Nothing is freed: the process ends with it."""

    def __init__(self, model: Path, threads: int) -> None:
        self._c = ctypes.CDLL(str(_library()))
        environment = self._made("LiteRtCreateEnvironment", 0, None)
        loaded = self._made("LiteRtCreateModelFromFile", environment, str(model).encode())
        options = self._made("LiteRtCreateOptions")
        self._call("LiteRtSetOptionsHardwareAccelerators", options, _CPU)
        for identifier, text in (
            (b"runtime_options_string", b"enable_profiling = true\n"),
            (b"xnnpack", b"num_threads = %d\n" % threads),
        ):
            self._call("LiteRtAddOpaqueOptions", options, self._option(identifier, text))
        self._compiled = self._made("LiteRtCreateCompiledModel", environment, loaded, options)
        signature = self._made("LiteRtGetModelSignature", loaded, c_size_t(0))
        self._input, self._output = (
            self._buffer(environment, signature, end) for end in ("Input", "Output")
        )
        self._call("LiteRtClearTensorBuffer", self._input)
        self._profiler = self._made("LiteRtCompiledModelGetProfiler", self._compiled)
        if not self._profiler:
            raise EdgeError("this LiteRT gives no profiler")

    def run(self) -> None:
        one, first = c_size_t(1), c_size_t(0)
        self._call(
            "LiteRtRunCompiledModel",
            self._compiled, first, one, byref(self._input), one, byref(self._output),
        )  # fmt: skip  # as its declaration

    def profiled(self) -> _Run:
        self._call("LiteRtResetProfiler", self._profiler)
        self._call("LiteRtStartProfiler", self._profiler)
        started = perf_counter_ns()
        self.run()
        spent_us = (perf_counter_ns() - started) / 1e3
        self._call("LiteRtStopProfiler", self._profiler)
        count = c_int()
        self._call("LiteRtGetNumProfilerEvents", self._profiler, byref(count))
        if count.value == 0:
            raise EdgeError("this LiteRT profiled nothing")
        events = (_Event * count.value)()
        self._call("LiteRtGetProfilerEvents", self._profiler, count, events)
        output = [event for event in events if event.kind in (_OPERATOR, _DELEGATES_OPERATOR)]
        kinds = tuple(event.tag.decode() for event in output)
        return _Run(spent_us, kinds, tuple(event.elapsed_us for event in output))

    def _option(self, identifier: bytes, text: bytes) -> c_void_p:
        """LiteRT keeps the text, and calls back when it lets go of it: both have to stay."""
        destroy = ctypes.CFUNCTYPE(None, c_void_p)(lambda _: None)
        payload = ctypes.create_string_buffer(text)
        self._kept = [*getattr(self, "_kept", []), destroy, payload]
        return self._made("LiteRtCreateOpaqueOptions", identifier, byref(payload), destroy)

    def _buffer(self, environment: c_void_p, signature: c_void_p, end: str) -> c_void_p:
        tensor = self._made(f"LiteRtGetSignature{end}TensorByIndex", signature, c_size_t(0))
        kind = ctypes.create_string_buffer(_TENSOR_TYPE_BYTES)
        self._call("LiteRtGetRankedTensorType", tensor, kind)
        needs = self._made(
            f"LiteRtGetCompiledModel{end}BufferRequirements",
            self._compiled, c_size_t(0), c_size_t(0),
        )  # fmt: skip  # as its declaration
        return self._made(
            "LiteRtCreateManagedTensorBufferFromRequirements", environment, kind, needs
        )

    def _made(self, function: str, *arguments: Any) -> c_void_p:
        """What a function puts into its last argument, a handle."""
        handle = c_void_p()
        self._call(function, *arguments, byref(handle))
        return handle

    def _call(self, function: str, *arguments: Any) -> None:
        try:
            status = getattr(self._c, function)(*arguments)
        except AttributeError as error:
            raise EdgeError(f"this LiteRT has no {function}") from error
        if status:
            raise EdgeError(f"this LiteRT's {function} returned {status}")


def _measured(model: Path, threads: int, runs: int) -> Profile:
    network = _Profiled(model, threads)
    for _ in range(max(5, runs // 10)):
        network.run()
    output = sorted((network.profiled() for _ in range(runs)), key=lambda run: run.whole_us)
    # The faster half: a mean, since the profiler counts whole microseconds, but of calm runs.
    calm = output[: (runs + 1) // 2]
    by_kind: dict[str, list[float]] = defaultdict(list)
    for kind, us in zip(calm[0].kinds, zip(*(run.us for run in calm), strict=True), strict=True):
        by_kind[kind].append(fmean(us))
    slowest = sorted(by_kind.items(), key=lambda item: sum(item[1]), reverse=True)
    whole_us = fmean(run.whole_us for run in calm)
    return Profile(whole_us, tuple(Operator(kind, tuple(us)) for kind, us in slowest))


def _main(model: str, threads: str, runs: str) -> int:
    try:
        print(json.dumps(asdict(_measured(Path(model), int(threads), int(runs)))))
    except EdgeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
