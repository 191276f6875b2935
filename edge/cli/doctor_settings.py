"""What settings ask for and this device lacks: the service's, or those of a file."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cli.findings import Finding, with_room
from edge.errors import EdgeError, MissingDeviceError
from edge.system.pip import pip_install

if TYPE_CHECKING:
    from edge.service.files import Layout
    from edge.settings.sections import Settings

_WELL = ("running", "starting")
_LIVE_PARTS = {"camera": "camera.source", "microphone": "mic.source"}


def of_settings(config: Path) -> list[Finding]:
    """What a run with these settings would lack. Raises MissingDataError, UsageError."""
    from edge.settings.loading import load

    settings = load(config)
    return [
        Finding("settings", f"{config} is right"),
        *_wanted("camera", partial(_camera, settings)),
        *_wanted("microphone", partial(_microphone, settings)),
        *_wanted("models", partial(_models, settings)),
        *_wanted("mqtt", partial(_mqtt, settings)),
    ]


def of_service(layout: Layout | None = None) -> list[Finding]:
    """The service's settings, parts, log and page; nothing where there is no service."""
    from edge.cli.service import unit_state
    from edge.service.files import Layout
    from edge.service.settings import service_settings

    layout = layout or Layout()
    unit = unit_state()
    if not layout.settings.exists() and not unit:
        return []
    if not _readable(layout.settings) or not _readable(layout.environment):
        fix = "sudo edge doctor"
        return [_unit(unit), Finding("service's settings", "only root may read them", fix)]
    try:
        settings = service_settings(layout)
    except EdgeError as error:
        fix = f"edit {layout.settings}, then sudo systemctl restart edge"
        return [_unit(unit), Finding("service's settings", str(error), fix, wanted=True)]
    findings = [_unit(unit), Finding("service's settings", f"{layout.settings} is right")]
    parts = _reported_parts() if unit.get("ActiveState") == "active" else {}
    for name, check in (("camera", _camera), ("microphone", _microphone)):
        if name in parts:  # the run knows best, and has the device open
            findings.append(_of_run(parts.pop(name)))
        else:
            findings += _wanted(f"service's {name}", partial(check, settings))
    findings += [_of_run(part) for part in parts.values()]
    findings += _wanted("service's models", partial(_models, settings))
    findings += _wanted("service's mqtt", partial(_mqtt, settings))
    findings += _wanted("service's log", partial(_log, settings, layout))
    findings += _wanted("service's page", partial(_page, settings, running=bool(unit)))
    return findings


def _wanted(part: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """The check's findings; what it raises is a lack of what the settings ask for."""
    try:
        return list(check())
    except (EdgeError, ImportError) as error:
        state, _, fix = " ".join(str(error).split()).partition(": ")
        return [Finding(part, state, fix or "change the settings", wanted=True)]


def _readable(path: Path) -> bool:
    return os.access(path, os.R_OK) or not path.exists()


def _unit(unit: dict[str, str]) -> Finding:
    if not unit:
        fix = "sudo edge service install"
        return Finding("service", "not installed; its settings are there", fix)
    state = f"{unit['ActiveState']} ({unit['SubState']}), {unit['NRestarts']} restarts"
    if unit["ActiveState"] == "active":
        return Finding("service", state)
    return Finding("service", state, "journalctl -u edge; sudo systemctl restart edge", wanted=True)


def _reported_parts() -> dict[str, dict[str, Any]]:
    """What the running service says of each of its parts; {} where it says nothing."""
    from edge.health.file import SYSTEM, read

    try:
        return {part["name"]: part for part in read(SYSTEM)["parts"]}
    except EdgeError:
        return {}


def _of_run(part: dict[str, Any]) -> Finding:
    name, state = f"service's {part['name']}", part["state"]
    if state in _WELL:
        return Finding(name, state)
    why, _, fix = part["last_error"].partition(": ")
    setting = _LIVE_PARTS.get(part["name"], "the settings")
    fix = fix or f"journalctl -u edge, or change {setting}"
    return Finding(name, f"{state}: {why}" if why else state, fix, wanted=True)


def _camera(settings: Settings) -> Iterator[Finding]:
    from edge.sources.video import open_source
    from edge.sources.video.spec import parse

    address, shown = settings.camera.source.get_secret_value(), str(settings.camera.source)
    if address == "none":
        return
    spec = parse(address)
    if spec.kind == "camera" and not Path(spec.target).exists():
        raise MissingDeviceError(f"there is no camera {spec.target}: see `edge devices`")
    open_source(address, settings=settings.camera)  # found; it is opened by `with` alone
    untried = " (not tried: the network)" if spec.kind == "stream" else ""
    yield Finding("the settings' camera", f"{shown}{untried}")


def _microphone(settings: Settings) -> Iterator[Finding]:
    from edge.sources.audio import list_microphones, open_sound
    from edge.sources.audio.portaudio import choose, found

    source = open_sound(settings.mic.source, settings.mic)
    if source is None:
        return
    if source.live and settings.mic.source != "synthetic":
        list_microphones()  # says what is not installed
        choose(settings.mic.source, found())
    yield Finding("the settings' microphone", settings.mic.source)


def _models(settings: Settings) -> Iterator[Finding]:
    from edge.models import locate

    asked = []
    if settings.camera.source.get_secret_value() != "none":
        asked.append(settings.model.name)
    if settings.mic.source != "none":
        asked += [settings.model.speech, *({settings.model.fusion} - {"none"})]
    for name in asked:
        path = locate(name)
        if not path.is_file():
            fix = "see `edge models list`, or give a .tflite's path"
            yield Finding("the settings' model", f"there is no {name}", fix, wanted=True)
        else:
            yield Finding("the settings' model", name)


def _mqtt(settings: Settings) -> Iterator[Finding]:
    if settings.mqtt.host and util.find_spec("paho") is None:
        fix = pip_install("emotion-edge[mqtt]")
        yield Finding("mqtt", "paho-mqtt is not installed", fix, wanted=True)


def _log(settings: Settings, layout: Layout) -> Iterator[Finding]:
    part, path = "service's log", Path(settings.log.path or layout.state / "log.sqlite")
    if settings.log.path == "none":
        yield Finding(part, "none is kept, as the settings say")
        return
    folder = path.parent
    if not folder.is_dir():
        fix = f"sudo systemd-tmpfiles --create, or clear log.path in {layout.settings}"
        yield Finding(part, f"there is no folder {folder}", fix, wanted=True)
    elif not folder.resolve().is_relative_to(layout.state.resolve()):
        fix = f"clear log.path in {layout.settings}, or `sudo systemctl edit edge`: ReadWritePaths="
        yield Finding(part, f"{folder} is read-only to the service", fix, wanted=True)
    elif not _owned_and_writable(folder):
        fix = f"sudo chown -R edge:edge {layout.state}; sudo chmod u+rwx {folder}"
        yield Finding(part, f"{folder} is not the service's to write", fix, wanted=True)
    else:
        yield with_room(part, path, folder)


def _owned_and_writable(folder: Path) -> bool:
    """Whether the user edge may write there; without such a user, whether this one may."""
    import pwd

    try:
        edge = pwd.getpwnam("edge").pw_uid
    except KeyError:
        return os.access(folder, os.W_OK)
    found = folder.stat()
    return found.st_uid == edge and bool(found.st_mode & stat.S_IWUSR)


def _page(settings: Settings, *, running: bool) -> Iterator[Finding]:
    from urllib.error import HTTPError, URLError
    from urllib.request import ProxyHandler, build_opener

    from edge.service.settings import page_address

    address = page_address(settings.status)
    if not address or not running:
        return
    try:
        with build_opener(ProxyHandler({})).open(address, timeout=3):
            pass
    except HTTPError:  # it asks for its token: it answers
        pass
    except (URLError, OSError) as error:
        fix = "journalctl -u edge: is its port taken?"
        reason = getattr(error, "reason", error)
        yield Finding("service's page", f"{address} does not answer ({reason})", fix, wanted=True)
        return
    yield Finding("service's page", address)
