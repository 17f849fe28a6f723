"""Walks GIF files block by block to the trailer, counting frames."""

from __future__ import annotations

import struct

from .container import Container, Data, Limits, check_frames, check_size, corrupt
from .png import decode_text

_IMAGE, _EXTENSION, _TRAILER, _COMMENT = 0x2C, 0x21, 0x3B, 0xFE
_MAX_COMMENT = 1 << 20


def walk(data: Data, limits: Limits) -> Container:
    """The facts of a GIF that reaches its trailer. Raises ImageCorrupt, TooManyPixels, TooManyFrames."""
    screen = data[6:13]
    if len(screen) < 7:
        raise corrupt("its header is cut short")
    width, height, flags = struct.unpack("<HHB", screen[:5])
    check_size(width, height, limits)
    comments: list[tuple[str, str]] = []
    at, frames = 13 + _palette(flags), 0
    while (block := _byte(data, at)) != _TRAILER:
        if block == _IMAGE:
            _check_frame(data, at, limits)
            frames += 1
            check_frames(frames, limits)
            at = _after_image(data, at)
        elif block == _EXTENSION:
            start, at = at + 2, _after_blocks(data, at + 2)
            if _byte(data, start - 1) == _COMMENT and len(comments) < 100:
                comments.append(("comment", decode_text(_joined(data, start, at))))
        else:
            raise corrupt("a block is of no known kind")
    if not frames:
        raise corrupt("it has no pixels")
    return Container(
        format="gif",
        width=width,
        height=height,
        frames=frames,
        spans=((0, at + 1),),
        texts=tuple(comments),
    )


def _palette(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _byte(data: Data, at: int) -> int:
    if at >= len(data):
        raise corrupt("it ends before its trailer")
    return data[at]


def _check_frame(data: Data, at: int, limits: Limits) -> None:
    box = data[at + 1 : at + 9]
    if len(box) < 8:
        raise corrupt("a frame is cut short")
    left, top, width, height = struct.unpack("<HHHH", box)
    check_size(left + width, top + height, limits)


def _after_image(data: Data, at: int) -> int:
    return _after_blocks(data, at + 11 + _palette(_byte(data, at + 9)))


def _after_blocks(data: Data, at: int) -> int:
    while size := _byte(data, at):
        at += 1 + size
    return at + 1


def _joined(data: Data, at: int, end: int) -> bytes:
    pieces, room = [], _MAX_COMMENT
    while (size := data[at]) and room > 0:
        pieces.append(data[at + 1 : at + 1 + size])
        at, room = at + 1 + size, room - size
    return b"".join(pieces)
