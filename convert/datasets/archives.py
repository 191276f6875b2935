"""Arrays of a .npz, each one's size known from its header before its data is read."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.lib.format
from numpy.typing import NDArray

npy: Any = numpy.lib.format  # NumPy 2.2, the newest beside OpenCV 4.12, has no types there

MOST_BYTES = 4 << 30
"""All arrays of one archive together; FER2013 takes 80 MB."""


def read_arrays(path: Path, most_bytes: int = MOST_BYTES) -> dict[str, NDArray[Any]]:
    """Every array of the archive by name.

    Raises OSError, zipfile.BadZipFile, and ValueError for what is no array or above `most_bytes`.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        claimed = sum(member.file_size for member in members)
        if claimed <= most_bytes:
            claimed = sum(_claimed_bytes(archive, member) for member in members)
    if claimed > most_bytes:
        raise ValueError(f"its arrays claim {claimed:,} bytes, {most_bytes:,} is the most")
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _claimed_bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    with archive.open(member) as stream:
        version = npy.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"{member.filename} is of .npy version {version}")
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(stream)
    return int(math.prod(shape) * dtype.itemsize)
