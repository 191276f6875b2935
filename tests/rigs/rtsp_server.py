"""A network camera on loopback: H.264 over RTSP, by GStreamer.

/cam            25 frames a second, a key frame every 5
/late           its first frame comes after 4 s
/rare           10 frames a second, a key frame every 6 s
/sound          /cam with sound
/STEM           the H.264 or MPEG-2 video of each FILE, once to whoever comes

/usr/bin/python3 tests/rigs/rtsp_server.py [FILE]... [RATE-KEY-FIRST]...
    binds a free port of 127.0.0.1 and prints it
RATE-KEY-FIRST is a camera at that path of so many frames a second, a key frame every KEY s, and
the first frame after FIRST s.

Runs under the system's Python, which sees apt's python3-gi. The packages it needs:
python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good
gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly. Exits 3 where they are not installed.
"""

from __future__ import annotations

import sys
from pathlib import Path


def camera(rate: float, key_s: float, first_s: float = 0.0) -> str:
    """A camera of `rate` frames a second, a key frame every `key_s`, the first one after `first_s`:
    what it makes before that goes nowhere.
    """
    fraction = f"{rate:g}/1" if rate >= 1 else f"1/{1 / rate:.0f}"
    valve = "! valve name=gate drop=true " if first_s else ""
    return (
        f"videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,"
        f"framerate={fraction} {valve}! x264enc tune=zerolatency speed-preset=ultrafast "
        f"key-int-max={max(1, round(key_s * rate))} ! video/x-h264,stream-format=avc,alignment=au "
        "! rtph264pay name=pay0 pt=96"
    )


CAMERAS = {
    "/cam": (camera(25, 0.2), 0.0),
    "/late": (camera(10, 0.5, 4), 4.0),
    "/rare": (camera(10, 6), 0.0),
    "/sound": (
        f"{camera(25, 0.2)} audiotestsrc is-live=true ! mulawenc ! rtppcmupay name=pay1 pt=0", 0.0
    ),
}  # fmt: skip
_DEMUXERS = {".mp4": "qtdemux", ".mkv": "matroskademux", ".ts": "tsdemux", ".mpg": "mpegpsdemux"}


def of_argument(text: str) -> tuple[str, str, float]:
    """Its path, what makes it, and after how many seconds its gate opens."""
    if Path(text).suffix not in _DEMUXERS:
        rate, key_s, first_s = map(float, text.split("-"))
        return f"/{text}", camera(rate, key_s, first_s), first_s
    path = Path(text)
    mpeg2 = path.suffix == ".mpg"
    parser = "mpegvideoparse" if mpeg2 else "h264parse config-interval=-1"
    payloader = "rtpmpvpay" if mpeg2 else "rtph264pay config-interval=-1"
    launch = (
        f"filesrc location={path} ! {_DEMUXERS[path.suffix]} ! {parser} ! {payloader} name=pay0"
    )
    return f"/{path.stem}", launch, 0.0


def main() -> int:
    try:
        import gi

        gi.require_version("Gst", "1.0")
        gi.require_version("GstRtspServer", "1.0")
        from gi.repository import GLib, Gst, GstRtspServer
    except (ImportError, ValueError) as error:
        print(error, file=sys.stderr)
        return 3
    Gst.init(None)
    lacking = [name for name in ("videotestsrc", "x264enc", "rtph264pay")
               if Gst.ElementFactory.find(name) is None]  # fmt: skip
    if lacking:
        print(f"GStreamer lacks {', '.join(lacking)}", file=sys.stderr)
        return 3
    server = GstRtspServer.RTSPServer(address="127.0.0.1", service="0")
    server.get_thread_pool().set_max_threads(-1)  # a camera that is late holds up no other

    def open_gate(factory: object, media: object, first_s: float) -> None:
        gate = media.get_element().get_by_name("gate")
        if gate is not None:
            GLib.timeout_add(round(1000 * first_s), lambda: gate.set_property("drop", False))

    named = [(path, *made) for path, made in CAMERAS.items()]
    for path, launch, first_s in [*named, *map(of_argument, sys.argv[1:])]:
        media = GstRtspServer.RTSPMediaFactory(shared=not launch.startswith("filesrc"))
        media.set_launch(f"( {launch} )")
        media.connect("media-configure", open_gate, first_s)
        server.get_mount_points().add_factory(path, media)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
