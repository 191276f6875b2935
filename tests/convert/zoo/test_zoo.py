"""Every registered network is what its entry says, to the last parameter."""

from __future__ import annotations

import numpy as np
import pytest

from convert import zoo
from edge.errors import ConversionError, UsageError

keras = pytest.importorskip("keras")
pytestmark = [pytest.mark.keras, pytest.mark.timeout(600)]


@pytest.mark.parametrize("name", zoo.names())
def test_a_network_is_what_its_entry_says(name: str) -> None:
    from convert.conversion.macs import macs

    entry = zoo.architecture(name)
    model = entry.build()
    assert model.name == entry.name == name
    assert model.count_params() == entry.parameters
    assert macs(model) == entry.macs
    assert model.input_shape == (None, *entry.input_shape)
    assert model.output_shape == (None, len(entry.labels))
    scores = np.asarray(model(np.zeros((2, *entry.input_shape), np.float32)))
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)


def test_an_unknown_network_names_the_choices() -> None:
    with pytest.raises(UsageError, match="cnn_lstm"):
        zoo.architecture("resnet")


def test_macs_by_hand() -> None:
    from convert.conversion.macs import macs

    layers = keras.layers
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(5, 3, padding="same")(image)  # 8·8·3·3·3·5
    x = layers.DepthwiseConv2D(3, padding="valid")(x)  # 6·6·3·3·5
    x = layers.Conv2D(10, 1, groups=5, strides=2)(x)  # 3·3·1·10
    x = layers.Reshape((9, 10))(x)
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)  # 2·9·4·4·(10+4)
    x = layers.GRU(6)(x)  # 9·3·6·(8+6)
    x = layers.Dense(7)(layers.BatchNormalization()(x))  # 6·7
    expected = 8640 + 1620 + 90 + 4032 + 2268 + 42
    assert macs(keras.Model(image, x)) == expected


def test_a_layer_that_cannot_be_counted_is_an_error() -> None:
    from convert.conversion.macs import macs

    image = keras.Input((4, 4))
    model = keras.Model(image, keras.layers.EinsumDense("abc,cd->abd", (None, 3))(image))
    with pytest.raises(ConversionError, match="EinsumDense"):
        macs(model)
