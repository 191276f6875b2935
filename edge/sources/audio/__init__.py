"""Where sound comes from: microphones, files, and a synthetic voice, behind one seam.

A new one is a file here and a line in `_TABLE`; the contract tests follow.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast

from edge.errors import MissingDataError, UsageError
from edge.settings.sections import MicSettings
from edge.sources import Source
from edge.sources.audio.conditioning import SAMPLE_RATE_HZ, SoundHealth
from edge.sources.audio.wav_codec import foreign_codec
from edge.system.registry import resolve
from edge.types import AudioChunk

__all__ = ["SAMPLE_RATE_HZ", "SoundHealth", "SoundSource", "list_microphones", "open_sound"]


class SoundSource(Source[AudioChunk], Protocol):
    """A source of sound: mono chunks at `SAMPLE_RATE_HZ`, of any length from 1 on.

    Where sound was lost between two, `timestamp_s` leaps.

    silent: True while nothing but zeros come, and so nothing can be said of an emotion
    health: what was delivered, lost and corrected so far
    """

    @property
    def silent(self) -> bool: ...
    @property
    def health(self) -> SoundHealth: ...


_TABLE = {
    "microphone": "edge.sources.audio.microphone:MicrophoneSource",
    "soundfile": "edge.sources.audio.file:SoundFileSource",
    "track": "edge.sources.audio.file:SoundTrackSource",
    "synthetic": "edge.sources.audio.synthetic:SyntheticSoundSource",
}
_LIBSNDFILES = {
    ".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64",
    ".snd", ".w64", ".wav", ".wave", ".wavex",
}  # fmt: skip  # one set, in the alphabet's order
_VIDEOS = {
    ".3gp", ".aac", ".avi", ".flv", ".m4a", ".m4v", ".mka", ".mkv", ".mov", ".mp4", ".mpeg",
    ".mpg", ".mts", ".ogv", ".ts", ".webm", ".wma", ".wmv",
}  # fmt: skip  # as above


def open_sound(spec: str, settings: MicSettings) -> SoundSource | None:
    """The source that `spec` names, or None for "none"; it opens at `with`.

    spec: none, default, synthetic, a file, or a microphone's index, name or part of its name;
          a file of that name goes first
    Raises UsageError for a spec that means nothing, MissingDataError for a file that is not
    there. `with` raises MissingDeviceError, MissingPackageError, UsageError (a name that fits
    several microphones) or SourceError for what cannot be opened.
    """
    if not spec.strip() or "\0" in spec:
        raise UsageError(f"{spec!r} names no microphone: give default, a name, a file or none")
    if spec == "none":
        return None
    source = resolve(_TABLE, _kind_of(spec), "source of sound")
    return cast(SoundSource, source(spec, settings))


def list_microphones() -> list[tuple[str, str]]:
    """Every microphone here, as (the `--mic` argument that opens it, what it is).

    Raises MissingPackageError where PyAudio is not installed, SourceError where the sound
    system does not answer.
    """
    from edge.sources.audio.portaudio import found

    return [
        (
            each.name,
            f"{each.channels} channel{'s' * (each.channels > 1)}, {each.sample_rate_hz} Hz"
            f"{', the default' * each.default}",
        )
        for each in found()
    ]


def _kind_of(spec: str) -> str:
    if spec in ("default", "synthetic"):
        return "synthetic" if spec == "synthetic" else "microphone"
    path = Path(spec)
    suffix = path.suffix.lower()
    try:
        if path.is_dir():
            raise UsageError(f"{spec} is a folder: give one file of sound with --mic")
        if path.exists() and not path.is_file():
            raise UsageError(f"{spec} is a pipe or a device: give a file of sound with --mic")
        if path.exists():
            plain = suffix in _LIBSNDFILES and foreign_codec(path) is None
            return "soundfile" if plain else "track"
    except (OSError, ValueError) as error:  # too long a name, or one the system cannot spell
        raise UsageError(f"{spec!r} is neither a microphone nor a path: {error}") from error
    if suffix in _LIBSNDFILES | _VIDEOS:
        raise MissingDataError(f"there is no file {spec}: check the path")
    return "microphone"
