"""Figures as lines for a person; --json prints the same figures as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from convert.datasets.face_set import Duplicates, FaceSet

if TYPE_CHECKING:
    from convert.conversion.inspect import Inspection
    from convert.evaluation.compare import Comparison
    from convert.evaluation.layer_noise import LayerNoise


def comparison_lines(comparisons: list[Comparison]) -> Iterator[str]:
    yield "noise  accuracy          macro F1          agree    worst class (recall lost)"
    yield "       float32  int8     float32  int8"
    for found in comparisons:
        name, lost = found.worst_class
        yield (
            f"{found.noise:<6g} {found.float32.accuracy:.4f}   {found.int8.accuracy:.4f}   "
            f"{found.float32.macro_f1:.4f}   {found.int8.macro_f1:.4f}   "
            f"{found.agreement:.4f}   {name} ({lost:+.3f})"
        )


def clip_lines(found: Comparison) -> Iterator[str]:
    clips = int(found.int8.confusion.sum())
    yield (
        f"{clips} true takes: accuracy {found.float32.accuracy:.4f} {found.int8.accuracy:.4f}, "
        f"UAR {found.float32.uar:.4f} {found.int8.uar:.4f} (float32, int8), "
        f"agree {found.agreement:.4f}"
    )


def layer_lines(layers: list[LayerNoise]) -> Iterator[str]:
    yield "signal to noise of the layers, the worst first:"
    for layer in layers:
        yield f"  {layer.snr_db:6.1f} dB  {layer.layer}"


def inspection_lines(found: Inspection) -> Iterator[str]:
    yield f"size        {found.size_bytes:,} bytes, {found.weight_bytes:,} of them weights"
    yield f"MACs        {found.macs:,}"
    for what, ends in (("input", found.inputs), ("output", found.outputs)):
        for end in ends:
            yield (
                f"{what:<11} {end.dtype} {end.shape}, scale {end.scale:g}, "
                f"zero point {end.zero_point}"
            )
    yield f"tensors     {_counted(found.tensors)}"
    yield f"operators   {_counted(found.operators)}"
    if found.metadata is None:
        yield "metadata    none"
    for key, value in (found.metadata or {}).items():
        yield f"{key:<14}{', '.join(value) if isinstance(value, list) else value}"


def _counted(counts: dict[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{n} {kind}" for kind, n in ordered)


def data_figures(faces: FaceSet, found: Duplicates) -> dict[str, Any]:
    return {
        "faces": len(faces),
        "parts": faces.counts(),
        "votes": faces.votes is not None,
        "duplicates": {
            "pictures": len(found.groups),
            "copies": found.copies,
            "conflicting_labels": found.conflicting,
            "across": found.across,
        },
    }


def data_lines(figures: dict[str, Any]) -> Iterator[str]:
    yield f"{figures['faces']:,} faces, {'with' if figures['votes'] else 'without'} FER+ votes"
    for part, classes in figures["parts"].items():
        yield f"{part:<12} {sum(classes.values()):>6,}   " + ", ".join(
            f"{name} {n:,}" for name, n in classes.items()
        )
    found = figures["duplicates"]
    yield (
        f"exact duplicates: {found['pictures']:,} pictures stand there more than once, "
        f"{found['copies']:,} copies in all; {found['conflicting_labels']} carry different labels"
    )
    for pair, n in found["across"].items():
        yield f"  in {pair}: {n}"
