"""What a terminal would obey does not reach it, whoever named a file."""

from __future__ import annotations

import io
import logging
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import PORTRAIT, ROOT

from edge.annotate.pictures import MANIFEST
from edge.system.printable import bytes_onto, one_line, printable
from edge.system.redaction import RedactingFormatter

NAMES = (
    b"a:b.jpg", b"esc\x1b[31mred\x1b]0;title\x07.jpg", b"two\nlines.jpg", b"cr\rover.jpg",
    "\u9854\u306e\u5199\u771f.jpg".encode(), b"bad\xff\xfeutf.jpg", b"c1\xc2\x9b31m.jpg",
    "turned\u202egpj.exe.jpg".encode(), b"%s %d.jpg", b"[bold]rich.jpg", b" -dash.jpg",
)  # fmt: skip
OBEYED = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), "\u202e"} - {"\n", "\r", "\t"}


@pytest.fixture(scope="module")
def odd_names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    for name in NAMES:
        shutil.copy(PORTRAIT, os.fsencode(folder) + b"/" + name)
    (folder / "notes\x1b[2J\n.txt").write_text("no picture")
    return folder


def on_a_terminal(*arguments: object) -> str:
    """What `edge` shows on a terminal, both streams together."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "edge", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, cwd=ROOT)
    os.close(theirs)
    said = b""
    while True:
        try:
            said += os.read(ours, 65536)
        except OSError:  # the terminal has no writer any more
            break
    os.close(ours)
    assert process.wait(60) == 0, said
    return said.decode().replace("\r\n", "\n")


def test_no_name_of_a_file_is_obeyed_by_the_terminal(odd_names: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.sqlite"
    ran = on_a_terminal("run", "--camera", odd_names, "--annotate", tmp_path / "out/", "--log", log)
    shown = [ran, on_a_terminal("log", "show", "--log", log)]
    shown += [
        on_a_terminal("log", "export", "-", "--format", form, "--log", log)
        for form in ("csv", "jsonl")
    ]
    for text in shown:
        assert not OBEYED & set(text), ascii(text)
        assert "\r" not in text
    for text in shown[:2]:
        lines = [line for line in text.splitlines() if "  #" in line]
        assert len(lines) == len(NAMES)
        for name in NAMES:
            assert sum(one_line(os.fsdecode(name)) in line for line in lines) == 1, name
    assert r"notes\x1b[2J\n.txt was left out: it is no picture" in ran
    kept = {os.fsencode(path.name) for path in (tmp_path / "out").iterdir()}
    # A line break in a name would be a line of the manifest.
    single = [os.fsencode(" ".join(os.fsdecode(name).splitlines())) for name in NAMES]
    assert kept == {MANIFEST.encode(), *single}


def test_a_line_of_the_log_is_one_line_and_a_traceback_stays_several() -> None:
    try:
        raise ValueError("of\x1b[31m two\nlines")
    except ValueError:
        caught = sys.exc_info()
    record = logging.LogRecord("a", 30, "a", 1, "%s", ("x\ny\x1b[31m",), caught)  # type: ignore[arg-type]
    first, *rest = RedactingFormatter().format(record).splitlines()
    assert first == r"x\ny\x1b[31m"
    assert len(rest) > 2
    assert "\x1b" not in "".join(rest)


def test_bytes_onto_a_terminal_keep_their_letters_and_lose_their_escapes() -> None:
    terminal = io.StringIO()
    stream = bytes_onto(terminal)
    for byte in "\u9854 \x1b[2J\n".encode():
        stream.write(bytes([byte]))
        stream.flush()
    assert terminal.getvalue() == "\u9854 \\x1b[2J\n" == printable("\u9854 \x1b[2J\n")
