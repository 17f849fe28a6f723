"""Walks AVIF files: boxes, the primary image's size and turn, the place of every item."""

from __future__ import annotations

from typing import NamedTuple

from .boxes import Box, Reader, inner_boxes, top_boxes
from .container import Container, Data, Limits, check_frames, check_size, corrupt

_BRANDS = (b"avif", b"avis")
_MAX_ITEMS = 10_000
_ROTATED = {0: 1, 1: 8, 2: 3, 3: 6}
_MIRRORED = {(0, 0): 4, (0, 1): 2, (1, 0): 5, (1, 1): 7, (2, 0): 2, (2, 1): 4, (3, 0): 7, (3, 1): 5}


class Meta(NamedTuple):
    """The boxes of `meta` that we read, by kind."""

    boxes: dict[bytes, Box]

    def reader(self, data: Data, kind: bytes) -> Reader:
        box = self.boxes.get(kind)
        if box is None:
            raise corrupt(f"it has no {kind.decode()} box")
        return Reader(data[box.body : box.end])


def is_avif(data: Data) -> bool:
    """Whether the first box names an AVIF brand."""
    size = int.from_bytes(data[:4], "big")
    if data[4:8] != b"ftyp" or not 16 <= size <= 4096:
        return False
    brands = data[8:12] + data[16:size]
    return any(brands[at : at + 4] in _BRANDS for at in range(0, len(brands), 4))


def walk(data: Data, limits: Limits) -> Container:
    """The facts of an AVIF whose items all lie inside it.

    Raises ImageCorrupt, TooManyPixels, TooManyFrames.
    """
    boxes = {box.kind: box for box in reversed(list(top_boxes(data)))}
    if b"meta" not in boxes:
        raise corrupt("it ends before its header")
    outer = boxes[b"meta"]
    meta = Meta({box.kind: box for box in inner_boxes(data, outer.body + 4, outer.end)})
    primary = _primary(meta.reader(data, b"pitm"))
    places = _places(meta.reader(data, b"iloc"))
    _check_places(data, meta, places, primary)
    properties = _properties(data, meta, primary)
    width, height = _size(data, properties, limits)
    return Container(
        format="avif",
        width=width,
        height=height,
        frames=_frames(data, boxes.get(b"moov"), limits),
        spans=((0, len(data)),),
        exif=_exif(data, meta, places),
        orientation=_turn(data, properties),
    )


def _primary(reader: Reader) -> int:
    version, _ = reader.full_header()
    return reader.number(2 if version == 0 else 4)


class Place(NamedTuple):
    """Where an item's bytes are: how to count, and (offset, length) pairs."""

    method: int
    extents: tuple[tuple[int, int], ...]


def _places(reader: Reader) -> dict[int, Place]:
    version, _ = reader.full_header()
    sizes = reader.number(2)
    offset, length, first, index = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15
    wide = 4 if version == 2 else 2
    count = reader.number(wide)
    if count > _MAX_ITEMS:
        raise corrupt("it has too many items")
    places = {}
    for _ in range(count):
        item = reader.number(wide)
        method = reader.number(2) & 15 if version else 0
        reader.take(2)
        start = reader.number(first)
        extents = _extents(reader, index if version else 0, offset, length, start)
        places[item] = Place(method, extents)
    return places


def _extents(reader: Reader, index: int, offset: int, length: int, start: int) -> tuple[tuple[int, int], ...]:
    found = []
    for _ in range(reader.number(2)):
        reader.take(index)
        found.append((start + reader.number(offset), reader.number(length)))
    return tuple(found)


def _check_places(data: Data, meta: Meta, places: dict[int, Place], primary: int) -> None:
    if primary not in places:
        raise corrupt("its image is nowhere")
    idat = meta.boxes.get(b"idat")
    for place in places.values():
        room = len(data) if place.method == 0 else (idat.end - idat.body if idat else 0)
        if any(start + length > room for start, length in place.extents if place.method < 2):
            raise corrupt("it ends within its pixels")


def _properties(data: Data, meta: Meta, item: int) -> list[Box]:
    outer = meta.boxes.get(b"iprp")
    if outer is None:
        raise corrupt("it has no iprp box")
    inside = {box.kind: box for box in inner_boxes(data, outer.body, outer.end)}
    if b"ipco" not in inside or b"ipma" not in inside:
        raise corrupt("its properties are missing")
    listed = list(inner_boxes(data, inside[b"ipco"].body, inside[b"ipco"].end))
    chosen = _associated(Reader(data[inside[b"ipma"].body : inside[b"ipma"].end]), item)
    return [listed[number - 1] for number in chosen if 0 < number <= len(listed)]


def _associated(reader: Reader, wanted: int) -> list[int]:
    version, flags = reader.full_header()
    for _ in range(min(reader.number(4), _MAX_ITEMS)):
        item = reader.number(4 if version else 2)
        wide = flags & 1
        numbers = [reader.number(1 + wide) & (0x7FFF if wide else 0x7F) for _ in range(reader.number(1))]
        if item == wanted:
            return numbers
    return []


def _size(data: Data, properties: list[Box], limits: Limits) -> tuple[int, int]:
    box = next((box for box in properties if box.kind == b"ispe"), None)
    if box is None:
        raise corrupt("its size is missing")
    reader = Reader(data[box.body : box.end])
    reader.full_header()
    width, height = reader.number(4), reader.number(4)
    check_size(width, height, limits)
    return width, height


def _turn(data: Data, properties: list[Box]) -> int:
    """The EXIF orientation that equals the file's own turn and mirror (AVIF ignores EXIF's)."""
    values = {
        box.kind: data[box.body] & 3
        for box in properties
        if box.kind in (b"irot", b"imir") and box.end > box.body
    }
    angle = values.get(b"irot", 0)
    return _MIRRORED[angle, values[b"imir"] & 1] if b"imir" in values else _ROTATED[angle]


def _exif(data: Data, meta: Meta, places: dict[int, Place]) -> bytes:
    item = _exif_item(data, meta.boxes.get(b"iinf"))
    place = places.get(item)
    if place is None or place.method != 0 or not place.extents:
        return b""
    start, length = place.extents[0]
    body = data[start : start + length]
    return body[4 + int.from_bytes(body[:4], "big") :]


def _exif_item(data: Data, box: Box | None) -> int:
    """The number of the item that holds EXIF, or -1."""
    if box is None:
        return -1
    wide = 4 if data[box.body] else 2
    for entry in inner_boxes(data, box.body + 4 + wide, box.end):
        reader = Reader(data[entry.body : entry.end])
        version, _ = reader.full_header()
        item = reader.number(4 if version == 3 else 2)
        if reader.take(6)[2:] == b"Exif":
            return item
    return -1


def _frames(data: Data, moov: Box | None, limits: Limits) -> int:
    if moov is None:
        return 1
    frames = max((_samples(data, table) for table in _sample_tables(data, moov)), default=1)
    check_frames(frames, limits)
    return max(1, frames)


def _sample_tables(data: Data, outer: Box) -> list[Box]:
    level = [outer]
    for kind in (b"trak", b"mdia", b"minf", b"stbl", b"stsz"):
        level = [
            box for parent in level for box in inner_boxes(data, parent.body, parent.end) if box.kind == kind
        ]
    return level


def _samples(data: Data, box: Box) -> int:
    reader = Reader(data[box.body : box.end])
    reader.take(8)
    return reader.number(4)
