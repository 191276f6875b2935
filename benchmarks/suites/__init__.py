"""The suites by name. A suite is a function that takes a `Plan` and yields findings.

A new one is a file here and a line in `SUITES`; the command line and the tests follow.
"""

from __future__ import annotations

SUITES = {
    "latency": "benchmarks.suites.latency.suite:measure",
    "pipeline": "benchmarks.suites.pipeline.suite:measure",
    "search": "benchmarks.suites.face_search.suite:measure",
    "voice": "benchmarks.suites.voice.suite:measure",
    "memory": "benchmarks.suites.memory:measure",
    "startup": "benchmarks.suites.startup:measure",
    "size": "benchmarks.suites.size:measure",
    "accuracy": "benchmarks.suites.accuracy.suite:measure",
    "noise": "benchmarks.suites.accuracy.noise:measure",
    "preprocessing": "benchmarks.suites.accuracy.preprocessing:measure",
}
