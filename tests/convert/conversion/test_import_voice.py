"""A voice network of one's own, from its file to `edge run`'s events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import own_networks
import pytest
import voice_network

import edge
from convert.cli.main import app
from convert.datasets.examples import read_examples
from convert.datasets.own_sounds import load_sounds
from edge.cli.app import run_app
from edge.models.own import open_model

pytest.importorskip("soundfile")
LABELS = ",".join(voice_network.LABELS)


def run(*arguments: object) -> int:
    return run_app(app, "edge-convert", [str(argument) for argument in arguments])


def theirs(folder: Path, *shape: int) -> Path:
    path = folder / "theirs.tflite"
    path.write_bytes(voice_network.build(shape or (voice_network.FRAMES, voice_network.BANDS, 1)))
    return path


@pytest.mark.parametrize("rank", [2, 3])
def test_from_a_file_to_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rank: int
) -> None:
    sounds = voice_network.write_sounds(tmp_path / "sounds", each=12)
    given = theirs(tmp_path, *(voice_network.FRAMES, voice_network.BANDS, 1)[:rank])
    out = tmp_path / "mine.tflite"
    bring = ("import", given, "--kind", "voice", "--labels", LABELS, "--data", sounds)
    assert run(*bring, "--out", out, "--json") == 0, capsys.readouterr().err
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"]["accuracy"] == 1
    card = open_model(str(out)).card
    assert (card.modality, str(card.scaling)) == ("speech", "0-1")
    features = card.features
    assert (features.window_frames, features.columns) == (voice_network.FRAMES, voice_network.BANDS)
    assert run("verify", out, "--data", sounds) == 0, capsys.readouterr().err
    # In another order of the labels it is told so.
    assert run("import", given, "--kind", "voice", "--labels", "high,low", "--data", sounds,
               "--out", tmp_path / "wrong.tflite") == 1  # fmt: skip
    assert "probably trained as --labels low,high" in capsys.readouterr().err
    for label in voice_network.LABELS:
        assert events_of(sounds.with_name(f"{label}0.wav"), out) == {("speech", label)}


@pytest.mark.keras
@pytest.mark.timeout(900)
def test_a_keras_network_becomes_int8(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Trained, as the guide says, on the patches that edge.sound_patches makes."""
    import keras

    sounds = voice_network.write_sounds(tmp_path / "sounds", each=12)
    frames, bands = voice_network.FRAMES, voice_network.BANDS
    features = edge.FeatureSettings(window_frames=frames, n_mels=bands)
    examples = read_examples(sounds)
    patches = np.stack([edge.sound_patches(one.path, features)[0] for one in examples])
    labels = np.array([voice_network.LABELS.index(one.label) for one in examples])
    patch = keras.Input((frames, bands, 1))
    body = keras.layers.Conv2D(8, 3, strides=2, activation="relu")(patch)
    body = keras.Model(patch, keras.layers.Flatten()(keras.layers.AveragePooling2D(4)(body)))
    own_networks.fitted(body, patches[..., None], labels).save(tmp_path / "voice.keras")
    out = tmp_path / "voice.tflite"
    code = run(
        "import", tmp_path / "voice.keras", "--kind", "voice", "--labels", LABELS,
        "--data", sounds, "--out", out, "--json",
    )  # fmt: skip
    said = capsys.readouterr()
    assert code == 0, said.err
    assert json.loads(said.out)["verdict"]["accuracy"] == 1
    assert open_model(str(out)).card.dtype == "int8"
    assert run("verify", out, "--data", sounds) == 0, capsys.readouterr().err
    assert events_of(sounds.with_name("low0.wav"), out) == {("speech", "low")}


def events_of(sound: Path, network: Path) -> set[tuple[str, str]]:
    """(modality, label) of all that `edge run` says of the sound."""
    done = subprocess.run(
        [sys.executable, "-m", "edge", "run", "--camera", "none", "--mic", str(sound),
         "--speech-model", str(network), "--log", "none", "--output", "jsonl"],
        capture_output=True, text=True, check=False,
        env={**os.environ, "EDGE_MIC_VOICE_DETECTOR": "energy"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return {(event["modality"], event["label"]) for event in events}


def test_features_of_ones_own_stand_on_the_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    features = tmp_path / "features.toml"
    features.write_text("hop_length = 320\nfmax_hz = 6000\ntop_db = 60\n")
    out = tmp_path / "mine.tflite"
    bring = ("import", theirs(tmp_path), "--kind", "voice", "--labels", LABELS, "--out", out)
    assert run(*bring, "--features", features) == 0, capsys.readouterr().err
    found = open_model(str(out)).card.features
    assert (found.hop_length, found.fmax_hz, found.top_db) == (320, 6000, 60)
    features.write_text("hop_length = 900\n")
    assert run(*bring, "--features", features, "--force") == 2
    assert "hop_length is longer" in capsys.readouterr().err


def test_without_a_card_a_toml_says_that_it_is_for_voices(tmp_path: Path) -> None:
    path = theirs(tmp_path)
    path.with_suffix(".toml").write_text(
        'kind = "voice"\nlabels = ["low", "high"]\n[features]\nhop_length = 320\n'
    )
    card = open_model(str(path)).card
    assert (card.modality, card.features.hop_length, card.features.n_mels) == ("speech", 320, 40)


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ((3920,), "raw samples: give a network that takes log-mel patches"),
        ((49, 40, 2), "takes (1, 49, 40, 2): give a network of sound"),
        ((980, 4, 1), "n_mels"),
    ],
)
def test_what_takes_no_patch_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shape: tuple[int, ...], sentence: str
) -> None:
    code = run("import", theirs(tmp_path, *shape), "--kind", "voice", "--labels", LABELS,
               "--out", tmp_path / "mine.tflite")  # fmt: skip
    assert code == 1
    assert sentence in capsys.readouterr().err


def test_patches_to_train_on_are_what_the_device_gives(tmp_path: Path) -> None:
    sounds = voice_network.write_sounds(tmp_path / "sounds", each=1, seconds=0.995)
    features = edge.FeatureSettings(window_frames=voice_network.FRAMES, n_mels=voice_network.BANDS)
    patches = edge.sound_patches(sounds.with_name("low0.wav"), features)
    assert patches.dtype == np.float32
    assert patches.shape == (1, voice_network.FRAMES, voice_network.BANDS)
    assert patches.min() >= 0
    assert patches.max() == 1
    (first, _) = load_sounds(read_examples(sounds), voice_network.LABELS, features).images
    np.testing.assert_array_equal(np.rint(patches[0] * 255), first)
    short = edge.sound_patches(np.zeros(100, np.float32), features)
    assert short.shape == patches.shape
