"""The page as Markdown, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from convert.comparison import recipes, studies
from convert.comparison.cells import COST, NOISES, NONE, Page, as_table, both, cost, share
from convert.comparison.claims import Source
from convert.comparison.entries import Entry
from convert.zoo import COMBINERS
from edge.system.outputs import MADE_BY

EVERY, EPOCHS = 10, 60
"""The architecture study trained for so many epochs."""


def text(page: Page) -> str:
    sections = (
        _head,
        _table,
        _others,
        _speed,
        studies.claims,
        studies.intermediate,
        studies.pair,
        studies.elsewhere,
        _again,
    )
    parts = ("\n".join(section(page)) for section in sections)
    return "\n\n".join((*filter(None, parts), f"<!-- {MADE_BY} -->")) + "\n"


def _head(page: Page) -> Iterator[str]:
    yield "# The networks, compared"
    yield ""
    yield (
        "Written by `edge-convert table` ([how](guides/training.md#the-table-of-networks)); do not "
        "edit it. Faces: FER2013's PrivateTest, 3,589 faces against the FER2013 labels; noise is "
        "the CNN/CNN-LSTM paper's, clip(X + level · N(0, 1), 0, 1) on X in [0, 1]. Where two "
        'figures stand together they are float32 / int8; "agree" is the share of clean faces on '
        "which both say the same. A line in italics is what the source prints, by its own "
        "protocol: another split, and floating point."
    )
    devices = {one.latency.device for one in page.kept.networks.values() if one.latency}
    if devices:
        yield ""
        yield (
            "ms: one call of the device's classifier, int8, one thread: the 5th percentile of 40 "
            "rounds in which all networks took turns, because what else a machine does only adds; "
            f"on {' and '.join(sorted(devices))}. No board."
        )


def _table(page: Page) -> Iterator[str]:
    yield "## Faces"
    yield ""
    head = [*COST, "accuracy", *(f"noise {noise}" for noise in NOISES)]
    head += ["macro F1", *(f"F1, {noise}" for noise in NOISES), "agree"]
    yield from as_table(head, _face_rows(page))
    yield ""
    yield (
        "Shipped in the package: "
        + ", ".join(f"`{entry.name}`" for entry in page.entries if entry.shipped)
        + "."
    )
    missing = [f"`{entry.name}`" for entry in page.entries if entry.card is None]
    if missing:
        yield f"Not converted yet: {', '.join(missing)}."
    for name in ("cost", "learning"):
        if name in page.pictures:
            yield ""
            yield f"![{_CAPTIONS[name]}]({page.pictures[name]})"


_CAPTIONS = {
    "cost": "Accuracy on PrivateTest against milliseconds and against parameters",
    "learning": "Validation accuracy by epoch",
}


def _face_rows(page: Page) -> Iterator[list[str]]:
    for entry in page.faces:
        yield [
            f"`{entry.name}`",
            *cost(entry, page.kept.of(entry)),
            *both(page.of(entry), "accuracy"),
            *both(page.of(entry), "macro F1"),
            share(entry.figure("int8 and float32 agreement")),
        ]
        source = page.claims.network.get(entry.name)
        if source is not None:
            yield [f"*{one}*" if one != NONE else one for one in _printed(source)]


def _printed(source: Source) -> list[str]:
    return [
        source.work,
        f"{source.parameters:,}" if source.parameters else NONE,
        NONE,
        NONE,
        f"{source.ms:g}" if source.ms else NONE,
        share(source.accuracy, 2),
        *(share(source.noise_accuracy.get(noise), 2) for noise in NOISES),
        share(source.macro_f1, 2),
        *(share(source.noise_f1.get(noise), 2) for noise in NOISES),
        NONE,
    ]


def _others(page: Page) -> Iterator[str]:
    others = [entry for entry in page.entries if entry.card and not entry.sees_one_face]
    if not others:
        return
    yield "## Voices, courses of faces, and both senses"
    yield ""
    head = [*COST, "figures", "the slides"]
    rows = []
    for entry in others:
        source = page.claims.network.get(entry.name)
        rows.append(
            [
                f"`{entry.name}`",
                *cost(entry, page.kept.of(entry)),
                _figures(entry),
                share(source.accuracy if source else None, 2),
            ]
        )
    yield from as_table(head, rows)
    yield ""
    for entry in others:
        if entry.card and entry.card.figures:
            protocols = dict.fromkeys(figure.protocol for figure in entry.card.figures)
            yield f"- `{entry.name}`: {'. '.join(protocols)}."


def _figures(entry: Entry) -> str:
    figures = entry.card.figures if entry.card else ()
    shown = [one for one in figures if "SNR" not in one.name and "noise" not in one.name]
    return "; ".join(f"{one.name} {share(one.value)}" for one in shown) or NONE


def _speed(page: Page) -> Iterator[str]:
    taught = [entry for entry in page.faces if entry.history]
    if not taught:
        return
    yield "## How fast they learn"
    yield ""
    yield "Accuracy on PublicTest after every tenth epoch, and the best one (of epochs). Where it"
    yield "jumps, a later stage learned from the voters and is judged by what most of them saw."
    yield ""
    epochs = range(EVERY, min(EPOCHS, max(len(entry.history) for entry in taught)) + 1, EVERY)
    rows = [
        [
            f"`{entry.name}`",
            *(_at_epoch(entry, epoch) for epoch in epochs),
            f"{_best(entry):.3f} ({len(entry.history)})",
        ]
        for entry in taught
    ]
    yield from as_table(["network", *map(str, epochs), "best"], rows)


def _at_epoch(entry: Entry, epoch: int) -> str:
    if epoch > len(entry.history):
        return ""
    return share(entry.history[epoch - 1].get("val_accuracy"))


def _best(entry: Entry) -> float:
    return max(record.get("val_accuracy", 0.0) for record in entry.history)


def _again(page: Page) -> Iterator[str]:
    trained = [entry for entry in page.entries if entry.recipes and entry.name not in COMBINERS]
    if not trained:
        return
    yield "## To train one again"
    yield ""
    yield (
        "Then `edge-convert quantize` and `card`, as in [the guide](guides/training.md). A network "
        "in stages goes on from the one before (`--start`); combiners have a command of their own."
    )
    yield ""
    for entry in trained:
        yield from (f"    {line}" for line in recipes.commands(entry.name, entry.recipes))
