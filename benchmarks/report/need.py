"""What a person needs of a board, in words, held against a report: yes, no, or not known."""

from __future__ import annotations

import re
from dataclasses import dataclass

from benchmarks.report.verdict import faces_of, frame_costs
from benchmarks.results.results import Report
from edge.errors import UsageError

EXAMPLE = "2 faces at 15 fps, <= 50 % of a core"
_SHAPES = {
    "faces": r"(\d+) faces?",
    "fps": r"(\d+(?:\.\d+)?) ?(?:fps|frames a second)",
    "core_share": r"(\d+(?:\.\d+)?) ?% (?:of )?(?:a |one )?core",
    "memory_mb": r"(\d+(?:\.\d+)?) ?mb",
    "first_event_s": r"(\d+(?:\.\d+)?) ?s(?:econds?)?(?: to (?:the )?first event)?",
}
_BOUND = r"(?:at |<=? ?|≤ ?|at most |up to |and )*"


@dataclass(frozen=True, slots=True)
class Need:
    """What is asked for; None where nothing was said of it.

    faces: in a frame; fps: frames a second; core_share: of one core, at most;
    memory_mb, first_event_s: at most
    """

    faces: int = 1
    fps: float | None = None
    core_share: float | None = None
    memory_mb: float | None = None
    first_event_s: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """met: True or False; None where the report does not tell. reasons: a phrase each."""

    met: bool | None
    reasons: tuple[str, ...]

    @property
    def sentence(self) -> str:
        word = {True: "yes", False: "no", None: "not known"}[self.met]
        return f"{word}: {'; '.join(self.reasons)}"

    @property
    def exit_code(self) -> int:
        return {True: 0, False: 1, None: 3}[self.met]


def parse(text: str) -> Need:
    """Such as `EXAMPLE`: parts by comma or "at". Raises UsageError with what is not understood."""
    asked: dict[str, float] = {}
    for part in re.split(r",|;|\bat (?=\d+(?:\.\d+)? ?(?:fps|frames))", text.lower()):
        words = part.strip()
        for name, shape in _SHAPES.items():
            if found := re.fullmatch(_BOUND + shape, words):
                if name in asked:
                    raise UsageError(f"--need says {words!r} twice of one thing: say it once")
                asked[name] = float(found[1])
                break
        else:
            raise UsageError(f"--need {words!r} is not understood: write it as in {EXAMPLE!r}")
    if not asked.get("faces", 1) or asked.get("fps") == 0:
        raise UsageError(f"--need {text!r} asks for nothing: give faces and fps above 0")
    share = asked.get("core_share")
    return Need(
        int(asked.get("faces", 1)),
        asked.get("fps"),
        None if share is None else share / 100,
        asked.get("memory_mb"),
        asked.get("first_event_s"),
    )


def answer(need: Need, report: Report) -> Answer:
    """By the report's own figures, of the default network where it measured the faces' cost.

    A frame with more faces than asked for stands for one with fewer, never the other way round.
    """
    verdicts: list[tuple[bool | None, str]] = []
    if need.fps is not None or need.core_share is not None:
        verdicts += _by_faces(need, report)
    networks = faces_of(report)
    for asked, name, unit in (
        (need.memory_mb, "memory_mb", "MB"),
        (need.first_event_s, "first_event_s", "s to the first event"),
    ):
        if asked is not None:
            there = [value for v in networks if (value := getattr(v, name)) is not None]
            verdicts.append(_at_most(min(there, default=None), asked, unit))
    if not verdicts:
        return Answer(None, ("it says no rate, share, memory or time to hold a figure against",))
    met = False if any(v is False for v, _ in verdicts) else None
    if all(v is True for v, _ in verdicts):
        met = True
    return Answer(met, tuple(why for _, why in verdicts))


def _by_faces(need: Need, report: Report) -> list[tuple[bool | None, str]]:
    costs = frame_costs(report)
    enough = [count for count in costs if count >= need.faces]
    if not enough:
        most = f"at most {max(costs)} faces" if costs else "no frame by its faces (run pipeline)"
        return [(None, f"{need.faces} faces were asked for and {most} measured")]
    count = min(enough)
    cost = costs[count]
    found: list[tuple[bool | None, str]] = []
    if need.fps is not None:
        possible = 1e3 / cost.wall_ms
        faces = "1 face" if count == 1 else f"{count} faces"
        rates = f"{faces}: {possible:.0f} of {need.fps:g} frames a second"
        found.append((possible >= need.fps, rates))
    if need.core_share is not None:
        if need.fps is None:
            found.append((None, "a share of a core needs a rate: say at how many fps"))
        else:
            share = need.fps * cost.cpu_ms / 1e3
            found.append(
                (share <= need.core_share, f"{share:.0%} of a core, {need.core_share:.0%} allowed")
            )
    return found


def _at_most(value: float | None, limit: float, unit: str) -> tuple[bool | None, str]:
    if value is None:
        return None, f"no {unit} measured"
    return value <= limit, f"{value:.3g} {unit}, {limit:g} allowed"
