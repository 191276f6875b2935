"""What one log says of the states to come: `edge log forecast`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge.errors import MissingDataError
from edge.forecast.judge import LEAST_CHANGES, LEAST_CLUSTERS, LEAST_MOMENTS, Judgement, judge
from edge.forecast.model import fit_model
from edge.forecast.sequences import LEAST_BREAK_S, Segment, names_of, segments
from edge.log.filter import Filter
from edge.log.reader import Log

HORIZONS_S = (2.0, 5.0, 10.0)
NEWEST = 20_000
"""How many events are learned from, at most."""
_ORDER = ("face", "speech", "fusion")


@dataclass(frozen=True, slots=True)
class Present:
    """A track as the log saw it last, and what may follow.

    since_s: seconds for which `label` has been there without a break
    ahead:   seconds from `time` on → label → its chance, the likeliest first
    """

    track_id: int
    time: datetime
    label: str
    since_s: float
    ahead: dict[float, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Of one modality. changes: of the label; lack: "", or what is missing"""

    modality: str
    events: int
    changes: int
    segments: int
    evaluated: tuple[Judgement, ...]
    present: tuple[Present, ...]
    lack: str


def forecasts(
    log: Log, modality: str | None = None, horizons_s: Sequence[float] = HORIZONS_S
) -> list[Forecasts]:
    """One a modality that the log has events of.

    Raises MissingDataError where it has none, or counts only.
    """
    wanted = (modality,) if modality else _ORDER
    found = [_of(log, one, horizons_s) for one in wanted]
    there = [one for one in found if one.events]
    if not there:
        raise MissingDataError(_why_none(log, modality))
    return there


def _why_none(log: Log, modality: str | None) -> str:
    if next(log.counts(), None) is not None:
        return (
            f'{log.path} holds counts only (privacy.mode is "counts"), and counts have no order '
            'that could be forecast: set privacy.mode to "events"'
        )
    kind = f"{modality} events" if modality else "events"
    return f"{log.path} holds no {kind}: run `edge run` first, or give another --log"


def sequences(log: Log, modality: str) -> tuple[tuple[str, ...], list[Segment]]:
    """The states' names, and the stretches of the newest events."""
    events = log.latest(NEWEST, Filter(modality=modality))
    names = names_of(events)
    return names, segments(events, names)


def _of(log: Log, modality: str, horizons_s: Sequence[float]) -> Forecasts:
    names, found = sequences(log, modality)
    changes = sum(segment.changes for segment in found)
    evaluated = tuple([judge(found, len(names), horizon_s) for horizon_s in horizons_s])
    lack = lack_of(changes, evaluated)
    return Forecasts(
        modality,
        events=sum(map(len, found)),
        changes=changes,
        segments=len(found),
        evaluated=evaluated,
        present=() if lack else _present(found, names, horizons_s),
        lack=lack,
    )


def lack_of(changes: int, evaluated: Sequence[Judgement]) -> str:
    """What there is too little of, as a clause; "" where there is enough. judged: one or more"""
    if changes >= LEAST_CHANGES and any(one.enough for one in evaluated):
        return ""
    most = max(evaluated, key=lambda one: one.moments)
    return (
        f"too little to forecast by: it takes {LEAST_CHANGES} changes of the label, "
        f"{LEAST_MOMENTS} moments whose future is known, and {LEAST_CLUSTERS} half minutes to "
        f"judge them in; there are {changes}, {most.moments} and {most.clusters}"
    )


def _present(
    found: Sequence[Segment], names: tuple[str, ...], horizons_s: Sequence[float]
) -> tuple[Present, ...]:
    """The tracks that were there when the last event came."""
    newest = max(segment.ended_at for segment in found)
    limit = timedelta(seconds=LEAST_BREAK_S)
    fitted = [fit_model(found, len(names), horizon_s) for horizon_s in horizons_s]
    return tuple(
        [
            Present(
                segment.track_id,
                segment.ended_at,
                names[segment.states[-1]],
                float(segment.since_s[-1]),
                {
                    one.horizon_s: ranked(names, one.forecast(segment.last())[0].tolist())
                    for one in fitted
                },
            )
            for segment in found
            if newest - segment.ended_at <= limit
        ]
    )


def ranked(names: Sequence[str], chances: Sequence[float]) -> dict[str, float]:
    """Name → chance, the likeliest first."""
    pairs = sorted(zip(names, chances, strict=True), key=lambda pair: -pair[1])
    return {name: round(chance, 4) for name, chance in pairs}
