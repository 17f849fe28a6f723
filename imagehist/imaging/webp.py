"""Walks WebP files: the RIFF size, every chunk, the frames of an animation."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from .container import Container, Data, Limits, check_frames, check_size, corrupt

_BITSTREAMS = (b"VP8 ", b"VP8L")


class Chunk(NamedTuple):
    """One RIFF chunk: its name, its first bytes, where it starts, where its body lies."""

    kind: bytes
    start: int
    body: int
    end: int


def walk(data: Data, limits: Limits) -> Container:
    """The facts of a WebP whose every chunk is whole. Raises ImageCorrupt, TooManyPixels, TooManyFrames."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data) or end < 20:
        raise corrupt("it is shorter than it says")
    chunks = list(_chunks(data, 12, end))
    width, height = _size(data, chunks, limits)
    frames = _frames(data, chunks, limits)
    exif = next((data[chunk.body : chunk.end] for chunk in chunks if chunk.kind == b"EXIF"), b"")
    return Container(
        format="webp",
        width=width,
        height=height,
        frames=frames,
        spans=((0, end),),
        exif=exif,
    )


def _chunks(data: Data, at: int, end: int) -> Iterator[Chunk]:
    while at + 8 <= end:
        kind, size = struct.unpack("<4sI", data[at : at + 8])
        if at + 8 + size > end:
            raise corrupt("a chunk is cut short")
        yield Chunk(kind, at, at + 8, at + 8 + size)
        at += 8 + size + size % 2


def _size(data: Data, chunks: list[Chunk], limits: Limits) -> tuple[int, int]:
    if not chunks or chunks[0].kind not in (*_BITSTREAMS, b"VP8X"):
        raise corrupt("it has no header")
    head = data[chunks[0].body : chunks[0].body + 10]
    if len(head) < (5 if chunks[0].kind == b"VP8L" else 10):
        raise corrupt("its header is cut short")
    width, height = _READERS[chunks[0].kind](head)
    check_size(width, height, limits)
    return width, height


def _canvas(head: bytes) -> tuple[int, int]:
    return 1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little")


def _lossy(head: bytes) -> tuple[int, int]:
    if head[3:6] != b"\x9d\x01\x2a" or head[0] & 1:
        raise corrupt("its header is impossible")
    width, height = struct.unpack("<HH", head[6:10])
    return width & 0x3FFF, height & 0x3FFF


def _lossless(head: bytes) -> tuple[int, int]:
    if head[0] != 0x2F:
        raise corrupt("its header is impossible")
    bits = int.from_bytes(head[1:5], "little")
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


_READERS = {b"VP8X": _canvas, b"VP8 ": _lossy, b"VP8L": _lossless}


def _frames(data: Data, chunks: list[Chunk], limits: Limits) -> int:
    moving = [chunk for chunk in chunks if chunk.kind == b"ANMF"]
    check_frames(len(moving), limits)
    for frame in moving:
        _check_frame(data, frame)
    if not moving and not any(chunk.kind in _BITSTREAMS for chunk in chunks):
        raise corrupt("it has no pixels")
    return max(1, len(moving))


def _check_frame(data: Data, frame: Chunk) -> None:
    if not any(chunk.kind in _BITSTREAMS for chunk in _chunks(data, frame.body + 16, frame.end)):
        raise corrupt("a frame has no pixels")
