"""Pictures of a training run and of a network's mistakes; drawn without a display."""

from __future__ import annotations

from math import ceil, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import MissingPackageError
from edge.system.outputs import MADE_BY, written_whole
from edge.system.pip import pip_install

_SIZE_INCH, DPI = (8.0, 3.6), 120
_TILE_INCH, _TILE_PX, _MARGIN_PX = 0.9, 96, 4


def save(figure: Any, path: Path, *, own: bool = False) -> None:
    """As a PNG that says who drew it. Raises OSError, UsageError (see `outputs.reading`).

    own: `path` is in a folder of the writer's own
    """
    with written_whole(path, own=own) as beside:
        figure.savefig(beside, dpi=DPI, format="png", metadata={"Software": MADE_BY})


def history(records: list[dict[str, float]], path: Path) -> None:
    """Loss and accuracy of both sets over the epochs, as a PNG in a run's folder.

    Raises MissingPackageError.
    """
    figure, axes = canvas(columns=2)
    epochs = [record["epoch"] for record in records]
    for axis, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        for key, name in ((quantity, "training"), (f"val_{quantity}", "validation")):
            axis.plot(epochs, [record[key] for record in records], label=name, marker=".")
        axis.set_xlabel("epoch")
        axis.set_ylabel(quantity)
        axis.grid(alpha=0.3)
        axis.legend()
    save(figure, path, own=True)


def confusion(
    counts: NDArray[np.int64],
    labels: tuple[str, ...],
    title: str,
    path: Path,
    *,
    own: bool = False,
) -> None:
    """The confusion matrix as a PNG: rows true, columns predicted, shares of the row in per cent.

    `counts`: int (n_classes, n_classes). Raises MissingPackageError.
    """
    figure, axes = canvas(columns=1, size_inch=(5.6, 5.0))
    percent = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis = axes[0]
    axis.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    for (row, column), share in np.ndenumerate(percent):
        colour = "white" if share > 55 else "black"
        axis.text(column, row, f"{share:.0f}", ha="center", va="center", color=colour)
    axis.set_xticks(range(len(labels)), labels, rotation=45, ha="right")
    axis.set_yticks(range(len(labels)), labels)
    axis.set_xlabel("predicted")
    axis.set_ylabel("true")
    axis.set_title(title)
    save(figure, path, own=own)


def feature_maps(
    face: NDArray[np.uint8], maps: NDArray[np.float32], title: str, path: Path
) -> None:
    """The face and after it every map, each from its least (black) to its most, as a PNG.

    face: uint8 (48, 48); maps: float32 (height, width, channels). Raises MissingPackageError.
    """
    tiles = [_tile(image) for image in (face.astype(np.float32), *np.moveaxis(maps, -1, 0))]
    columns = ceil(sqrt(len(tiles) * 1.5))
    tiles += [np.full_like(tiles[0], np.nan)] * (-len(tiles) % columns)
    rows = len(tiles) // columns
    figure, axes = canvas(columns=1, size_inch=(columns * _TILE_INCH, rows * _TILE_INCH + 0.4))
    whole = np.stack(tiles).reshape(rows, columns, *tiles[0].shape).swapaxes(1, 2)
    axes[0].imshow(whole.reshape(rows * tiles[0].shape[0], -1), cmap="gray")
    axes[0].set_axis_off()
    axes[0].set_title(title)
    save(figure, path)


def _tile(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scaled to [0, 1], brought to 96x96 without smoothing, and a margin that stays white."""
    low, high = float(image.min()), float(image.max())
    even = (image - low) / (high - low) if high > low else np.zeros_like(image)
    height, width = even.shape
    places = [np.arange(_TILE_PX) * size // _TILE_PX for size in (height, width)]
    return np.pad(even[np.ix_(*places)], _MARGIN_PX, constant_values=np.nan)


def logarithmic_x(axes: Any) -> None:
    """A logarithmic axis whose ticks are plain numbers: 0.5, 1, 2, 5."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def canvas(columns: int, size_inch: tuple[float, float] = _SIZE_INCH) -> tuple[Any, list[Any]]:
    """A figure and its axes, side by side. Raises MissingPackageError."""
    try:
        # Not pyplot: that would look for a display and keep every figure.
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingPackageError(
            f"matplotlib is not installed: {pip_install('emotion-edge[convert]')}"
        ) from error
    figure = Figure(figsize=size_inch, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, [figure.add_subplot(1, columns, i + 1) for i in range(columns)]
