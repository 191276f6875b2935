"""Which cameras are here, by name."""

from __future__ import annotations

import fcntl
import importlib.util
import struct
from pathlib import Path

from edge.errors import EdgeError, MissingDeviceError, MissingPackageError
from edge.settings.sections import CameraSettings
from edge.sources.video.camera import CameraSource
from edge.sources.video.images import natural_key
from edge.sources.video.picamera import import_picamera2
from edge.sources.video.spec import Spec

SYSFS = Path("/sys/class/video4linux")
DEV = Path("/dev")

# From linux/videodev2.h: struct v4l2_capability is 104 bytes, device_caps at 88.
_VIDIOC_QUERYCAP = 0x80685600
_CAPABILITY_SIZE_BYTES = 104
_DEVICE_CAPS_OFFSET = 88
_CAN_CAPTURE = 0x00000001 | 0x00001000  # single- and multi-planar

# Nodes of the Pi's own camera path and codecs: libcamera drives them, a frame never comes by V4L2.
_LIBCAMERAS_OWN = ("bcm2835-", "pispbe", "rp1-cfe", "rpi", "unicam")


def list_cameras() -> list[tuple[str, str]]:
    """Every camera, as (the `--camera` argument that opens it, its name); Pi cameras first."""
    return [("picamera", name) for name in pi_cameras()[:1]] + v4l2_cameras()


def v4l2_cameras() -> list[tuple[str, str]]:
    """The nodes that capture, as (/dev/videoN, name), in order of their number."""
    found = []
    for entry in sorted(SYSFS.glob("video*"), key=lambda entry: natural_key(entry.name)):
        try:
            name = (entry / "name").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:  # unplugged between the listing and this line
            continue
        node = DEV / entry.name
        if not name.startswith(_LIBCAMERAS_OWN) and captures(node):
            found.append((str(node), name))
    return found


def captures(node: Path) -> bool:
    """Whether the node delivers pictures; a camera has others, for its metadata say.

    True too where this user may not open it: it is better named than hidden.
    """
    answer = bytearray(_CAPABILITY_SIZE_BYTES)
    try:
        with node.open("rb", buffering=0) as device:
            fcntl.ioctl(device, _VIDIOC_QUERYCAP, answer)
    except PermissionError:
        return True
    except OSError:
        return False
    (capabilities,) = struct.unpack_from("=I", answer, _DEVICE_CAPS_OFFSET)
    return bool(capabilities & _CAN_CAPTURE)


def pi_cameras() -> list[str]:
    """The models picamera2 sees on the camera connectors; none where it is not installed."""
    if importlib.util.find_spec("picamera2") is None:
        return []
    try:
        cameras = import_picamera2().global_camera_info()
    except (MissingPackageError, RuntimeError, OSError):
        return []
    # libcamera lists USB cameras too, but cannot give their pictures in our formats: V4L2 can.
    return [str(camera.get("Model", "")) for camera in cameras if "/usb" not in camera["Id"]]


def first_camera(settings: CameraSettings) -> Spec:
    """What `auto` means here: a Pi camera, else the first V4L2 one that opens.

    Raises MissingDeviceError, saying what to try.
    """
    if pi_cameras():
        return Spec("picamera")
    reasons = []
    for node, name in v4l2_cameras():
        try:
            with CameraSource(node, settings):
                return Spec("camera", node)
        except EdgeError as error:
            reasons.append(f"{name}: {error}")
    found = f" ({'; '.join(reasons)})" if reasons else ""
    raise MissingDeviceError(
        f"no camera was found{found}: plug one in and look with `edge devices`, "
        "or give a file or a stream with --camera FILE"
    )
