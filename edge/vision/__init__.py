"""From a frame to a network's input: find faces, follow them, cut them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from edge.system.registry import resolve

if TYPE_CHECKING:
    from edge.settings.sections import DetectionSettings
    from edge.vision.cascade import FaceDetector

DETECTORS = {
    "haar": "edge.vision.cascade:HaarDetector",
    "lbp": "edge.vision.cascade:LbpDetector",
    "yunet": "edge.vision.yunet:YunetDetector",
}


def open_detector(settings: DetectionSettings) -> FaceDetector:
    """The detector that the settings name.

    Raises UsageError for a name that is not in `DETECTORS`, MissingPartError where a part of
    the detector is not there, ModelError where its file cannot be used.
    """
    detector = resolve(DETECTORS, settings.detector, "face detector")
    return cast("FaceDetector", detector(settings))
