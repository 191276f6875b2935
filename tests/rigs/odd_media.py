"""Videos as people really have them, made by ffmpeg of the bundled portrait.

`make(kind, folder)` gives the file. The portrait stands still in most of the picture, so that
`TRUE_FACE`, found once in a plain video, says where its face is in all of them.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from places import PORTRAIT

from edge.types import Face

WIDTH, HEIGHT = 640, 480
SECONDS = 0.6
SCENE = f"scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=increase,crop={WIDTH}:{HEIGHT}:0:0"


@dataclass(frozen=True)
class Kind:
    """How a kind of video is made.

    suffix:  the file's ending
    filters: after the scene is scaled to 640x480
    options: the encoder's
    across, down: the scale of the frame's own pixels against the scene
    """

    suffix: str
    options: tuple[str, ...]
    filters: str = "format=yuv420p,setsar=1"
    across: float = 1.0
    down: float = 1.0
    needs: str = ""


_BLINKS = "fps=5,drawbox=w=8:h=8:color=white:t=fill:enable='mod(n,2)'"
"""Of pictures that are all alike an animation has one."""
_H264 = ("-c:v", "libx264", "-preset", "ultrafast")
_INTERLACED = ("-flags", "+ilme+ildct")

KINDS = {
    "plain": Kind(".mp4", _H264),
    "interlaced mpeg2": Kind(".mpg", ("-c:v", "mpeg2video", *_INTERLACED, "-q:v", "3")),
    "interlaced h264": Kind(".mp4", ("-c:v", "libx264", *_INTERLACED, "-x264opts", "tff=1")),
    "interlaced dv": Kind(
        ".avi", ("-c:v", "dvvideo"), "scale=720:576,setsar=16/15,format=yuv420p", 720 / 640, 1.2
    ),
    "pixels 2:1": Kind(".mp4", _H264, "scale=320:480,setsar=2,format=yuv420p", 0.5),
    "pixels 16:11": Kind(".mp4", _H264, "scale=440:480,setsar=16/11,format=yuv420p", 440 / 640),
    "pixels 4:3": Kind(".mkv", _H264, "scale=480:480,setsar=4/3,format=yuv420p", 0.75),
    "pixels 1:2": Kind(".mkv", _H264, "scale=1280:480,setsar=1/2,format=yuv420p", 2.0),
    "rotated": Kind(".mp4", _H264, "transpose=1,format=yuv420p,setsar=1"),
    "variable rate": Kind(
        ".mkv",
        (*_H264, "-fps_mode", "vfr"),
        "setpts='N*(1+mod(N,3))/25/TB',format=yuv420p,setsar=1",
    ),
    "10 bit": Kind(".mp4", _H264, "format=yuv420p10le,setsar=1"),
    "raw": Kind(".avi", ("-c:v", "rawvideo"), "format=yuv420p,setsar=1"),
    "cover art": Kind(".mp4", _H264),
    "size change": Kind(".ts", _H264),
    "truncated": Kind(".mkv", (*_H264, "-g", "5")),
    "truncated stream": Kind(".ts", (*_H264, "-g", "5")),
    "av1": Kind(".mp4", ("-c:v", "libsvtav1", "-preset", "12")),
    "clock leaps": Kind(".ts", _H264),
    "still, pixels 2:1": Kind(
        ".jpg", ("-frames:v", "1"), "scale=320:480,setsar=2,format=yuvj420p", 0.5
    ),
    "animated gif": Kind(".gif", (), f"{_BLINKS},split[a][b];[a]palettegen[p];[b][p]paletteuse"),
    "animated png": Kind(".apng", ("-c:v", "apng", "-plays", "0"), _BLINKS),
    "animated webp": Kind(
        ".webp", ("-c:v", "libwebp_anim", "-loop", "0"), f"{_BLINKS},format=yuv420p"
    ),
}


def make(name: str, folder: Path) -> Path:
    """Raises CalledProcessError where ffmpeg cannot."""
    kind = KINDS[name]
    path = folder / f"{name.replace(' ', '-').replace(':', '-').replace(',', '')}{kind.suffix}"
    filters = f"{SCENE},{kind.filters}"
    _ffmpeg(*_portrait(), "-filter_complex", filters, *kind.options, path)
    if name == "rotated":
        upright, path = path, path.with_name("turned.mp4")
        _ffmpeg("-i", upright, "-c", "copy", "-metadata:s:v:0", "rotate=90", path)
    elif name == "cover art":
        bare, path = path, path.with_name("with-cover.mp4")
        cover = path.with_name("cover.png")
        _ffmpeg("-f", "lavfi", "-i", "color=gray:size=200x200", "-frames:v", "1", cover)
        _ffmpeg(
            "-i", bare, "-i", cover, "-map", "0", "-map", "1", "-c", "copy",
            "-disposition:v:1", "attached_pic", path,
        )  # fmt: skip
    elif name == "size change":
        large = path.with_name("large.ts")
        _ffmpeg(*_portrait(), "-vf", f"{SCENE},scale=1280:960,format=yuv420p", *_H264, large)
        path.write_bytes(path.read_bytes() + large.read_bytes())
    elif name.startswith("truncated"):
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * 6 // 10])
    elif name == "clock leaps":
        later = path.with_name("later.ts")
        _ffmpeg("-i", path, "-c", "copy", "-output_ts_offset", "80000", later)
        path.write_bytes(path.read_bytes() + later.read_bytes())
    return path


def of_sizes(folder: Path, *sizes: tuple[int, int]) -> Path:
    """A transport stream of five pictures of each size, one after the other."""
    path, parts = folder / "sizes.ts", []
    for width, height in sizes:
        scaled = f"{SCENE},scale={width}:{height},format=yuv420p"
        _ffmpeg(*_portrait(), "-vf", scaled, "-frames:v", "5", *_H264, path)
        parts.append(path.read_bytes())
    path.write_bytes(b"".join(parts))
    return path


def as_transport_stream(path: Path) -> Path:
    """The same video in the container that is sent over TCP and UDP."""
    if path.suffix in (".ts", ".mpg"):
        return path
    sent = path.with_name(f"{path.stem}.sent.ts")
    _ffmpeg("-i", path, "-c", "copy", sent)
    return sent


def as_live_container(path: Path) -> Path:
    """The same video as a web server would send it while it is recorded."""
    if path.stem == "turned":  # only MP4 says how its pictures are turned
        sent = path.with_name("turned.sent.mp4")
        _ffmpeg("-i", path, "-c", "copy", "-movflags", "frag_keyframe+empty_moov", sent)
        return sent
    sent = path.with_name(f"{path.stem}.sent.mkv")
    _ffmpeg("-i", path, "-c", "copy", "-live", "1", sent)
    return sent


def near(found: Face, true: Face, share: float = 0.05) -> bool:
    """Whether each side of the box is off by `share` of its width or height at most."""
    across, down = share * true.width, share * true.height
    return (
        abs(found.x - true.x) <= across
        and abs(found.x + found.width - true.x - true.width) <= across
        and abs(found.y - true.y) <= down
        and abs(found.y + found.height - true.y - true.height) <= down
    )


def _portrait() -> tuple[str, ...]:
    return ("-loop", "1", "-framerate", "25", "-t", str(SECONDS), "-i", str(PORTRAIT))


def _ffmpeg(*arguments: object) -> None:
    command = ["ffmpeg", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
