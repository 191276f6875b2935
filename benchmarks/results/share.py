"""A results file to hand on: small, and without what tells whose machine it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.measuring.timing import Measurement
from benchmarks.results.results import Report

KEPT = 20
"""Values of each figure: enough for a median, an interval and a scatter."""


def shared(report: Report) -> Report:
    """`report` with each figure summed up in at most `KEPT` values, without command and paths."""
    suites = tuple(
        replace(suite, measurements=tuple(map(_summary, suite.measurements)))
        for suite in report.suites
    )
    models = tuple(replace(model, path=Path(model.path).name) for model in report.models)
    return replace(report, command="edge-bench run", models=models, suites=suites)


def _summary(measurement: Measurement) -> Measurement:
    """Evenly spaced quantiles; of what differs by nature (a clip's frames) the means of as many
    parts of the sorted values, so that the whole's mean stays."""
    values = measurement.values
    if len(values) > KEPT:
        if measurement.varied:
            ordered = np.sort(np.array(values))
            parts = [float(part.mean()) for part in np.array_split(ordered, KEPT)]
            values = tuple(part + measurement.mean - float(np.mean(parts)) for part in parts)
        else:
            points = (np.arange(KEPT) + 0.5) / KEPT
            values = tuple(float(v) for v in np.quantile(values, points))
    return replace(measurement, values=values, condition=None, per_process=())
