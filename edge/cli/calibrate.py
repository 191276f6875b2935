"""`edge calibrate`: a network learns how its person looks; only some numbers are kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.errors import ModelError, UsageError

if TYPE_CHECKING:
    from edge.models.recalibration import Adjustment, Gain
    from edge.run.own_faces import FaceReader
    from edge.settings.sections import Settings


def calibrate(
    folder: Annotated[
        Path | None, typer.Argument(help="Holds a folder of pictures a label; else the camera.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Settings, as TOML.")] = None,
    model: Annotated[str | None, typer.Option(help="A network's name or path.")] = None,
    camera: Annotated[str | None, typer.Option(help="As edge run --camera.")] = None,
    faces: Annotated[
        str, typer.Option(help="find the face in each picture, or take it whole.")
    ] = "find",
    rounds: Annotated[int, typer.Option(min=2, max=20, help="Camera: times each face.")] = 3,
    frames: Annotated[int, typer.Option(min=2, max=200, help="Camera: pictures each time.")] = 10,
    undo: Annotated[bool, typer.Option("--undo", help="Remove what was learned.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Fit a network's scores to your own faces; keeps a few numbers beside its card."""
    from edge.models import locate, personal
    from edge.models.classifier import Classifier
    from edge.models.description import settings_description
    from edge.models.own import open_model
    from edge.models.recalibration import PRECISION, adjustment, gain
    from edge.run.own_faces import FaceReader

    settings = _settings(config, model, camera, faces)
    name = settings.model.name
    if undo:
        there = personal.undo(locate(name))
        typer.echo(f"{name}: {'as its card says again' if there else 'was not calibrated'}")
        return
    network = open_model(name, settings_description(settings), personally=False)
    with Classifier(network, threads=settings.model.threads) as classifier:
        reader = FaceReader(network, settings, classifier)
        if folder is not None:
            reader.folders(folder)
        else:
            _ask(reader, rounds, frames)
    scores, labels, groups = reader.faces.arrays()
    worth, found = gain(scores, labels, groups), adjustment(scores, labels)
    if missed := reader.faces.without_a_face:
        print(f"no face was found in {missed} pictures: they do not count", file=sys.stderr)
    said = _said(worth)
    if not worth.helps:
        raise ModelError(f"it does not help, and nothing was kept: {said}; give more pictures")
    path = personal.keep(network, found, worth)
    if as_json:
        typer.echo(json.dumps(_figures(path, worth, found, network.card.labels), indent=2))
    else:
        floor = personal.personal(network).card.floor
        typer.echo(
            f"{said}\nbelow a confidence of {floor:.3f} the label is unknown: above it "
            f"{PRECISION:.0%} of your pictures were named rightly\n"
            f"kept in {path}; edge calibrate --undo removes it"
        )


def _settings(config: Path | None, model: str | None, camera: str | None, faces: str) -> Settings:
    from edge.settings.loading import load, override

    if faces not in ("find", "whole"):
        raise UsageError(f"--faces {faces}: choose find or whole")
    given = {
        "model.name": model,
        "camera.source": camera,
        "detection.detector": "none" if faces == "whole" else None,
    }
    changes = {path: value for path, value in given.items() if value is not None}
    return override(load(config), changes, "the command line")


def _ask(reader: FaceReader, rounds: int, frames: int) -> None:
    """Each label `rounds` times, in turn, so that no two sittings of one are alike."""
    typer.echo("Nothing you show is stored. Enter when you show it; s and Enter leaves it out.")
    left_out: set[str] = set()
    for number in range(rounds):
        for label in reader.faces.names:
            if label in left_out:
                continue
            answer = typer.prompt(f"{number + 1} of {rounds}: {label}", "", show_default=False)
            if answer.strip().lower() == "s":
                left_out.add(label)
            else:
                reader.camera(label, str(number), frames)


def _said(worth: Gain) -> str:
    return (
        f"on pictures left out in turn ({worth.pictures}): accuracy {worth.accuracy_before:.3f} → "
        f"{worth.accuracy_after:.3f}, log loss {worth.loss_before:.3f} → {worth.loss_after:.3f} "
        f"(lower by {worth.sure:+.3f} at least, by 95 %)"
    )


def _figures(path: Path, worth: Gain, found: Adjustment, labels: tuple[str, ...]) -> dict[str, Any]:
    return {
        "file": str(path),
        "pictures": worth.pictures,
        "accuracy": {"before": worth.accuracy_before, "after": worth.accuracy_after},
        "log_loss": {"before": worth.loss_before, "after": worth.loss_after},
        "gain_at_least": worth.sure,
        "temperature": found.temperature,
        "floor": worth.floor,
        "offsets": dict(zip(labels, found.offsets.tolist(), strict=True)),
    }
