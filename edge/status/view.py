"""A day, a week, a month or a year of a log, as a page shows it."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from edge.log.filter import Filter
from edge.log.history import DAY, HOUR, WEEKDAY_HOUR, History, Visitors
from edge.log.reader import open_log

SPANS = ("day", "week", "month", "year")
KINDS = ("all", "face", "speech", "fusion")
_EPOCH = date(1970, 1, 1)
_FRESH_S = 60.0
_KEPT = 16
PATIENCE_S = 2.0
"""How long a page waits for its charts; what takes longer it shows when it is asked again."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """span: one of `SPANS`; at: a local date in it; kind: one of `KINDS`"""

    span: str
    at: date
    kind: str = "all"

    @property
    def first(self) -> date:
        """The span's first day."""
        match self.span:
            case "week":
                return self.at - timedelta(days=self.at.weekday())
            case "month":
                return self.at.replace(day=1)
            case "year":
                return self.at.replace(month=1, day=1)
            case _:
                return self.at

    @property
    def end(self) -> date:
        """The day after its last."""
        match self.span:
            case "week":
                return self.first + timedelta(days=7)
            case "month":
                return (self.first + timedelta(days=31)).replace(day=1)
            case "year":
                return self.first.replace(year=self.first.year + 1)
            case _:
                return self.first + timedelta(days=1)

    @property
    def title(self) -> str:
        match self.span:
            case "week":
                return f"{self.first:%d %b} to {self.end - timedelta(days=1):%d %b %Y}"
            case "month":
                return f"{self.first:%B %Y}"
            case "year":
                return f"{self.first:%Y}"
            case _:
                return f"{self.first:%A, %d %B %Y}"

    def filter(self) -> Filter:
        since, until = (datetime(d.year, d.month, d.day).astimezone() for d in self._days())
        return Filter(None, None if self.kind == "all" else self.kind, since, until)

    def _days(self) -> tuple[date, date]:
        return self.first, self.end


@dataclass(slots=True)
class Bar:
    """name: of the hour, day or month; tick: below it, "" for none"""

    name: str
    tick: str
    labels: Counter[str] = field(default_factory=Counter)
    visitors: Visitors = field(default_factory=Visitors)


@dataclass(frozen=True, slots=True)
class View:
    """bars: in order; labels: the whole span's, most frequent first; heat: 7 × 24 from Monday on"""

    wanted: Wanted
    bars: list[Bar]
    labels: Counter[str]
    visitors: Visitors
    heat: list[list[int]]

    @property
    def moments(self) -> int:
        return self.labels.total()

    @property
    def highest(self) -> int:
        return max((bar.labels.total() for bar in self.bars), default=0)

    def stacks(self) -> Iterator[tuple[str, list[tuple[int, float, float, int]]]]:
        """Label → for each bar that has it: place, top and height in % of the highest, count."""
        tops = [100.0] * len(self.bars)
        for label in self.labels:
            pieces = []
            for place, bar in enumerate(self.bars):
                if count := bar.labels[label]:
                    height = 100 * count / self.highest
                    tops[place] -= height
                    pieces.append((place, tops[place], height, count))
            yield label, pieces


def read(log: Path, wanted: Wanted, *, counts_only: bool = False) -> View:
    """counts_only: no visitor, though the log has some of a run that kept events.

    Raises EdgeError where the log cannot be read.
    """
    with open_log(log) as opened, opened.history(wanted.filter()) as (history, _):
        bars = _bars(history, wanted, counts_only)
        heat = [[0] * 24 for _ in range(7)]
        for hour, by_label in history.labels(WEEKDAY_HOUR).items():
            heat[hour // 24][hour % 24] = by_label.total()
    labels: Counter[str] = Counter()
    visitors = Visitors()
    for bar in bars:
        labels.update(bar.labels)
        visitors.merge(bar.visitors)
    return View(wanted, bars, Counter(dict(labels.most_common())), visitors, heat)


def _bars(history: History, wanted: Wanted, counts_only: bool) -> list[Bar]:
    bucket = HOUR if wanted.span == "day" else DAY
    first = (wanted.first - _EPOCH).days
    bars: dict[int, Bar] = {}
    if wanted.span == "day":
        bars = {24 * first + h: Bar(f"{h:02}:00", f"{h}" * (h % 3 == 0)) for h in range(24)}
    elif wanted.span == "year":
        months = [wanted.first.replace(month=month) for month in range(1, 13)]
        by_month = {month.month: Bar(f"{month:%B}", f"{month:%b}") for month in months}
        for number in range((wanted.end - wanted.first).days):
            bars[first + number] = by_month[(wanted.first + timedelta(days=number)).month]
    else:
        for number in range((wanted.end - wanted.first).days):
            day = wanted.first + timedelta(days=number)
            shown = f"{day:%a}" if wanted.span == "week" else f"{day.day}" * (number % 7 == 0)
            bars[first + number] = Bar(f"{day:%a %d %b}", shown)
    for place, labels in history.labels(bucket).items():
        if place in bars:
            bars[place].labels.update(labels)
    visits = {} if counts_only else history.visitors(bucket)
    for place, visitors in visits.items():
        if place in bars:
            bars[place].visitors.merge(visitors)
    return list({id(bar): bar for bar in bars.values()}.values())


class ViewReader:
    """Reads a log's views in threads of its own, each at most once a minute however often asked.

    What is older than that is given once more while it is read again.
    """

    def __init__(
        self,
        log: Path,
        clock: Callable[[], float] = time.monotonic,
        *,
        counts_only: bool = False,
    ) -> None:
        self._log = log
        self._counts_only = counts_only
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Wanted, tuple[float, View]] = OrderedDict()
        self._reading: dict[Wanted, Future[View]] = {}

    def __call__(self, wanted: Wanted, wait_s: float = PATIENCE_S) -> View | None:
        """None where it is not read within `wait_s`: ask again. Raises EdgeError."""
        with self._lock:
            due_s, view = self._kept.get(wanted, (float("-inf"), None))
            reading = self._reading.get(wanted)
            if reading is None and self._clock() >= due_s:
                reading = self._reading[wanted] = Future()
                threading.Thread(
                    target=self._read, args=(wanted, reading), name="view", daemon=True
                ).start()
        if view is not None or reading is None:
            return view
        try:
            return reading.result(wait_s)
        except TimeoutError:
            return None

    def _read(self, wanted: Wanted, reading: Future[View]) -> None:
        try:
            view = read(self._log, wanted, counts_only=self._counts_only)
        except Exception as error:  # told to who waits; who asks next tries again
            with self._lock:
                self._kept.pop(wanted, None)
                del self._reading[wanted]
            reading.set_exception(error)
            return
        with self._lock:
            self._kept[wanted] = (self._clock() + _FRESH_S, view)
            self._kept.move_to_end(wanted)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            del self._reading[wanted]
        reading.set_result(view)
