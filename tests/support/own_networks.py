"""Networks as people bring them, small or untrained: a body of any kind and a head fitted to
made-up pictures in closed form, so that each tells the labels apart without training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

LABELS = ("glad", "glum", "other")


def write_pictures(
    root: Path, persons: int = 8, each: int = 3, labels: tuple[str, ...] = LABELS, *,
    gray: bool = False,
) -> Path:  # fmt: skip
    """ROOT/LABEL/PERSON/n.png of 64x64: each label is bright in other thirds, and of a colour."""
    rng = np.random.default_rng(3)
    for number, label in enumerate(labels):
        for person in range(persons):
            folder = root / label / f"person{person}"
            folder.mkdir(parents=True, exist_ok=True)
            for take in range(each):
                cv2.imwrite(str(folder / f"{take}.png"), _drawn(number, rng, gray))
    return root


def _drawn(number: int, rng: np.random.Generator, gray: bool) -> np.ndarray:
    image = rng.integers(40, 90, (64, 64, 3), dtype=np.uint8)
    for third in range(3):
        if number + 1 >> third & 1:
            image[21 * third : 21 * third + 21] += 120
    if not gray:
        image[..., number % 3] += 30
        return image
    return np.repeat(image[..., :1], 3, axis=-1)


def fitted(
    body: Any, images: np.ndarray, labels: np.ndarray, *, softmax: bool = True, library: Any = None
) -> Any:
    """`body` (images → features) with a dense head that names `labels` (ridge regression).

    images: float32 (n, *input_shape), scaled as the network is to be given them
    library: keras, or tf_keras for a body of that
    """
    if library is None:
        import keras as library
    _normalise(body, images)
    features = np.asarray(body.predict(images, batch_size=16, verbose=0), np.float64)
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-3
    known = (features - mean) / deviation
    n = int(labels.max()) + 1
    targets = 8.0 * np.eye(n)[labels] - 8.0 / n
    gram = known.T @ known + 1.0 * np.eye(known.shape[1])
    kernel = np.linalg.solve(gram, known.T @ targets) / deviation[:, None]
    head = library.layers.Dense(n, activation="softmax" if softmax else None, name="head")
    model = library.Model(body.inputs[0], head(body.outputs[0]))
    head.set_weights([kernel, -mean @ kernel])
    return model


def _normalise(body: Any, images: np.ndarray) -> None:
    """Its batch normalizations, with the means and deviations that these images have in it: where
    they are as they were made, what comes out of forty layers is nothing but rounding."""
    found = [one for one in body._flatten_layers() if type(one).__name__ == "BatchNormalization"]
    for one in found:
        one.momentum = 0.5
    for _ in range(8 if found else 0):
        body(images, training=True)


def given(size: tuple[int, int], channels: int, scale: Callable[[np.ndarray], np.ndarray],
          frames: int = 0) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(images, labels) of the made-up pictures, as a network of that input is trained on them."""
    rng = np.random.default_rng(3)
    images, labels = [], []
    for number in range(len(LABELS)):
        for _ in range(24):
            picture = cv2.resize(_drawn(number, rng, channels == 1), size[::-1])
            if channels == 1:
                picture = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[..., None]
            else:
                picture = picture[..., ::-1]
            images.append(scale(picture.astype(np.float32)))
            labels.append(number)
    stack = np.stack(images)
    if frames:
        stack = np.repeat(stack[:, None], frames, axis=1)
    return stack, np.array(labels)


def zero_one(x: np.ndarray) -> np.ndarray:
    return x / 255


def signed(x: np.ndarray) -> np.ndarray:
    return x / 127.5 - 1


def raw(x: np.ndarray) -> np.ndarray:
    return x


def plain_cnn(size: int = 48, channels: int = 1) -> Any:
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((size, size, channels)),
            layers.Conv2D(8, 3, strides=2, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, activation="relu"),
            layers.AveragePooling2D(3),
            layers.Flatten(),
        ]
    )


def mini_xception(size: int = 64) -> Any:
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    image = keras.Input((size, size, 1))
    x = layers.Conv2D(8, 3, use_bias=False)(image)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    for filters in (16, 32, 64):
        beside = layers.BatchNormalization()(
            layers.Conv2D(filters, 1, strides=2, padding="same")(x)
        )
        x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(layers.BatchNormalization()(x))
        x = layers.Add()([x, beside])
    return keras.Model(image, layers.Flatten()(layers.AveragePooling2D(4)(x)))


def resnet(size: int = 48) -> Any:
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    image = keras.Input((size, size, 1))
    x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(image)
    for _ in range(3):
        y = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
        y = layers.BatchNormalization()(layers.Conv2D(16, 3, padding="same")(y))
        x = layers.ReLU()(layers.Add()([x, y]))
    return keras.Model(image, layers.Flatten()(layers.AveragePooling2D(6)(x)))


def over_frames(kind: str, frames: int = 4, size: int = 32) -> Any:
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    image = keras.Input((frames, size, size, 1))
    x = layers.TimeDistributed(layers.Conv2D(8, 3, strides=2, activation="relu"))(image)
    x = layers.TimeDistributed(layers.AveragePooling2D(5))(x)
    x = layers.TimeDistributed(layers.Flatten())(x)
    return keras.Model(image, getattr(layers, kind)(24)(x))


def attentive(size: int = 48) -> Any:
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    image = keras.Input((size, size, 1))
    x = layers.Conv2D(24, 8, strides=8)(image)
    x = layers.Reshape(((size // 8) ** 2, 24))(x)
    y = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 12)(y, y)])
    y = layers.Dense(48, activation="gelu")(layers.LayerNormalization()(x))
    x = layers.Add()([x, layers.Dense(24)(y)])
    return keras.Model(image, layers.Flatten()(x))


def application(name: str, size: int, **options: Any) -> Any:
    import keras

    keras.utils.set_random_seed(1)
    return getattr(keras.applications, name)(
        weights=None, include_top=False, pooling="avg", input_shape=(size, size, 3), **options
    )
