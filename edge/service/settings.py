"""The settings as the service takes them: its file, with its environment on top."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from edge.errors import UsageError
from edge.service.files import Layout
from edge.settings.loading import load
from edge.settings.sections import Settings, StatusSettings


def service_settings(layout: Layout) -> Settings:
    """Raises MissingDataError, UsageError as `load` does; also where only root may read them."""
    return load(layout.settings, dict(_assignments(layout.environment)))


def page_address(settings: StatusSettings) -> str:
    """Where a browser on the device finds the page; "" where it is off, or on any free port."""
    if not settings.enabled or not settings.port:
        return ""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}/" if ":" in host else f"http://{host}:{settings.port}/"


def _assignments(path: Path) -> Iterator[tuple[str, str]]:
    """What systemd takes of an environment file; a line that it would leave out is left out."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except PermissionError as error:
        raise UsageError(f"no permission to read {path}: it holds secrets, use sudo") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if not equals or name.startswith(("#", ";")):
            continue
        try:
            yield name.strip(), "".join(shlex.split(value)[:1]) if value[:1] in "'\"" else value
        except ValueError:  # a quote that is not closed
            continue
