"""edge-convert from training to the card, on a network and faces made up for it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_network

from convert import zoo
from convert.cli import main as cli
from convert.conversion import quantize
from edge.cli.app import run_app
from edge.errors import ConversionError, ModelError
from edge.models import find

FIVE = {"int8 accuracy", "float32 accuracy", "int8 macro F1", "float32 macro F1"}


def edge_convert(*argv: object) -> int:
    return run_app(cli.app, "edge-convert", [str(argument) for argument in argv])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_network.write_faces(tmp_path_factory.mktemp("data") / "faces.npz")


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a run by `edge-convert train`; the network stays registered meanwhile."""
    pytest.importorskip("keras")
    out = tmp_path_factory.mktemp("runs") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(zoo._TABLE, "tiny", "tiny_network:TINY")
        recipe = ["--epochs", 6, "--batch-size", 16, "--learning-rate", 0.01]
        recipe += ["--precision", "float32"]
        argv = [
            "train",
            "face",
            "tiny",
            "--data",
            data,
            "--out",
            out,
            "--precision",
            "float32",
            *recipe,
        ]
        assert edge_convert(*argv) == 0
        yield out


@pytest.fixture(scope="module")
def converted(trained: Path, data: Path) -> Path:
    out = trained / "int8" / "tiny.tflite"
    options = ["--data", data, "--out", out, "--images", 100, "--float"]
    assert edge_convert("quantize", trained / "best.keras", *options) == 0
    return out


@pytest.mark.keras
@pytest.mark.timeout(900)
class TestTheWholeWay:
    def test_training_learns_and_draws_its_history(self, trained: Path) -> None:
        history = json.loads((trained / "history.json").read_text())
        assert max(record["val_accuracy"] for record in history) > 0.8
        assert (trained / "history.png").read_bytes().startswith(b"\x89PNG")

    def test_int8_is_int8_throughout_and_carries_its_metadata(
        self, converted: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert edge_convert("inspect", converted, "--json") == 0
        found = json.loads(capsys.readouterr().out)
        assert set(found["tensors"]) <= {"int8", "int32"}
        assert not {"DEQUANTIZE", "QUANTIZE"} & set(found["operators"])
        ends = [*found["inputs"], *found["outputs"]]
        assert [end["dtype"] for end in ends] == ["int8", "int8"]
        assert found["metadata"]["labels"] == list(tiny_network.TINY.labels)
        assert found["metadata"]["name"] == "tiny"
        # The first step of an LSTM has nothing to multiply by its recurrent kernel.
        assert found["macs"] == tiny_network.MACS - 2 * 4 * 16 * 16

    def test_the_card_describes_the_file(self, converted: Path) -> None:
        model = find(str(converted))
        assert model.card.parameters == tiny_network.PARAMETERS
        assert model.card.macs == tiny_network.MACS
        assert model.card.dtype == "int8"
        assert model.card.zero_point == -128
        assert model.card.scale == pytest.approx(1 / 255, rel=1e-4)
        assert "research" in model.card.terms
        assert find(str(converted.with_name("tiny_float32.tflite"))).card.dtype == "float32"

    def test_verify_passes_and_says_what_it_found(
        self,
        trained: Path,
        converted: Path,
        data: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        argv = ["verify", converted, trained / "best.keras", "--data", data, "--json"]
        assert edge_convert(*argv, "--plots", tmp_path, "--min-agreement", 0.9) == 0
        found = json.loads(capsys.readouterr().out)
        clean, noised = found["comparisons"]
        assert (clean["noise"], noised["noise"]) == (0.0, 0.3)
        assert clean["float32_accuracy"] > 0.8
        assert abs(clean["float32_accuracy"] - clean["int8_accuracy"]) < 0.05
        assert len(found["layers"]) == 8
        assert 0 < found["layers"][0]["snr_db"] <= found["layers"][-1]["snr_db"]
        assert {path.name for path in tmp_path.iterdir()} == {
            "confusion.png",
            "confusion_noise_0.3.png",
        }

    def test_the_card_command_writes_the_figures(
        self, trained: Path, converted: Path, data: Path
    ) -> None:
        argv = ["card", converted, trained / "best.keras", "--data", data, "--min-agreement", 0.9]
        assert edge_convert(*argv) == 0
        card = find(str(converted)).card
        assert {figure.name for figure in card.figures} >= FIVE
        figure = card.figure("int8 accuracy at noise 0.3")
        assert figure is not None
        assert "PrivateTest, 112 faces" in figure.protocol
        assert len(card.figures) == 11 * 5 + 18

    def test_past_its_limits_verify_fails_with_the_reason(
        self,
        trained: Path,
        converted: Path,
        data: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        # The float network's answers are turned round: nothing agrees any more.
        from convert.evaluation import compare as validate

        true_predict = validate.predict

        def predict(model, images, progress):  # type: ignore[no-untyped-def]  # as the original's
            scores = true_predict(model, images, progress)
            return scores[:, ::-1] if model.card.dtype == "int8" else scores

        monkeypatch.setattr(validate, "predict", predict)
        before = converted.with_suffix(".json").read_bytes()
        files = [converted, trained / "best.keras", "--data", data]
        assert edge_convert("verify", *files) == 1
        err = capsys.readouterr().err
        assert "int8 loses" in err
        assert "must on 97.00%" in err
        assert edge_convert("card", *files) == 1
        assert converted.with_suffix(".json").read_bytes() == before

    def test_another_network_s_keras_file_is_refused(
        self,
        trained: Path,
        converted: Path,
        data: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        import keras

        other = keras.Sequential(
            [
                keras.Input((48, 48, 1)),
                keras.layers.Flatten(),
                keras.layers.Dense(7, activation="softmax"),
            ]
        )
        other.save(tmp_path / "other.keras")
        assert edge_convert("verify", converted, tmp_path / "other.keras", "--data", data) == 1
        assert "give the .keras file that it was made from" in capsys.readouterr().err


class TestTheChildProcess:
    """A converter that crashes or fails is an error like any other."""

    def convert(self, monkeypatch: pytest.MonkeyPatch, script: str) -> str:
        pytest.importorskip("tensorflow")
        monkeypatch.setattr(quantize, "CHILD", (sys.executable, "-c", script))
        with pytest.raises(ConversionError) as caught:
            quantize.convert_in_child(Path("some.keras"), None)
        return str(caught.value)

    def test_a_crash_is_told_by_its_signal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        crash = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
        message = self.convert(monkeypatch, crash)
        assert "the converter died of SIGSEGV on some.keras" in message

    def test_a_failure_is_told_by_its_last_line(
        self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        failure = "import sys; print('chatter'); sys.exit('ValueError: no such layer')"
        message = self.convert(monkeypatch, failure)
        assert message.endswith("some.keras: ValueError: no such layer")
        assert capfd.readouterr().err == ""

    def test_its_chatter_is_shown_on_debug(
        self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("EDGE_DEBUG", "1")
        self.convert(monkeypatch, "import sys; print('chatter'); sys.exit(1)")
        assert "chatter" in capfd.readouterr().err

    def test_silence_is_told_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "it said nothing" in self.convert(monkeypatch, "raise SystemExit(3)")


def test_calibration_faces_are_drawn_by_seed_and_some_are_noisy(data: Path) -> None:
    from convert.datasets import fer2013

    training = fer2013.load(data).part("Training")
    settings = quantize.QuantizeSettings(images=50)
    images = quantize.representative(training, settings)
    assert images.shape == (50, 48, 48, 1)
    assert images.dtype == "float32"
    assert images.min() >= 0
    assert images.max() <= 1
    assert (images == quantize.representative(training, settings)).all()
    clean = [image for image in images if abs(image * 255 - (image * 255).round()).max() < 1e-3]
    assert len(clean) == 35


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut off"])
def test_a_damaged_keras_file_is_said_to_be(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "best.keras"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"best\.keras is no whole \.keras file"):
        quantize.network_name(path)


@pytest.mark.parametrize(
    ("argv", "code", "what"),
    [
        (["data", "nothing.npz"], 3, "there is no data set at nothing.npz"),
        (["inspect", "nothing.tflite"], 3, "there is no model nothing.tflite"),
        (["verify", "no.tflite", "no.keras", "--data", "no.npz"], 3, "there is no model"),
        (["quantize", "no.keras", "--data", "no.npz", "--out", "o.tflite"], 3, "no.keras"),
        (["train", "face", "cnn"], 2, "--data"),
        (
            ["train", "face", "audio_crnn", "--data", "no.npz", "--out", "o"],
            2,
            "use edge-convert train speech",
        ),
        (["quantise"], 2, "quantise"),
    ],
)
def test_what_is_missing_or_wrong_is_one_sentence(
    argv: list[str], code: int, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edge_convert(*argv) == code
    err = capsys.readouterr().err
    assert what in err
    assert err.count("\n") == 1


def test_data_tells_parts_classes_and_duplicates(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edge_convert("data", data, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["faces"] == 672
    assert found["parts"]["PublicTest"]["happy"] == 16
    assert found["duplicates"] == {
        "pictures": 0,
        "copies": 0,
        "conflicting_labels": 0,
        "across": {},
    }
    assert edge_convert("data", data) == 0
    assert "672 faces" in capsys.readouterr().out


def test_without_the_training_stack_the_error_says_what_to_install(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    assert edge_convert("train", "face", "cnn", "--data", data, "--out", "runs/none") == 3
    assert "pip install 'emotion-edge[convert]'" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["train face", "quantize", "verify", "inspect", "card", "data"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert edge_convert(*command.split(), "--help") == 0
    assert "--debug" in capsys.readouterr().out


def test_help_loads_no_tensorflow() -> None:
    script = (
        "import sys; from convert.cli import main as cli; from edge.cli.app import run_app\n"
        "assert run_app(cli.app, 'edge-convert', ['--help']) == 0\n"
        "assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)
