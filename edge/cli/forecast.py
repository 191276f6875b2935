"""`edge log forecast`: what may follow the present states, and whether that is worth saying."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.errors import UsageError

if TYPE_CHECKING:
    from edge.forecast.judge import Judgement
    from edge.forecast.report import Forecasts, Present

_SHOWN = 4
_LONGEST_S = 3600.0


def forecast(
    log: Annotated[
        Path | None,
        typer.Option("--log", help="The log's file.", show_default="the one of edge run"),
    ] = None,
    modality: Annotated[str | None, typer.Option(help="Only face, speech or fusion.")] = None,
    ahead: Annotated[
        list[float] | None,
        typer.Option(help="Seconds ahead; again for more.", show_default="2, 5 and 10"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What may follow the present states, and whether that beats "it stays as it is"."""
    from edge.forecast.report import HORIZONS_S, forecasts
    from edge.log.paths import readable_log
    from edge.log.reader import open_log

    horizons_s = tuple(sorted(set(ahead or HORIZONS_S)))
    for seconds in horizons_s:
        if not 0 < seconds <= _LONGEST_S:
            raise UsageError(f"cannot forecast {seconds:g} s ahead: give 0.1 to {_LONGEST_S:g}")
    with open_log(readable_log(log)) as opened:
        found = forecasts(opened, modality, horizons_s)
    if as_json:
        typer.echo(json.dumps([_as_dict(one) for one in found], indent=2, default=str))
        return
    typer.echo("\n\n".join("\n".join(_lines(one)) for one in found))


def _as_dict(found: Forecasts) -> dict[str, Any]:
    values = asdict(found)
    for evaluated, figures in zip(found.evaluated, values["evaluated"], strict=True):
        figures |= {"enough": evaluated.enough, "wins": evaluated.wins}
        figures |= {name: _or_none(value) for name, value in figures.items()}
        figures["gain"] = [_or_none(value) for value in evaluated.gain]
    for now, figures in zip(found.present, values["present"], strict=True):
        figures["time"] = now.time.isoformat()
    return values


def _or_none(value: Any) -> Any:
    """JSON has no NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _lines(found: Forecasts) -> Iterator[str]:
    yield (
        f"{found.modality}: {found.events:,} events, {found.changes:,} changes of the label; "
        f"followed without a break: {found.segments:,}"
    )
    if found.lack:
        yield found.lack
        return
    yield "each fifth of the time, from all before it; log-loss in nats, less is better:"
    yield "ahead   forecast  persistence  marginal  better than persistence by [95 %]"
    yield from map(_evaluation_line, found.evaluated)
    for now in found.present:
        yield from _present_lines(now)


def _evaluation_line(evaluated: Judgement) -> str:
    ahead = f"{evaluated.horizon_s:g} s"
    if not evaluated.enough:
        return f"{ahead:<8}too little to tell ({evaluated.moments} moments)"
    gain, low, high = evaluated.gain
    verdict = "yes" if evaluated.wins else "no"
    return (
        f"{ahead:<8}{evaluated.log_loss:<10.3f}{evaluated.persistence:<13.3f}"
        f"{evaluated.marginal:<10.3f}{gain:+.3f} [{low:+.3f}, {high:+.3f}]  {verdict}"
    )


def _present_lines(now: Present) -> Iterator[str]:
    who = f"#{now.track_id} " if now.track_id else ""
    when = now.time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    yield f"{who}{now.label} for {now.since_s:.0f} s, seen at {when}"
    for seconds, chances in now.ahead.items():
        likeliest = list(chances.items())[:_SHOWN]
        shown = ", ".join(f"{label} {chance:.0%}" for label, chance in likeliest)
        yield f"  in {seconds:g} s: {shown}"
