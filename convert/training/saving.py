"""Networks and arrays as files that say who wrote them, whole or not at all."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from edge.system.outputs import MADE_BY, written_whole

if TYPE_CHECKING:
    import keras


def save_network(model: keras.Model, path: Path) -> None:
    """As .keras, whatever the name of `path`. Raises OSError, UsageError (see `reading`)."""
    with written_whole(path, ending=".keras") as beside:
        model.save(beside)
        sign(beside)


def sign(archive: Path) -> None:
    """Put into a .keras or .npz, which are zip files, that this toolkit made it."""
    with zipfile.ZipFile(archive, "a") as opened:
        opened.comment = MADE_BY.encode()
