"""Frames in, results out: generators, no threads, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.models.card import DEFAULT_FLOOR, ModelCard
from edge.pipeline.denoise import Denoiser
from edge.pipeline.events import EventThrottle
from edge.pipeline.schedule import FixedIntervalScheduler, InferenceScheduler
from edge.pipeline.sequence import SequenceBuffer
from edge.pipeline.smoothing import Smoother
from edge.pipeline.stages import StageTimer
from edge.pipeline.track import State, Track
from edge.settings.sections import DetectionSettings, PreprocessSettings, Settings
from edge.types import EmotionEvent, Face, Frame, Prediction
from edge.vision import open_detector
from edge.vision.full_search import FullSearch, WholePicture
from edge.vision.picture_format import PictureFormat
from edge.vision.pixel_aspect import from_square, square
from edge.vision.preprocess import OURS, Preprocessor
from edge.vision.search import FaceSearch, TrackedSearch
from edge.vision.sequence_settings import SequenceSettings
from edge.vision.tracker import Tracker


class FaceClassifier(Protocol):
    def classify(self, image: NDArray[np.uint8], /) -> Prediction:
        """image: uint8 of the network's own shape, (48, 48) for ours, or a `FrameSequence` of
        such pictures for a sequence model"""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TrackedFace:
    """One face in one frame: where it is, what it shows, and what the network last said of it.

    fresh: whether the network classified it in this very frame; else it is steady, and not yet due
    """

    face: Face
    state: State
    prediction: Prediction
    fresh: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """A frame, the confirmed faces seen in it, and the events that are due.

    unconfirmed: what was found in it and is not followed yet, or never will be
    """

    frame: Frame
    observations: tuple[TrackedFace, ...]
    events: tuple[EmotionEvent, ...]
    unconfirmed: tuple[Face, ...] = ()


class FaceTimes(StageTimer):
    """Over `frames` frames with `faces` faces in them, `classified` of which the network saw."""

    def __init__(self) -> None:
        super().__init__("gray", "search", "track", "preprocess", "inference", "smoothing")
        self.frames = self.faces = self.classified = 0


class FacePipeline:
    """gray → search → track → crop → denoise → classify → smooth → report, frame by frame.

    A face that is followed is classified when `scheduler` says so, and when its event is due, so
    that every event is of the network's own moment.
    `times` adds up what each stage takes, for the benchmark.
    """

    def __init__(
        self,
        search: FaceSearch,
        tracker: Tracker,
        preprocessor: Preprocessor,
        classifier: FaceClassifier,
        smoother: Smoother,
        throttle: EventThrottle,
        scheduler: InferenceScheduler,
        sequences: SequenceBuffer | None = None,
        denoiser: Denoiser | None = None,
    ) -> None:
        self.times = FaceTimes()
        self._search = search
        self._tracker = tracker
        self._preprocessor = preprocessor
        self._classifier = classifier
        self._smoother = smoother
        self._throttle = throttle
        self._scheduler = scheduler
        self._tracks: dict[int, Track] = {}
        self._sequences = sequences
        self._denoiser = denoiser
        self._colours: tuple[Frame, NDArray[np.uint8]] | None = None

    def results(self, frames: Iterable[Frame]) -> Iterator[FrameResult]:
        """One result per frame, in order, each made when it is asked for."""
        # A loop would keep a frame while the next one is read.
        return map(self._process, frames)

    def _process(self, frame: Frame) -> FrameResult:
        times = self.times
        times.start()
        gray = square(frame.gray, frame.pixel_aspect)
        times.lap("gray")
        expected = self._tracker.expected(frame.timestamp_s)
        found = self._search.find(gray, frame.timestamp_s, expected)
        times.lap("search")
        faces = self._tracker.update(found, frame.timestamp_s)
        for track_id in self._tracker.gone:
            self._tracks.pop(track_id, None)
        times.lap("track")
        times.frames += 1
        times.faces += len(faces)
        observations = tuple([self._observe(gray, face, frame) for face in faces])
        if frame.pixel_aspect != 1:
            observations = tuple([_in_frame(seen, frame.pixel_aspect) for seen in observations])
        reports = [self._report(seen, frame) for seen in observations if seen.fresh]
        events = tuple([event for event in reports if event])
        return FrameResult(frame, observations, events, self._tracker.unconfirmed)

    def _report(self, seen: TrackedFace, frame: Frame) -> EmotionEvent | None:
        labels, track_id = seen.prediction.labels, seen.face.track_id
        return self._throttle.report(
            self._tracks[track_id],
            seen.state,
            labels,
            frame.timestamp_s,
            track_id=track_id,
            face=seen.face,
            origin=frame.origin,
        )

    def _observe(self, gray: NDArray[np.uint8], face: Face, frame: Frame) -> TrackedFace:
        timestamp_s = frame.timestamp_s
        track = self._tracks.get(face.track_id)
        if track is None:
            track = self._tracks[face.track_id] = Track()
        due = self._throttle.due(track, timestamp_s)
        cached = self._scheduler.cached(track, timestamp_s, event_due=due)
        if cached is None:
            return self._classify(self._pixels(gray, frame), face, track, timestamp_s)
        if self._denoiser is not None and self._denoiser.follows(track):
            self.times.start()
            self._crop(self._pixels(gray, frame), face, track, timestamp_s)
            self.times.lap("preprocess")
        return TrackedFace(face, cached.state, cached.prediction, fresh=False)

    def _pixels(self, gray: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
        """What faces are cut out of; colours are made once a frame, where they are looked at."""
        if not self._preprocessor.in_colour:
            return gray
        if self._colours is None or self._colours[0] is not frame:
            self._colours = (frame, square(frame.image, frame.pixel_aspect))
        return self._colours[1]

    def _crop(
        self, pixels: NDArray[np.uint8], face: Face, track: Track, timestamp_s: float
    ) -> NDArray[np.uint8]:
        patch = self._preprocessor.crop(pixels, face)
        if self._denoiser is None:
            return patch
        return self._denoiser.add(track, patch, timestamp_s)

    def _classify(
        self, pixels: NDArray[np.uint8], face: Face, track: Track, timestamp_s: float
    ) -> TrackedFace:
        times = self.times
        times.start()
        patch = self._preprocessor.normalise(self._crop(pixels, face, track, timestamp_s))
        if self._sequences is not None:
            patch = self._sequences.add(track, patch, timestamp_s)
        times.lap("preprocess")
        prediction = self._classifier.classify(patch)
        times.lap("inference")
        state = self._smoother.update(track, prediction, timestamp_s)
        self._scheduler.record(track, prediction, state, timestamp_s)
        times.lap("smoothing")
        times.classified += 1
        return TrackedFace(face, state, prediction)


def _in_frame(seen: TrackedFace, aspect: float) -> TrackedFace:
    """What was seen in square pixels, in the frame's own."""
    return replace(seen, face=from_square(seen.face, aspect))


def build_face_pipeline(
    settings: Settings,
    classifier: FaceClassifier,
    started_at: datetime,
    *,
    model_name: str | None = None,
    stills: bool = False,
    live: bool = False,
    sequence: SequenceSettings | None = None,
    picture_format: PictureFormat = OURS,
    floor: float = DEFAULT_FLOOR,
) -> FacePipeline:
    """The pipeline that the settings describe.

    started_at: UTC, aware: when the source's clock was at 0
    model_name: what events call the model; by default the settings' name for it
    stills: the frames are unrelated pictures, each to be reported by itself
    live: frames come in real time, so that the search keeps to its budget
    sequence: what a sequence model sees; its preprocessing and its step take the settings' place
    picture_format: the size and the colours of what the network takes
    floor: the model's own, for where the settings leave it to the model
    Raises UsageError for an unknown detector, MissingPartError for a part not installed.
    """
    return FacePipeline(
        _search(settings.detection, stills=stills, live=live),
        Tracker.for_stills() if stills else Tracker(),
        Preprocessor(sequence or settings.preprocess, picture_format),
        classifier,
        Smoother(settings.smoothing, floor),
        EventThrottle(
            model=model_name or Path(settings.model.name).name.removesuffix(".tflite"),
            started_at=started_at,
            interval_s=settings.smoothing.event_interval_s,
        ),
        InferenceScheduler(settings.model.interval_s)
        if sequence is None
        else FixedIntervalScheduler(sequence.step_s),
        SequenceBuffer(sequence) if sequence is not None else None,
        # A sequence's pictures are of moments: what it is to see is how they differ.
        Denoiser() if settings.smoothing.denoise and not stills and sequence is None else None,
    )


def face_pipeline_of(
    card: ModelCard,
    settings: Settings,
    classifier: FaceClassifier,
    started_at: datetime,
    *,
    stills: bool = False,
    live: bool = False,
) -> FacePipeline:
    """The pipeline that a network's card and the settings describe, for any size and colours.

    Raises ModelError for a network that looks at no face, and what `build_face_pipeline` raises.
    """
    if card.modality not in ("face", "video"):
        raise ModelError(f"{card.name} is a {card.modality} model: give one for faces")
    prepared = preprocessing_of(card, settings.preprocess)
    return build_face_pipeline(
        settings.model_copy(update={"preprocess": prepared}),
        classifier,
        started_at,
        model_name=card.name,
        stills=stills,
        live=live,
        sequence=prepared if isinstance(prepared, SequenceSettings) else None,
        picture_format=card.picture_format,
        floor=card.floor,
    )


def preprocessing_of(card: ModelCard, settings: PreprocessSettings) -> PreprocessSettings:
    """The card's, with what the settings change from their defaults."""
    prepared, defaults = card.preprocessing, PreprocessSettings()
    if not isinstance(prepared, PreprocessSettings):
        return settings
    given = {name: getattr(settings, name) for name in defaults.model_dump()}
    changed = {name: value for name, value in given.items() if value != getattr(defaults, name)}
    return prepared.model_copy(update=changed)


def _search(settings: DetectionSettings, *, stills: bool, live: bool) -> FaceSearch:
    if settings.detector == "none":
        return WholePicture()
    if stills:
        return FullSearch.of_stills(settings)
    detector = open_detector(settings)
    return (
        TrackedSearch(detector, settings, live=live) if settings.tracked else FullSearch(detector)
    )
