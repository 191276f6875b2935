"""What covers a part of a face: a cloth mask, dark glasses, a hand.

Drawn for a whole batch at once. The places are shares of the side and follow FER2013's crops,
where the eyes lie at about 0.37 of the height and the mouth at about 0.77.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Faces = NDArray[np.float32]
"""float32 (n, height, width), gray levels 0 to 255."""


def cover(faces: Faces, rng: np.random.Generator) -> None:
    """Draw a mask (two in five), glasses (two in five) or a hand on each face, in place."""
    kind = rng.random(len(faces))
    for chosen, draw in (
        (kind < 0.4, draw_masks),
        ((kind >= 0.4) & (kind < 0.8), draw_glasses),
        (kind >= 0.8, draw_hands),
    ):
        if chosen.any():
            some = faces[chosen]
            draw(some, rng)
            faces[chosen] = some


def draw_masks(faces: Faces, rng: np.random.Generator) -> None:
    """From the bridge of the nose down to under the chin, of one tone with a soft shade."""
    n = len(faces)
    rows, columns = _grid(faces)
    top = _uniform(rng, n, 0.50, 0.62)
    middle = _uniform(rng, n, 0.46, 0.54)
    bulge = _uniform(rng, n, 0.02, 0.10)
    half_width = _uniform(rng, n, 0.34, 0.50)
    across = (columns - middle) / half_width
    upper_edge = top - bulge * (1 - across**2)
    narrowing = 1 - 0.5 * np.clip((rows - 0.75) / 0.25, 0, 1) ** 2
    inside = (rows > upper_edge) & (np.abs(across) < narrowing)
    tone = _uniform(rng, n, 20, 240)
    shade = _uniform(rng, n, 0, 40) * across**2 + _uniform(rng, n, -30, 30) * (rows - 0.75)
    _paint(faces, inside, tone - shade)


def draw_glasses(faces: Faces, rng: np.random.Generator) -> None:
    """Two dark lenses and a bridge; a third of them let some of the eyes through."""
    n = len(faces)
    rows, columns = _grid(faces)
    height = _uniform(rng, n, 0.32, 0.43)
    middle = _uniform(rng, n, 0.46, 0.54)
    apart = _uniform(rng, n, 0.18, 0.24)
    half_width, half_height = _uniform(rng, n, 0.11, 0.17), _uniform(rng, n, 0.07, 0.13)
    power = _uniform(rng, n, 2, 5)
    down = np.abs((rows - height) / half_height) ** power
    lens = np.zeros(faces.shape, bool)
    for sign in (-1, 1):
        lens |= np.abs((columns - middle - sign * apart) / half_width) ** power + down < 1
    bridge = (np.abs(rows - height + 0.3 * half_height) < 0.02) & (np.abs(columns - middle) < apart)
    dark = _uniform(rng, n, 5, 70)
    through = np.where(rng.random((n, 1, 1)) < 1 / 3, _uniform(rng, n, 0.2, 0.6), np.float32(0))
    _paint(faces, lens | bridge, dark, through)


def draw_hands(faces: Faces, rng: np.random.Generator) -> None:
    """A turned ellipse of the face's own tone, from a side or from below."""
    n = len(faces)
    rows, columns = _grid(faces)
    turn = _uniform(rng, n, 0, np.pi)
    x = _uniform(rng, n, 0.05, 0.95)
    y = _uniform(rng, n, 0.55, 1.0)
    along = (columns - x) * np.cos(turn) + (rows - y) * np.sin(turn)
    aside = (rows - y) * np.cos(turn) - (columns - x) * np.sin(turn)
    long, short = _uniform(rng, n, 0.2, 0.42), _uniform(rng, n, 0.10, 0.22)
    inside = (along / long) ** 2 + (aside / short) ** 2 < 1
    height, width = faces.shape[1:]
    inner = faces[:, height // 4 : 3 * height // 4, width // 4 : 3 * width // 4]
    skin = np.median(inner, axis=(1, 2))
    tone = skin[:, None, None] * _uniform(rng, n, 0.75, 1.15)
    fingers = 12 * np.sin(aside * _uniform(rng, n, 40, 80))
    _paint(faces, inside, tone + fingers)


def _grid(faces: Faces) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rows, columns = (((np.arange(n) + 0.5) / n).astype(np.float32) for n in faces.shape[1:])
    return rows[None, :, None], columns[None, None, :]


def _uniform(rng: np.random.Generator, n: int, low: float, high: float) -> NDArray[np.float32]:
    return rng.uniform(low, high, (n, 1, 1)).astype(np.float32)


def _paint(
    faces: Faces,
    inside: NDArray[np.bool_],
    tone: NDArray[np.float32],
    through: NDArray[np.float32] | float = 0.0,
) -> None:
    painted = through * faces + (1 - through) * np.clip(tone, 0, 255)
    np.copyto(faces, painted.astype(np.float32), where=inside)
