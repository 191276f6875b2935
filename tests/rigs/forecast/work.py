"""One piece of work under the counting emulator: warmed up, then counted.

    python work.py NAME MAPS [NETWORK.tflite | PICTURE.npy]

NAME is ncnn/NETWORK, xnnpack/NETWORK, net/NETWORK, haar/SIZE, path/frame or path/sound. MAPS
receives where the libraries lie. Prints how many times it was counted. Runs on 64-bit Arm.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

FILL, START, STOP = 0x7EAD0000, 0x7EAD0001, 0x7EAD0002
FRAMES, SETTLED = 15, 10
FPS = 15
WINDOWS = 2
# As ncnn's own benchmark has them. They must outlive the network: ncnn aborts otherwise.
_POOLS: list[Any] = []


def mark(number: int) -> None:
    """Tell the plugin: it sees the system call, which itself fails."""
    with suppress(OSError):
        os.close(number)


def counted(call: Callable[[], Any]) -> int:
    """Once, with what a call before it leaves in the caches."""
    call()
    mark(FILL)
    call()
    mark(START)
    call()
    mark(STOP)
    return 1


def ncnn_network(name: str) -> int:
    import ncnn
    from ncnn_networks import NETWORKS

    net = ncnn.Net()
    net.opt.num_threads = 1
    _POOLS[:] = ncnn.UnlockedPoolAllocator(), ncnn.PoolAllocator()
    net.opt.blob_allocator, net.opt.workspace_allocator = _POOLS
    with tempfile.NamedTemporaryFile("w", suffix=".param") as file:
        file.write(NETWORKS[name]().text())
        file.flush()
        assert net.load_param(file.name) == 0
    assert net.load_model(ncnn.DataReaderFromEmpty()) == 0
    picture = np.full((3, 224, 224), 0.01, np.float32)

    def run() -> None:
        extractor = net.create_extractor()
        extractor.input("data", ncnn.Mat(picture))
        failed, scores = extractor.extract("output")
        assert not failed
        assert scores.w == 1000

    return counted(run)


def xnnpack_network(path: str) -> int:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path, num_threads=1)
    interpreter.allocate_tensors()
    first = interpreter.get_input_details()[0]
    picture = np.random.default_rng(0).integers(-100, 100, first["shape"])
    interpreter.set_tensor(first["index"], picture.astype(first["dtype"]))
    return counted(interpreter.invoke)


def haar(path: str) -> int:
    import cv2

    cv2.setNumThreads(1)
    picture = np.load(path)
    cascade = cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_frontalface_default.xml")
    cascade.detectMultiScale(picture[:200, :200], 1.1)
    mark(FILL)
    mark(START)
    cascade.detectMultiScale(picture, 1.1)
    mark(STOP)
    return 1


def told(labels: tuple[str, ...]) -> Any:
    """A classifier that says the same of everything: the network is counted by itself."""
    from edge.types import Prediction

    scores = np.full(len(labels), 0.1 / len(labels), np.float32)
    scores[0] += 0.9
    return SimpleNamespace(classify=lambda image: Prediction(labels, scores))


def frame() -> int:
    """Of the synthetic clip at 640x480, gray to event, with its one face, 15 frames a second."""
    import cv2

    from edge.models import find
    from edge.pipeline.face import build_face_pipeline
    from edge.settings.sections import CameraSettings, Settings
    from edge.sources.video.synthetic import SyntheticSource
    from edge.types import Frame

    cv2.setNumThreads(1)
    with SyntheticSource("", CameraSettings(width=640, height=480)) as source:
        images = [frame.image for frame in islice(source, SETTLED + FRAMES)]

    def frames() -> Iterator[Frame]:
        for index, image in enumerate(images):
            if index == SETTLED - 2:
                mark(FILL)
            if index == SETTLED:
                mark(START)
            yield Frame(image, index / FPS, index)

    classifier = told(find("edge_net").card.labels)
    pipeline = build_face_pipeline(Settings(), classifier, datetime.now(UTC), model_name="none")
    faces = [len(result.observations) for result in pipeline.results(frames())]
    mark(STOP)
    assert set(faces[SETTLED:]) == {1}, faces
    return FRAMES


def sound() -> int:
    """From one window's result to the next: features, voice detector, the network's picture."""
    from edge.models import find
    from edge.pipeline.speech import build_speech_pipeline
    from edge.settings.sections import Settings
    from edge.sources.audio import open_sound
    from edge.types import AudioChunk

    with open_sound("synthetic", Settings().mic) as source:
        samples = np.resize(np.concatenate([chunk.samples for chunk in source]), 6 * 16_000)
    chunks = (
        AudioChunk(samples[at : at + 1600], 16_000, at / 16_000)
        for at in range(0, len(samples), 1600)
    )
    card = find("audio_crnn").card
    pipeline = build_speech_pipeline(
        Settings(), card.features, told(card.labels), datetime.now(UTC), model_name="none"
    )
    results = pipeline.results(chunks)
    next(results)
    mark(FILL)
    mark(START)
    states = [result.state for result in islice(results, WINDOWS)]
    mark(STOP)
    assert None not in states
    return WINDOWS


def main() -> None:
    kind, name = sys.argv[1].split("/")
    file = sys.argv[3] if len(sys.argv) > 3 else name
    work = {
        "ncnn": ncnn_network, "xnnpack": xnnpack_network, "haar": haar,
        "net": xnnpack_network, "path": lambda name: {"frame": frame, "sound": sound}[name](),
    }[kind]  # fmt: skip
    units = work(file)
    Path(sys.argv[2]).write_text(Path("/proc/self/maps").read_text())
    print(units)


if __name__ == "__main__":
    main()
