"""Do slow network cameras start with the defaults? A table of how long each needs.

    python tests/rigs/slow_streams.py      a few minutes; needs the RTSP rig's packages

Rates from 0.2 to 30 frames a second, key frames 1 to 6 s apart (RTSP), the first frame after 0 to
8 s. Each is opened by `edge`'s own source and gives two frames; a reconnect is a failure.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rigs.servers import mjpeg_server, rtsp_server

from edge.errors import SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video import open_source

RATES = (0.2, 1, 5, 30)
KEYS_S = (1, 6)
FIRST_S = (0, 4, 8)
AT_ONCE = 6


def first_two(url: str) -> str:
    """After how many seconds its first and its second frame came, or why not."""
    began_s, times = time.monotonic(), []
    try:
        with open_source(url, settings=CameraSettings(retries=0)) as source:
            for _ in itertools.islice(source, 2):
                times.append(f"{time.monotonic() - began_s:5.1f}")
            return " ".join(times) if len(times) == 2 else f"FAILED: {source.ended}"
    except SourceError as error:
        return f"FAILED: {error}"


def main() -> int:
    names = [f"{rate:g}-{key_s}-{first_s}" for rate in RATES for key_s in KEYS_S
             for first_s in FIRST_S]  # fmt: skip
    with ExitStack() as stack:
        mjpeg = stack.enter_context(mjpeg_server())
        # A server of its own for each: one that waits for its camera holds up its others.
        urls = [
            stack.enter_context(rtsp_server(name)).url(f"/{name}", scheme="rtsp") for name in names
        ]
        urls += [mjpeg.url(f"/every/{1 / rate:g}/{first_s}") for rate in RATES
                 for first_s in FIRST_S]  # fmt: skip
        # OpenCV opens one stream at a time in a process.
        with ProcessPoolExecutor(AT_ONCE) as pool:
            found = list(pool.map(first_two, urls))
    print("first and second frame after, s")
    for url, said in zip(urls, found, strict=True):
        kind, _, rest = url.partition("://")
        print(f"{kind:4} {rest.partition('/')[2]:14} {said}")
    failed = sum(said.startswith("FAILED") for said in found)
    print(f"{len(found)} cameras, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # as `edge` does: a thread that still waits in FFMPEG would abort the end
