"""What the status server answers: pages, their style and script, JSON, metrics, exports."""

from __future__ import annotations

import csv
import io
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.errors import EdgeError
from edge.health.report import Report
from edge.log.tables import WEEKDAYS
from edge.settings.sections import Settings
from edge.status.mirror import Languages, sentences
from edge.status.palette import colour_class, heat_class
from edge.status.present import Person
from edge.status.prometheus import prometheus
from edge.status.text import span
from edge.status.view import KINDS, PATIENCE_S, SPANS, View, ViewReader, Wanted

if TYPE_CHECKING:
    from jinja2 import Environment

    from edge.status.preview import Pictures, Preview

REFRESH_S = 15
"""A page without script loads itself again this often."""
_PENDING = "This is being counted."
_EXPORT_WAIT_S = 30.0
_STATIC = {"/page.css": "text/css", "/page.js": "text/javascript"}
_NOT_FOUND = "There are /, /mirror, /status.json, /metrics and /export.csv.\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """kind: the content's type; headers: more than every answer has; rest: what follows the text
    and takes its time; pictures: JPEGs, one after the other, in place of a text"""

    text: str
    kind: str = "text/html"
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    rest: Callable[[], str] | None = None
    pictures: Pictures | None = None

    def pieces(self) -> Iterator[str]:
        """All of it, each piece as soon as it is there."""
        yield self.text
        if self.rest is not None:
            yield self.rest()


class Pages:
    """Answers from any thread. report: of the run; people: who is there now, None in counts mode;
    log: whose history is shown, None without one; preview: the live picture, None for none;
    settings: the run's, of which the mirror tells."""

    def __init__(
        self,
        report: Callable[[], Report],
        log: Path | None,
        people: Callable[[], list[Person]] | None = None,
        today: Callable[[], date] = date.today,
        *,
        preview: Preview | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Raises UsageError for a language that is not there."""
        self._report = report
        self._people = people
        self._views = ViewReader(log, counts_only=people is None) if log is not None else None
        self._today = today
        self._preview = preview
        self._settings = settings if settings is not None else Settings()
        self._languages = Languages(self._settings.status.language)

    def answer(self, path: str, query: Mapping[str, str], accepted: str = "") -> Answer:
        """accepted: the reader's Accept-Language"""
        match path:
            case "/":
                return self._owner(query)
            case "/now":
                return Answer(self._page("now.html"))
            case "/mirror":
                return Answer(self._mirror("mirror.html", query, accepted))
            case "/mirror/now":
                return Answer(self._mirror("mirror_now.html", query, accepted))
            case "/scene" if self._preview is not None:
                return Answer(self._page("scene.html"))
            case "/preview.mjpg" if self._preview is not None:
                return self._pictures(self._preview)
            case "/status.json":
                text = json.dumps(self._report().as_dict(), indent=2) + "\n"
                return Answer(text, "application/json")
            case "/metrics":
                return Answer(prometheus(self._report()), "text/plain; version=0.0.4")
            case "/export.csv":
                return self._export(query)
            case _ if path in _STATIC:
                text = (resources.files("edge.status") / "static" / path[1:]).read_text("utf-8")
                return Answer(text, _STATIC[path])
            case _:
                return Answer(_NOT_FOUND, "text/plain", HTTPStatus.NOT_FOUND)

    def _owner(self, query: Mapping[str, str]) -> Answer:
        """Who is there now, at once; charts and health follow when they are counted."""
        wanted = self._wanted(query)
        return Answer(self._page("owner.html"), rest=lambda: self._figures(wanted))

    def _page(self, template: str) -> str:
        return _rendered(
            template,
            report=self._report(),
            people=None if self._people is None else self._people(),
            device=socket.gethostname(),
            now=datetime.now(),
            refresh_s=REFRESH_S,
            preview=self._preview is not None,
            scene=self._preview.scene() if self._preview is not None else None,
            min_face_px=self._settings.detection.min_face_px,
        )

    def _figures(self, wanted: Wanted) -> str:
        view, trouble = self._view(wanted)
        today = self._today()
        return _rendered(
            "owner_figures.html",
            report=self._report(),
            wanted=wanted,
            view=view,
            trouble=trouble,
            pending=trouble is _PENDING,
            before=wanted.first - timedelta(days=1),
            after=wanted.end if wanted.end <= today else None,
            today=today,
        )

    def _mirror(self, template: str, query: Mapping[str, str], accepted: str) -> str:
        language = self._languages.best(query.get("lang", ""), accepted)
        return _rendered(
            template,
            language=language,
            languages=self._languages.all(),
            people=None if self._people is None else self._people(),
            sentences=list(sentences(language, self._settings)),
            contact=self._settings.status.contact,
        )

    def _pictures(self, preview: Preview) -> Answer:
        pictures = preview.pictures()
        if pictures is None:
            text = "As many look as may at once: close another page.\n"
            return Answer(text, "text/plain", HTTPStatus.SERVICE_UNAVAILABLE)
        return Answer("", "multipart/x-mixed-replace; boundary=picture", pictures=pictures)

    def _view(self, wanted: Wanted, wait_s: float = PATIENCE_S) -> tuple[View | None, str]:
        if self._views is None:
            return None, "No log is kept."
        try:
            view = self._views(wanted, wait_s)
        except EdgeError as error:
            return None, str(error)
        return view, "" if view is not None else _PENDING

    def _wanted(self, query: Mapping[str, str]) -> Wanted:
        """What is wrong is left out: an address that was typed shows today."""
        try:
            at = date.fromisoformat(query.get("at", ""))
            at = min(max(at, date(1971, 1, 1)), date(9000, 1, 1))
        except ValueError:
            at = self._today()
        shown, kind = query.get("span", ""), query.get("of", "")
        return Wanted(
            shown if shown in SPANS else SPANS[0], at, kind if kind in KINDS else KINDS[0]
        )

    def _export(self, query: Mapping[str, str]) -> Answer:
        """The counts that the page shows, a line for each bar and label."""
        wanted = self._wanted(query)
        view, trouble = self._view(wanted, _EXPORT_WAIT_S)
        if view is None:
            return Answer(trouble + "\n", "text/plain", HTTPStatus.SERVICE_UNAVAILABLE)
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["time", "label", "moments"])
        for bar in view.bars:
            for label, count in bar.labels.most_common():
                # A label that begins so would be a formula in a spreadsheet.
                safe = "'" + label if label[:1] in "=+-@\t\r" else label
                writer.writerow([bar.name, safe, count])
        name = f"emotions-{wanted.span}-{wanted.first}.csv"
        header = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Answer(stream.getvalue(), "text/csv", headers=header)


def _rendered(template: str, **values: Any) -> str:
    return _templates().get_template(template).render(values)


@cache
def _templates() -> Environment:
    """Read once, when the first page is asked for: a run without a page never imports them."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("edge.status"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    more: dict[str, Any] = {
        "span": span,
        "colour": colour_class,
        "heat": heat_class,
        "weekdays": WEEKDAYS,
        "spans": SPANS,
        "kinds": {"all": "Together", "face": "Faces", "speech": "Voices", "fusion": "Both at once"},
    }
    environment.globals.update(more)
    return environment
