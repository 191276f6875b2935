"""Speech against other sound: what each voice activity detector lets through.

    python docs/decisions/0014_voice_detector.py DATA [silero|energy|webrtcvad]

DATA holds voices/, sounds/, ravdess/speech and noise/. Speech: 40 clips of each corpus (seed 3)
in three seconds of silence, as they are, at -40 dBFS, and in the noises' test halves; one passes
where any of its windows does. Other sound: every window of three seconds, one each half second.
webrtcvad is shown where it is installed.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from convert.datasets import audio_files, corpus, noise, ravdess
from edge.audio.detectors import voice_detector
from edge.audio.feature_settings import FeatureSettings
from edge.pipeline.speech import LEAST_VOICE_S

SETTINGS = FeatureSettings()
WINDOW = 49_040
STEP = 50
VOICES_TOO = {"baby_cry", "person_sneeze", "crowd_cheering"}
Detector = Callable[[np.ndarray], list[float]]


def ours(name: str, margin_db: float = 6.0) -> Detector:
    def heard(samples: np.ndarray) -> list[float]:
        detector = voice_detector(name, SETTINGS, margin_db)  # type: ignore[arg-type]  # a name
        for start in range(0, len(samples), 1600):
            detector.push(samples[start : start + 1600])
        frames = 1 + (len(samples) - SETTINGS.frame_length) // SETTINGS.hop_length
        last = max(1, frames - SETTINGS.window_frames + 1)
        return [detector.voice_s(start) for start in range(0, last, STEP)]

    return heard


def webrtc(mode: int) -> Detector:
    import webrtcvad

    def heard(samples: np.ndarray) -> list[float]:
        detector = webrtcvad.Vad(mode)
        data = (samples.clip(-1, 1) * 32767).astype("<i2")
        blocks = data[: len(data) // 480 * 480].reshape(-1, 480)
        voiced = np.array([detector.is_speech(block.tobytes(), 16_000) for block in blocks])
        span = round(SETTINGS.window_s / 0.03)
        starts = range(0, max(1, len(voiced) - span + 1), 17)
        return [0.03 * int(voiced[start : start + span].sum()) for start in starts]

    return heard


def speech(data: Path) -> dict[str, list[np.ndarray]]:
    rng = np.random.default_rng(3)
    clips = []
    for table in sorted((data / "voices").glob("*/*.csv")):
        found = corpus.read(table)
        clips += [found[i] for i in rng.choice(len(found), 40, replace=False)]
    takes = corpus.of_ravdess(ravdess.clips(data / "ravdess" / "speech"))
    clips += [takes[i] for i in rng.choice(len(takes), 40, replace=False)]
    noises = noise.load(data / "noise", "test")
    made: dict[str, list[np.ndarray]] = {"clean": [], "-40 dBFS": [], "10 dB": [], "5 dB": []}
    for clip in clips:
        samples = audio_files.read(clip.path, 16_000)[:WINDOW]
        samples = np.pad(samples, (0, WINDOW - len(samples)))
        made["clean"].append(samples)
        level = np.sqrt(np.square(samples).mean())
        made["-40 dBFS"].append((samples * (0.01 / level)).astype(np.float32))
        for snr_db in (10, 5):
            recording = noises[int(rng.integers(len(noises)))].samples
            background = noise.segment(recording, WINDOW, rng)
            made[f"{snr_db} dB"].append(noise.mix(samples, background, snr_db))
    return made


def sounds(data: Path) -> list[tuple[str, np.ndarray]]:
    found = []
    for table in sorted((data / "sounds").glob("*/*.csv")):
        for row in csv.DictReader(table.open()):
            found.append((row["label"], audio_files.read(table.parent / row["file"], 16_000)))
    return found


def main(data: Path, only: str = "") -> None:
    voices, others = speech(data), sounds(data)
    detectors = {"energy": ours("energy"), "silero": ours("silero")}
    try:
        detectors |= {f"webrtcvad {mode}": webrtc(mode) for mode in (1, 2, 3)}
    except ImportError:
        print("webrtcvad is not installed: left out", file=sys.stderr)
    print("detector    ", *(f"{name:>9}" for name in voices), "   sounds  less voices")
    for name, heard in detectors.items():
        if not name.startswith(only):
            continue
        passed = [
            np.mean([max(heard(samples)) >= LEAST_VOICE_S for samples in clips])
            for clips in voices.values()
        ]
        windows = [(label, voice_s) for label, samples in others for voice_s in heard(samples)]
        of_all = np.mean([voice_s >= LEAST_VOICE_S for _, voice_s in windows])
        rest = [voice_s >= LEAST_VOICE_S for label, voice_s in windows if label not in VOICES_TOO]
        cells = [*passed, of_all, np.mean(rest)]
        print(f"{name:<12}", *(f"{cell:9.3f}" for cell in cells), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
