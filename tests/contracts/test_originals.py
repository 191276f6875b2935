"""No command of any of the three CLIs writes over what it reads, whatever its options name."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contents import digests
from places import PORTRAIT, ROOT

from benchmarks.cli import app as bench
from convert.cli.main import app as convert
from edge.cli.app import built, run_app
from edge.cli.main import app as edge
from edge.cli.outputs import outputs_of
from edge.errors import UsageError
from edge.models import find, write_card
from edge.system.outputs import made_here, reading

APPS = {"edge": edge, "edge-convert": convert, "edge-bench": bench}
# What a command writes that no option names: a state of its own, or what it changes by its nature.
UNNAMED = {
    "edge calibrate": "MODEL.calibration.toml",
    "edge config defaults": "",
    "edge log purge": "the log",
    "edge log delete": "the log",
    "edge service install": "the system's own files",
    "edge service uninstall": "the system's own files",
    "edge-convert card": "MODEL.json",
    "edge-convert folds": "int8.tflite in the run's folders, and the card that is named",
    "edge-convert corpora": "int8.tflite in the run's folders",
}
READ_ONLY = {
    "edge": ("config check", "config show", "devices", "doctor", "log forecast", "log notice",
             "log show", "log stats", "models list", "models show", "models verify",
             "service page", "service status", "status"),
    "edge-convert": ("data", "inspect"),
    "edge-bench": ("schema",),
}  # fmt: skip


def leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for word, below in command.commands.items():
            yield from leaves(below, f"{name} {word}")
    else:
        yield name, command


COMMANDS = {name: command for top, app in APPS.items() for name, command in leaves(built(app), top)}
WRITING = {name: found for name, one in COMMANDS.items() if (found := outputs_of(one.callback))}


def run(name: str, *arguments: object) -> int:
    top, *words = name.split()
    return run_app(APPS[top], top, [*words, *map(str, arguments)])


def refused(name: str, *arguments: object) -> str:
    """What the command says, which must be refused for its arguments."""
    with pytest.raises(UsageError) as error:
        COMMANDS[name].main(list(map(str, arguments)), prog_name=name, standalone_mode=False)
    return str(error.value)


@pytest.fixture
def originals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file and a folder, with every way of naming them, and what else a command may ask for."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "originals"
    (folder / "faces" / "happy").mkdir(parents=True)
    (folder / "it.mp4").write_bytes(b"an original")
    (folder / "link.mp4").symlink_to("it.mp4")
    (folder / "hard.mp4").hardlink_to(folder / "it.mp4")
    (folder / "shortcut").symlink_to("faces")
    (folder / "other.mp4").write_bytes(b"another original")
    shutil.copy(PORTRAIT, folder / "faces" / "happy" / "1.jpg")
    monkeypatch.chdir(folder)
    return folder


def test_what_every_command_writes_is_known() -> None:
    said = {f"{top} {words}" for top, those in READ_ONLY.items() for words in those}
    assert sorted(COMMANDS) == sorted(said | UNNAMED.keys() | WRITING.keys())
    assert all(
        any(p.name == "force" for p in COMMANDS[n].params) for n in WRITING if "train" not in n
    )


NAMES = itertools.cycle(
    [
        ("it.mp4", "it.mp4"),
        ("it.mp4", "link.mp4"),
        ("link.mp4", "it.mp4"),
        ("it.mp4", "hard.mp4"),
        ("it.mp4", "faces/../it.mp4"),
        ("faces", "shortcut"),
        ("faces", "faces/"),
    ]
)


def is_text(parameter: Any) -> bool:
    return type(parameter.type).__name__ in ("TyperPath", "StringParamType")


def line(command: Any, given: dict[str, str]) -> list[str]:
    """The command's words, with something for whatever else it needs."""
    options, arguments = list[str](), list[str]()
    for parameter in command.params:
        value = given.get(parameter.name)
        if value is None and parameter.required:
            value = "new" if parameter.name in outputs_of(command.callback) else "other.mp4"
        if value is None:
            continue
        if parameter.param_type_name == "argument":
            arguments.append(value)
        else:
            options += [parameter.opts[0], value]
    return [*options, "--", *arguments]


@pytest.mark.parametrize("name", WRITING)
def test_no_output_is_an_input(name: str, originals: Path) -> None:
    command, before = COMMANDS[name], digests(originals)
    force = [option for p in command.params if p.name == "force" for option in p.opts]
    read = [p for p in command.params if is_text(p) and p.name not in WRITING[name]]
    for source, target in itertools.product(read, sorted(WRITING[name])):
        for more in ([], force):
            original, place = next(NAMES)
            words = line(command, {source.name: original, target: place})
            assert "is read" in refused(name, *more, *words), (source.name, target)
    assert digests(originals) == before


@pytest.mark.parametrize("name", [name for name in WRITING if name != "edge log export"])
def test_an_unrelated_file_is_replaced_only_with_force(
    name: str, originals: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.mp4"
    mine.write_text("not ours")
    for target in sorted(WRITING[name]):
        assert "exists" in refused(name, *line(COMMANDS[name], {target: str(mine)})), target
    assert mine.read_text() == "not ours"
    os.mkfifo("pipe.mp4")
    for target in sorted(WRITING[name]):
        words = line(COMMANDS[name], {target: "pipe.mp4"})
        assert "no ordinary file" in refused(name, *words), target


def test_two_outputs_are_two_files(originals: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("edge-bench report", "it.mp4", "--html", "x", "--markdown", "./x") == 2
    assert "named twice" in capsys.readouterr().err


def test_an_input_among_several_by_comma_or_after_a_name_is_one(originals: Path) -> None:
    before = digests(originals)
    assert run("edge-bench run", "--models", "cnn,it.mp4", "--html", "link.mp4", "--force") == 2
    words = ("--other", "NAME=it.mp4", "--data", "faces", "--out", "it.mp4", "--force")
    assert run("edge-convert table", *words) == 2
    assert digests(originals) == before


def test_no_file_of_a_folder_that_is_read_is_replaced(
    originals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = digests(originals)
    inside = "faces/happy/1.jpg"
    for folder in ("faces", "shortcut", "."):
        words = ("cnn", "--data", folder, "--plot", inside, "--force")
        assert run("edge-convert judge", *words) == 2
        assert "which is read" in capsys.readouterr().err
    assert digests(originals) == before


def test_what_it_wrote_before_is_a_commands_own(originals: Path) -> None:
    before = digests(originals)
    judge = ("edge-convert judge", "edge_net", "--data", "faces", "--faces", "whole", "--plot")
    for _ in range(2):
        assert run(*judge, "../confusion.png") == 0
    assert made_here(Path("../confusion.png"))
    assert digests(originals) == before


def test_a_network_and_its_card_are_both_replaced_or_neither(originals: Path) -> None:
    model = shutil.copy(find("edge_net").path, "mine.tflite")
    bring = ("edge-convert import", model, "--labels",
             "angry,disgust,fear,happy,sad,surprise,neutral", "--out")  # fmt: skip
    before = digests(originals)
    Path("../net.json").write_text('{"my": "own"}')
    assert run(*bring, "../net.tflite") == 2
    assert Path("../net.json").read_text() == '{"my": "own"}'
    assert {path.name for path in Path("..").glob("net*")} == {"net.json"}
    assert run(*bring, "../net.tflite", "--force") == 0
    assert run(*bring, "../net.tflite") == 0
    assert {path.name for path in Path("..").glob("net*")} == {"net.tflite", "net.json"}
    assert digests(originals) == before


def test_a_card_that_is_read_as_something_else_is_not_written(tmp_path: Path) -> None:
    card = tmp_path / "net.json"
    write_card(find("edge_net").card, card)
    with reading([card], force=True), pytest.raises(UsageError, match="is read"):
        write_card(find("cnn").card, card)


# Who may write otherwise: into a folder that the system removes, or a state of one's own.
DIRECT = {
    "convert/conversion/converter_process.py", "convert/conversion/import_process.py",
    "convert/conversion/importing.py", "convert/training/loop.py", "edge/annotate/encoders.py",
    "edge/annotate/pictures.py", "edge/log/purge.py", "edge/service/files.py",
    "edge/system/outputs.py", "benchmarks/suites/voice/suite.py",
}  # fmt: skip
WRITES = re.compile(
    r"(?<!beside)(?<!new)\.(write_text|write_bytes)\(|(?<!beside)(?<!new)\.open\(\"[wx]|savefig\((?!beside)"
    r"|imwrite\(|(?<!layer)\.save\((?!beside|figure|\))|np\.save\w*\((?!file)"
)


def test_whatever_writes_a_file_does_it_beside_and_then_renames() -> None:
    found = {
        str(path.relative_to(ROOT))
        for package in APPS_AT
        for path in (ROOT / package).rglob("*.py")
        if WRITES.search(path.read_text(encoding="utf-8"))
    }
    assert found - DIRECT == {"convert/conversion/quantize.py"}  # a temporary folder's


APPS_AT = ("edge", "convert", "benchmarks")
