"""What a run writes never takes the place of what it reads."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from contents import digests
from places import PORTRAIT
from rigs.clips import write_clip

from edge.cli.app import run_app
from edge.cli.main import app


def edge(*arguments: object) -> int:
    return run_app(app, "edge", [str(argument) for argument in arguments])


@pytest.fixture
def originals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clip, two pictures in a folder, a settings file and links to them."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "originals"
    (folder / "pictures").mkdir(parents=True)
    write_clip(folder / "clip.mp4", 5)
    shutil.copy(PORTRAIT, folder / "pictures" / "a.jpg")
    shutil.copy(PORTRAIT, folder / "pictures" / "b.jpg")
    (folder / "clip.sqlite").write_bytes((folder / "clip.mp4").read_bytes())
    (folder / "edge.toml").write_text("[log]\npath = 'none'\n")
    (folder / "link.mp4").symlink_to("clip.mp4")
    (folder / "hard.mp4").hardlink_to(folder / "clip.mp4")
    (folder / "shortcut").symlink_to("pictures")
    return folder


@pytest.mark.parametrize("force", [(), ("--force",)], ids=["", "force"])
@pytest.mark.parametrize(
    ("camera", "outputs"),
    [
        ("clip.mp4", ("--annotate", "clip.mp4")),
        ("clip.mp4", ("--annotate", "pictures/../clip.mp4")),
        ("clip.mp4", ("--annotate", "link.mp4")),
        ("link.mp4", ("--annotate", "clip.mp4")),
        ("clip.mp4", ("--annotate", "hard.mp4")),
        ("pictures", ("--annotate", "pictures")),
        ("pictures", ("--annotate", "shortcut/")),
        ("shortcut", ("--annotate", "pictures")),
        ("pictures/a.jpg", ("--annotate", "pictures")),
        ("clip.mp4", ("--log", "clip.mp4")),
        ("clip.sqlite", ("--log", "clip.sqlite")),
        ("clip.mp4", ("--annotate", "x.mp4", "--log", "x.mp4")),
        ("synthetic", ("--mic", "clip.mp4", "--annotate", "clip.mp4")),
    ],
)
def test_a_source_is_no_output(
    originals: Path, camera: str, outputs: tuple[str, ...], force: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(originals)
    before = digests(originals)
    assert edge("run", "--camera", camera, *outputs, *force) == 2
    assert "is read" in capsys.readouterr().err
    assert digests(originals) == before


@pytest.mark.parametrize(
    ("camera", "annotate"),
    [
        ("clip.mp4", "out.mp4"),
        ("clip.mp4", "out/"),
        ("link.mp4", "out.webm"),
        ("pictures", "out/"),
        ("pictures", "out.avi"),
        ("pictures/a.jpg", "out/"),
    ],
)
def test_originals_are_the_same_after_every_run(
    originals: Path, camera: str, annotate: str
) -> None:
    before = digests(originals)
    run = ("run", "--camera", originals / camera, "--annotate", annotate, "--log", "other.sqlite")
    for force in ((), ("--force",)):
        assert edge(*run, *force) == 0
        assert digests(originals) == before
    assert not list(originals.parent.glob("*part*"))


def test_another_file_is_replaced_only_with_force(
    originals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Path("other.mp4")
    other.write_text("not ours")
    run = ("run", "--camera", originals / "clip.mp4", "--log", "none", "--annotate", other)
    assert edge(*run) == 2
    assert "--force" in capsys.readouterr().err
    assert other.read_text() == "not ours"
    assert edge(*run, "--force") == 0
    assert other.stat().st_size > 100


def test_what_stood_there_stays_where_a_run_fails(originals: Path) -> None:
    other = Path("other.mp4")
    other.write_text("not ours")
    empty = Path("empty.mp4")
    empty.touch()
    assert edge("run", "--camera", empty, "--annotate", other, "--force") == 1
    assert other.read_text() == "not ours"
    assert edge("run", "--camera", empty, "--annotate", "new.mp4") == 1
    assert edge("run", "--camera", empty, "--annotate", "new/") == 1
    assert not [path for path in Path().iterdir() if "new" in path.name or "part" in path.name]


def test_pictures_of_an_earlier_run_do_not_stay_among_the_new(originals: Path) -> None:
    named = Path("named")
    run = ("run", "--camera", originals / "pictures", "--log", "none", "--annotate", "named")
    assert edge(*run) == 0
    (named / "mine.txt").write_text("a person's own")
    (originals / "pictures" / "a.jpg").unlink()
    assert edge(*run) == 2
    assert edge(*run, "--force") == 0
    assert {path.name for path in named.glob("[!.]*")} == {"b.jpg", "mine.txt"}


def test_a_device_is_no_output(originals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("pipe.mp4")
    assert edge("run", "--camera", originals / "clip.mp4", "--annotate", "pipe.mp4", "--force") == 2
    assert "no ordinary file" in capsys.readouterr().err


def test_an_export_never_takes_the_place_of_the_log_or_of_another_file(originals: Path) -> None:
    log = Path("log.sqlite")
    assert edge("run", "--camera", originals / "pictures", "--log", log) == 0
    before = log.read_bytes()
    for force in ((), ("--force",)):
        assert edge("log", "export", log, "--log", log, "--format", "csv", *force) == 2
    assert log.read_bytes() == before
    assert edge("log", "export", "out.csv", "--log", log) == 0
    assert edge("log", "export", "out.csv", "--log", log) == 2
    assert edge("log", "export", "out.csv", "--log", log, "--force") == 0
