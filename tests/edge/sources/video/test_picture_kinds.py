"""Pictures as people really have them: known by what is in them, or left out with the reason."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from places import PORTRAIT
from rigs.clips import write_clip
from rigs.heic import write_heic

from edge.errors import SourceError
from edge.settings.sections import CameraSettings
from edge.sources.video import open_source
from edge.sources.video.images import ImagesSource
from edge.sources.video.picture_decoding import decode, eight_bits
from edge.sources.video.picture_kinds import kind_of

pillow = pytest.importorskip("PIL.Image")
pi_heif = pytest.importorskip("pi_heif")

SETTINGS = CameraSettings()
SIDE = 128
Maker = Callable[[Path], object]


def scene() -> np.ndarray:
    """uint8 (128, 128, 3) BGR of the portrait's face."""
    picture = cv2.imread(str(PORTRAIT))
    assert picture is not None
    return cv2.resize(picture[20:220, 120:320], (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def by_pillow(form: str, mode: str = "RGB", **options: object) -> Maker:
    def save(path: Path) -> None:
        image = pillow.fromarray(scene()[..., ::-1].copy()).convert(mode)
        image.save(path, form, **options)

    return save


def by_opencv(suffix: str, image: Callable[[], np.ndarray] = scene) -> Maker:
    def save(path: Path) -> None:
        done, data = cv2.imencode(suffix, image())
        assert done
        path.write_bytes(data.tobytes())

    return save


def by_ffmpeg(*options: str) -> Maker:
    def save(path: Path) -> None:
        source = path.with_name(".source.png")
        cv2.imwrite(str(source), scene())
        command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), *options, str(path)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    return save


def by_a_phone(path: Path) -> None:
    source = path.with_name(".source.png")
    cv2.imwrite(str(source), scene())
    write_heic(source, path)


def twelve_bits() -> np.ndarray:
    return scene().astype(np.uint16) << 4


def content(data: bytes) -> Maker:
    return lambda path: path.write_bytes(data)


READ: dict[str, Maker] = {
    "jpg.jpg": by_pillow("JPEG"),
    "jpeg.jpeg": by_pillow("JPEG"),
    "jfif.jfif": by_pillow("JPEG"),
    "jpe.jpe": by_pillow("JPEG"),
    "twitter.jpg_large": by_pillow("JPEG"),
    "no suffix": by_pillow("JPEG"),
    "capitals.JPG": by_pillow("JPEG"),
    "lies.png": by_pillow("JPEG"),
    "lies.txt": by_pillow("PNG"),
    "lies.mp4": by_pillow("WEBP"),
    "gray.jpg": by_pillow("JPEG", "L"),
    "cmyk.jpg": by_pillow("JPEG", "CMYK"),
    "progressive.jpg": by_pillow("JPEG", progressive=True),
    "png.png": by_pillow("PNG"),
    "palette.png": by_pillow("PNG", "P"),
    "alpha.png": by_pillow("PNG", "RGBA"),
    "gray.png": by_pillow("PNG", "L"),
    "16 bit.png": by_opencv(".png", lambda: scene().astype(np.uint16) * 257),
    "12 bit.png": by_opencv(".png", twelve_bits),
    "12 bit.tif": by_opencv(".tif", twelve_bits),
    "float.tif": by_opencv(".tif", lambda: (scene() / np.float32(255)) ** np.float32(2.2)),
    "gif.gif": by_pillow("GIF"),
    "webp.webp": by_pillow("WEBP"),
    "lossless.webp": by_pillow("WEBP", lossless=True),
    "bmp.bmp": by_pillow("BMP"),
    "dib.bmp": by_pillow("BMP", "P"),
    "tif.tif": by_pillow("TIFF"),
    "lzw.tiff": by_pillow("TIFF", compression="tiff_lzw"),
    "jpeg.tiff": by_pillow("TIFF", compression="jpeg"),
    "gray.tif": by_pillow("TIFF", "L"),
    "ppm.ppm": by_pillow("PPM"),
    "pgm.pgm": by_pillow("PPM", "L"),
    "pfm.pfm": by_opencv(".pfm", lambda: (scene() / np.float32(255)) ** np.float32(2.2)),
    "hdr.hdr": by_opencv(".hdr", lambda: (scene() / np.float32(255)) ** np.float32(2.2)),
    "sun.ras": by_opencv(".ras"),
    "jp2.jp2": by_pillow("JPEG2000"),
    "j2k.j2k": by_pillow("JPEG2000", no_jp2=True),
    "tga.tga": by_pillow("TGA"),
    "rle.tga": by_pillow("TGA", compression="tga_rle"),
    "avif.avif": by_pillow("AVIF"),
    "pcx.pcx": by_pillow("PCX"),
    "ico.ico": by_pillow("ICO", sizes=[(SIDE, SIDE)]),
    "icns.icns": by_pillow("ICNS"),
    "sgi.sgi": by_pillow("SGI"),
    "dds.dds": by_pillow("DDS"),
    "apng.png": by_pillow("PNG", save_all=True, append_images=[]),
    "qoi.qoi": by_ffmpeg("-pix_fmt", "rgb24"),
    "mpo.mpo": by_pillow("MPO"),
    "heic.heic": by_a_phone,
    "lies, heic.jpg": by_a_phone,
}
LEFT_OUT: dict[str, tuple[Maker, str]] = {
    "empty.jpg": (content(b""), "empty"),
    "junk.jpg": (content(b"junk " * 99), "damaged"),
    "cut.png": (content(b"\x89PNG\r\n\x1a\n and nothing"), "damaged"),
    "notes.txt": (content(b"a person's notes"), "no picture"),
    "table.csv": (content(b"a,b\n1,2\n"), "no picture"),
    "clip.mp4": (lambda path: write_clip(path, 3), "a video"),
    "raw.nef": (content(b"II*\0" + bytes(200)), "raw file"),
    "raw.cr3": (content(b"\0\0\0\x18ftypcrx \0\0\0\1"), "raw file"),
    "draw.svg": (content(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "drawing"),
    "paper.pdf": (content(b"%PDF-1.4"), "document"),
    "scan.dcm": (content(bytes(128) + b"DICM" + bytes(99)), "medical"),
    "new.jxl": (content(b"\xff\x0a" + bytes(99)), "JPEG XL"),
    "flif.flif": (content(b"FLIF" + bytes(99)), "FLIF"),
    "gimp.xcf": (content(b"gimp xcf file" + bytes(99)), "GIMP"),
    "page.djvu": (content(b"AT&TFORM" + bytes(99)), "DjVu"),
}


def test_each_of_sixty_kinds_is_read_or_named_with_its_reason_and_the_sums_are_right(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = 0
    for name, maker in (READ | {name: maker for name, (maker, _) in LEFT_OUT.items()}).items():
        maker(tmp_path / name)
        made += 1
    assert made >= 60
    (tmp_path / ".hidden.jpg").write_bytes(b"")
    with caplog.at_level(logging.WARNING), ImagesSource(str(tmp_path), SETTINGS) as source:
        frames = {Path(frame.source).name: frame.image for frame in source}
    warned = [record.getMessage() for record in caplog.records]
    assert frames.keys() == READ.keys(), "\n".join(warned)
    for name, image in frames.items():
        assert image.shape[2] == 3
        small = cv2.resize(image, (SIDE, SIDE)).astype(float)
        # Formats lose a little, and gray ones the colours; all show the same scene.
        assert np.corrcoef(small.mean(axis=2).ravel(), scene().mean(axis=2).ravel())[0, 1] > 0.97
        assert abs(small.mean() - scene().mean()) < 25, name
    for name, (_, reason) in LEFT_OUT.items():
        (said,) = [line for line in warned if f"/{name} " in line]
        assert reason in said
    assert source.left_out.total() == len(LEFT_OUT)
    assert source.ended is not None
    assert f"{len(LEFT_OUT)} of {made} files were left out" in source.ended


def test_heic_names_the_extra_where_it_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    by_a_phone(tmp_path / "a.heic")
    by_pillow("JPEG")(tmp_path / "b.jpg")
    data = (tmp_path / "a.heic").read_bytes()
    assert kind_of(data) == "HEIC"
    monkeypatch.setitem(__import__("sys").modules, "pi_heif", None)
    with ImagesSource(str(tmp_path), SETTINGS) as source:
        assert [Path(frame.source).name for frame in source] == ["b.jpg"]
    assert "1 of 2 files were left out (1: HEIC needs " in str(source.ended)
    assert "a.heic was left out: HEIC needs" in caplog.text
    with pytest.raises(SourceError, match=r"emotion-edge\[pictures\]"):
        decode(data, "HEIC")


_SIDEWAYS = pillow.Exif()
_SIDEWAYS[0x0112] = 6


@pytest.mark.parametrize(
    ("name", "maker", "aspect"),
    [
        ("half.jpg", by_pillow("JPEG", dpi=(100, 200)), 2.0),
        ("fax.jpg", by_pillow("JPEG", dpi=(204, 98)), 98 / 204),
        ("half.png", by_pillow("PNG", dpi=(100, 200)), 2.0),
        ("grab.jpg", by_ffmpeg("-vf", "setsar=16/11"), 16 / 11),
        ("grab.png", by_ffmpeg("-vf", "setsar=4/3"), 4 / 3),
        ("square.jpg", by_pillow("JPEG", dpi=(72, 72)), 1.0),
        ("says nothing.jpg", by_opencv(".jpg"), 1.0),
        ("a mistake.jpg", by_pillow("JPEG", dpi=(1, 300)), 1.0),
        ("a rounding.png", by_pillow("PNG", dpi=(300, 301)), 1.0),
    ],
)
def test_pixels_that_are_not_square_are_known(
    tmp_path: Path, name: str, maker: Maker, aspect: float
) -> None:
    maker(tmp_path / name)
    with ImagesSource(str(tmp_path / name), SETTINGS) as source:
        (frame,) = source
    assert frame.pixel_aspect == pytest.approx(aspect, rel=0.01)


def test_pixels_that_lie_on_their_side_have_the_reverse_aspect(tmp_path: Path) -> None:
    tall = scene()[:, : SIDE // 2, ::-1].copy()
    pillow.fromarray(tall).save(tmp_path / "a.jpg", dpi=(100, 200), exif=_SIDEWAYS)
    with ImagesSource(str(tmp_path), SETTINGS) as source:
        (frame,) = source
    assert frame.image.shape[:2] == (SIDE // 2, SIDE)
    assert frame.pixel_aspect == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_bits_are_stretched_and_eight_are_as_they_were(bits: int) -> None:
    eight = np.array([[0, 1, 128, 255]], np.uint8)
    deep = eight.astype(np.uint16) << (bits - 8)
    assert eight_bits(deep).tolist() == eight.tolist()


def test_a_picture_is_upright_whatever_its_depth(tmp_path: Path) -> None:
    turned = pillow.fromarray(scene()[..., ::-1].copy())
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.rotate(90, expand=True).save(tmp_path / "turned.jpg", exif=exif)
    with ImagesSource(str(tmp_path), SETTINGS) as source:
        (frame,) = source
    assert np.corrcoef(frame.image.ravel(), scene().ravel())[0, 1] > 0.97


@pytest.mark.parametrize(("name", "form"), [("a.gif", "GIF"), ("a.png", "PNG"), ("a.webp", "WEBP")])
def test_an_animation_is_a_clip_with_its_times(tmp_path: Path, name: str, form: str) -> None:
    base = scene()[..., ::-1].copy()
    frames = [pillow.fromarray(np.roll(base, 8 * number, axis=1)) for number in range(5)]
    path = tmp_path / name
    frames[0].save(path, form, save_all=True, append_images=frames[1:], duration=200, loop=0)
    with open_source(str(path), settings=SETTINGS) as source:
        assert not source.stills
        clip = list(source)
    assert len(clip) == 5
    assert [frame.media_s for frame in clip] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8], abs=0.02)


@pytest.mark.parametrize("name", [name for name in READ if name.startswith(("lies", "no", "twi"))])
def test_a_single_picture_is_a_still_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    READ[name](tmp_path / name)
    with open_source(str(tmp_path / name), settings=SETTINGS) as source:
        assert source.stills
        assert len(list(source)) == 1


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(head=st.sampled_from([b"", *[bytes(start) for start in (b"\x89PNG\r\n\x1a\n", b"GIF89a",
       b"II*\0", b"RIFF\0\0\0\0WEBPVP8X", b"\0\0\0\x18ftypavif", b"BM", b"8BPS", b"P6 ")]]),
       rest=st.binary(max_size=300))  # fmt: skip
def test_junk_is_left_out_with_one_sentence(head: bytes, rest: bytes) -> None:
    try:
        assert decode(head + rest, kind_of(head + rest) or "PNG").dtype == np.uint8
    except SourceError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - most junk raises, and some is one
