"""What people in front of the device may read, made from its settings so that it stays true."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from edge.log.configure import keeps_events
from edge.settings.sections import Settings

_WIDTH = 76


def notice_text(settings: Settings, who: str = "") -> str:
    """The notice, in plain text; `who` answers for the device, and how they are reached.

    It speaks of what these settings do: a run with --annotate stores pictures, and needs another.
    """
    return "\n\n".join(fill(part, _WIDTH) for part in _parts(settings, who))


def _parts(settings: Settings, who: str) -> Iterator[str]:
    sees, hears = settings.camera.source.get_secret_value() != "none", settings.mic.source != "none"
    inputs = " and a ".join(["camera"] * sees + ["microphone"] * hears)
    signs = " and ".join(["faces"] * sees + ["voices"] * hears)
    what = " or ".join(["picture"] * sees + ["sound"] * hears)
    yield f"EMOTION RECOGNITION IN USE. A {inputs} here, and a program that estimates emotions."
    yield (
        f"The program estimates which emotion {signs} show: for example happy, sad or neutral."
        " It is often wrong, and it does not know what anybody feels. It does not recognise who"
        " anybody is."
    )
    if settings.forecast.enabled:
        yield "It also estimates which emotion may follow some seconds later."
    if settings.status.enabled and settings.status.preview and settings.privacy.mode != "counts":
        yield (
            f"All of it happens in this device. No {what} is stored. The operator can watch the"
            " camera's live picture on a page of this device; it is sent nowhere else."
        )
    else:
        yield f"All of it happens in this device. No {what} is stored or sent anywhere."
    yield _kept(settings)
    if settings.mqtt.host and keeps_events(settings):
        yield "The estimates are also sent, without pictures or sound, to the operator's server."
    if settings.alerts.tells_week and settings.log.path != "none":
        yield (
            "Once a week the operator is sent how often each emotion was estimated, and nothing"
            " about single persons."
        )
    yield f"Who answers for it: {who or '______________________________'}"
    yield "You may ask them what is kept, have it deleted, and object. You need not pass here."


def _kept(settings: Settings) -> str:
    if settings.log.path == "none":
        return "Nothing is kept."
    days = settings.log.retention_days
    time = f"{days:g} day{'s' * (days != 1)}"
    minutes = settings.privacy.count_interval_s / 60
    often = f"every {minutes:g} minutes" if minutes != 1 else "every minute"
    counts = f"how often each emotion was estimated, counted {often}"
    if settings.privacy.mode == "counts":
        return f"Kept for {time}: {counts}. Nothing is kept about single persons."
    events = (
        "the time, the estimate, where in the view, and a passing number that tells persons in"
        " view apart and ends when they leave it"
    )
    if settings.log.mode == "ram":
        return (
            f"Kept for {time}: {counts}. Kept until the device is switched off, and no longer than"
            f" that time: {events}."
        )
    return f"Kept for {time}: {events}."
