"""A name that is no UTF-8 is a sentence, where OpenCV would crash the process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BAD = os.fsdecode(b"a\xff")
_RUN = "import sys; from edge.cli.main import main; sys.exit(main())"


def edge(*arguments: str, home: Path) -> tuple[int, str]:
    command = [sys.executable, "-c", _RUN, *arguments]
    done = subprocess.run(command, cwd=home, capture_output=True, timeout=100, check=False)
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize(
    "options",
    [
        ["--camera", f"{BAD}.avi", "--log", "none"],
        ["--camera", "synthetic", "--frames", "2", "--log", f"{BAD}.sqlite"],
        ["--camera", "synthetic", "--frames", "2", "--log", "none", "--model", f"{BAD}.tflite"],
        ["--camera", "synthetic", "--frames", "2", "--log", "l.sqlite", "--annotate", f"{BAD}.mp4"],
        ["--camera", "synthetic", "--frames", "2", "--log", "l.sqlite", "--annotate", f"{BAD}/"],
    ],
)
def test_a_path_that_is_no_utf_8_works_or_is_a_sentence(options: list[str], tmp_path: Path) -> None:
    (tmp_path / f"{BAD}.avi").write_bytes(b"RIFF\0\0\0\0AVI LIST" + bytes(500))
    code, said = edge("run", *options, home=tmp_path)
    assert code in (0, 1, 2, 3), said
    assert "unexpected" not in said
