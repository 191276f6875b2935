"""A health report as lines for a person."""

from __future__ import annotations

from typing import Any


def lines(report: dict[str, Any]) -> list[str]:
    """A report for a person."""
    found = [
        f"state        {report['state']}, for {span(report['uptime_s'])}",
        f"frames       {report['fps']:.1f} a second; {report['frames']:,} in all, "
        f"{report['dropped']:,} dropped",
    ]
    if report["stage_ms"]:
        stages = ", ".join(f"{name} {ms:.1f}" for name, ms in report["stage_ms"].items())
        found.append(f"ms a frame   {sum(report['stage_ms'].values()):.1f} ({stages})")
    last = report["last_event"]
    latest = f"; the last: {last['label']} ({last['modality']}) at {last['time']}" if last else ""
    found.append(f"events       {report['events']:,}{latest}")
    if report["temperature_c"] is not None:
        reasons = ", ".join(report["throttling"]) or "not held back"
        found.append(f"board        {report['temperature_c']:.0f} °C, {reasons}")
    if why := report.get("reload_error"):
        found.append(f"settings     stay as they were: {why}")
    for part in report["parts"]:
        when = f", {part['last_error_time']}" if part.get("last_error_time") else ""
        why = f"; last error: {part['last_error']}{when}" if part["last_error"] else ""
        found.append(
            f"{part['name']:<12} {part['state']} for {span(part['since_s'])}, "
            f"{part['restarts']} restarts{why}"
        )
    return found


def span(seconds: float) -> str:
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days >= 1:
        return f"{days:.0f} d {hours % 24:.0f} h"
    if hours >= 1:
        return f"{hours:.0f} h {minutes % 60:.0f} min"
    return f"{minutes:.0f} min" if minutes >= 1 else f"{seconds:.0f} s"
