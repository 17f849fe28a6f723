"""Tiny real PNGs and a renderer that knows nothing else, so that thousands of states cost milliseconds."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

from imagehist.model.faults import FormatNotAllowed, ImageCorrupt
from imagehist.model.records import Generation, Inspection

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def tiny_png(seed: int) -> bytes:
    """A whole 2 x 1 PNG; another seed gives other pixels."""
    header = struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" + seed.to_bytes(6, "big"))
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def thumb_of(data: bytes) -> bytes:
    """What stands for the thumb of these bytes."""
    return b"thumb of %08x" % zlib.crc32(data)


class TinyRenderer:
    """Inspects tiny PNGs to their last byte; `read` gives the bytes at a path."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read

    def inspect(self, path: str) -> Inspection:
        data = self._read(path) or b""
        if not data.startswith(_SIGNATURE):
            raise FormatNotAllowed("This is not a PNG.")
        _check_chunks(data)
        return Inspection(
            format="PNG", mime="image/png", extension="png", width=2, height=1, frames=1,
            thumb=thumb_of(data), thumb_extension="webp", thumbhash="", generation=Generation(),
        )  # fmt: skip

    def resize(self, path: str, width: int) -> bytes:
        return thumb_of(self._read(path) or b"")

    def thumb(self, path: str) -> tuple[bytes, str]:
        return thumb_of(self._read(path) or b""), "webp"

    def close(self) -> None:
        """It has no children."""


def _check_chunks(data: bytes) -> None:
    at, kind = len(_SIGNATURE), b""
    while at < len(data) and kind != b"IEND":
        length = int.from_bytes(data[at : at + 4], "big")
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if data[at + 8 + length : at + 12 + length] != struct.pack(">I", zlib.crc32(kind + body)):
            raise ImageCorrupt("A chunk is damaged.")
        at += 12 + length
    if kind != b"IEND" or at != len(data):
        raise ImageCorrupt("The picture ends too early.")
