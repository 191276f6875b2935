"""`edge-convert import`: anybody's trained network, with its own labels, for the device."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from convert.cli.console import print_figures, progress_bar
from convert.cli.options import Json
from convert.cli.own_data import examples_of, features_of
from edge.cli.outputs import Force
from edge.errors import DataError, UsageError
from edge.system.outputs import check_named

if TYPE_CHECKING:
    from convert.conversion.own_network import Imported
    from convert.datasets.examples import Example

Merge = Annotated[
    list[str] | None,
    typer.Option(help="NEW=A,B: read the data's labels A and B as NEW; again for more."),
]
OwnData = Annotated[
    Path | None,
    typer.Option(help="A folder that holds a folder of pictures a label, or a csv: file,label."),
]
Faces = Annotated[str, typer.Option(help="find the face in each picture, or take it whole.")]


def import_network(
    file: Annotated[
        Path, typer.Argument(help="A .keras, .h5 or .tflite, or a SavedModel's folder.")
    ],
    labels: Annotated[
        str, typer.Option(help="In the order of its outputs: happy,neutral,other.")
    ] = "",
    data: OwnData = None,
    out: Annotated[
        Path | None,
        typer.Option(writable=True, help="The .tflite to write; by default beside FILE, or here."),
    ] = None,
    size: Annotated[str, typer.Option(help="HEIGHTxWIDTH, where the file leaves it open.")] = "",
    scaling: Annotated[
        str,
        typer.Option(help="0-1, -1-1, 0-255, imagenet, MEAN/DEVIATION in bytes; else found out."),
    ] = "",
    colour: Annotated[str, typer.Option(help="rgb, bgr or gray, of three channels.")] = "",
    output: Annotated[
        str, typer.Option(help="probabilities or logits, where the file's last layer misleads.")
    ] = "",
    step: Annotated[
        float, typer.Option(min=0.01, max=10, help="Seconds from frame to frame.")
    ] = 0.2,
    margin: Annotated[
        float, typer.Option(min=-0.2, max=0.5, help="What it saw around a face, as a share.")
    ] = 0.0,
    faces: Faces = "find",
    merge: Merge = None,
    kind: Annotated[str, typer.Option(help="face or voice: what it is given.")] = "face",
    features: Annotated[
        Path | None, typer.Option(help="Voice: a TOML of the features that are not the default.")
    ] = None,
    as_json: Json = False,
    force: Force = False,
) -> int:
    """Bring a network of your own to the device: checked, as int8, with its card."""
    from convert.conversion.own_network import import_network as bring
    from convert.conversion.wanted import Wanted

    kind = _one_of("--kind", kind, ("face", "voice"))
    examples = examples_of(data, merge, kind)
    of_run = _of_run(file)
    wanted = Wanted(
        labels=_labels(labels, of_run, examples),
        size=_size(size),
        scaling=scaling or of_run.get("scaling", ""),
        colour=_one_of("--colour", colour, ("rgb", "bgr", "gray")),
        output=_one_of("--output", output, ("probabilities", "logits")),
        step_s=step,
        margin=margin,
        stretch=of_run.get("stretch", False),
        kind="voice" if kind == "voice" else "face",
        features=features_of(features) if features is not None else None,
    )
    target = out or Path(
        f"{file.stem}.tflite" if file.suffix != ".tflite" else f"{file.stem}_own.tflite"
    )
    check_named(target, [file, *([data] if data else [])], force=force)
    with progress_bar(f"reading {kind}s") as progress:
        imported = bring(file, wanted, examples, target, faces, progress)
    return _told(imported, data, examples, as_json)


def _told(imported: Imported, data: Path | None, examples: list[Example], as_json: bool) -> int:
    from convert.conversion.own_network import with_figures
    from convert.evaluation.own_network import judge

    model, verdict = imported.model, None
    if imported.test is not None:
        verdict = judge(model, imported.test, imported.float32)
        part = "its test part" if any(one.part == "test" for one in examples) else "all of it"
        what = "sounds" if model.card.modality == "speech" else "pictures"
        protocol = f"{len(imported.test)} {what} of {data}, {part}, by edge-convert import"
        model = with_figures(model, verdict.figures(protocol))
    card = model.card
    for note in imported.notes:
        print(f"found out: {note}", file=sys.stderr)
    for warning in imported.doubts:
        print(f"not sure: {warning}", file=sys.stderr)
    lines = [
        f"{model.path}: {card.size_bytes:,} bytes, {card.dtype}, "
        f"{'x'.join(map(str, card.input_shape))} {card.colour}, scaling {card.scaling}, "
        f"labels {', '.join(card.labels)}"
    ]
    if verdict is not None:
        lines.extend(verdict.lines())
    else:
        lines.append("not checked on any picture: edge-convert verify it with --data")
    figures = {
        "card": card.model_dump(mode="json"),
        "notes": imported.notes,
        "doubts": imported.doubts,
        "verdict": verdict.as_dict() if verdict is not None else None,
    }
    print_figures(figures, lines, as_json)
    broken = verdict.broken if verdict is not None else []
    for sentence in broken:
        print(f"edge-convert: {sentence}", file=sys.stderr)
    return 1 if broken else 0


def _labels(text: str, of_run: dict[str, Any], examples: list[Example]) -> tuple[str, ...]:
    """What was given; else what the run beside the file says; else the data's, by name."""
    from convert.datasets.examples import named
    from edge.models.card import MAX_LABELS

    if text:
        labels = tuple(map(named, text.split(",")))
    elif "labels" in of_run:
        labels = tuple(of_run["labels"])
    else:
        labels = tuple(sorted({one.label for one in examples}))
        if labels:
            print(f"not sure: --labels taken from the data: {','.join(labels)}", file=sys.stderr)
    if not labels:
        raise UsageError("the file does not say what its outputs are: give --labels A,B,C")
    if len(set(labels)) != len(labels):
        raise UsageError(f"--labels {text}: give each label once")
    if len(labels) == 1:
        raise UsageError(
            f"there is one label, {labels[0]}: give two or more; of one sigmoid output, first what "
            "its 0 means, then its 1"
        )
    if len(labels) > MAX_LABELS:
        raise UsageError(f"there are {len(labels)} labels: give up to {MAX_LABELS}")
    return labels


def _of_run(file: Path) -> dict[str, Any]:
    """What `edge-convert train own` says of the network in its folder; {} for any other."""
    path = file.with_name("labels.json")
    if not path.is_file():
        return {}
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return {
            "labels": [str(label) for label in said["labels"]],
            "scaling": "0-1",
            "stretch": bool(said["stretch"]),
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} names no labels ({error}): train again, or remove it") from error


def _size(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    height, _, width = text.lower().partition("x")
    if not (height.isdecimal() and width.isdecimal()):
        raise UsageError(f"--size {text}: give HEIGHTxWIDTH, such as 96x96")
    return int(height), int(width)


def _one_of(option: str, value: str, choices: tuple[str, ...]) -> str:
    if value and value not in choices:
        raise UsageError(f"{option} {value}: choose one of {', '.join(choices)}")
    return value


def add_to(app: typer.Typer) -> None:
    app.command("import")(import_network)
