"""SHA-256 by the interpreter's own code: `hashlib` maps OpenSSL, 4 MB that nothing else needs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from mmap import mmap
from typing import Any

_MODULES = ("_sha2", "_sha256", "hashlib")
"""Of Python 3.12 and later, of 3.11, and of one that was built without either."""


def sha256(content: bytes | mmap) -> str:
    """The digest in hexadecimal, 64 characters."""
    digest: str = _implementation()(content).hexdigest()
    return digest


def _implementation() -> Callable[[bytes | mmap], Any]:
    for name in _MODULES:
        with suppress(ImportError):
            found: Callable[[bytes | mmap], Any] = import_module(name).sha256
            return found
    raise ImportError("this Python has no SHA-256")
