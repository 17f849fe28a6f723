"""Makes sure that a PNG's compressed pixels are all there, for a decoder that paints missing ones black."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from .container import corrupt

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PIECE = 256 << 10
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def check(data: bytes) -> None:
    """Unpack the pixels of a file whose chunks are known to be whole. Raises ImageCorrupt."""
    unpacker, missing = zlib.decompressobj(), _expected(data)
    try:
        for body in _pixel_chunks(data):
            missing -= _unpacked(unpacker, body)
    except zlib.error as error:
        raise corrupt("its pixels cannot be unpacked") from error
    if missing > 0 or not unpacker.eof:
        raise corrupt("some of its pixels are missing")


def _unpacked(unpacker: zlib._Decompress, body: bytes) -> int:
    count, rest = 0, body
    while rest and not unpacker.eof:
        count += len(unpacker.decompress(rest, _PIECE))
        rest = unpacker.unconsumed_tail
    return count


def _pixel_chunks(data: bytes) -> Iterator[bytes]:
    at = 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind == b"IDAT":
            yield data[at + 8 : at + 8 + length]
        at += 12 + length


def _expected(data: bytes) -> int:
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    bits = depth * _CHANNELS[colour]
    if not interlaced:
        return _rows(width, height, bits)
    return sum(_rows(-(-(width - x) // dx), -(-(height - y) // dy), bits) for x, y, dx, dy in _PASSES)


def _rows(width: int, height: int, bits: int) -> int:
    """Bytes of that many rows, each with its filter byte; an empty pass has none."""
    return height * (1 + (width * bits + 7) // 8) if width > 0 and height > 0 else 0
