"""Video files, sound and damaged."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rigs.clips import frame, frame_offsets, write_clip

from edge.errors import MissingDataError, SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video import decoders
from edge.sources.video import file as video
from edge.sources.video.file import VideoSource
from edge.types import Frame

SETTINGS = CameraSettings(fps=20)


def delivered(path: Path) -> tuple[list[Frame], VideoSource]:
    with VideoSource(str(path), SETTINGS) as source:
        return list(source), source


def test_every_frame_counts_and_carries_its_time(tmp_path: Path) -> None:
    frames, source = delivered(write_clip(tmp_path / "clip.avi", 20, fps=10))
    assert source.fps == pytest.approx(10)
    assert [each.timestamp_s for each in frames] == pytest.approx([n / 10 for n in range(20)])
    values = [float(each.image.mean()) for each in frames]
    assert values == pytest.approx([float(frame(n)[0, 0, 0]) for n in range(20)], abs=3)
    assert source.ended == "end of file"


def test_odd_sizes_are_read(tmp_path: Path) -> None:
    frames, _ = delivered(write_clip(tmp_path / "odd.avi", 3, width=34, height=18))
    assert frames[0].image.shape == (18, 34, 3)


@pytest.mark.parametrize("lost", [[0], [5, 6, 12]])
def test_damaged_frames_are_counted_and_the_rest_is_kept(tmp_path: Path, lost: list[int]) -> None:
    path = write_clip(tmp_path / "clip.avi", 20, fps=10)
    data = bytearray(path.read_bytes())
    offsets = frame_offsets(bytes(data))
    for number in lost:
        first, length = offsets[number]
        data[first : first + length] = bytes(length)
    path.write_bytes(data)
    frames, source = delivered(path)
    assert len(frames) == 20 - len(lost)
    assert [each.index for each in frames] == list(range(len(frames)))
    assert source.ended == f"end of file; {len(lost)} damaged frames were left out"


def test_a_truncated_file_gives_what_it_has_and_says_so(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", 40)
    data = path.read_bytes()
    path.write_bytes(data[: frame_offsets(data)[20][0]])
    frames, source = delivered(path)
    assert len(frames) == 20
    assert source.ended is not None
    assert "only 20 of 40 frames could be decoded" in source.ended


def test_times_that_stand_still_go_on_at_the_nominal_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoders.OpenCvDecoder, "position_s", lambda self: 0.0)
    monkeypatch.setattr(decoders, "nominal_fps", lambda capture: None)
    monkeypatch.setattr(decoders, "BREAKS_INTERLACED", False)
    monkeypatch.setattr(video, "BREAKS_INTERLACED", False)
    frames, _ = delivered(write_clip(tmp_path / "clip.avi", 4, fps=10))
    assert [each.timestamp_s for each in frames] == pytest.approx([0, 0.05, 0.1, 0.15])


def test_an_empty_file_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    with pytest.raises(SourceError, match="the file is empty"):
        delivered(path)


def test_a_missing_file_is_missing_data(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"no file .*gone\.mp4"):
        delivered(tmp_path / "gone.mp4")


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.binary(min_size=1, max_size=3000))
def test_random_bytes_are_one_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "junk.mp4"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"cannot read .* as video") as caught:
        delivered(path)
    assert "\n" not in str(caught.value)


def test_opencv_and_ffmpeg_print_nothing(tmp_path: Path) -> None:
    path = tmp_path / "junk.mkv"
    path.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 8)
    # In a process of its own: FFMPEG's level is set once, by the first video a process touches.
    code = f"""
from edge.errors import SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video import open_source
try:
    open_source({str(path)!r}, settings=CameraSettings()).__enter__()
except SourceError:
    raise SystemExit(7)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "")


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "size"),
    [("single_face.mp4", (360, 640)), ("face_noface.mov", (540, 960)), ("thanks.mkv", (480, 640))],
)
def test_real_files_are_read_whole(data_dir: Path, name: str, size: tuple[int, int]) -> None:
    with VideoSource(str(data_dir / "video" / name), SETTINGS) as source:
        times = [each.timestamp_s for each in source if each.image.shape[:2] == size]
    assert source.ended == "end of file"
    assert len(times) > 50
    assert times[0] == 0
    assert all(later > earlier for earlier, later in itertools.pairwise(times))


def _mp4(path: Path, changes: dict[bytes, bytes]) -> Path:
    """A clip in which some bytes are others."""
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(5):
            picture = av.VideoFrame.from_ndarray(frame(number), format="bgr24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    data = path.read_bytes()
    for was, becomes in changes.items():
        assert was in data
        data = data.replace(was, becomes)
    path.write_bytes(data)
    return path


def test_a_codec_that_nobody_knows_is_a_sentence(tmp_path: Path) -> None:
    path = _mp4(tmp_path / "clip.mp4", {b"mp4v": b"zzzz", b"esds": b"zzzz"})
    with pytest.raises(SourceError, match="it is no video, or damaged"):
        delivered(path)


def test_a_description_that_is_no_text_does_not_matter(tmp_path: Path) -> None:
    decoder = decoders.PyAvDecoder(_mp4(tmp_path / "clip.mp4", {b"Lavf": b"L\xff\xfef"}), 100)
    assert decoder.read() is not None
    decoder.close()
