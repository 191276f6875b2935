"""Inside the trixie system: PicameraSource over the real Picamera2 class and the virtual camera.

Prints what it saw; exits 1 when frames do not come, or do not show the test pattern's colours.
The patches below make up for what the virtual camera lacks; they are this rig's, not the
product's.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from itertools import islice
from types import ModuleType
from typing import Any

FRAMES = 60
# The pattern's eight bars as BGR, each an eighth of the width.
BARS = {
    "white": (255, 255, 255), "yellow": (0, 255, 255), "cyan": (255, 255, 0), "green": (0, 255, 0),
    "magenta": (255, 0, 255), "red": (0, 0, 255), "blue": (255, 0, 0), "black": (0, 0, 0),
}  # fmt: skip
TOLERANCE = 24  # a bar is drawn as RGB and comes as NV12: the way there and back rounds


def stub_pykms() -> None:
    """Picamera2 imports its DRM preview, and with it pykms, which Debian does not have."""

    class Names(type):
        def __getattr__(cls, name: str) -> str:
            return name

    class PixelFormat(metaclass=Names):
        pass

    stub = ModuleType("pykms")
    stub.PixelFormat = PixelFormat  # type: ignore[attr-defined]  # a module made here
    sys.modules["pykms"] = stub


def patch_picamera2() -> Any:
    """The virtual camera has no raw stream, and its buffers come from libcamera itself."""
    from picamera2 import Picamera2
    from picamera2.allocators import LibcameraAllocator

    Picamera2._get_raw_modes = lambda self: [{"format": "NV12", "size": (640, 480)}]
    configure = Picamera2.configure

    def configure_with_own_buffers(self: Any, *arguments: Any, **named: Any) -> Any:
        self.allocator = LibcameraAllocator(self.camera)
        return configure(self, *arguments, **named)

    Picamera2.configure = configure_with_own_buffers
    return Picamera2


def shares_of_bars(image: Any) -> dict[str, float]:
    """Which part of the middle row has each bar's colour; the pattern moves, so not where."""
    row = image[image.shape[0] // 2].astype(int)
    return {
        name: float((abs(row - colour).max(axis=1) <= TOLERANCE).mean())
        for name, colour in BARS.items()
    }


def main() -> int:
    stub_pykms()
    picamera2 = patch_picamera2()
    print(f"Picamera2 {version('picamera2')}: {picamera2.global_camera_info()}")

    from edge.settings.sections import CameraSettings
    from edge.sources.video import list_cameras, open_source

    print(f"list_cameras: {list_cameras()}")
    settings = CameraSettings(pixel_format="NV12", width=640, height=480)
    with open_source("picamera", settings=settings) as source:
        frames = list(islice(source, FRAMES))
    first, last = frames[0], frames[-1]
    print(
        f"{len(frames)} frames of {first.image.shape} {first.image.dtype} "
        f"in {last.timestamp_s:.2f} s; ended: {source.ended}"
    )
    wrong = [] if len(frames) == FRAMES else ["frames"]
    for name, share in shares_of_bars(last.image).items():
        print(f"  {name:8} covers {share:.1%} of the width")
        if abs(share - 1 / len(BARS)) > 0.02:
            wrong.append(name)
    print("picamera2 rig: " + ("passed" if not wrong else f"FAILED: {', '.join(wrong)}"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
