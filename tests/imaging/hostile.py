"""Hostile image files, each made in code: bombs, liars, half files, foreign formats in disguise."""

import io
import struct
import zlib

from PIL import Image

from tests import pictures

AVIF_SIZE = b"ispe\0\0\0\0\0\0\0\x10\0\0\0\x0c"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def raw_png(
    width: int,
    height: int,
    packed: bytes,
    *,
    depth: int = 8,
    colour: int = 2,
    extra: bytes = b"",
    end: bytes = b"",
) -> bytes:
    """A PNG of given compressed pixels; every checksum is right."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return PNG_SIGNATURE + header + extra + chunk(b"IDAT", packed) + end + chunk(b"IEND", b"")


def rows(width: int, height: int, pixel: bytes = b"\x10\x80\xf0") -> bytes:
    return (b"\0" + pixel * width) * height


def good_png(**parts: bytes) -> bytes:
    return raw_png(30, 20, zlib.compress(rows(30, 20)), **parts)


def with_chunk(data: bytes, kind: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk right after its header."""
    return data[:33] + chunk(kind, body) + data[33:]


def webp_canvas(width: int, height: int) -> bytes:
    """A WebP whose extended header claims that canvas."""
    data = bytearray(pictures.webp(8, 8, mode="RGBA", exif_comment="x"))
    data[24:27] = (width - 1).to_bytes(3, "little")
    data[27:30] = (height - 1).to_bytes(3, "little")
    return bytes(data)


def jpeg_size(width: int, height: int) -> bytes:
    """A JPEG whose frame header claims that size."""
    data = bytearray(pictures.jpeg(16, 16))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def overwritten(data: bytes, at: int, count: int) -> bytes:
    """The data with that many bytes made nonsense."""
    return data[:at] + b"\x55" * count + data[at + count :]


def avif_size(width: int, height: int) -> bytes:
    """An AVIF whose primary item claims that size."""
    data = pictures.avif(16, 12)
    assert data.count(AVIF_SIZE) == 1
    return data.replace(AVIF_SIZE, b"ispe\0\0\0\0" + struct.pack(">II", width, height))


def avif_elsewhere(offset: int) -> bytes:
    """An AVIF whose pixels are said to lie that far into the file."""
    data = bytearray(pictures.avif(16, 12))
    at = data.index(b"iloc")
    pixels = data.index(b"mdat") + 4
    place = data.index(struct.pack(">I", pixels), at)
    data[place : place + 4] = struct.pack(">I", offset)
    return bytes(data)


def gif_size(width: int, height: int) -> bytes:
    """A GIF whose screen has that size."""
    data = bytearray(pictures.gif(16, 16))
    data[6:10] = struct.pack("<HH", width, height)
    return bytes(data)


def gif_frames(count: int) -> bytes:
    """A GIF of very many one-pixel frames."""
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\x02\x02\x44\x01\x00"
    return b"GIF89a\1\0\1\0\x80\0\0" + b"\0" * 6 + frame * count + b"\x3b"


def apng_frames(count: int) -> bytes:
    """An APNG that truly has that many frame headers but announces one."""
    control = chunk(b"acTL", struct.pack(">II", 1, 0))
    header = struct.pack(">IIIIIHHBB", 0, 30, 20, 0, 0, 1, 100, 0, 0)
    return good_png(extra=control + chunk(b"fcTL", header) * count)


def webp_frames(count: int) -> bytes:
    """A WebP that repeats the last frame of an animation."""
    data = pictures.animated_webp(8, 8, frames=2)
    at = data.rindex(b"ANMF")
    body = data[8:] + data[at:] * (count - 2)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def many_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan is repeated: each makes the decoder go everywhere."""
    whole = pictures.jpeg(640, 480, progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:-2] + whole[last:-2] * count + whole[-2:]


def endless_png() -> bytes:
    """A black PNG of 60,000 pixels on each side, its rows filtered the slow way (Paeth): some ten seconds
    of work in a few megabytes."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress((b"\4" + bytes(3 * 60_000)) * 100) + packer.flush(zlib.Z_FULL_FLUSH)
    return raw_png(60_000, 60_000, head + piece * 600)


def saved(form: str, **options: object) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(target, form, **options)
    return target.getvalue()


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="http://x/"/></svg>'

FOREIGN: dict[str, bytes] = {
    "html": b"<!doctype html><script>alert(1)</script>",
    "php": b"<?php system($_GET['c']); ?>",
    "elf": b"\x7fELF\2\1\1" + b"\0" * 100,
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF",
    "svg": SVG,
    "svg with entity": b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SVG,
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "psd": b"8BPS\0\1" + b"\0" * 60,
    "mvg": b"push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 'https://x/\"|ls \"'\npop",
    "msl": b'<image><read filename="caption:&lt;?php ?&gt;"/><write filename="info:/tmp/x.php"/></image>',
    "ephemeral": b"push graphic-context\nimage over 0,0 0,0 'ephemeral:/tmp/delete.txt'\npop graphic-context",
    "tiff": saved("TIFF"),
    "bmp": saved("BMP"),
    "ico": saved("ICO"),
    "dds": saved("DDS"),
    "tga": saved("TGA"),
    "pcx": saved("PCX"),
    "ppm": saved("PPM"),
    "jpeg 2000": saved("JPEG2000"),
    "fits": b"SIMPLE  =                    T" + b" " * 2850,
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40,
    "mp4": b"\0\0\0\x18ftypisom\0\0\0\0isomavc1" + b"\0" * 40,
    "riff wave": b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 40,
    "zip": b"PK\3\4" + b"\0" * 60,
    "gzip": b"\x1f\x8b\x08" + b"\0" * 60,
    "text": b"GIF of a cat, in words only, no picture",
    "zeros": b"\0" * 500,
}
