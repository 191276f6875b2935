"""What kind of picture a file is: its first bytes say, whatever its name does."""

from __future__ import annotations

from pathlib import Path

HEAD_BYTES = 4096

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\0\0\0\x0cjP  \r\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\0\0\0\x0cJXL \r\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"#?RADIANCE", "HDR"),
    (b"#?RGBE", "HDR"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"\x59\xa6\x6a\x95", "Sun raster"),
    (b"8BPS", "Photoshop"),
    (b"\0\0\1\0", "ICO"),
    (b"\0\0\2\0", "cursor"),
    (b"icns", "ICNS"),
    (b"DDS ", "DDS"),
    (b"\1\xda", "SGI"),
    (b"qoif", "QOI"),
    (b"gimp xcf", "GIMP"),
    (b"FLIF", "FLIF"),
    (b"BPG\xfb", "BPG"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"\xd7\xcd\xc6\x9a", "WMF"),
    (b"SIMPLE  =", "FITS"),
    (b"AT&TFORM", "DjVu"),
    (b"FUJIFILMCCD-RAW", "camera raw"),
    (b"IIRO", "camera raw"),
    (b"IIRS", "camera raw"),
    (b"IIU\0", "camera raw"),
    (b"#define ", "XBM"),
    (b"/* XPM", "XPM"),
)
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys(
        (b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevm", b"mif1", b"msf1"), "HEIC"
    ),
    b"crx ": "camera raw",
}
_RAW_SUFFIXES = frozenset(
    (".nef", ".nrw", ".arw", ".sr2", ".dng", ".cr2", ".orf", ".pef", ".srw", ".raf", ".rw2", ".3fr")
)
# Their first bytes say nothing, or too little: the name does.
_BY_NAME = {".tga": "TGA", ".vda": "TGA", ".pcx": "PCX", ".svg": "SVG", ".jpg": "JPEG"} | {
    f".{name}": name.upper()
    for name in ("jpeg", "png", "bmp", "webp", "tif", "tiff", "pbm", "pgm", "ppm", "gif", "heic",
                 "avif", "jp2", "jxl")
}  # fmt: skip


def picture_kind(path: Path) -> str | None:
    """The kind's name; None for what is no picture. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return kind_of(head, path.suffix.lower())


def kind_of(head: bytes, suffix: str = "") -> str | None:
    """Of a file's first `HEAD_BYTES`; `suffix` tells where they say nothing."""
    if not head:
        return None
    for start, kind in _STARTS:
        if head.startswith(start):
            return "camera raw" if kind == "TIFF" and suffix in _RAW_SUFFIXES else kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12]) or _compatible(head)
    if head[:1] == b"P" and head[1:2] in b"1234567Ff" and head[2:3].isspace():
        return "PNM"
    if head[128:132] == b"DICM":
        return "DICOM"
    if b"<svg" in head[:1024].lower():
        return "SVG"
    if not head.lstrip().startswith(b"<") and suffix in _BY_NAME:
        return _BY_NAME[suffix]
    return None


def is_animated(path: Path, kind: str) -> bool:
    """Whether a file of this kind is more than one picture, to be shown in time."""
    with path.open("rb") as file:
        return is_animation(file.read(-1 if kind == "GIF" else HEAD_BYTES), kind)


def is_animation(data: bytes, kind: str) -> bool:
    """Likewise, of its bytes: of a GIF all, of others `HEAD_BYTES`."""
    match kind:
        case "GIF":  # a control block stands before each of its pictures
            return data.count(b"\x21\xf9\x04") > 1
        case "PNG":
            return b"acTL" in data.partition(b"IDAT")[0]
        case "WebP":
            return data[12:16] == b"VP8X" and bool(int.from_bytes(data[20:21]) & 0x02)
        case "AVIF":
            return data[8:12] == b"avis"
        case _:
            return False


def _compatible(head: bytes) -> str | None:
    """By the other brands that the file says it is of."""
    size = min(int.from_bytes(head[:4]), 256)
    brands = [head[at : at + 4] for at in range(16, size, 4)]
    found = {_BRANDS[brand] for brand in brands if brand in _BRANDS}
    return found.pop() if len(found) == 1 else None
