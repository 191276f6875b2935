"""A run's inputs: a source, the network that classifies what it gives, and their pipeline."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from edge.errors import ModelError, UsageError

if TYPE_CHECKING:
    from edge.health.report import Health
    from edge.models import ModelCard
    from edge.models.classifier import Classifier
    from edge.models.description import Description
    from edge.pipeline.face import FacePipeline
    from edge.pipeline.fusion import Fusion
    from edge.pipeline.speech import SpeechPipeline
    from edge.settings.sections import Settings
    from edge.sources.audio import SoundSource
    from edge.sources.video import FrameSource


@dataclass(frozen=True, slots=True, eq=False)
class VideoInput:
    """A camera and the network for faces."""

    source: FrameSource
    card: ModelCard
    classifier: Classifier

    def pipeline(self, settings: Settings, started_at: datetime) -> FacePipeline:
        from edge.pipeline.face import face_pipeline_of

        return face_pipeline_of(
            self.card,
            settings,
            self.classifier,
            started_at,
            stills=self.source.stills,
            live=self.source.live,
        )


@dataclass(frozen=True, slots=True, eq=False)
class AudioInput:
    """A microphone and the network for voices."""

    source: SoundSource
    card: ModelCard
    classifier: Classifier

    def pipeline(self, settings: Settings, started_at: datetime) -> SpeechPipeline:
        from edge.pipeline.speech import build_speech_pipeline

        return build_speech_pipeline(
            settings,
            self.card.features,
            self.classifier,
            started_at,
            model_name=self.card.name,
            floor=self.card.floor,
            clip="" if self.source.live else settings.mic.source,
        )


def open_video(
    settings: Settings, stack: ExitStack, supervised: Health | None = None
) -> VideoInput | None:
    """The camera that the settings name, open until `stack` closes; None for "none".

    supervised: receives the camera's states, where it is waited for and opened again without end
    Raises ModelError where the model is not one for faces, and what opening a source raises.
    """
    address = settings.camera.source.get_secret_value()
    if address == "none":
        return None
    from edge.sources.video import open_source

    card, classifier = _network(settings, settings.model.name, _FOR_VIDEO, stack)
    source: FrameSource | None = None
    if supervised is not None:
        from edge.sources.supervised import camera

        source = camera(settings, supervised)
    if source is None:
        source = open_source(address, settings=settings.camera)
    return VideoInput(stack.enter_context(source), card, classifier)


def open_audio(
    settings: Settings, stack: ExitStack, supervised: Health | None = None
) -> AudioInput | None:
    """The microphone that the settings name, open until `stack` closes; None for "none".

    Takes and raises as `open_video` does.
    """
    if settings.mic.source == "none":
        return None
    from edge.sources.audio import open_sound

    source = open_sound(settings.mic.source, settings.mic)
    if source is None:
        return None
    card, classifier = _network(settings, settings.model.speech, ("speech",), stack)
    if supervised is not None:
        from edge.sources.supervised import microphone

        source = microphone(settings, supervised) or source
    return AudioInput(stack.enter_context(source), card, classifier)


def open_fusion(
    settings: Settings,
    video_input: VideoInput,
    audio_input: AudioInput,
    started_at: datetime,
    stack: ExitStack,
) -> Fusion | None:
    """What combines both; None where the settings name "none".

    Raises ModelError where the combiner is one for other labels than theirs.
    """
    if settings.model.fusion == "none":
        return None
    from edge.pipeline.fusion import build_fusion

    card, combiner = _network(settings, settings.model.fusion, ("fusion",), stack)
    for input_, known in (
        (video_input.card, card.inputs.face_labels),
        (audio_input.card, card.inputs.speech_labels),
    ):
        if input_.labels != known:
            raise ModelError(
                f"{card.name} combines {', '.join(known)} and {input_.name} names "
                f"{', '.join(input_.labels)}: set model.fusion to one for these, or to none"
            )
    return build_fusion(
        settings, card.inputs, combiner, started_at, model_name=card.name, floor=card.floor
    )


def check_one_time(video_input: VideoInput, audio_input: AudioInput) -> None:
    """Raises UsageError where pictures and sound do not come by one clock."""
    if video_input.source.stills:
        raise UsageError(
            f"{video_input.source.name} are pictures without a time: "
            "give a camera, a video or none "
            "beside --mic"
        )
    if video_input.source.live != audio_input.source.live:
        live, file = video_input.source.name, audio_input.source.name
        if audio_input.source.live:
            live, file = file, live
        raise UsageError(
            f"{live} is live and {file} is not: give both live, or the video's file to both"
        )


_FOR_VIDEO = ("face", "video")
"""A network may classify a face by one picture or by a sequence; the events are of faces alike."""


def _said(settings: Settings, name: str) -> Description | None:
    """What the settings say of the network for faces, where it has no card."""
    if name != settings.model.name or not settings.model.labels:
        return None
    from edge.models.description import settings_description

    return settings_description(settings)


def _network(
    settings: Settings, name: str, modalities: tuple[str, ...], stack: ExitStack
) -> tuple[ModelCard, Classifier]:
    from edge.models.classifier import Classifier
    from edge.models.own import open_model

    model = open_model(name, _said(settings, name), settings.model.engine)
    if model.card.modality not in modalities:
        raise ModelError(
            f"{name} is a {model.card.modality} model and one for {modalities[0]} is needed: see "
            "`edge models list`"
        )
    classifier = Classifier(model, threads=settings.model.threads, engine=settings.model.engine)
    return model.card, stack.enter_context(classifier)
