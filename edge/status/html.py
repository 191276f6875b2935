"""A report as a page: no script, nothing from elsewhere; it loads itself anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta, timezone
from html import escape

from edge.health.report import Report, State
from edge.status.last_day import HOURS, LastDay
from edge.status.text import span

REFRESH_S = 5
_WIDTH, _HEIGHT, _GAP = 960, 220, 6

# Told apart by lightness too, for those who do not see the hues.
_COLOURS = {
    "happy": "#f2c230", "neutral": "#b9c0c8", "surprise": "#f08c3a", "sad": "#4a7dc4",
    "calm": "#7fc8c2", "fear": "#9a63b8", "fearful": "#9a63b8", "angry": "#c8433c",
    "disgust": "#5b8c45", "unknown": "#6c737b",
}  # fmt: skip  # a table reads better
_OTHERS = ("#2f9e8f", "#d06fa8", "#8a6d4b", "#34506e")
_STATE_COLOURS = {
    State.RUNNING: "#2e7d4f",
    State.STARTING: "#4a6fa5",
    State.WAITING: "#b26a00",
    State.STALLED: "#b26a00",
    State.FAILED: "#b3261e",
}

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2127; --faint: #667080; --line: #d9dee4;
  --paper: #f6f7f9; --card: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --faint: #9aa4b1;
  --line: #333a43; --paper: #15181c; --card: #1e2329; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 1.2rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 64rem; margin: auto; display: grid; gap: 1rem; }
section, header { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 1rem 1.2rem; }
header { display: flex; flex-wrap: wrap; gap: .8rem; align-items: center; }
h1 { font-size: 1.15rem; margin: 0; } h2 { font-size: .95rem; margin: 0 0 .7rem; }
.state { color: #fff; border-radius: 99px; padding: .15rem .8rem; font-weight: 600; }
.faint { color: var(--faint); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .9rem;
  margin: 0; }
dt { color: var(--faint); font-size: .8rem; } dd { margin: 0; font-size: 1.3rem;
  font-variant-numeric: tabular-nums; } dd small { font-size: .8rem; color: var(--faint); }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .6rem .35rem 0; border-top: 1px solid var(--line);
  vertical-align: top; }
thead th { color: var(--faint); font-weight: 400; font-size: .8rem; border: 0; }
td.number, th.number { text-align: right; }
th:last-child, td:last-child { padding-right: 0; }
.why td { border: 0; padding-top: 0; color: var(--faint); overflow-wrap: anywhere; }
.dot { display: inline-block; width: .65em; height: .65em; border-radius: 50%;
  margin-right: .45em; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--faint);
  font-size: 13px; } svg line { stroke: var(--line); }
.legend span { margin-right: 1.1em; white-space: nowrap; }
"""


def page(report: Report, day: LastDay | None, device: str) -> str:
    """The whole page."""
    body = "".join((_header(report, device), _figures(report), _parts(report), _chart(day)))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="refresh" content="{REFRESH_S}">'
        f"<title>{escape(device)}: {report.state}</title><style>{_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>"
    )


def _header(report: Report, device: str) -> str:
    colour = _STATE_COLOURS[report.state]
    return (
        f"<header><h1>{escape(device)}</h1>"
        f'<span class="state" style="background:{colour}">{report.state}</span>'
        f'<span class="faint">for {span(report.uptime_s)}, {report.restarts} restarts; '
        f"{report.time.astimezone():%Y-%m-%d %H:%M:%S}</span></header>"
    )


def _figures(report: Report) -> str:
    spent = sum(report.stage_ms.values())
    figures = [
        ("Frames a second", f"{report.fps:.1f}"),
        ("Work a frame", f"{spent:.1f} <small>ms</small>" if report.stage_ms else "–"),
        ("Frames", f"{report.frames:,}"),
        ("Dropped", f"{report.dropped:,}"),
        ("Events", f"{report.events:,}"),
    ]
    if report.last_event is not None:
        last = report.last_event
        label = f"{escape(last['label'])} <small>{escape(last['modality'])}</small>"
        figures.append(("Last event", label))
    if report.temperature_c is not None:
        reasons = ", ".join(report.throttling) or "not held back"
        value = f"{report.temperature_c:.0f} °C <small>{escape(reasons)}</small>"
        figures.append(("Board", value))
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)
    return f"<section><dl>{items}</dl>{_stages(report)}</section>"


def _stages(report: Report) -> str:
    spent = sum(report.stage_ms.values())
    if not spent:
        return ""
    each = ", ".join(f"{escape(name)} {ms:.2f}" for name, ms in report.stage_ms.items())
    return f'<p class="faint" style="margin:.8rem 0 0">ms a frame by stage: {each}</p>'


def _parts(report: Report) -> str:
    rows = "".join(
        f'<tr><td><span class="dot" style="background:{_STATE_COLOURS[part.state]}"></span>'
        f"{escape(part.name)}</td><td>{part.state}</td><td>{span(part.since_s)}</td>"
        f'<td class="number">{part.restarts:,}</td><td class="number">{part.items:,}</td></tr>'
        f"{_why(part.last_error)}"
        for part in report.parts
    )
    head = (
        "<tr><th>Part</th><th>State</th><th>For</th><th class='number'>Restarts</th>"
        "<th class='number'>Items</th></tr>"
    )
    table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"
    return f'<section class="wide"><h2>Parts</h2>{table}</section>' if rows else ""


def _why(error: str) -> str:
    if not error:
        return ""
    return f'<tr class="why"><td colspan="5">last error: <span>{escape(error)}</span></td></tr>'


def _chart(day: LastDay | None) -> str:
    if day is None:
        return '<section><h2>The last day</h2><p class="faint">There is no log.</p></section>'
    labels = day.labels
    if not labels:
        return '<section><h2>The last day</h2><p class="faint">No event yet.</p></section>'
    paint = colours(labels)
    legend = "".join(
        f'<span><i class="dot" style="background:{paint[label]}"></i>{escape(label)}</span>'
        for label in labels
    )
    drawing = "".join(_bars(day, labels, paint))
    return (
        "<section><h2>The last day: events an hour</h2>"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + 24}" role="img" aria-label="events an hour">'
        f'{drawing}</svg><p class="legend faint">{legend}</p></section>'
    )


def _bars(day: LastDay, labels: list[str], paint: dict[str, str]) -> Iterator[str]:
    top = max(sum(hour.values()) for hour in day.hours)
    left = 12 + 8 * len(f"{top:,}")
    step = (_WIDTH - left) / HOURS
    yield f'<text x="0" y="12">{top:,}</text><text x="0" y="{_HEIGHT}">0</text>'
    yield f'<line x1="{left}" x2="{_WIDTH}" y1="{_HEIGHT}.5" y2="{_HEIGHT}.5"/>'
    zone = day.begins.astimezone().utcoffset() or timedelta(0)
    for place, hour in enumerate(day.hours):
        x = left + place * step
        when = (day.begins + timedelta(hours=place)).astimezone(timezone(zone))
        y = float(_HEIGHT)
        for label in labels:
            height = (_HEIGHT - 4) * hour.get(label, 0) / top
            y -= height
            if height:
                said = escape(f"{when:%H:%M} {label}: {hour[label]:,}")
                yield (
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{step - _GAP:.1f}" '
                    f'height="{height:.1f}" fill="{paint[label]}"><title>{said}</title></rect>'
                )
        if when.hour % 3 == 0:
            yield f'<text x="{x:.1f}" y="{_HEIGHT + 18}">{when:%H:%M}</text>'


def colours(labels: list[str]) -> dict[str, str]:
    """A colour for each label: its own, else one of the others in turn."""
    unknown = [label for label in labels if label not in _COLOURS]
    turns = {label: _OTHERS[number % len(_OTHERS)] for number, label in enumerate(unknown)}
    return {label: _COLOURS.get(label) or turns[label] for label in labels}
