"""What all three commands share: errors become one sentence and an exit code.

    0 done   1 the work failed   2 the arguments are wrong   3 a needed part is missing
    130 interrupted

`--debug`, anywhere on the line, or EDGE_DEBUG in the environment shows the traceback too.
"""

from __future__ import annotations

import os
import select
import sys
import traceback
from typing import TYPE_CHECKING, Any

from edge.errors import EdgeError, ReaderGoneError
from edge.system.native_output import debugging
from edge.system.printable import printable
from edge.system.redaction import guard_streams, protect_all, redact

if TYPE_CHECKING:
    import typer

FAILED, WRONG_ARGUMENTS, INTERRUPTED = 1, 2, 130
_EPILOG = "--debug shows the traceback of an error."


def run_app(app: typer.Typer, prog: str, argv: list[str] | None = None) -> int:
    """Run `app` on `argv` (the process's own by default) and return its exit code.

    A command fails by raising an EdgeError, by `typer.Exit(code)`, or by returning its code.
    """
    arguments = _without_debug(sys.argv[1:] if argv is None else argv)
    guard_streams()
    protect_all(arguments)
    command, output = built(app), _output()
    try:
        code = command.main(arguments, prog_name=prog, standalone_mode=False)
    except SystemExit as stop:
        # typer exits so at any broken pipe, a socket's too.
        broken = stop.__context__
        code = stop.code
        if isinstance(broken, OSError) and not _reader_gone(output):
            code = _unforeseen(prog, broken)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except ReaderGoneError:
        code = FAILED
    except EdgeError as error:
        code = _report(prog, str(error), error.exit_code)
    except Exception as error:
        code = _unforeseen(prog, error)
    finally:
        if output is not None:
            os.close(output)
    return _flushed(code if isinstance(code, int) else 0)


def _without_debug(arguments: list[str]) -> list[str]:
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options, rest = arguments[:end], arguments[end:]
    if "--debug" in options:
        # In the environment it reaches child processes as well.
        os.environ["EDGE_DEBUG"] = "1"
    return [option for option in options if option != "--debug"] + rest


def built(app: typer.Typer) -> Any:
    """The click command of `app`, with what all commands have."""
    import typer.main

    _complete(app)
    return typer.main.get_command(app)


def _complete(app: typer.Typer) -> None:
    """What belongs to every command: --debug in its help, and checks of what it writes."""
    from edge.cli.outputs import CheckedCommand

    for command in app.registered_commands:
        command.epilog = command.epilog or _EPILOG
        command.cls = CheckedCommand
    for group in app.registered_groups:
        if group.typer_instance is not None:
            _complete(group.typer_instance)


def _output() -> int | None:
    """Our standard output once more: rich points the first one to nowhere when its reader goes."""
    try:
        return os.dup(sys.__stdout__.fileno()) if sys.__stdout__ is not None else None
    except (OSError, ValueError):  # it was closed
        return None


def _reader_gone(output: int | None) -> bool:
    """Whether whoever read our standard output has closed it (`| head`): no fault to be told."""
    if output is None:
        return False
    watched = select.poll()
    watched.register(output, 0)
    return any(state & (select.POLLERR | select.POLLHUP) for _, state in watched.poll(0))


def _unforeseen(prog: str, error: Exception) -> int:
    # typer brings click's exceptions in some versions and vendors them in others: so by shape.
    kind = type(error).__name__
    if kind == "Abort":
        return INTERRUPTED
    describe = getattr(error, "format_message", None)
    if describe is None:
        sentence = f"unexpected {kind}: {error}; run again with --debug to see where"
        return _report(prog, sentence, FAILED)
    if kind == "NoArgsIsHelpError":
        print(describe(), file=sys.stderr)
        return WRONG_ARGUMENTS
    context = getattr(error, "ctx", None)
    path = prog if context is None else context.command_path
    said = describe().strip().rstrip(".").replace(": Value error, ", ": ")
    sentence = f"{said}: see '{path} --help'"
    return _report(prog, sentence, getattr(error, "exit_code", WRONG_ARGUMENTS))


def _report(prog: str, sentence: str, code: int) -> int:
    if debugging():
        sys.stderr.write(redact(traceback.format_exc()))
    print(printable(redact(f"{prog}: {' '.join(sentence.split())}")), file=sys.stderr)
    return code


def _flushed(code: int) -> int:
    """`code`, once the output is out; with nobody left to read it, FAILED and no complaint."""
    try:
        for stream in (sys.stdout, sys.__stdout__):
            if stream is not None:
                stream.flush()
    except BrokenPipeError:
        # The interpreter flushes once more as it ends: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return code or FAILED
    return code
