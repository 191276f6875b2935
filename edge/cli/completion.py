"""What a shell offers after Tab where only this device knows."""

from __future__ import annotations

from collections.abc import Callable


def models(modality: str | None = None) -> Callable[[str], list[str]]:
    """The shipped networks' names, of one modality or of all; files a shell finds by itself."""

    def named(incomplete: str) -> list[str]:
        from edge.models import shipped

        found = [card.name for card in shipped() if modality in (None, card.modality)]
        return [name for name in found if name.startswith(incomplete)]

    return named
