"""Every command is documented, and what the documentation says to type exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from places import ROOT

from benchmarks.cli import app as bench
from convert.cli.main import app as convert
from edge.cli.main import app as edge

COMMANDS = {
    name: typer.main.get_command(app)
    for name, app in (("edge", edge), ("edge-convert", convert), ("edge-bench", bench))
}
PAGE = ROOT / "docs" / "guides" / "commands.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What is history: it says what was typed then.
PAST = {"changelog.md"}
TYPED = re.compile(
    r"(?:^|[|;&])\s*(?:sudo )?(?:\w+=\S+ )*(?:\S*/bin/)?"
    r"(edge(?:-convert|-bench)?)((?: +[^\s`|#;&]+)+)"
)
FROM_ANYWHERE = {"--help", "--debug"}


def is_group(command: Any) -> bool:
    return hasattr(command, "commands")


def walked(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Each command that does something, with all its words."""
    if is_group(command):
        for word, below in command.commands.items():
            yield from walked(below, f"{name} {word}")
    elif not command.hidden:
        yield name, command


def found(words: list[str]) -> tuple[Any, list[str]]:
    """The command that `words` begin with, and what follows it."""
    command, rest = COMMANDS[words[0]], words[1:]
    while is_group(command) and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


def options(command: Any) -> set[str]:
    given = {name for parameter in command.params for name in parameter.opts}
    return given | {name for parameter in command.params for name in parameter.secondary_opts}


def code(text: str) -> Iterator[str]:
    """What stands in code: indented and fenced blocks, and spans; continued lines as one."""
    joined = re.sub(r"\\\n\s*", " ", text)
    fenced = False
    for line in joined.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield line
        else:
            yield from re.findall(r"`([^`]+)`", line)


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    there = [name for top, command in COMMANDS.items() for name, _ in walked(command, top)]
    assert sorted(rows) == sorted(there)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name not in PAST], ids=lambda page: page.stem
)
def test_what_a_page_says_to_type_exists(page: Path) -> None:
    wrong = []
    for line in code(page.read_text(encoding="utf-8")):
        for top, rest in TYPED.findall(line):
            words = [top, *rest.split()]
            command, left = found(words)
            typed = {word.split("=")[0] for word in left if re.match(r"--[a-z]", word)}
            unknown = typed - options(command) - FROM_ANYWHERE
            stopped = is_group(command) and left and re.match("[a-z]+$", left[0])
            if unknown or (stopped and not options(command) & typed):
                wrong.append(f"{line.strip()}  ({', '.join(unknown) or left[0]})")
    assert not wrong, "\n".join(wrong)
