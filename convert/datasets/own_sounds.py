"""A person's own sounds with their own labels, as a network for voices takes them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convert.datasets import audio_files
from convert.datasets.examples import Example
from convert.datasets.own import OwnPictures, check_labels
from convert.datasets.speech_set import crop, loudest
from edge.audio.feature_settings import FeatureSettings
from edge.audio.features import extract
from edge.audio.windows import spectrogram


def load_sounds(
    examples: list[Example],
    label_names: tuple[str, ...],
    features: FeatureSettings,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> OwnPictures:
    """Of each sound the window with the most energy: uint8 (n, window_frames, columns).

    Raises UsageError for a label that is not among `label_names`, DataError for a damaged file.
    """
    check_labels(examples, label_names)
    patches = np.empty((len(examples), features.window_frames, features.columns), np.uint8)
    for i, one in enumerate(examples):
        samples = audio_files.read(one.path, features.sample_rate_hz)
        # A sound that ends before its first frame is filled up with silence, as on the device.
        short = features.frame_length - len(samples)
        frames = extract(np.pad(samples, (0, max(0, short))), features)
        window = crop(frames, loudest(frames, features), features.window_frames)
        patches[i] = spectrogram(window, features)
        progress(1, len(examples))
    labels = np.array([label_names.index(one.label) for one in examples], np.uint8)
    return OwnPictures(patches, labels, label_names, in_gray=True, found=0)
