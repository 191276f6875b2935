"""Settings that are not shown, or not whole."""

from __future__ import annotations

from edge.system.redaction import HIDDEN, shown


class SecretText:
    """A text that is not shown when it is printed."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def get_secret_value(self) -> str:
        return self._text

    def __str__(self) -> str:
        return HIDDEN if self._text else ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class SourceAddress(SecretText):
    """A camera's name or URL. Printed, it is without user, password, query and tokens."""

    __slots__ = ()

    def __str__(self) -> str:
        return shown(self._text)
