"""A network that sees courses of faces: trained, stopped and gone on with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_network
import tiny_video

from convert.datasets import fer2013
from edge.errors import DataError, UsageError

pytest.importorskip("keras")
pytestmark = [pytest.mark.keras, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_network.write_faces(tmp_path_factory.mktemp("data") / "faces.npz")


def run(
    data: Path, out: Path, *, resume: bool = False, **changes: object
) -> list[dict[str, float]]:
    from convert.training import video as train_video

    asked: dict[str, object] = {"frames": tiny_video.SEQUENCE.frames}
    asked |= {"epochs": 6, "batch_size": 16, "sequences": 256, "validation_sequences": 64}
    asked |= {"precision": "float32", "learning_rate": 0.01, **changes}
    settings = train_video.recipe(out, asked, {"noise_share": 0})
    whole = fer2013.load(data)
    return train_video.train(
        tiny_video.TINY_VIDEO,
        tiny_video.SEQUENCE,
        whole.part("Training"),
        whole.part("PublicTest"),
        out,
        settings,
        resume=resume,
    )


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nobody stopped."""
    out = tmp_path_factory.mktemp("whole") / "run"
    run(data, out)
    return out


def history(out: Path) -> list[dict[str, float]]:
    return list(json.loads((out / "history.json").read_text()))


def test_it_learns(whole: Path) -> None:
    assert history(whole)[-1]["val_accuracy"] > 0.5, "a seventh would be chance"


def test_the_recipe_is_kept(whole: Path) -> None:
    kept = json.loads((whole / "run.json").read_text())
    assert (kept["network"], kept["sequences"]) == ("tiny_video", 256)
    assert kept["motion"]["noise_share"] == 0


def test_a_stopped_run_goes_on_as_if_it_had_not_been(
    data: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from convert.training.video import Batches

    ended = Batches.on_epoch_end

    def stop_after_some(self: Batches) -> None:
        ended(self)
        if self._epoch > 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Batches, "on_epoch_end", stop_after_some)
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "run")
    monkeypatch.undo()
    assert 0 < len(history(tmp_path / "run")) < 6
    run(data, tmp_path / "run", resume=True)
    for key in ("loss", "val_loss"):
        np.testing.assert_allclose(
            [record[key] for record in history(tmp_path / "run")],
            [record[key] for record in history(whole)],
            rtol=2e-3,
        )


def test_short_courses_are_gone_on_from_with_whole_ones(data: Path, tmp_path: Path) -> None:
    short = run(data, tmp_path / "short", frames=2)
    start = str(tmp_path / "short" / "best.keras")
    whole = run(data, tmp_path / "whole", start=start, epochs=1, learning_rate=0.001)
    assert whole[0]["accuracy"] > short[0]["accuracy"] + 0.1


def test_another_recipe_is_not_gone_on_with(data: Path, whole: Path) -> None:
    with pytest.raises(UsageError, match="another sequences"):
        run(data, whole, resume=True, sequences=128)


def test_too_few_courses_for_a_batch(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="lower --batch-size"):
        run(data, tmp_path / "run", sequences=8)


def test_an_option_of_other_networks_is_refused(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from convert.cli.main import app
    from edge.cli.app import run_app

    argv = ["train", "video", "--data", str(data), "--out", str(tmp_path), "--mixup", "0.2"]
    assert run_app(app, "edge-convert", argv) == 2
    assert "--mixup" in capsys.readouterr().err
