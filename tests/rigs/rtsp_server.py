"""A network camera on loopback: H.264 over RTSP, by GStreamer.

/cam            25 frames a second, a key frame every 5
/slow           a frame in 5 s
/late           its first frame comes after 4 s
/rare           10 frames a second, a key frame every 6 s

/usr/bin/python3 tests/rigs/rtsp_server.py     binds a free port of 127.0.0.1 and prints it

Runs under the system's Python, which sees apt's python3-gi. The packages it needs:
python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good
gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly. Exits 3 where they are not installed.
"""

from __future__ import annotations

import sys


def pipeline(rate: str, key_frames: int, after: str = "") -> str:
    """A camera of `rate` frames a second, a key frame every so many of them."""
    return (
        f"( videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,"
        f"framerate={rate} {after}! x264enc tune=zerolatency speed-preset=ultrafast "
        f"key-int-max={key_frames} ! rtph264pay name=pay0 pt=96 )"
    )


CAMERAS = {
    "/cam": pipeline("25/1", 5),
    "/slow": pipeline("1/5", 1),
    # What it makes in its first seconds goes nowhere.
    "/late": pipeline("10/1", 5, "! valve name=gate drop=true "),
    "/rare": pipeline("10/1", 60),
}
LATE_S = 4


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

    def open_gate(factory: object, media: object) -> None:
        gate = media.get_element().get_by_name("gate")
        if gate is not None:
            GLib.timeout_add_seconds(LATE_S, lambda: gate.set_property("drop", False))

    for path, launch in CAMERAS.items():
        media = GstRtspServer.RTSPMediaFactory(shared=True)
        media.set_launch(launch)
        media.connect("media-configure", open_gate)
        server.get_mount_points().add_factory(path, media)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
