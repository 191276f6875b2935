"""What this device has and lacks, each lack with the command that fixes it."""

from __future__ import annotations

import os
import platform
import struct
import sys
from collections.abc import Iterator
from importlib import metadata, util
from pathlib import Path

from edge.cli.findings import Finding, found_by, with_room
from edge.cli.units import size
from edge.errors import EdgeError
from edge.health import board
from edge.system.pip import OPENCV, pip_install


def examine(config: Path | None = None) -> list[Finding]:
    """All findings; a check that itself fails becomes a finding.

    config: settings to hold the device against; by default the service's, where there is one
    """
    from edge.cli.doctor_settings import of_service, of_settings

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
    ):
        findings.extend(found_by(check))
    return findings + (of_service() if config is None else of_settings(config))


def _installation() -> Iterator[Finding]:
    from edge.service.installation import find

    installation = find()
    yield Finding(
        "installation", f"{installation}, in {sys.prefix}; upgrade: {installation.upgrade}"
    )


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
        "" if present else pip_install(OPENCV),
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
        yield Finding(f"model {card.name}", f"{size(card.size_bytes)}, hash verified")


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
    if os.access(existing, os.W_OK):
        yield with_room("log", folder, existing)
    else:
        fix = "give a path to `edge run --log`"
        yield Finding("log", f"{folder} cannot be written", fix, wanted=True)
