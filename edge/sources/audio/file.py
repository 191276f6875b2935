"""A file of sound: WAV, FLAC and what else libsndfile reads; and the sound track of a video."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.audio.windows import LEAST_CLIP_S
from edge.errors import MissingDataError, MissingPackageError, SourceError
from edge.settings.sections import MicSettings
from edge.sources.audio.conditioning import SAMPLE_RATE_HZ, AudioNormalizer, SoundHealth
from edge.sources.audio.wav_codec import foreign_codec
from edge.sources.lifecycle import BaseSource
from edge.system.native_output import suppress_c_stderr
from edge.system.pip import pip_install
from edge.types import AudioChunk

CHUNK_S = 0.1
_MOST_DAMAGED = 10_000
"""Packets of sound in a row: minutes of it, in which nothing is left to be heard."""


class DecodedSource(BaseSource[AudioChunk]):
    """Every sample of a file, mono at 16 kHz, in chunks of about `CHUNK_S`; not live.

    `timestamp_s` is the position in the file. What was wrong with the sound is in `health`, and
    in `ended`.
    """

    def __init__(self, target: str, settings: MicSettings) -> None:
        super().__init__(Path(target).name, settings)
        self.path = Path(target)
        self.health = SoundHealth()
        self._channel = settings.channel
        self.starts_s = 0.0
        """The position of the first sample: a sound track may begin after its pictures."""

    @property
    def silent(self) -> bool:
        return self.health.samples > 0 and self.health.only_zeros

    def _open(self) -> None:
        self.health = SoundHealth()
        self._check_bytes()
        rate_hz, channels = self._decode()
        try:
            self._conditioner = AudioNormalizer(
                rate_hz, self.health, self._channel, channels=channels
            )
        except SourceError as error:
            raise SourceError(f"cannot read {self.path} as sound: {error}") from error

    def _check_bytes(self) -> None:
        try:
            with self.path.open("rb") as file:
                if not file.read(1):
                    raise SourceError(f"cannot read {self.path} as sound: the file is empty")
        except FileNotFoundError as error:
            raise MissingDataError(f"there is no file {self.path}: check the path") from error
        except OSError as error:
            raise SourceError(f"cannot read {self.path}: {error.strerror}") from error

    def _produce(self) -> Iterator[AudioChunk]:
        delivered = 0
        last = False
        while not last and not self._closed.is_set():
            with self._lock:
                if self._closed.is_set():
                    return
                samples = self._next()
            last = samples is None
            mono = self._conditioner.push(
                np.zeros((0, 1), np.float32) if samples is None else samples, last=last
            )
            if len(mono):
                yield AudioChunk(mono, SAMPLE_RATE_HZ, self.starts_s + delivered / SAMPLE_RATE_HZ)
                delivered += len(mono)
        if not self._closed.is_set():
            if not delivered:
                raise SourceError(f"cannot read {self.path} as sound: there is none in it")
            notes = [*self._faults(), *self._too_short(), *self.health.notes()]
            self._end("; ".join(["end of file", *notes]))

    def _too_short(self) -> list[str]:
        if self.health.seconds >= LEAST_CLIP_S:
            return []
        return [
            f"{self.health.seconds:.2f} s are too short to tell an emotion by: give "
            f"{LEAST_CLIP_S:g} s or more"
        ]

    @abstractmethod
    def _decode(self) -> tuple[int, int]:
        """Get ready to decode; the sound's rate (Hz) and channels.

        Raises SourceError, with the reason.
        """

    @abstractmethod
    def _next(self) -> NDArray[Any] | None:
        """The next samples, int16 or float32 (n, channels); None at the end."""

    def _faults(self) -> list[str]:
        """What the decoder has to say of the file, a phrase each."""
        return []


class SoundFileSource(DecodedSource):
    """By libsndfile: WAV, FLAC, Ogg, AIFF, MP3 and others; 24 bits and floats too."""

    def __init__(self, target: str, settings: MicSettings) -> None:
        super().__init__(target, settings)
        self._file: Any = None

    def _decode(self) -> tuple[int, int]:
        soundfile = _import_soundfile()
        try:
            with suppress_c_stderr():  # libmpg123 tells there what it thinks of an MP3
                self._file = soundfile.SoundFile(str(self.path))
        except soundfile.LibsndfileError as error:
            raise SourceError(
                f"cannot read {self.path} as sound: {error.error_string.rstrip('.')}; give a WAV "
                "or FLAC file"
            ) from error
        return int(self._file.samplerate), int(self._file.channels)

    def _next(self) -> NDArray[Any] | None:
        import soundfile

        count = max(1, round(CHUNK_S * self._file.samplerate))
        try:
            with suppress_c_stderr() if self._file.format == "MP3" else nullcontext():
                samples = self._file.read(count, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise SourceError(
                f"cannot read {self.path} to its end: {error.error_string.rstrip('.')}; give an "
                "undamaged file"
            ) from error
        return samples if len(samples) else None

    def _release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class SoundTrackSource(DecodedSource):
    """By PyAV, which brings FFMPEG's libraries: the first sound track of a video."""

    def __init__(self, target: str, settings: MicSettings) -> None:
        super().__init__(target, settings)
        self._container: Any = None
        self._damaged = 0

    def _decode(self) -> tuple[int, int]:
        av = _import_av(self.path)
        self._damaged = 0
        try:
            # "file:" because FFMPEG takes "a:b.mp4" for a protocol named a.
            self._container = av.open(f"file:{self.path.absolute()}", metadata_errors="replace")
        except av.FFmpegError as error:
            raise SourceError(
                f"cannot read {self.path} as sound: {error.strerror}; give a file that a player "
                "can play"
            ) from error
        tracks = [one for one in self._container.streams.audio if one.codec_context]
        if not tracks:
            raise SourceError(f"{self.path} has no sound track: give another file with --mic")
        track = tracks[0]
        # Packed: of planes PyAV reads the first eight only, and beyond them what is not theirs.
        self._mixer = av.AudioResampler(format="flt")
        began_s = (self._container.start_time or 0) / av.time_base
        track_s = track.start_time * float(track.time_base) if track.start_time else began_s
        self.starts_s = max(0.0, track_s - began_s)
        self._pieces = self._decoded(track)
        return int(track.rate or 0), int(track.codec_context.channels or 0)

    def _decoded(self, track: Any) -> Iterator[NDArray[np.float32]]:
        import av

        step, in_a_row = max(1, round(CHUNK_S * (track.rate or 0))), 0
        for packet in self._container.demux(track):
            try:
                frames = packet.decode()
            except av.FFmpegError as error:
                self._damaged, in_a_row = self._damaged + 1, in_a_row + 1
                if in_a_row == _MOST_DAMAGED:
                    raise SourceError(
                        f"cannot read {self.path} to its end: {in_a_row} packets in a row are"
                        " damaged; give an undamaged file"
                    ) from error
                continue
            in_a_row = 0
            for frame in frames:
                for piece in self._mixer.resample(frame):
                    samples = piece.to_ndarray().reshape(-1, piece.layout.nb_channels)
                    for start in range(0, len(samples), step):
                        yield samples[start : start + step]

    def _next(self) -> NDArray[Any] | None:
        import av

        try:
            return next(self._pieces, None)
        except av.FFmpegError as error:
            raise SourceError(f"cannot read {self.path} to its end: {error.strerror}") from error

    def _faults(self) -> list[str]:
        return [f"{self._damaged} damaged packets were left out"] if self._damaged else []

    def _release(self) -> None:
        if self._container is not None:
            self._pieces = iter(())
            self._container.close()
            self._container = None


def _import_soundfile() -> Any:
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: it finds no libsndfile
        raise MissingPackageError(
            f"soundfile cannot be imported ({error}): {pip_install('emotion-edge[mic]')}"
        ) from error
    return soundfile


def _import_av(path: Path) -> Any:
    try:
        import av
    except ImportError as error:
        raise MissingPackageError(
            f"{path} {_kind(path)}, and that needs PyAV, which cannot be imported ({error}): "
            f"{pip_install('emotion-edge[tracks]')}"
        ) from error
    return av


def _kind(path: Path) -> str:
    codec = foreign_codec(path)
    return f"is a WAV with {codec} inside" if codec else "is neither WAV nor FLAC"
