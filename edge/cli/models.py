"""`edge models`: what networks this device has, what their cards say, whether they are whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.units import size

if TYPE_CHECKING:
    from edge.models import ModelCard

app = typer.Typer(help="The networks on this device and their cards.", no_args_is_help=True)

_AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
_NameOrPath = Annotated[str, typer.Argument(help="A shipped model's name, or a .tflite's path.")]


@app.command("list")
def list_models(as_json: _AsJson = False) -> None:
    """The shipped models, a line each."""
    from edge.models import shipped

    cards = shipped()
    if as_json:
        typer.echo(json.dumps([card.model_dump(mode="json") for card in cards], indent=2))
        return
    used = _defaults()
    for card in cards:
        typer.echo(
            f"{'*' if card.name in used else ' '} {card.name:<12} {card.modality:<7}"
            f" {card.parameters:>9,} parameters {card.macs / 1e6:>6.0f} MMAC"
            f" {size(card.size_bytes):>8}  {_headline(card)}"
        )
    typer.echo("* used unless the settings name another")


@app.command()
def show(model: _NameOrPath, as_json: _AsJson = False) -> None:
    """A model's card: what it is, what it was trained on, how good it is by which protocol."""
    from edge.models import find

    card = find(model).card
    if as_json:
        typer.echo(card.model_dump_json(indent=2))
        return
    for key, value in card.model_dump(exclude={"figures", "calibration"}, mode="json").items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        typer.echo(f"{key:<16} {shown}")
    for line in _calibration_lines(card):
        typer.echo(line)
    for figure in card.figures:
        typer.echo(f"{figure.name:<40} {figure.value:<10.4g} {figure.protocol}")


@app.command()
def verify(
    model: Annotated[str | None, typer.Argument(help="A name or a path; all if not given.")] = None,
) -> None:
    """Check the file against its card, and that the interpreter takes it."""
    from edge.models import find, shipped
    from edge.models.classifier import Classifier

    for name in [model] if model else [card.name for card in shipped()]:
        found = find(name)
        with Classifier(found):
            typer.echo(f"{found.card.name}: the file is the card's, and it loads")


def _calibration_lines(card: ModelCard) -> Iterator[str]:
    """What the scores mean, and of how many faces of each label something is said."""
    found = card.calibration
    if found is None:
        return
    yield f"{'temperature':<16} {found.temperature:g}"
    moved = [f"{label} {offset:+.2f}" for label, offset in found.offsets.items() if offset]
    if moved:
        yield f"{'offsets':<16} {', '.join(moved)} (added to the log scores)"
    yield (
        f"{'floor':<16} {found.floor:g}: below it the label is unknown; above it "
        f"{found.precision:.0%} of the labels were right where it was chosen"
    )
    said = ", ".join(f"{label} {share:.0%}" for label, share in found.coverage.items())
    yield f"{'says something':<16} of {said} ({found.protocol})"


def _headline(card: ModelCard) -> str:
    """Its first figure in int8, which is what runs here; of a combiner, that of both inputs."""
    ours = [f for f in card.figures if f.name.startswith("int8")]
    both = [f for f in ours if f.name.endswith("face and voice")]
    return next((f"{f.name} {f.value:.3f}" for f in both + ours), "")


def _defaults() -> set[str]:
    from edge.settings.sections import ModelSettings

    settings = ModelSettings()
    return {settings.name, settings.speech, settings.fusion}
