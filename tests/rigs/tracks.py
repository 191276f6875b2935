"""A video file with a sound track, made at run time by PyAV."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def write_video(
    path: Path, *, seconds: float, sound: bool = True, rate_hz: int = 44_100, channels: int = 2
) -> Path:
    """Gray pictures, and a tone of 440 Hz at half scale in every channel."""
    import av

    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        if sound:
            layout = "stereo" if channels == 2 else "mono"
            track = container.add_stream("pcm_s16le", rate=rate_hz, layout=layout)
            wave = 16_384 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate_hz)) / rate_hz)
            data = np.repeat(wave.astype(np.int16), channels)[None, :]
            frame = av.AudioFrame.from_ndarray(data, format="s16", layout=layout)
            frame.sample_rate = rate_hz
            container.mux(track.encode(frame))
            container.mux(track.encode(None))
        image = np.full((48, 64, 3), 128, np.uint8)
        for _ in range(round(seconds * 10)):
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(pictures.encode(None))
    return path
