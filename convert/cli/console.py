"""What edge-convert's commands share: figures out, progress, and Keras when it is needed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edge.errors import MissingPackageError
from edge.system.native_output import suppress_native_stderr
from edge.system.pip import pip_install

if TYPE_CHECKING:
    from collections.abc import Callable


def print_figures(figures: dict[str, Any], lines: Iterable[str], as_json: bool) -> None:
    print(json.dumps(figures, indent=2) if as_json else "\n".join(lines))


def training_stack() -> None:
    """Import Keras and its backend without their chatter. Raises MissingPackageError."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow leaves oneDNN off on CPUs without AVX-512, where it trains 1.5 times as fast too.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    try:
        with suppress_native_stderr():  # TensorFlow greets there whatever its log level is
            import keras  # noqa: F401  # so that it is there, or said to be missing, before use
    except ImportError as error:
        raise MissingPackageError(
            f"the training stack is not installed ({error}): {pip_install('emotion-edge[convert]')}"
        ) from error


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error; what it yields is told the total once and each lot done."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def step(done: int, total: int) -> None:
            bar.update(task, advance=done, total=total)

        yield step
