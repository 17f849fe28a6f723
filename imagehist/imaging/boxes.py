"""Reads ISO media boxes: sizes, nesting and the big-endian numbers inside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .container import Data, corrupt


class Box(NamedTuple):
    """One box: its kind and where its body lies in the file."""

    kind: bytes
    body: int
    end: int


class Reader:
    """Takes numbers one after the other from a body; ImageCorrupt when it runs out."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        piece = self.data[self.at : self.at + count]
        if len(piece) < count:
            raise corrupt("a box is cut short")
        self.at += count
        return piece

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def full_header(self) -> tuple[int, int]:
        """Version and flags."""
        return self.number(1), self.number(3)


def top_boxes(data: Data) -> Iterator[Box]:
    """The boxes of the file; foreign bytes after the last known one are left alone."""
    at = 0
    while at + 8 <= len(data):
        box = _box(data, at, len(data))
        if box is None:
            return
        if box.end > len(data):
            raise corrupt("a box is cut short")
        yield box
        at = box.end


def inner_boxes(data: Data, start: int, end: int) -> Iterator[Box]:
    """The boxes between two places. Raises ImageCorrupt when they do not fit."""
    at = start
    while at + 8 <= end:
        box = _box(data, at, end)
        if box is None or box.end > end:
            raise corrupt("a box is cut short")
        yield box
        at = box.end


_TOP = {
    b"ftyp",
    b"meta",
    b"mdat",
    b"moov",
    b"moof",
    b"free",
    b"skip",
    b"uuid",
    b"idat",
    b"styp",
    b"sidx",
    b"mfra",
}


def _box(data: Data, at: int, end: int) -> Box | None:
    size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
    head = 8
    if size == 1:
        size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
    if size == 0:
        return Box(kind, at + head, end)
    if size < head or (at + size > end and kind not in _TOP):
        return None
    return Box(kind, at + head, at + size)
