"""What a layer makes of a face: the very numbers, and a picture of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tiny_network
import tiny_video
from places import PORTRAIT
from typer.testing import CliRunner

from convert.cli.main import app
from edge.errors import DataError, MissingDataError, MissingModelError, UsageError

keras = pytest.importorskip("keras")
pytestmark = [pytest.mark.keras, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def network():  # type: ignore[no-untyped-def]  # keras is untyped
    return tiny_network.build()


def first(network, kind) -> str:  # type: ignore[no-untyped-def]  # keras is untyped
    return next(layer.name for layer in network.layers if isinstance(layer, kind))


def test_the_maps_are_the_layers_output(network) -> None:  # type: ignore[no-untyped-def]
    from convert.evaluation.feature_maps import feature_maps

    face = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    pooled = feature_maps(network, first(network, keras.layers.MaxPooling2D), face)
    by_hand = face.reshape(12, 4, 12, 4).max(axis=(1, 3)) / np.float32(255)
    np.testing.assert_allclose(pooled[..., 0], by_hand, rtol=1e-6)


def test_a_network_for_video_sees_the_face_as_its_card_prepares_it() -> None:
    from convert.evaluation.feature_maps import feature_maps
    from convert.zoo.video_resgru import SEQUENCE
    from edge.vision.preprocess import Preprocessor

    network = tiny_video.build()
    face = np.random.default_rng(1).integers(90, 120, (48, 48), np.uint8)
    pooled = feature_maps(network, first(network, keras.layers.MaxPooling2D), face)
    prepared = Preprocessor(SEQUENCE).normalise(face).reshape(12, 4, 12, 4).max(axis=(1, 3))
    np.testing.assert_allclose(pooled[..., 0], prepared / np.float32(255), rtol=1e-6)


def test_a_layer_that_is_not_there_or_has_no_maps_names_those_that_have(network) -> None:  # type: ignore[no-untyped-def]
    from convert.evaluation.feature_maps import feature_maps

    face = np.zeros((48, 48), np.uint8)
    with pytest.raises(UsageError, match=rf"no layer 'x'.*{first(network, keras.layers.Conv2D)}"):
        feature_maps(network, "x", face)
    with pytest.raises(UsageError, match="no maps: choose one of"):
        feature_maps(network, "scores", face)


def test_a_network_that_sees_no_faces_is_refused() -> None:
    from convert.evaluation.feature_maps import feature_maps

    hears = keras.Sequential([keras.Input((30, 8, 1)), keras.layers.Conv2D(2, 3)])
    with pytest.raises(UsageError, match="sees faces"):
        feature_maps(hears, "conv2d", np.zeros((48, 48), np.uint8))


def test_the_face_in_a_picture_is_found() -> None:
    from convert.evaluation.feature_maps import face_in

    face, whole = face_in(PORTRAIT), cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE)
    assert (face.shape, face.dtype.name) == ((48, 48), "uint8")
    small = cv2.resize(whole, (48, 48), interpolation=cv2.INTER_AREA)
    assert np.abs(face.astype(int) - small).mean() > 20, "not the whole picture"


def test_pictures_that_are_none(tmp_path: Path) -> None:
    from convert.evaluation.feature_maps import face_in

    with pytest.raises(MissingDataError, match="no picture"):
        face_in(tmp_path / "none.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(DataError, match="cannot be read"):
        face_in(tmp_path / "text.png")


def test_the_command_draws_them(network, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("matplotlib")
    network.save(tmp_path / "tiny.keras")
    data = tiny_network.write_faces(tmp_path / "faces.npz")
    layer = first(network, keras.layers.Conv2D)
    arguments = ["features", str(tmp_path / "tiny.keras"), "--layer", layer]
    for source in (["--image", str(PORTRAIT)], ["--data", str(data), "--number", "3"]):
        out = tmp_path / "maps.png"
        done = CliRunner().invoke(app, [*arguments, *source, "--out", str(out)])
        assert done.exit_code == 0, done.output
        assert "4 maps of 12x12" in done.stdout
        drawn = cv2.imread(str(out), cv2.IMREAD_GRAYSCALE)
        assert (drawn < 40).any()
        assert (drawn > 250).any()
        out.unlink()


def test_either_a_picture_or_data_and_a_network_that_is_there(tmp_path: Path) -> None:
    arguments = ["features", str(tmp_path / "none.keras"), "--layer", "x", "--out", "x.png"]
    done = CliRunner().invoke(app, arguments)
    assert isinstance(done.exception, UsageError)
    done = CliRunner().invoke(app, [*arguments, "--image", str(PORTRAIT)])
    assert isinstance(done.exception, MissingModelError)
