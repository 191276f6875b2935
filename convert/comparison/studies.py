"""What the works claim of their networks, what ours show, and how they do on other people."""

from __future__ import annotations

from collections.abc import Iterator

from convert.comparison.cells import COST, NOISES, NONE, Page, as_table, both, cost, share
from convert.comparison.claims import Known, gap, last

PAIR = ("cnn_plain", "cnn_regularised")
INTERMEDIATE = ("net_c", "net_c_direct")


def claims(page: Page) -> Iterator[str]:
    yield "## What the sources claim, one by one"
    yield ""
    yield (
        "The studies give no layer sizes: these are their kinds of network, and not theirs. "
        '"About" is within 2 points.'
    )
    yield ""
    verdicts = {True: "yes", False: "no", None: NONE}
    rows = [
        [one.claim.work, one.claim.text, f"`{one.claim.network}`", one.ours, verdicts[one.holds]]
        for one in page.checked
    ]
    yield from as_table(["work", "claim", "network", "ours", "holds"], rows)


def intermediate(page: Page) -> Iterator[str]:
    pair = page.named(INTERMEDIATE)
    if len(pair) < 2:
        return
    yield "## Net C with its intermediate layer and without"
    yield ""
    rows = [
        [f"`{one.name}`", *cost(one, page.kept.of(one)), *both(page.of(one), "accuracy")]
        for one in pair
    ]
    head = [*COST, "accuracy", *(f"noise {noise}" for noise in NOISES)]
    yield from as_table(head, rows)


def pair(page: Page) -> Iterator[str]:
    pair = [entry for entry in page.named(PAIR) if page.of(entry).by_errors()]
    if not pair:
        return
    yield "## Over-fitting, and which faces are mistaken"
    yield ""
    yield (
        "The converted network is that of the epoch that was best on PublicTest; the last epoch "
        "shows where training led. An epoch's training accuracy is with augmentation and dropout, "
        "where the network has them; the converted one's is without, on 2,000 faces of Training. "
        "Errors are the converted network's, on PrivateTest."
    )
    yield ""
    labels = pair[0].labels
    head = ["network", "last epoch: training", "PublicTest", "best epoch", "converted: training"]
    head += ["PrivateTest", "gap", *(f"errors, {one}" for one in labels)]
    yield from as_table(head, (_pair_row(page.of(entry)) for entry in pair))
    for entry in pair:
        if (path := page.pictures.get(entry.name)) is not None:
            yield ""
            yield f"![Confusion matrix of {entry.name}, int8, PrivateTest]({path})"


def _pair_row(known: Known) -> list[str]:
    history, measured = known.entry.history, known.measured
    best = max(history, key=lambda record: record.get("val_accuracy", 0.0), default=None)
    recalls = [known.recall(label) for label in known.entry.labels]
    return [
        f"`{known.entry.name}`",
        share(last("accuracy")(known)),
        share(last("val_accuracy")(known)),
        NONE if best is None else f"{best['epoch']:.0f} of {len(history)}",
        share(measured.training_accuracy if measured else None),
        share(known.figure("int8 accuracy")),
        share(gap(known)),
        *(share(None if recall is None else 1 - recall, 2) for recall in recalls),
    ]


def elsewhere(page: Page) -> Iterator[str]:
    found = [
        (entry, measured.elsewhere)
        for entry in page.faces
        if (measured := page.kept.of(entry)) and measured.elsewhere
    ]
    if not found:
        return
    yield "## On another data set"
    yield ""
    yield (
        "`edge-convert judge` on a set that no network here has seen. The interval is that of "
        "independent pictures; pictures of one person are not, so it is too narrow."
    )
    yield ""
    rows = [
        [
            f"`{entry.name}`",
            other.data,
            f"{other.faces:,} ({other.found:,})",
            f"{other.accuracy:.3f} [{other.low:.3f}, {other.high:.3f}]",
            f"{other.uar:.3f}",
        ]
        for entry, other in found
    ]
    yield from as_table(["network", "data", "pictures (face found)", "accuracy", "UAR"], rows)
