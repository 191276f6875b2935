"""What this device has and lacks, each lack with the command that fixes it."""

from __future__ import annotations

import os
import platform
import shutil
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata, util
from pathlib import Path

from edge.errors import EdgeError
from edge.health import board

MINIMUM_FREE_BYTES = 100 * 2**20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `fix` is a command or a sentence, empty where all is well.

    `blocks`: without it `edge run` cannot work at all. `wanted`: the service's settings ask for it.
    """

    part: str
    state: str
    fix: str = ""
    blocks: bool = False
    wanted: bool = False

    def as_line(self) -> str:
        mark = "ok     " if not self.fix else "MISSING" if self.blocks else "lacking"
        fix = f"\n            fix: {self.fix}" if self.fix else ""
        return f"{mark}  {self.part}: {self.state}{fix}"

    def as_dict(self) -> dict[str, object]:
        return {"ok": not self.fix, **asdict(self)}


def examine() -> list[Finding]:
    """All findings; a check that itself fails becomes a finding."""
    findings: list[Finding] = []
    for check in (
        _installation,
        _machine,
        _opencv,
        _interpreter,
        _models,
        _cameras,
        _picamera2,
        _microphones,
        _log,
        _service,
    ):
        findings.extend(_guarded(check))
    return findings


def _guarded(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(check())
    except EdgeError as error:
        return [Finding(check.__name__.strip("_"), "cannot be used", str(error), blocks=True)]
    except ImportError as error:
        fix = "pip install --force-reinstall emotion-edge"
        return [Finding(check.__name__.strip("_"), f"does not load: {error}", fix, blocks=True)]


def _machine() -> Iterator[Finding]:
    name = board.model() or platform.machine()
    bits = struct.calcsize("P") * 8
    yield Finding(
        "machine",
        f"{name}, {platform.system()} {bits}-bit, Python {platform.python_version()}",
        "" if bits == 64 else "install the 64-bit Raspberry Pi OS: LiteRT has no 32-bit wheels",
        blocks=bits != 64,
    )


def _opencv() -> Iterator[Finding]:
    import cv2

    cascades = Path(getattr(getattr(cv2, "data", None), "haarcascades", "/nonexistent"))
    present = (cascades / "haarcascade_frontalface_default.xml").exists()
    yield Finding(
        "opencv",
        f"{cv2.__version__}{'' if present else ', without its face cascades'}",
        "" if present else "pip install 'opencv-python-headless>=4.10,<5'",
        blocks=not present,
    )


def _interpreter() -> Iterator[Finding]:
    names = {"ai_edge_litert": "ai-edge-litert", "tflite_runtime": "tflite-runtime"}
    versions = [
        f"{package} {metadata.version(package)}"
        for module, package in names.items()
        if util.find_spec(module) is not None
    ]
    yield Finding(
        "interpreter",
        ", ".join(versions) or "none",
        "" if versions else "pip install ai-edge-litert",
        blocks=not versions,
    )


def _models() -> Iterator[Finding]:
    from edge.models import find, shipped

    for card in shipped():
        find(card.name)
        yield Finding(f"model {card.name}", f"{card.size_bytes / 2**20:.1f} MB, hash verified")


def _cameras() -> Iterator[Finding]:
    from edge.sources.video import list_cameras

    found = list_cameras()
    yield Finding(
        "cameras",
        ", ".join(f"{name} (--camera {spec})" for spec, name in found) or "none found",
        "" if found else "plug in a USB camera, or give a file or a stream to `edge run --camera`",
    )


def _picamera2() -> Iterator[Finding]:
    if not board.model():
        return
    from edge.sources.video.picamera import import_picamera2

    try:
        import_picamera2()
    except EdgeError as error:
        state, _, fix = str(error).rpartition(": ")
        yield Finding("picamera2", state, fix)
        return
    yield Finding("picamera2", "present")


def _microphones() -> Iterator[Finding]:
    from edge.sources.audio import list_microphones

    try:
        found = list_microphones()
    except EdgeError as error:  # a device that only sees lacks nothing
        state, _, fix = str(error).partition(": ")
        yield Finding("microphones", state, fix or state)
        return
    yield Finding(
        "microphones",
        ", ".join(f"{spec} ({what})" for spec, what in found) or "none found",
        "" if found else "plug in a USB microphone, or give a file to `edge run --mic`",
    )


def _log() -> Iterator[Finding]:
    from edge.log.paths import default_log_path

    folder = default_log_path().parent
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if not os.access(existing, os.W_OK):
        yield Finding("log", f"{folder} cannot be written", "give a path to `edge run --log`", True)
    elif free < MINIMUM_FREE_BYTES:
        fix = "free some space, or `edge log purge`"
        yield Finding("log", f"{free / 2**20:.0f} MB free at {existing}", fix)
    else:
        yield Finding("log", f"{folder}, {free / 2**30:.1f} GB free")


def _installation() -> Iterator[Finding]:
    from edge.service.installation import find

    yield Finding("installation", f"{find()}, in {sys.prefix}")


def _service() -> Iterator[Finding]:
    """The service's settings and log, where there is a service."""
    from edge.service.files import Layout
    from edge.settings.loading import load

    layout = Layout()
    if not layout.settings.exists():
        return
    try:
        settings = load(layout.settings, {})
    except EdgeError as error:
        fix = f"edit {layout.settings}, then sudo systemctl restart edge"
        yield Finding("service", str(error), fix, wanted=True)
        return
    yield Finding("service", f"settings {layout.settings} are right")
    log = Path(settings.log.path or layout.state / "log.sqlite")
    if settings.log.path == "none":
        yield Finding("service's log", "none is kept, as the settings say")
    elif os.access(log, os.R_OK):
        yield Finding("service's log", str(log))
    else:
        fix = "sudo usermod -aG edge $USER, and log in again; there is none before the first run"
        yield Finding("service's log", f"{log} cannot be read", fix)
