"""A run's report before it has found anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measuring.environment import read_machine
from benchmarks.results.results import ModelUsed, Report
from edge import models as edge_models
from edge.models import Model


def started(command: str, models: Sequence[Model]) -> Report:
    """On this machine, now. command: as typed"""
    return Report(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
        machine=read_machine(),
        models=tuple(
            ModelUsed(
                model.card.name,
                _place(model.path),
                model.card.sha256,
                model.card.parameters,
                model.card.macs,
            )
            for model in models
        ),
    )


def _place(path: Path) -> str:
    """A given file's path as it was given; of a shipped one, whose place is known, its name."""
    return path.name if path.parent == Path(edge_models.__file__).parent else str(path)
