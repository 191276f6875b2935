"""A network camera on loopback: H.264 over RTSP at /cam, by GStreamer.

/usr/bin/python3 tests/rigs/rtsp_server.py     binds a free port of 127.0.0.1 and prints it

Runs under the system's Python, which sees apt's python3-gi. The packages it needs:
python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good
gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly. Exits 3 where they are not installed.
"""

from __future__ import annotations

import sys

PIPELINE = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=25/1 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=5 ! rtph264pay name=pay0 pt=96 )"
)


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
    media = GstRtspServer.RTSPMediaFactory(shared=True)
    media.set_launch(PIPELINE)
    server.get_mount_points().add_factory("/cam", media)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
