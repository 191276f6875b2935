"""Files of sound: rates, channels, formats, and what is wrong with them."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from rigs.fake_pyaudio import tone
from rigs.tracks import write_video

from edge.errors import MissingDataError, MissingPackageError, SourceError, UsageError
from edge.settings.sections import MicSettings
from edge.sources.audio import SoundSource, open_sound

soundfile = pytest.importorskip("soundfile")
SETTINGS = MicSettings()
UNNEEDED = "a file of another kind"


def opened(spec: object) -> SoundSource:
    source = open_sound(str(spec), SETTINGS)
    assert source is not None
    return source


def heard(path: Path) -> tuple[np.ndarray, str]:
    with opened(path) as source:
        samples = np.concatenate([chunk.samples for chunk in source])
        assert source.ended is not None
        return samples, source.ended


def pitch_hz(samples: np.ndarray) -> float:
    return float(np.abs(np.fft.rfft(samples)).argmax() * 16_000 / len(samples))


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_and_channels_become_mono_at_16_khz(
    tmp_path: Path, rate_hz: int, channels: int
) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(rate_hz, rate_hz, channels), rate_hz)
    samples, ended = heard(path)
    assert len(samples) == pytest.approx(16_000, abs=2)
    assert pitch_hz(samples) == pytest.approx(440, abs=1)
    assert np.abs(samples[2000:-2000]).max() == pytest.approx(8000 / 32768, rel=0.02)
    assert ended == "end of file"


@pytest.mark.parametrize(
    ("name", "subtype"),
    [("a.wav", "PCM_24"), ("a.wav", "FLOAT"), ("a.wav", "PCM_U8"), ("a.flac", "PCM_16"),
     ("a.ogg", "VORBIS"), ("a.aiff", "PCM_16")],
)  # fmt: skip  # a name and its format on one line
def test_the_usual_formats_are_read(tmp_path: Path, name: str, subtype: str) -> None:
    soundfile.write(tmp_path / name, tone(16_000, 16_000, 1), 16_000, subtype=subtype)
    assert pitch_hz(heard(tmp_path / name)[0]) == pytest.approx(440, abs=1)


def test_channels_are_mixed_not_chosen_from(tmp_path: Path) -> None:
    both = np.stack((np.full(800, 0.5), np.full(800, -0.25)), axis=1)
    soundfile.write(tmp_path / "a.wav", both, 16_000, subtype="FLOAT")
    assert heard(tmp_path / "a.wav")[0] == pytest.approx(0.125)


def test_what_is_no_number_or_too_loud_is_mended_and_said(tmp_path: Path) -> None:
    samples = np.full(1600, 0.25, np.float32)
    samples[10:13] = np.nan, np.inf, -np.inf
    samples[20:25] = 1.5, -7, 1, 1e30, -1
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
    mended, ended = heard(tmp_path / "a.wav")
    assert np.isfinite(mended).all()
    assert mended[10:13].tolist() == [0, 0, 0]
    assert mended[20:25].tolist() == [1, -1, 1, 1, -1]
    assert "5 samples were clipped" in ended
    assert "3 samples were no numbers" in ended


def test_only_zeros_are_said(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(16_000), 16_000)
    with opened(tmp_path / "a.wav") as source:
        list(source)
        assert source.silent
        assert source.ended == "end of file; it holds nothing but zeros"


def test_one_sample_is_one_chunk(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.5]), 16_000, subtype="FLOAT")
    assert heard(tmp_path / "a.wav")[0].tolist() == [0.5]


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp4", "notes.txt"])
def test_a_file_that_is_no_sound_is_one_sentence(tmp_path: Path, name: str) -> None:
    pytest.importorskip("av")
    (tmp_path / name).write_text("the quick brown fox jumps over the lazy dog\n" * 9)
    with pytest.raises(SourceError, match=f"cannot read .*{name} as sound"):
        opened(tmp_path / name).__enter__()


def test_an_empty_file_and_one_without_a_sample_are_said(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    with pytest.raises(SourceError, match="the file is empty"):
        opened(tmp_path / "empty.wav").__enter__()
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 16_000)
    with opened(tmp_path / "none.wav") as source:
        with pytest.raises(SourceError, match="there is none in it"):
            list(source)
        assert source.failed


@pytest.mark.parametrize("name", ["gone.wav", "gone.mp4", "folder/gone.flac"])
def test_an_absent_file_is_no_microphone(name: str) -> None:
    with pytest.raises(MissingDataError, match="there is no file"):
        open_sound(name, SETTINGS)


@pytest.mark.parametrize("spec", ["", "  ", "a\0b"])
def test_what_names_nothing_is_refused(spec: str) -> None:
    with pytest.raises(UsageError, match="names no microphone"):
        open_sound(spec, SETTINGS)


def test_a_folder_is_refused_and_none_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        open_sound(str(tmp_path), SETTINGS)
    assert open_sound("none", SETTINGS) is None


@pytest.mark.parametrize("channels", [1, 2])
def test_the_sound_track_of_a_video_is_heard(tmp_path: Path, channels: int) -> None:
    pytest.importorskip("av")
    samples, ended = heard(write_video(tmp_path / "clip.mkv", seconds=1, channels=channels))
    assert len(samples) == pytest.approx(16_000, abs=200)
    assert pitch_hz(samples) == pytest.approx(440, abs=2)
    assert np.abs(samples[2000:-2000]).max() == pytest.approx(0.5, rel=0.02)
    assert ended == "end of file"


def test_a_video_without_sound_is_said(tmp_path: Path) -> None:
    pytest.importorskip("av")
    with pytest.raises(SourceError, match="has no sound track"):
        opened(write_video(tmp_path / "mute.mkv", seconds=1, sound=False)).__enter__()


@pytest.mark.parametrize(
    ("name", "module", "extra"), [("a.wav", "soundfile", "mic"), ("a.mp4", "av", "tracks")]
)
def test_a_missing_library_is_named_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, module: str, extra: str
) -> None:
    (tmp_path / name).write_text(UNNEEDED)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingPackageError, match=rf"pip install 'emotion-edge\[{extra}\]'"):
        opened(tmp_path / name).__enter__()


@pytest.mark.data
def test_a_real_takes_track_is_as_long_as_its_pictures(data_dir: Path) -> None:
    pytest.importorskip("av")
    samples, ended = heard(data_dir / "video" / "01-01-01-01-01-01-01.mp4")
    assert 3 < len(samples) / 16_000 < 4
    assert ended.startswith("end of file")


def test_channels_that_cancel_are_noticed_and_one_is_taken(tmp_path: Path) -> None:
    voice = tone(16_000, 16_000, 1)[:, 0] / 32768
    wired_wrong = np.stack((0.8 * voice, -voice), axis=1)
    soundfile.write(tmp_path / "a.wav", wired_wrong, 16_000, subtype="FLOAT")
    samples, ended = heard(tmp_path / "a.wav")
    np.testing.assert_allclose(samples, -voice, atol=0.101 * np.abs(voice).max())
    assert np.abs(samples).max() > 0.9 * np.abs(voice).max()
    soundfile.write(tmp_path / "b.wav", np.stack((voice, -voice), axis=1), 16_000)
    samples, ended = heard(tmp_path / "b.wav")
    assert np.abs(samples).max() == pytest.approx(np.abs(voice).max(), rel=1e-3)
    assert "its channels cancel each other, so that channel 1 was taken alone" in ended


@pytest.mark.parametrize("channels", [2, 7])
def test_channels_of_a_room_are_no_cancelling_ones(tmp_path: Path, channels: int) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, (16_000, channels)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", noise, 16_000, subtype="FLOAT")
    samples, ended = heard(tmp_path / "a.wav")
    np.testing.assert_allclose(samples, noise.mean(axis=1), atol=1e-6)
    assert ended == "end of file"


def test_a_channel_of_an_array_is_taken_where_it_is_asked_for(tmp_path: Path) -> None:
    levels = np.tile(np.array([0.1, 0.2, 0.3], np.float32), (1600, 1))
    soundfile.write(tmp_path / "a.wav", levels, 16_000, subtype="FLOAT")
    with open_sound(str(tmp_path / "a.wav"), MicSettings(channel=2)) as source:  # type: ignore[union-attr]  # a file
        assert next(iter(source)).samples == pytest.approx(0.2)
    with (
        open_sound(str(tmp_path / "a.wav"), MicSettings(channel=4)) as source,  # type: ignore[union-attr]  # a file
        pytest.raises(UsageError, match=r"mic.channel is 4 and the sound has 3"),
    ):
        next(iter(source))


def test_a_sample_rate_of_nothing_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 1)
    with pytest.raises(SourceError, match="its sample rate is 1 Hz"), opened(tmp_path / "a.wav"):
        pass


def test_a_clip_of_hundredths_of_a_second_ends_in_a_sentence(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(16_000, 480, 1), 16_000)
    assert "0.03 s are too short to tell an emotion by" in heard(tmp_path / "a.wav")[1]


def test_an_mp3_s_decoder_says_nothing_on_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.mp3"
    soundfile.write(path, tone(16_000, 32_000, 1), 16_000, format="MP3")
    content = bytearray(path.read_bytes())
    content[200:700] = bytes(range(250)) * 2  # libmpg123 complains of what is no frame
    path.write_bytes(content)
    assert len(heard(path)[0])
    assert capfd.readouterr().err == ""


def aac_in_wav(path: Path) -> Path:
    """ADTS frames in a WAV, as some recorders write them."""
    av = pytest.importorskip("av")
    frames = path.with_suffix(".aac")
    with av.open(str(frames), "w", format="adts") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            tone(16_000, 16_000, 1).T.astype(np.float32) / 32768, format="fltp", layout="mono"
        )
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    data = frames.read_bytes()
    form = struct.pack("<HHIIHH", 0x00FF, 1, 16_000, 8_000, 1, 16)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data))
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 4 + len(chunks) + len(data)) + b"WAVE" + chunks + data
    )
    return path


def test_a_wav_with_aac_inside_is_opened_by_pyav(tmp_path: Path) -> None:
    samples, _ = heard(aac_in_wav(tmp_path / "a.wav"))
    assert pitch_hz(samples) == pytest.approx(440, abs=5)


def test_without_pyav_a_wav_with_aac_inside_is_called_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = aac_in_wav(tmp_path / "a.wav")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingPackageError, match="is a WAV with AAC inside"), opened(path):
        pass


@pytest.mark.parametrize("size", [0, 3, 11, 12, 19, 21])
def test_a_header_cut_off_anywhere_names_no_codec(tmp_path: Path, size: int) -> None:
    from edge.sources.audio.wav_codec import foreign_codec

    path = tmp_path / "a.wav"
    path.write_bytes((b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\xff\0")[:size])
    assert foreign_codec(path) is None
