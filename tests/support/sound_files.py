"""Made-up takes named as RAVDESS names them: each emotion a pitch and a rhythm of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

RATE_HZ = 16_000


def take(emotion: int, actor: int, seconds: float = 0.8) -> np.ndarray:
    """float32 (n,): a tone that an untrained ear tells from the other emotions' tones."""
    rng = np.random.default_rng((emotion, actor))
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    hz = 200 * 1.35**emotion * rng.uniform(0.97, 1.03)
    beat = 0.5 + 0.5 * np.sign(np.sin(2 * np.pi * (2 + emotion) * time_s))
    sound = 0.3 * beat * np.sin(2 * np.pi * hz * time_s) + 0.002 * rng.standard_normal(len(time_s))
    return sound.astype(np.float32)


def write_takes(root: Path, repetitions: tuple[int, ...] = (1,)) -> Path:
    """A take of every emotion by every actor, as 16-bit WAV in folders Actor_01 … 24."""
    import soundfile

    for actor in range(1, 25):
        folder = root / f"Actor_{actor:02}"
        folder.mkdir(parents=True)
        for emotion in range(1, 9):
            for repetition in repetitions:
                name = f"03-01-{emotion:02}-01-01-{repetition:02}-{actor:02}.wav"
                soundfile.write(folder / name, take(emotion, actor), RATE_HZ, subtype="PCM_16")
    return root
