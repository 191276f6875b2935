"""Face search by YuNet (Wu et al., Machine Intelligence Research 2023), as OpenCV runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingModelError, MissingPartError, ModelError
from edge.settings.sections import DetectionSettings
from edge.system.native_output import native_path
from edge.system.pip import OPENCV, pip_install
from edge.types import Face
from edge.vision.boxes import inside, without_nested
from edge.vision.cascade import at_scale


class YunetDetector:
    """OpenCV's FaceDetectorYN with the model file that the user brings.

    The network sees faces from about ten pixels on, so the picture is made smaller until the
    smallest wanted face is `_SEEN_PX` large.
    """

    def __init__(self, settings: DetectionSettings) -> None:
        """Raises MissingModelError where no file is named or there is none, ModelError for one
        that is no YuNet, MissingPartError where OpenCV is built without it."""
        if not hasattr(cv2, "FaceDetectorYN"):
            raise MissingPartError(
                f"OpenCV {cv2.__version__} is built without FaceDetectorYN: {pip_install(OPENCV)}"
            )
        if not settings.model:
            raise MissingModelError(
                "the detector yunet needs its model: set detection.model to a file like OpenCV "
                "Zoo's face_detection_yunet_2023mar.onnx"
            )
        if not Path(settings.model).is_file():
            raise MissingModelError(f"there is no model {settings.model}: check detection.model")
        try:
            self._network = cv2.FaceDetectorYN.create(
                native_path(settings.model),
                "",
                (_MULTIPLE_PX, _MULTIPLE_PX),
                score_threshold=_MIN_SCORE,
            )
            # A file of another network loads, and fails when it is run.
            self._network.detect(np.zeros((_MULTIPLE_PX, _MULTIPLE_PX, 3), np.uint8))
        except (cv2.error, SystemError) as error:  # SystemError: the binding of some versions
            raise ModelError(
                f"{settings.model} is no YuNet that OpenCV {cv2.__version__} runs: fetch it again"
            ) from error
        self._min_face_px = settings.min_face_px

    def find(
        self,
        gray: NDArray[np.uint8],
        sizes_px: tuple[float, float] | None = None,
        *,
        where: NDArray[np.uint8] | None = None,
        lenient: bool = False,
    ) -> list[Face]:
        height, width = gray.shape
        least, most = sizes_px or (self._min_face_px, max(height, width))
        if min(height, width) < least:
            return []
        small = at_scale(gray, min(1.0, _SEEN_PX / least))
        self._network.setInputSize((small.shape[1], small.shape[0]))
        # The network was trained in colour and knows a gray face too.
        found = self._network.detect(cv2.cvtColor(small, cv2.COLOR_GRAY2BGR))
        rows: Any = found[1]  # None or float32 (n, 15); OpenCV's types know neither
        if rows is None:
            return []
        surest_first = rows[np.argsort(rows[:, -1], kind="stable")[::-1]]
        x_scale, y_scale = width / small.shape[1], height / small.shape[0]
        boxes = [
            inside(x * x_scale, y * y_scale, w * x_scale, h * y_scale, (width, height))
            for x, y, w, h in surest_first[:, :4]
        ]
        return without_nested([box for box in boxes if least <= _side(box) <= most])


def _side(box: Face) -> int:
    """0 for a box that lay outside the picture."""
    return max(box.width, box.height) if min(box.width, box.height) > 0 else 0


_SEEN_PX = 24
_MIN_SCORE = 0.7
_MULTIPLE_PX = 32
"""Its deepest map is 32 times smaller than its input."""
