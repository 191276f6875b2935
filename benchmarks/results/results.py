"""What a run of edge-bench found, and its JSON form: versioned, checked when read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.measuring.environment import Condition, Machine
from benchmarks.measuring.findings import Matrix, Remark
from benchmarks.measuring.timing import Measurement, Ratio
from edge.errors import DataError, EdgeError, MissingDataError, UsageError
from edge.system.outputs import why_not, written_whole
from edge.system.record import convert

SCHEMA = "emotion-edge/benchmark"
COMPARISON_SCHEMA = "emotion-edge/comparison"
# The format's history:
#   1  the first
#   2  a measurement's `shares` is called `per_process`
VERSION = 2
# Written beside a measurement's values for readers of the JSON; computed again when read.
_DERIVED = ("median", "p95", "p99", "minimum", "mean", "stdev", "unstable")


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """One suite's findings. `status`: "done", "skipped", "failed" or "interrupted".

    reason:    one sentence where the suite is not done
    exit_code: 0, or what the reason is worth on the command line
    """

    name: str
    status: str
    before: Condition
    after: Condition
    measurements: tuple[Measurement, ...] = ()
    ratios: tuple[Ratio, ...] = ()
    matrices: tuple[Matrix, ...] = ()
    remarks: tuple[Remark, ...] = ()
    doubts: tuple[str, ...] = ()
    reason: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class ModelUsed:
    name: str
    path: str
    sha256: str
    parameters: int
    macs: int


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run. `created`: ISO 8601, UTC; `command`: as typed."""

    created: str
    command: str
    machine: Machine
    models: tuple[ModelUsed, ...]
    suites: tuple[SuiteResult, ...] = ()
    schema: str = SCHEMA
    version: int = VERSION


def save(report: Report, path: Path) -> None:
    """Write `report` as JSON. Raises EdgeError."""
    document = msgspec.to_builtins(report, enc_hook=_plain)
    for suite, written in zip(report.suites, document["suites"], strict=True):
        for measurement, record in zip(suite.measurements, written["measurements"], strict=True):
            record.update({name: getattr(measurement, name) for name in _DERIVED})
    write_json(document, path)


def write_json(document: object, path: Path) -> None:
    """Write `document`; the file at `path` is whole at every moment. Raises EdgeError."""
    try:
        with written_whole(path) as beside:
            beside.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise EdgeError(
            f"cannot write the results to {path} ({why_not(error)}): give another place"
        ) from error


def load(path: Path) -> Report:
    """Read what `save` wrote. Raises MissingDataError, DataError (another version, no results)."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MissingDataError(
            f"there is no results file {path}: make one with edge-bench run --json {path}"
        ) from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}: give another file") from error
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"cannot read {path} as benchmark results ({error}): copy it again, or measure again"
        ) from error
    _check_version(document, path)
    try:
        report = convert(_upgraded(document), Report)
    except (ValueError, TypeError, AttributeError) as error:
        first = str(error).splitlines()[:3]
        raise DataError(
            f"{path} is no whole results file ({' '.join(first)}): measure again"
        ) from error
    return report


def merged(reports: Sequence[Report]) -> Report:
    """One report of several runs, a later run's suite in place of an earlier one's, where it was
    not skipped.

    Raises UsageError where they are of two machines, or of two models of one name.
    """
    first = reports[0]
    models: dict[str, ModelUsed] = {}
    suites: dict[str, SuiteResult] = {}
    for report in reports:
        if report.machine != first.machine:
            raise UsageError(
                f"the runs of {first.created} and {report.created} are of two machines (or of two "
                "versions of a library): make a report of each, or edge-bench compare them"
            )
        for model in report.models:
            if models.setdefault(model.name, model).sha256 != model.sha256:
                raise UsageError(f"the runs hold two models {model.name}: make a report of each")
        for suite in report.suites:
            if suite.status != "skipped" or suite.name not in suites:
                suites[suite.name] = suite
    commands = "; ".join(dict.fromkeys(report.command for report in reports))
    return replace(
        reports[-1],
        command=commands,
        models=tuple(models.values()),
        suites=tuple(suites.values()),
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a results file."""
    whole = json.loads(msgspec.json.encode(msgspec.json.schema(Report)))
    schema: dict[str, Any] = {**whole["$defs"].pop("Report"), "$defs": whole["$defs"]}
    schema["title"] = f"{SCHEMA} version {VERSION}"
    properties = schema["$defs"]["Measurement"]["properties"]
    for name in _DERIVED:
        kind = "boolean" if name == "unstable" else "number"
        properties[name] = {"type": kind, "description": "derived from the values"}
    return schema


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's."""
    return value.item()


def _check_version(document: object, path: Path) -> None:
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        raise DataError(f"{path} holds no edge-bench results: give a file that run --json wrote")
    if document.get("version") not in range(1, VERSION + 1):
        raise DataError(
            f"{path} is of schema version {document.get('version')}, this edge-bench reads "
            f"1 to {VERSION}: measure again, or use the release that wrote it"
        )


def _upgraded(document: dict[str, Any]) -> dict[str, Any]:
    """`document`, of any version that is read, in the present one's terms."""
    if document["version"] == 1:
        for suite in document.get("suites", ()):
            for measurement in suite.get("measurements", ()):
                measurement["per_process"] = measurement.pop("shares", ())
    return {**document, "version": VERSION}
