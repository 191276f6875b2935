"""`edge models`: what networks this device has, what their cards say, whether they are whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest
from textwrap import shorten, wrap
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.completion import models
from edge.cli.units import size

if TYPE_CHECKING:
    from edge.models import ModelCard

app = typer.Typer(help="The networks on this device and their cards.", no_args_is_help=True)

_WIDTH = 80
_CALIBRATED = " as calibrated"
_CALIBRATED_ONLY = (
    "ECE",
    "share said",
    "right of what is said",
    "share said of patches without a face",
    "another label, box jitter 8%",
)
_Named = list[tuple[str, float]]
_NOISE = ("0.1", "0.3")
"""Standard deviations of a picture in [0, 1]."""
_AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
_NameOrPath = Annotated[
    str,
    typer.Argument(help="A shipped model's name, or a .tflite's path.", autocompletion=models()),
]


@app.command("list")
def list_models(as_json: _AsJson = False) -> None:
    """The shipped models, a line each."""
    from edge.models import shipped

    cards = shipped()
    if as_json:
        typer.echo(json.dumps([card.model_dump(mode="json") for card in cards], indent=2))
        return
    used = _defaults()
    typer.echo(f"  {'network':<12} {'kind':<6} {'parameters':>10} {'MMAC':>5} {'file':>9}  int8")
    for card in cards:
        typer.echo(
            f"{'*' if card.name in used else ' '} {card.name:<12} {card.modality:<6}"
            f" {card.parameters:>10,} {card.macs / 1e6:>5.0f}"
            f" {size(card.size_bytes):>9}  {_headline(card)}"
        )
    typer.echo("* used unless the settings name another")


@app.command()
def show(
    model: _NameOrPath,
    everything: Annotated[
        bool, typer.Option("--all", help="Every field and figure, each with its protocol.")
    ] = False,
    as_json: _AsJson = False,
) -> None:
    """A model's card: what it is, what it was trained on, how good it is by which protocol."""
    from edge.models.own import open_model

    card = open_model(model).card
    if as_json:
        typer.echo(card.model_dump_json(indent=2))
        return
    for line in _all_lines(card) if everything else _short_lines(card):
        typer.echo(line)


@app.command()
def verify(
    model: Annotated[
        str | None,
        typer.Argument(help="A name or a path; all if not given.", autocompletion=models()),
    ] = None,
) -> None:
    """Check the file against its card, and that the interpreter takes it."""
    from edge.models import shipped
    from edge.models.classifier import Classifier
    from edge.models.own import open_model

    for name in [model] if model else [card.name for card in shipped()]:
        found = open_model(name)
        with Classifier(found):
            typer.echo(f"{found.card.name}: the file is the card's, and it loads")


def _all_lines(card: ModelCard) -> Iterator[str]:
    for key, value in card.model_dump(exclude={"figures", "calibration"}, mode="json").items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        yield f"{key:<16} {shown}"
    for key, text in _calibration(card):
        yield f"{key:<16} {text}"
    for figure in card.figures:
        yield f"{figure.name:<40} {figure.value:<10.4g} {figure.protocol}"


def _short_lines(card: ModelCard) -> Iterator[str]:
    """What fits a screen: the int8 figures as they are, under each condition once."""
    yield _wrapped(
        "model", f"{card.name}: {card.modality}, {' x '.join(map(str, card.input_shape))}"
    )
    yield _wrapped("labels", ", ".join(card.labels))
    yield _wrapped(
        "size",
        f"{size(card.size_bytes)}, {card.parameters:,} parameters, {card.macs / 1e6:.0f} MMAC",
    )
    yield _wrapped("source", card.source, 2)
    yield _wrapped("training data", card.training_data, 2)
    yield _wrapped("terms", card.terms)
    for key, text in _calibration(card):
        yield _wrapped(key, text.partition(" (")[0])
    plain, calibrated = _headline_figures(card)
    yield from _in_two_columns(plain)
    if calibrated:
        yield "As a device says it, against what most people saw:"
        yield from _in_two_columns(calibrated)
    if plain:
        yield f"Of int8, as it runs here; all {len(card.figures)}, with their protocols: --all"


def _headline_figures(card: ModelCard) -> tuple[_Named, _Named]:
    """Of int8, or of float32 where that alone was measured; of noise the accuracy at two levels.

    First those of the scores as they are, then of the calibrated ones: where a condition has both,
    it stands among these alone.
    """
    names = {figure.name for figure in card.figures}
    plain: _Named = []
    calibrated: _Named = []
    for figure in card.figures:
        precision, _, name = figure.name.partition(" ")
        head, _, condition = name.partition(", ")
        kind, _, noise = name.partition(" at noise ")
        if _CALIBRATED in name or name in _CALIBRATED_ONLY:
            if condition != f"noise {_NOISE[-1]}, deviation":
                calibrated.append((name.replace(_CALIBRATED, ""), figure.value))
        elif (
            "agreement" in name
            or (noise and (kind != "accuracy" or noise not in _NOISE))
            or (condition and f"{precision} {head}{_CALIBRATED}, {condition}" in names)
        ):
            continue
        elif precision == "int8":
            plain.append((name, figure.value))
        elif f"int8 {name}" not in names:
            plain.append((figure.name, figure.value))
    return plain, calibrated


def _in_two_columns(shown: _Named) -> Iterator[str]:
    half = (len(shown) + 1) // 2
    for pair in zip_longest(shown[:half], shown[half:]):
        yield "   ".join(
            f"{shorten(name, 31, placeholder=' …'):<31} {value:.3f}"
            for name, value in filter(None, pair)
        )


def _wrapped(key: str, text: str, most: int | None = None) -> str:
    """In a narrow terminal's lines; `most` of them, then "…"."""
    lines = wrap(" ".join(text.split()), _WIDTH - 17, max_lines=most, placeholder=" …")
    return f"{key:<16} " + f"\n{'':<17}".join(lines)


def _calibration(card: ModelCard) -> Iterator[tuple[str, str]]:
    """What the scores mean, and of how many faces of each label something is said."""
    from edge.models.personal import PROTOCOL

    found = card.calibration
    if found is None:
        return
    yield "temperature", f"{found.temperature:g}"
    moved = [f"{label} {offset:+.2f}" for label, offset in found.offsets.items() if offset]
    if moved:
        yield "offsets", f"{', '.join(moved)} (added to the log scores)"
    yield (
        "floor",
        f"{found.floor:g}: below it the label is unknown; above it "
        f"{found.precision:.0%} of the labels were right where it was chosen",
    )
    if found.protocol.startswith(PROTOCOL):
        yield "calibrated by", found.protocol
    said = ", ".join(f"{label} {share:.0%}" for label, share in found.coverage.items())
    yield "says something", f"of {said} ({found.protocol})"


def _headline(card: ModelCard) -> str:
    """Its first figure in int8, which is what runs here; of a combiner, that of both inputs."""
    ours = [f for f in card.figures if f.name.startswith("int8")]
    both = [f for f in ours if f.name.endswith("face and voice")]
    return next((f"{f.name.removeprefix('int8 ')} {f.value:.3f}" for f in both + ours), "")


def _defaults() -> set[str]:
    from edge.settings.sections import ModelSettings

    settings = ModelSettings()
    return {settings.name, settings.speech, settings.fusion}
