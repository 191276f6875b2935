"""The camera's live picture: from memory, for who asked for it, and nowhere else."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from samples import event

from edge.health.report import Health
from edge.log.privacy_notice import notice_text
from edge.pipeline.face import FrameResult, TrackedFace
from edge.pipeline.track import State
from edge.settings.loading import load
from edge.settings.sections import Settings
from edge.status.mirror import Languages
from edge.status.pages import Pages
from edge.status.preview import MAX_VIEWERS, Preview
from edge.status.server import StatusPage
from edge.types import Face, Frame, Prediction

SHOWN = load(None, {"EDGE_STATUS_ENABLED": "true", "EDGE_STATUS_PORT": "0"}).status


def result(level: int = 90, label: str = "happy", width: int = 1280) -> FrameResult:
    frame = Frame(np.full((720, width, 3), level, np.uint8), 0.0, 0)
    prediction = Prediction((label, "sad"), np.array([0.8, 0.2], np.float32))
    seen = TrackedFace(
        Face(100, 100, 120, 120, 1), State(label, 0.8, prediction.scores, False), prediction
    )
    return FrameResult(frame, (seen,), (), (Face(400, 100, 50, 50),))


def decoded(picture: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image


def test_nothing_is_kept_while_nobody_looks() -> None:
    preview = Preview(2)
    preview.show(result())
    assert preview._latest is None
    assert preview.scene() is None
    preview.show(result())
    scene = preview.scene()
    assert scene is not None
    assert (scene.faces, scene.unconfirmed) == (((120, "happy", 0.8),), (50,))
    assert (scene.light, scene.width, scene.height) == ("good", 1280, 720)
    preview.close()
    assert preview._latest is None


def test_pictures_are_small_marked_and_no_more_than_asked_for() -> None:
    now_s = [0.0]
    preview = Preview(2, clock=lambda: now_s[0])
    pictures = preview.pictures()
    assert pictures is not None
    for step in range(40):  # four seconds at 10 a second
        now_s[0] = step / 10
        preview.show(result())
    assert preview._number == 8
    image = decoded(next(pictures))
    assert image.shape == (360, 640, 3)
    assert np.ptp(image[50:55, 50:110]) > 60, "the box"
    pictures.close()
    pictures.close()
    now_s[0] = 60.0
    preview.show(result())
    assert preview._latest is None, "who looked has gone"


def test_so_many_look_at_once_and_a_picture_that_is_old_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.status.preview._GONE_S", 0.02)
    preview = Preview(2)
    first, *others = [preview.pictures() for _ in range(MAX_VIEWERS)]
    assert first is not None
    assert preview.pictures() is None
    assert decoded(next(first)).shape == (120, 160, 3)
    for one in (first, *others):
        assert one is not None
        one.close()
    again = preview.pictures()
    assert again is not None
    preview.close()
    assert list(again) == []
    assert preview.pictures() is None


@contextmanager
def served(preview: Preview | None) -> Iterator[StatusPage]:
    with StatusPage(SHOWN, Health().report, None, list, preview=preview) as page:
        yield page


def asked(page: StatusPage, path: str, method: str = "GET") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=20)
    connection.request(method, path)
    return connection.getresponse()


def test_the_page_streams_it_says_so_and_has_none_unless_asked() -> None:
    preview = Preview(5)
    with served(preview) as page:
        text = asked(page, "/").read().decode()
        assert "Nothing of it is stored." in text
        assert "preview.mjpg" in text
        head = asked(page, "/preview.mjpg", "HEAD")
        assert head.read() == b""
        with asked(page, "/preview.mjpg") as answer:
            assert answer.getheader("Content-Type") == "multipart/x-mixed-replace; boundary=picture"
            assert answer.getheader("Cache-Control") == "no-store"
            while not answer.readline().startswith(b"Content-Length"):
                preview.show(result())
            assert answer.readline() == b"\r\n"
            assert answer.read(2) == b"\xff\xd8"
        scene = asked(page, "/scene").read().decode()
        assert "A face 120 px wide: happy" in scene
        assert "50 px wide, is not taken yet" in scene
        preview.close()
    with served(None) as page:
        assert "preview" not in asked(page, "/").read().decode()
        assert asked(page, "/preview.mjpg").status == 404
        assert asked(page, "/scene").status == 404


def test_the_notice_and_the_mirror_say_it_unless_only_counts_are_kept() -> None:
    shown = {"EDGE_STATUS_ENABLED": "true", "EDGE_STATUS_PREVIEW": "true"}
    for more, said in (({}, True), ({"EDGE_PRIVACY_MODE": "counts"}, False)):
        settings = load(None, shown | more)
        assert ("live picture" in notice_text(settings)) is said
        made = Pages(Health().report, None, list, settings=settings)
        assert ("watch the camera" in made.answer("/mirror", {}).text) is said
    assert "live picture" not in notice_text(Settings())


def mirror(accepted: str = "", people: bool = True, **settings: str) -> str:
    from edge.status.present import PresentSink

    sink = PresentSink()
    sink.write(event(1, "happy"))
    given = load(None, {f"EDGE_{name}": value for name, value in settings.items()})
    made = Pages(Health().report, None, sink.people if people else None, settings=given)
    return made.answer("/mirror", {}, accepted).text


def test_the_mirror_speaks_the_reader_s_language_and_says_what_is_kept(tmp_path: Path) -> None:
    assert "happy" in mirror()
    assert "fröhlich" in mirror("xx, de-AT;q=0.9, en;q=0.5")
    assert "joie" in mirror("fr-CA,fr;q=0.8")
    assert "fröhlich" in mirror("fr", STATUS_LANGUAGE="de")
    assert "30 Tage lang" in mirror("de")
    assert "7 jours" in mirror("fr", LOG_RETENTION_DAYS="7")
    assert "Nothing is kept." in mirror(LOG_PATH="none")
    assert "<b>Ann, room 3 &lt;3</b>" in mirror(STATUS_CONTACT="Ann, room 3 <3")
    weekly = {"ALERTS_URL": "https://hooks.example/T0KEN12345", "ALERTS_WEEKLY": "true"}
    assert "Einmal in der Woche" in mirror("de", **weekly)
    assert "Einmal" not in mirror("de", ALERTS_WEEKLY="true"), "it is sent nowhere"
    counts = mirror(people=False, PRIVACY_MODE="counts")
    assert "happy" not in counts
    assert "Nothing is shown of anybody." in counts
    own = tmp_path / "nl.toml"
    english = Path("edge/status/languages/en.toml").read_text(encoding="utf-8")
    own.write_text(english.replace('happy = "happy"', 'happy = "blij"'), encoding="utf-8")
    assert "blij" in mirror("de", STATUS_LANGUAGE=str(own))


def test_every_language_has_every_text(tmp_path: Path) -> None:
    from edge.errors import UsageError

    english, *others = Languages().all()
    assert {one.code for one in others} >= {"de", "fr"}
    for other in others:
        assert other.texts.keys() == english.texts.keys()
        assert other.labels.keys() == english.labels.keys()
    (tmp_path / "nl.toml").write_text('name = "x"')
    for wrong in ("xx", str(tmp_path / "nl.toml"), str(tmp_path / "gone.toml")):
        with pytest.raises(UsageError):
            Languages(wrong)
