"""A face out of several noisy frames: what trembles from frame to frame averages out.

A Kalman filter with one gain for the whole patch. Its measurement noise is estimated from each
patch by itself (Immerkær 1996, "Fast noise variance estimation"), its process noise, which is
the face's own motion, from what the patch differs by beyond that. So a face that keeps still
is averaged over many frames, and one that moves over few.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pipeline.track import Denoised, Track

Patch = NDArray[np.uint8]
"""uint8 (H, W) or (H, W, 3): a face's crop, before its light is evened"""

NOISY = 0.25
"""Noise over contrast from which patches are averaged: 0.17 or less in 99 % of FER2013's
training faces, 0.28 or more in 99 % of them with Gaussian noise of 0.1 of the scale."""

_LONGEST_GAP_S = 0.5
_CURVATURE = np.array([1, -2, 1], np.float32)
_TO_DEVIATION = math.sqrt(math.pi / 2) / 6


class Denoiser:
    """Keeps a filter for each track whose patches are noisy."""

    def follows(self, track: Track) -> bool:
        """Whether the patches of frames in which the network does not look help, too."""
        return track.denoised is not None

    def add(self, track: Track, patch: Patch, timestamp_s: float) -> Patch:
        """The face as the track's patches show it so far; `patch` itself where it is not noisy.

        After a gap of over half a second, and where the clock jumped back, it begins again.
        """
        deviation = noise_deviation(patch)
        if deviation <= NOISY * contrast(patch):
            track.denoised = None
            return patch
        noise = deviation**2
        known = track.denoised
        if known is None or not 0 <= timestamp_s - known.timestamp_s <= _LONGEST_GAP_S:
            mean = patch.astype(np.float32)
            track.denoised = Denoised(mean, noise, timestamp_s)
            return patch
        difference = patch - known.mean
        moved = max(0.0, float(np.square(difference).mean()) - noise - known.variance)
        before = known.variance + moved
        gain = before / (before + noise)
        known.mean += np.float32(gain) * difference
        known.variance, known.timestamp_s = (1 - gain) * before, timestamp_s
        averaged: Patch = np.rint(known.mean).astype(np.uint8)
        return averaged


def noise_deviation(patch: Patch) -> float:
    """The standard deviation of a patch's white noise, in gray levels."""
    curved = cv2.sepFilter2D(patch, cv2.CV_16S, _CURVATURE, _CURVATURE)
    return float(cv2.norm(curved, cv2.NORM_L1)) * _TO_DEVIATION / patch.size


def contrast(patch: Patch) -> float:
    """The standard deviation of a patch's lightness, in gray levels."""
    _, deviations = cv2.meanStdDev(patch)
    return float(np.asarray(deviations).mean())
