"""The command by which a package comes into the environment that runs this."""

from __future__ import annotations

import os
import sys
from pathlib import Path

OPENCV = "opencv-python-headless>=4.10,<4.13"


def pip_install(package: str, options: str = "") -> str:
    """As a person types it: with this environment's own pip, unless the shell is in it already."""
    pip = "pip"
    if sys.prefix not in (sys.base_prefix, os.environ.get("VIRTUAL_ENV")):
        pip = str(Path(sys.prefix) / "bin" / "pip")
    return f"{pip} install {options}'{package}'"
