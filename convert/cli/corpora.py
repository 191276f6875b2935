"""The commands of several corpora of speech: training on them, and judging on unheard ones."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from convert.cli.console import print_figures, training_stack
from convert.cli.options import (
    BatchSize,
    Epochs,
    Json,
    LabelSmoothing,
    LearningRate,
    Noise,
    Out,
    Precision,
    Resume,
    Seed,
    Start,
    WeightDecay,
)
from convert.zoo import SPEECH

Corpora = Annotated[
    list[Path] | None,
    typer.Option("--corpus", help="A csv with file, speaker, label; again for each further one."),
]
SomeRavdess = Annotated[Path | None, typer.Option("--data", help="RAVDESS's folder.")]


def train(
    out: Out,
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(SPEECH)}.")] = SPEECH[0],
    data: SomeRavdess = None,
    corpus: Corpora = None,
    noise: Noise = None,
    fold: Annotated[str, typer.Option(help="1 to 5, or all one after another.")] = "all",
    hold_out: Annotated[
        str, typer.Option(help="RAVDESS actors to test on (such as 1,7) in place of folds.")
    ] = "",
    leave_out: Annotated[
        str, typer.Option(help="Corpora to test on, a network each, in place of folds.")
    ] = "",
    start: Start = None,
    epochs: Epochs = None,
    finish_epochs: Annotated[
        int | None, typer.Option(min=1, help="On whole windows, after those on short ones.")
    ] = None,
    windows: Annotated[int | None, typer.Option(min=1, help="Of one epoch.")] = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    weight_decay: WeightDecay = None,
    label_smoothing: LabelSmoothing = None,
    mixup: Annotated[float | None, typer.Option(min=0, help="α of mixup.")] = None,
    seed: Seed = None,
    precision: Precision = None,
    cache: Annotated[
        Path | None, typer.Option(help="A file that keeps the frames for the next run.")
    ] = None,
    resume: Resume = False,
) -> None:
    """Train a network for voices on several corpora; each test's speakers are never heard."""
    training_stack()
    from convert import zoo
    from convert.training import speech_mixture
    from convert.training.mixture_settings import mixture_recipe, mixture_tests

    asked = {
        "start": start, "epochs": epochs, "finish_epochs": finish_epochs, "windows": windows,
        "batch_size": batch_size, "learning_rate": learning_rate, "seed": seed,
        "weight_decay": weight_decay, "label_smoothing": label_smoothing, "mixup": mixup,
        "precision": precision,
    }  # fmt: skip  # names and values
    settings = mixture_recipe(out, asked)
    tests = mixture_tests(fold, hold_out, leave_out)
    with redirect_stdout(sys.stderr):
        speech_mixture.train(
            zoo.architecture(name), _clips(data, corpus), noise, out, settings, tests,
            cache=cache, resume=resume,
        )  # fmt: skip
    for test in tests:
        print(f"{out / test / 'best.keras'}: judge it with edge-convert corpora {out}")


def judge(
    run: Annotated[Path, typer.Argument(help="The folder of a run of train corpora.")],
    data: SomeRavdess = None,
    corpus: Corpora = None,
    noise: Noise = None,
    temperature: Annotated[float, typer.Option(min=0.1, help="Of the scores, as a card's.")] = 1.0,
    floor: Annotated[float, typer.Option(min=0, max=1, help="Of the confidence.")] = 0.0,
    otherwise: Annotated[
        bool, typer.Option(help="In noise, at other levels, with offsets, cut short, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Judge a run's networks on the corpora, or the speakers, that each never heard."""
    training_stack()
    from convert.evaluation.corpora import lines
    from convert.evaluation.speech_corpora import judge_run

    verdicts = judge_run(
        run, _clips(data, corpus), noise, temperature=temperature, floor=floor,
        otherwise=otherwise, progress=lambda name: print(f"{name} judged", file=sys.stderr),
    )  # fmt: skip
    shown = []
    for verdict in verdicts:
        for kind, found in (("float32", verdict.float32), ("int8", verdict.int8)):
            shown += [f"{verdict.name}, {verdict.condition}, {kind}:", *lines(found)]
    print_figures({"networks": [verdict.as_dict() for verdict in verdicts]}, shown, as_json)


def _clips(data: Path | None, corpora: list[Path] | None) -> Any:
    """RAVDESS's clips, where its folder is given, and those of the csv files."""
    from convert.datasets import corpus, ravdess
    from edge.errors import UsageError

    clips = corpus.of_ravdess(ravdess.clips(data)) if data is not None else []
    for table in corpora or []:
        clips += corpus.read(table)
    if not clips:
        raise UsageError("there is no corpus: give --data (RAVDESS) or --corpus (a csv)")
    return clips


def add_to(app: typer.Typer) -> None:
    app.command("corpora")(judge)
