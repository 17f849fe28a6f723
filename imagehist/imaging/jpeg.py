"""Walks JPEG files marker by marker, through the entropy-coded scans, to the end of the first image."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..model.faults import ProcessingTimeout
from .container import Container, Data, Limits, check_size, corrupt
from .png import decode_text

SIGNATURE = b"\xff\xd8\xff"
_SOS, _EOI, _COM, _APP1 = 0xDA, 0xD9, 0xFE, 0xE1
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_OTHER_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF}
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)
_EXIF = b"Exif\0\0"
_MAX_SCANS = 100


class Segment(NamedTuple):
    """One marker with the place of its body; markers without a body have an empty one."""

    marker: int
    body: int
    end: int


def walk(data: Data, limits: Limits) -> Container:
    """The facts of a JPEG that reaches its end. Raises ImageCorrupt, TooManyPixels, ProcessingTimeout."""
    size: tuple[int, int] | None = None
    comments: list[tuple[str, str]] = []
    exif, scans, at = b"", 0, 2
    while (segment := _segment(data, at)).marker != _EOI:
        body = data[segment.body : segment.end]
        if segment.marker in _FRAMES:
            size = _size(body, limits)
        elif segment.marker in _OTHER_FRAMES:
            raise corrupt("its kind of compression is not in use")
        elif segment.marker == _APP1 and body.startswith(_EXIF) and not exif:
            exif = body
        elif segment.marker == _COM and len(comments) < 100:
            comments.append(("comment", decode_text(body)))
        scans += segment.marker == _SOS
        if scans > _MAX_SCANS:
            raise ProcessingTimeout("It has more scans than any real image: decoding would take too long.")
        at = _after_scan(data, segment.end) if segment.marker == _SOS else segment.end
    if size is None or not scans:
        raise corrupt("it has no pixels")
    return Container(
        format="jpeg",
        width=size[0],
        height=size[1],
        spans=((0, segment.end),),
        texts=tuple(comments),
        exif=exif,
    )


def _segment(data: Data, at: int) -> Segment:
    while data[at : at + 2] == b"\xff\xff":
        at += 1
    head = data[at : at + 4]
    if len(head) < 2 or head[0] != 0xFF or head[1] in (0x00, 0xD8):
        raise corrupt("it ends before its end marker")
    marker = head[1]
    if marker == _EOI or marker == 0x01 or 0xD0 <= marker <= 0xD7:
        return Segment(marker, at + 2, at + 2)
    end = at + 2 + int.from_bytes(head[2:4], "big")
    if len(head) < 4 or end < at + 4 or end > len(data):
        raise corrupt("a segment is cut short")
    return Segment(marker, at + 4, end)


def _after_scan(data: Data, at: int) -> int:
    found = _NEXT_MARKER.search(data, at)
    if found is None:
        raise corrupt("it ends within its pixels")
    return found.end() - 2


def _size(body: bytes, limits: Limits) -> tuple[int, int]:
    if len(body) < 6:
        raise corrupt("its header is cut short")
    height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    check_size(width, height, limits)
    return width, height
