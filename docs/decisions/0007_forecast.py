"""Is the next emotional state worth forecasting? Logs of clips and takes, and what they say.

    python docs/decisions/0007_forecast.py DATA LOGS

DATA holds video/, ravdess/speech/ and ravdess/actor01_av_faces.npz. `edge run` writes its logs, a
folder a kind of sequence, into LOGS (those that are there are not made again): the clips as they
are; the takes of RAVDESS one after another, by name, which is how they were acted (an emotion's
takes in a row), and in a random order, where nothing of one take tells the next. Their frames and
sound are joined in a temporary folder, which is removed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import soundfile

from edge.forecast.judge import judge
from edge.forecast.model import FORECASTERS, PERSISTENCE, fit_model
from edge.forecast.report import HORIZONS_S
from edge.forecast.sequences import Segment, names_of, segments
from edge.log.filter import Filter
from edge.log.reader import open_log

SEED = 7
MODELS = ("edge_net", "cnn_lstm")
START = datetime(2026, 1, 1, tzinfo=UTC)
FRAME_PX = (360, 480)


def clips(data: Path) -> Iterator[list[str]]:
    for path in sorted((data / "video").iterdir()):
        yield ["--camera", str(path)]


def faces(data: Path, folder: Path, seed: int | None) -> Iterator[list[str]]:
    """The takes of one actor as one video; a take's 20 frames are spread over its own length."""
    clips = np.load(data / "ravdess" / "actor01_av_faces.npz")
    path = folder / "faces.mp4"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 12, FRAME_PX[::-1])
    for name in ordered(sorted(clips.files), seed):
        sound = data / "ravdess" / "speech" / "Actor_01" / f"03{name[2:]}.flac"
        pictures = clips[name]
        for i in range(round(soundfile.info(sound).duration * 12)):
            at = min(int(i * len(pictures) / (soundfile.info(sound).duration * 12)), 19)
            video.write(framed(pictures[at]))
    video.release()
    yield ["--camera", str(path)]


def framed(face: np.ndarray) -> np.ndarray:
    """The crop in the middle of a gray picture, with some air, as a camera would see it."""
    picture = np.full(FRAME_PX, 128, np.uint8)
    picture[68:292, 128:352] = face
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)


def voices(data: Path, folder: Path, seed: int | None) -> Iterator[list[str]]:
    """Each actor's takes as one sound."""
    for actor in sorted((data / "ravdess" / "speech").iterdir()):
        clips = [soundfile.read(path)[0] for path in ordered(sorted(actor.glob("*.flac")), seed)]
        path = folder / f"{actor.name}.wav"
        soundfile.write(path, np.concatenate(clips), 16_000)
        yield ["--camera", "none", "--mic", str(path)]


def ordered(items: list, seed: int | None) -> list:
    if seed is None:
        return items
    return [items[i] for i in np.random.default_rng(seed).permutation(len(items))]


def make_logs(folder: Path, runs: Iterator[list[str]]) -> list[Path]:
    """A log a run: files are run faster than real time, so that in one log runs would overlap."""
    done = folder / "done"
    if not done.exists():
        folder.mkdir(exist_ok=True)
        for number, sources in enumerate(runs):
            path = folder / f"{number:02}.sqlite"
            command = ["edge", "run", *sources, "--log", str(path), "--output", "none", "--quiet"]
            subprocess.run(command, check=True)
        done.touch()
    return sorted(folder.glob("*.sqlite"))


def loaded(paths: list[Path], modality: str) -> tuple[tuple[str, ...], list[Segment]]:
    """All logs as one, an hour apart."""
    runs = []
    for path in paths:
        with open_log(path) as log:
            runs.append(list(log.events(Filter(modality=modality))))
    names = names_of(event for run in runs for event in run)
    return names, [
        replace(segment, began_at=START + timedelta(hours=number))
        for number, run in enumerate(runs)
        for segment in segments(run, names)
    ]


def tell(kind: str, names: tuple[str, ...], found: list[Segment]) -> None:
    seconds = sum(float(segment.seconds[-1]) for segment in found)
    changes = sum(segment.changes for segment in found)
    print(f"{kind}: {len(found)} stretches, {seconds:.0f} s, {changes} changes")
    for horizon_s in HORIZONS_S:
        judged = judge(found, len(names), horizon_s)
        if not judged.moments:
            continue
        gain, low, high = judged.gain
        alone = [
            judge(found, len(names), horizon_s, (*PERSISTENCE, who)) for who in FORECASTERS[2:]
        ]
        weights = fit_model(found, len(names), horizon_s).weights
        print(
            f"  {horizon_s:>2g} s, {judged.moments} moments, {judged.clusters} clusters: "
            f"marginal {judged.marginal:.3f}, persistence {judged.persistence:.3f}, "
            f"forecast {judged.log_loss:.3f}, "
            f"better by {gain:+.3f} [{low:+.3f}, {high:+.3f}]; "
            "staying with one more: "
            + ", ".join(
                f"{w} {one.log_loss:.3f}" for w, one in zip(FORECASTERS[2:], alone, strict=True)
            )
            + "; weights: "
            + ", ".join(f"{w} {share:.2f}" for w, share in zip(FORECASTERS, weights, strict=True))
        )


def main() -> None:
    data, logs = map(Path, sys.argv[1:])
    logs.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tell("clips", *loaded(make_logs(logs / "clips", clips(data)), "face"))
        for order, seed in (("acted", None), ("random", SEED)):
            for model in MODELS:
                runs = (["--model", model, *run] for run in faces(data, folder, seed))
                paths = make_logs(logs / f"faces_{model}_{order}", runs)
                tell(f"faces by {model}, {order}", *loaded(paths, "face"))
            paths = make_logs(logs / f"voices_{order}", voices(data, folder, seed))
            tell(f"voices, {order}", *loaded(paths, "speech"))


if __name__ == "__main__":
    main()
