"""`edge-convert table`: the page of all networks, what is kept of them, and the sources' claims."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny_model
import tiny_network
import typer.main
from places import ROOT

from convert import zoo
from convert.cli import main as cli
from convert.comparison import claims, markdown, measure, recipes
from convert.comparison.cells import Page
from convert.comparison.claims import Claim
from convert.comparison.entries import Entry, entries
from convert.comparison.measure import Kept, Measured, latencies
from edge.cli.app import run_app
from edge.errors import DataError
from edge.models import Figure, find, write_card

Table = Callable[..., tuple[int, str]]


@pytest.fixture
def table(capsys: pytest.CaptureFixture[str]) -> Table:
    def run(*arguments: object) -> tuple[int, str]:
        code = run_app(cli.app, "edge-convert", ["table", *map(str, arguments)])
        return code, capsys.readouterr().err

    return run


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "ROUNDS", 3)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with two converted networks, and one that is not converted yet."""
    folder = tmp_path / "models"
    folder.mkdir()
    add(folder, "net_a", 0, 0.61)
    add(folder, "net_c", 1, 0.64)
    history = [{"epoch": n, "val_accuracy": 0.4 + n / 100} for n in range(1, 24)]
    (folder / "net_a.history.json").write_text(json.dumps(history))
    for stage in (1, 2):
        (folder / f"net_b.stage{stage}.history.json").write_text(json.dumps(history[:stage]))
        (folder / f"net_b.stage{stage}.run.json").write_text(json.dumps({"epochs": stage}))
    return folder


def add(folder: Path, name: str, seed: int, accuracy: float) -> None:
    content = tiny_model.build(seed=seed)
    (folder / f"{name}.tflite").write_bytes(content)
    figures = (
        Figure(name="int8 accuracy", value=accuracy, protocol="made up"),
        Figure(name="float32 accuracy at noise 0.3", value=0.123, protocol="made up"),
    )
    write_card(tiny_model.card(content, name=name, figures=figures), folder / f"{name}.json")


def row(page: Path, name: str) -> list[str]:
    """The cells of the network's first row."""
    line = next(one for one in page.read_text().splitlines() if one.startswith(f"| `{name}` |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_page_has_what_is_known_and_what_is_measured(
    models: Path, tmp_path: Path, table: Table
) -> None:
    page = tmp_path / "docs" / "models.md"
    page.parent.mkdir()
    data = tiny_network.write_faces(tmp_path / "faces.npz", training=140)
    assert table("--models", models, "--data", data, "--out", page)[0] == 0
    cells = row(page, "net_a")
    card = find(str(models / "net_a.tflite")).card
    assert cells[1] == f"{card.parameters:,}"
    assert float(cells[4]) > 0
    assert cells[5] == "– / 0.610"
    assert cells[8] == "0.123 / –"
    assert "`net_b`" in page.read_text().split("Not converted yet:")[1].splitlines()[0]
    kept = Kept.read(page.with_suffix(".json")).networks["net_a"]
    assert np.sum(kept.confusion) == 112
    assert kept.training_accuracy is not None
    assert {path.name for path in (page.parent / "images").iterdir()} == {
        "models_cost.png",
        "models_learning.png",
    }
    for path in ("images/models_cost.png", "images/models_learning.png"):
        assert f"]({path})" in page.read_text()


def test_what_was_measured_stays_while_the_network_is_the_same(
    models: Path, tmp_path: Path, table: Table
) -> None:
    page = tmp_path / "models.md"
    assert table("--models", models, "--out", page)[0] == 0
    before = row(page, "net_a")
    (models / "net_a.tflite").unlink()
    add(models, "net_c", 2, 0.64)
    assert table("--models", models, "--out", page, "--no-measure")[0] == 0
    assert row(page, "net_a") == before
    assert row(page, "net_c")[4] == "–"
    assert table("--models", models, "--out", page)[0] == 0
    assert row(page, "net_a") == before
    assert float(row(page, "net_c")[4]) > 0


def test_stages_are_one_history_and_one_line_each(models: Path) -> None:
    found = {entry.name: entry for entry in entries([models])}
    assert len(found["net_b"].history) == 3
    first, second = recipes.commands("net_b", found["net_b"].recipes)
    assert first.endswith("--out runs/net_b/stage1 --epochs 1")
    assert "--start runs/net_b/stage1/best.keras" in second


def test_the_speed_of_learning_is_told_every_tenth_epoch(models: Path) -> None:
    found = entries([models])
    text = markdown.text(Page(found, Kept(), claims.load(), (), {}))
    assert "| network | 10 | 20 | best |" in text
    assert "| `net_a` | 0.500 | 0.600 | 0.630 (23) |" in text


def test_networks_take_turns_and_each_is_timed(models: Path) -> None:
    found = {name: find(str(models / f"{name}.tflite")) for name in ("net_a", "net_c")}
    for latency in latencies(found).values():
        assert 0 < latency.p5_ms <= latency.median_ms <= latency.p95_ms
        assert "LiteRT" in latency.device or "tflite-runtime" in latency.device


def test_a_damaged_history_or_store_is_named(models: Path, tmp_path: Path, table: Table) -> None:
    page = tmp_path / "models.md"
    page.with_suffix(".json").write_text("{")
    code, said = table("--models", models, "--out", page)
    assert code == 1
    assert "models.json cannot be read" in said
    (models / "net_a.history.json").write_text("[")
    with pytest.raises(DataError, match=r"net_a\.history\.json"):
        entries([models])


@pytest.mark.parametrize("other", ["folder", "=folder", "name="])
def test_another_data_set_needs_a_name_and_a_folder(
    models: Path, tmp_path: Path, table: Table, other: str
) -> None:
    data = tiny_network.write_faces(tmp_path / "faces.npz", 7, 7)
    arguments = ("--models", models, "--out", tmp_path / "m.md", "--other", other)
    for more, named in (((), "needs --data"), (("--data", data), "NAME=FOLDER")):
        code, said = table(*arguments, *more)
        assert code == 2
        assert named in said


# The claims


def known(name: str, **changes: object) -> tuple[Entry, Measured]:
    figures = (Figure(name="int8 accuracy", value=0.6, protocol="made up"),)
    card = tiny_model.card(b"x", name=name, figures=figures)
    history = ({"val_accuracy": 0.5}, {"val_accuracy": 0.62})
    confusion = np.eye(7, dtype=int) * 5
    confusion[2, 3], confusion[0, 3] = 9, 7  # fear and angry read as happy
    measured = Measured(sha256=card.sha256, confusion=confusion.tolist(), training_accuracy=0.9)
    return Entry(name, card, None, history, ()), measured.model_copy(update=changes)


def checked(**claim: object) -> claims.Checked:
    entry, measured = known("net_c")
    other, worse = known("net_a", training_accuracy=0.7)
    fields = {"work": "w", "text": "t", "network": "net_c"} | claim
    kept = Kept(networks={"net_c": measured, "net_a": worse})
    (found,) = claims.check([Claim.model_validate(fields)], [entry, other], kept)
    return found


@pytest.mark.parametrize(
    ("claim", "ours", "holds"),
    [
        ({"quantity": "accuracy", "about": 0.62}, "0.600", True),
        ({"quantity": "accuracy", "about": 0.63}, "0.600", False),
        ({"quantity": "accuracy", "at_least": 0.6}, "0.600", True),
        ({"quantity": "accuracy", "at_most": 0.59}, "0.600", False),
        ({"quantity": "best validation accuracy", "about": 0.62}, "0.620", True),
        ({"quantity": "errors with fear", "about": 0.64}, "0.643", True),
        ({"quantity": "class with the least errors", "classes": ["happy"]}, "disgust", False),
        (
            {"quantity": "two classes with the most errors", "classes": ["fear", "angry"]},
            "angry, fear",
            True,
        ),
        (
            {"quantity": "gap between training and testing", "than": "net_a", "at_most": 0.0},
            "0.300 against 0.100",
            False,
        ),
        ({"quantity": "accuracy on another data set", "at_least": 0}, "not measured", None),
    ],
)
def test_a_claim_is_held_against_what_is_known(
    claim: dict[str, object], ours: str, holds: bool | None
) -> None:
    found = checked(**claim)
    assert (found.ours, found.holds) == (ours, holds)


def test_a_claim_says_in_one_way_when_it_holds() -> None:
    for wrong in (
        {"quantity": "accuracy"},
        {"quantity": "accuracy", "about": 0.5, "at_most": 0.6},
        {"quantity": "charm", "about": 0.5},
    ):
        with pytest.raises(ValueError, match=r"give one of|no quantity"):
            checked(**wrong)


def test_the_sources_claims_are_of_networks_of_the_zoo() -> None:
    said = claims.load()
    assert set(said.network) <= set(zoo.names())
    for claim in said.claim:
        assert {claim.network, claim.than or claim.network} <= set(zoo.names())


def test_the_first_paper_is_quoted_alike_here_and_in_the_benchmarks() -> None:
    printed = tomllib.loads((ROOT / "benchmarks" / "report" / "papers.toml").read_text())["table"]
    metrics, cost, accuracy, f1 = printed[:4]
    rows = {"0.05": "5 %", "0.1": "10 %", "0.3": "30 %"}
    for name in ("cnn", "cnn_lstm"):
        source = claims.load().network[name]
        assert [source.accuracy, source.macro_f1] == metrics[name][:2]
        assert [source.ms, source.parameters] == cost[name]
        for found, one in ((source.noise_accuracy, accuracy), (source.noise_f1, f1)):
            assert found == {
                level: one[name][one["rows"].index(text)] for level, text in rows.items()
            }


# What the repository holds


def test_every_recipe_becomes_a_line_that_train_understands() -> None:
    lines = [
        line
        for entry in entries([ROOT / "models"])
        if entry.name not in zoo.COMBINERS
        for line in recipes.commands(entry.name, entry.recipes)
    ]
    assert lines
    kinds = typer.main.get_command(cli.app).commands["train"].commands  # type: ignore[attr-defined]  # groups
    for line in lines:
        options = {
            option
            for parameter in kinds[line.split()[2]].params
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        assert {word for word in line.split() if word.startswith("--")} <= options


def test_faces_that_are_not_augmented_are_said_so() -> None:
    off = dict.fromkeys(("flip", "scale", "noise_share"), 0) | {"noise_max": 0.3}
    assert recipes.command("net_a", {"augmentation": off}, "out").endswith("--no-augment")


def test_a_line_trains_on_what_its_run_was_trained_on() -> None:
    recipe = {
        "align": False,
        "nonface": "nonface.npz",
        "nonface_share": 0.05,
        "teacher": "",
        "teacher_share": 0.4,
        "average": 0.995,
        "augmentation": {"flip": True, "dark_share": 0.06, "noise_share": 0.3},
    }
    line = recipes.command("edge_net", recipe, "out")
    for part in ("--no-align", "--nonface nonface.npz --nonface-share 0.05", "--average 0.995"):
        assert part in line
    assert line.endswith("--on-device")
    assert "--teacher" not in line


def test_the_page_has_the_shipped_networks_as_they_are() -> None:
    """After a card has changed: edge-convert table --no-measure --out docs/models.md"""
    page = ROOT / "docs" / "models.md"
    faces = [entry for entry in entries([]) if entry.shipped and entry.sees_one_face]
    assert faces
    for entry in faces:
        cells = row(page, entry.name)
        assert entry.card is not None
        assert cells[1] == f"{entry.card.parameters:,}"
        assert cells[5].endswith(f"/ {entry.figure('int8 accuracy'):.3f}")
