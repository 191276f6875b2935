"""The library: what a program of your own needs, each a call on plain values.

network = edge.open_model("edge_net")            a network by name or path
edge.classify_picture("portrait.jpg")            every face in a picture
edge.classify_sound("hello.wav")                 every window of a sound
edge.sound_patches("hello.wav")                  what a network for voices takes, to train one
edge.run_pipeline(frames)                        a pipeline over frames that you have
edge.listen(print, camera="0")                   a camera; a call for each event
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.audio.feature_settings import FeatureSettings
from edge.errors import ModelError
from edge.models import DEFAULT_MODEL
from edge.models.classifier import Classifier
from edge.models.description import Description, settings_description
from edge.models.own import open_model as open_file
from edge.pipeline.face import FrameResult, TrackedFace, face_pipeline_of
from edge.settings.sections import Settings
from edge.sinks.callback import CallbackSink
from edge.types import AudioChunk, EmotionEvent, Frame

if TYPE_CHECKING:
    from edge.pipeline.speech import SpeechResult
    from edge.run.summary import RunSummary

DEFAULT_FPS = 30.0


def open_model(
    name_or_path: str | Path = DEFAULT_MODEL,
    description: Description | None = None,
    *,
    threads: int = 1,
) -> Classifier:
    """A network ready to classify: a shipped one by name, or a .tflite of anybody's by path.

    description: of a .tflite that has neither a card nor a .toml beside it, its labels and scaling
    `classify` takes uint8 (height, width) or (height, width, 3) of the network's `card`.
    Close it, or use it in a `with`. Raises MissingModelError, ModelError, MissingPackageError.
    """
    return Classifier(open_file(str(name_or_path), description), threads=threads)


def classify_picture(
    image: str | Path | NDArray[np.uint8],
    *,
    model: str | Path | None = None,
    settings: Settings | None = None,
) -> list[TrackedFace]:
    """Every face in one picture, each with what the network says of it.

    image: a file, or uint8 (H, W, 3) BGR or (H, W) gray, whatever the network takes
    model: by default the settings' own
    Raises MissingDataError, SourceError for a file that is absent or no picture.
    """
    frames: Iterable[Frame | NDArray[np.uint8]]
    if isinstance(image, np.ndarray):
        frames = [image]
    else:
        frames = _frames_of(Path(image), settings or Settings())
    results = run_pipeline(frames, model=model, settings=settings, stills=True)
    return [face for result in results for face in result.observations]


def classify_sound(
    sound: str | Path | NDArray[np.float32],
    *,
    sample_rate_hz: int = 16_000,
    model: str | Path | None = None,
    settings: Settings | None = None,
) -> list[SpeechResult]:
    """Every window of a sound: when it was, how much voice was in it, what the network says.

    sound: a file, or float32 (n,) mono in [-1, 1] at `sample_rate_hz`, which must be the
        network's own (16 kHz for the shipped one); files are resampled
    Raises MissingDataError, SourceError, UsageError for another sample rate.
    """
    from edge.pipeline.speech import build_speech_pipeline
    from edge.sources.audio import open_sound

    settings = settings or Settings()
    network = open_file(str(model or settings.model.speech))
    if network.card.modality != "speech":
        raise ModelError(f"{network.path} is a {network.card.modality} model: give one for speech")
    with Classifier(network) as classifier:
        pipeline = build_speech_pipeline(
            settings,
            network.card.features,
            classifier,
            datetime.now(UTC),
            model_name=network.card.name,
            floor=network.card.floor,
        )
        if isinstance(sound, np.ndarray):
            return list(pipeline.results([AudioChunk(sound, sample_rate_hz, 0.0)]))
        source = open_sound(str(sound), settings.mic)
        assert source is not None, "only the name 'none' opens nothing"
        with source:
            return list(pipeline.results(source))


def sound_patches(
    sound: str | Path | NDArray[np.float32],
    features: FeatureSettings | None = None,
    *,
    step_s: float = 0.5,
) -> NDArray[np.float32]:
    """What a network for voices is given on the device, to train one on: float32 (n, frames,
    columns), from 0 (`top_db` below the patch's loudest point, and less) to 1.

    sound: a file, which is resampled, or float32 (n,) mono in [-1, 1] at the features' rate
    step_s: from patch to patch; a sound shorter than one is filled up with silence
    Raises MissingDataError, SourceError, UsageError.
    """
    from edge.audio.features import extract
    from edge.audio.windows import SlidingWindows
    from edge.sources.audio import open_sound

    features = features or FeatureSettings()
    if not isinstance(sound, np.ndarray):
        source = open_sound(str(sound), Settings().mic)
        assert source is not None, "only the name 'none' opens nothing"
        with source:
            sound = np.concatenate([chunk.samples for chunk in source])
    least = (features.window_frames - 1) * features.hop_length + features.frame_length
    padded = np.pad(sound, (0, max(0, least - len(sound))))
    step = max(1, round(step_s * features.sample_rate_hz / features.hop_length))
    windows = SlidingWindows(features, step).push(extract(padded, features))
    patches = np.stack([window.spectrogram for window in windows]).astype(np.float32)
    patches /= 255
    return patches


def run_pipeline(
    frames: Iterable[Frame | NDArray[np.uint8]],
    *,
    model: str | Path | None = None,
    settings: Settings | None = None,
    fps: float = DEFAULT_FPS,
    stills: bool = False,
) -> Iterator[FrameResult]:
    """Find, follow and classify the faces in frames that you have; one result a frame, in order.

    frames: `Frame`s, or uint8 (H, W, 3) BGR or (H, W) gray arrays, taken to be 1 / `fps` apart
    model: by default the settings' own
    stills: they are unrelated pictures, not moments of one scene
    Raises ModelError for a network that looks at no face.
    """
    settings = settings or Settings()
    name = str(model or settings.model.name)
    said = settings_description(settings) if name == settings.model.name else None
    network = open_file(name, said)
    with closing(Classifier(network)) as classifier:
        started = datetime.now(UTC)
        pipeline = face_pipeline_of(network.card, settings, classifier, started, stills=stills)
        yield from pipeline.results(_as_frame(*indexed, fps) for indexed in enumerate(frames))


def listen(
    on_event: Callable[[EmotionEvent], object],
    *,
    camera: str | None = None,
    mic: str | None = None,
    settings: Settings | None = None,
    duration_s: float | None = None,
    frames: int | None = None,
) -> RunSummary:
    """Run on a camera, a microphone or both; `on_event` receives each event, in this thread.

    camera, mic: as `edge run --camera` and `--mic`; by default as the settings say
    Nothing is logged or stored. Returns when the sources end, a limit is reached, or SIGTERM
    comes. Raises what opening a source raises, and what `on_event` raises.
    """
    from edge.run.runner import run
    from edge.settings.loading import override

    given = {"camera.source": camera, "mic.source": mic}
    changes = {path: value for path, value in given.items() if value is not None}
    with CallbackSink(on_event) as sink:
        return run(
            override(settings or Settings(), changes, "edge.listen"),
            [sink],
            max_frames=frames,
            max_seconds=duration_s,
        )


def _frames_of(path: Path, settings: Settings) -> Iterator[Frame]:
    from edge.sources.video import open_source

    with open_source(str(path), settings=settings.camera) as source:
        yield from source


def _as_frame(index: int, frame: Frame | NDArray[np.uint8], fps: float) -> Frame:
    if isinstance(frame, Frame):
        return frame
    return Frame(frame, index / fps, index, "GRAY" if frame.ndim == 2 else "BGR")
