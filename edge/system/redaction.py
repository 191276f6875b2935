"""What may go out: passwords and tokens leave every line before it is shown, logged or sent.

Two things are known of a secret. Where it stands: before the @ of an address, behind `password=`.
And, once settings or a command line were read, its text: `protect` remembers that, so that it is
found wherever else it turns up. `redact` hides both; what goes out passes it: the sentences of the
command line, log records and tracebacks (`guard_streams`), and the health report, from which the
status page, `edge status`, systemd and MQTT take theirs.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from edge.system.printable import one_line, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "***"
HINT = "percent-encode special characters in user and password (@ is %40, / is %2F, # is %23)"

_SHORTEST = 4
"""A shorter text is part of too many words to be hidden wherever it stands."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/{1,3}")
_USER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:/{1,3})\S*@|(?<![\w.+-])[\w.+%-]+:[^\s:]\S*@")
_NAME = (
    r"[\w.-]*(?:passw|pwd|passphrase|token|secret|credential)[\w.-]*"
    r"|(?<!\w)(?:login)?(?:pas|pass|use|user|username|usr)|(?<!\w)(?:login|account|auth|key|api_?key)"
    r"|(?<!\w)(?:sig|signature|sid|session(?:_?id)?)|(?<=[?&/;])[up]"
)
_PARAMETER = re.compile(rf"((?:{_NAME})(?:=|%3D))[^\s&'\"<>]+", re.IGNORECASE)
_HOST = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.%\w]+\])(?::[0-9]{1,5})?")
_TOKEN = re.compile(
    r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])(?:[A-Za-z0-9]{12,}|[A-Za-z0-9_~+.-]{24,})"
)
_known: dict[str, str] = {}
"""Text → what is shown in its place."""


def redact(text: str) -> str:
    """`text` without what is known to be secret, and without what stands where secrets stand."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, _known[secret])
    text = _USER.sub(lambda found: f"{found[1] or ''}{HIDDEN}@", text)
    return _PARAMETER.sub(rf"\g<1>{HIDDEN}", text)


def shown(address: str) -> str:
    """An address as it may be shown: scheme, host, port and the path's plain parts.

    What is no address (a device, a file) is shown as it is.
    """
    if not _is_address(address):
        return address
    scheme, rest = _split(address)
    rest = rest.rpartition("@")[2]
    place, query = re.match(r"([^?#]*)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    host, slash, path = place.partition("/")
    plain = host if _HOST.fullmatch(host) else HIDDEN
    parts = [HIDDEN if "=" in part or _TOKEN.fullmatch(part) else part for part in path.split("/")]
    return f"{scheme}{plain}{slash}{'/'.join(parts)}{'?' + HIDDEN if query else ''}"


def protect(secret: str, instead: str = HIDDEN) -> None:
    """Hide `secret` from now on, wherever it turns up, percent-encoded or not."""
    for spelling in {secret, unquote(secret), quote(secret, safe=""), repr(secret)[1:-1]}:
        if len(spelling) >= _SHORTEST and spelling != instead:
            _known[spelling] = instead


def protect_address(address: str) -> None:
    """Hide an address's user, password, query and tokens; of what is no address, nothing."""
    if not _is_address(address):
        return
    protect(address, shown(address))
    _, rest = _split(address)
    user, _, place = rest.rpartition("@")
    path, _, query = place.partition("?")
    secrets = [user, user.partition(":")[2], query]
    secrets += [part for part in path.split("/")[1:] if "=" in part or _TOKEN.fullmatch(part)]
    for secret in secrets:
        protect(secret)


def protect_all(addresses: Iterable[str]) -> None:
    """`protect_address` for each, say the arguments of a command line."""
    for address in addresses:
        protect_address(address)


def _is_address(text: str) -> bool:
    return bool(_SCHEME.match(text) or _USER.search(text) or _PARAMETER.search(text))


def _split(address: str) -> tuple[str, str]:
    """The scheme with its slashes, "" without one, and what follows it."""
    found = _SCHEME.match(address)
    return (found[0], address[found.end() :]) if found else ("", address)


class RedactingFormatter(logging.Formatter):
    """A log record as a line, and its traceback as some, without secrets."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        return one_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        return printable(redact(super().format(record)))


def guard_streams() -> None:
    """From now on this process's warnings and the tracebacks of its threads are redacted."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(RedactingFormatter())
    sys.excepthook = _print_error
    threading.excepthook = lambda broken: _print_error(
        broken.exc_type, broken.exc_value, broken.exc_traceback
    )
    sys.unraisablehook = lambda broken: _print_error(
        broken.exc_type, broken.exc_value, broken.exc_traceback
    )


def _print_error(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if not issubclass(kind, SystemExit) and sys.stderr is not None:
        sys.stderr.write(redact("".join(traceback.format_exception(kind, error, trace))))
