"""emotion-edge on the device: finds faces, hears voices, names their emotions, logs locally.

What is named here is the library; `edge.api` says what each does. It is imported on first use, so
`import edge` alone loads nothing else. TensorFlow is never imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.api import (
        classify_picture,
        classify_sound,
        listen,
        open_model,
        run_pipeline,
        sound_patches,
    )
    from edge.audio.feature_settings import FeatureSettings
    from edge.errors import EdgeError
    from edge.models.description import Description
    from edge.settings.loading import load as load_settings
    from edge.settings.sections import Settings
    from edge.types import EmotionEvent, Face, Frame, Prediction

__version__ = "0.1.0"

__all__ = [
    "Description",
    "EdgeError",
    "EmotionEvent",
    "Face",
    "FeatureSettings",
    "Frame",
    "Prediction",
    "Settings",
    "classify_picture",
    "classify_sound",
    "listen",
    "load_settings",
    "open_model",
    "run_pipeline",
    "sound_patches",
]

_HOMES = {
    "Description": ("edge.models.description", "Description"),
    "EdgeError": ("edge.errors", "EdgeError"),
    "EmotionEvent": ("edge.types", "EmotionEvent"),
    "Face": ("edge.types", "Face"),
    "FeatureSettings": ("edge.audio.feature_settings", "FeatureSettings"),
    "Frame": ("edge.types", "Frame"),
    "Prediction": ("edge.types", "Prediction"),
    "Settings": ("edge.settings.sections", "Settings"),
    "load_settings": ("edge.settings.loading", "load"),
    **{
        name: ("edge.api", name)
        for name in (
            "classify_picture",
            "classify_sound",
            "listen",
            "open_model",
            "run_pipeline",
            "sound_patches",
        )
    },
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'edge' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
