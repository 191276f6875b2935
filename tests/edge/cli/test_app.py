"""The error contract of the three commands: one sentence on standard error, the right code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import typer

from edge.cli import app as command
from edge.errors import EdgeError, MissingDataError, ModelError, SinkError, UsageError


def app_that(act: Callable[[], object]) -> typer.Typer:
    app = typer.Typer()
    inner = typer.Typer()

    @app.command()
    def work(count: int = 1) -> object:
        """Do the work."""
        return act()

    @inner.command()
    def deep() -> object:
        """Do it deeper."""
        return act()

    app.add_typer(inner, name="inner")
    return app


def raising(error: BaseException) -> typer.Typer:
    def act() -> None:
        raise error

    return app_that(act)


@pytest.fixture(autouse=True)
def no_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_DEBUG", "")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EdgeError("it broke: mend it"), 1),
        (ModelError("it broke: mend it"), 1),
        (UsageError("it broke: mend it"), 2),
        (MissingDataError("it broke: mend it"), 3),
    ],
)
def test_an_error_is_one_sentence_and_its_own_code(
    error: EdgeError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.run_app(raising(error), "edge", ["work"]) == code
    out, err = capsys.readouterr()
    assert (out, err) == ("", "edge: it broke: mend it\n")


def test_a_message_of_several_lines_becomes_one(capsys: pytest.CaptureFixture[str]) -> None:
    command.run_app(raising(EdgeError("first\n   second")), "edge", ["work"])
    assert capsys.readouterr().err == "edge: first second\n"


def test_an_unforeseen_error_says_what_and_how_to_see_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.run_app(raising(ZeroDivisionError("by zero")), "edge", ["work"]) == 1
    assert capsys.readouterr().err == (
        "edge: unexpected ZeroDivisionError: by zero; run again with --debug to see where\n"
    )


@pytest.mark.parametrize(
    "place", [["--debug", "work"], ["work", "--debug"], ["inner", "deep", "--debug"]]
)
def test_debug_shows_the_traceback_wherever_it_stands(
    place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.run_app(raising(EdgeError("it broke")), "edge", place) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert err.endswith("edge: it broke\n")
    assert command.debugging()


def test_an_argument_after_two_dashes_is_not_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run_app(raising(EdgeError("x")), "edge", ["work", "--", "--debug"]) == 2
    assert not command.debugging()


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (["work", "--nope"], "--nope"),
        (["work", "--count", "many"], "--count"),
        (["nothing"], "nothing"),
        ([], "command"),
    ],
)
def test_wrong_arguments_are_code_2_and_point_to_the_help(
    argv: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.run_app(app_that(lambda: None), "edge", argv) == 2
    err = capsys.readouterr().err
    assert what in err
    assert "--help'" in err
    assert err.count("\n") == 1


def test_no_arguments_where_the_app_wants_help_is_help_and_code_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = app_that(lambda: None)
    app.info.no_args_is_help = True
    assert command.run_app(app, "edge", []) == 2
    captured = capsys.readouterr()
    assert "Usage" in captured.out + captured.err


def test_interruption_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run_app(raising(KeyboardInterrupt()), "edge", ["work"]) == 130


def test_success_and_a_code_of_the_commands_own() -> None:
    assert command.run_app(app_that(lambda: None), "edge", ["work"]) == 0
    assert command.run_app(app_that(lambda: 1), "edge", ["work"]) == 1
    assert command.run_app(raising(typer.Exit(3)), "edge", ["work"]) == 3


@pytest.mark.parametrize("argv", [["work", "--help"], ["inner", "deep", "--help"]])
def test_every_help_tells_of_debug(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run_app(app_that(lambda: None), "edge", argv) == 0
    assert "--debug" in capsys.readouterr().out


def test_a_reader_that_leaves_ends_it_in_silence() -> None:
    script = (
        "import typer, sys\n"
        "from edge.cli.app import run_app\n"
        "app = typer.Typer()\n"
        "@app.command()\n"
        "def work() -> None:\n"
        "    for n in range(200_000): print(n)\n"
        "sys.exit(run_app(app, 'edge', []))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "0\n"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=30) == 1


def test_help_to_a_reader_that_has_left_ends_quietly() -> None:
    """Rich writes it, and has a way of its own with a broken pipe."""
    reading, writing = os.pipe()
    os.close(reading)
    command_line = [sys.executable, "-m", "edge", "run", "--help"]
    try:
        done = subprocess.run(command_line, stdout=writing, stderr=subprocess.PIPE, timeout=60)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("kind", [BrokenPipeError, ConnectionResetError])
def test_another_pipe_that_breaks_is_told(
    kind: type[OSError], capsys: pytest.CaptureFixture[str]
) -> None:
    """A socket's, say; standard output is whole."""
    error = kind(32, "Broken pipe")
    assert command.run_app(raising(error), "edge", ["work"]) == 1
    assert f"edge: unexpected {kind.__name__}: " in capsys.readouterr().err
    failed = SinkError("the broker has gone: start it")
    failed.__cause__ = error
    assert command.run_app(raising(failed), "edge", ["work"]) == 1
    assert capsys.readouterr().err == "edge: the broker has gone: start it\n"
