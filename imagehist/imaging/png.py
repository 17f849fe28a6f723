"""Walks PNG and APNG files chunk by chunk and reads their text chunks within bounds."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from .container import Container, Data, Limits, check_frames, check_size, corrupt

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_TEXT = 2 << 20
MAX_TEXTS = 64 << 20
MAX_PROFILE = 4 << 20
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_FOR_DECODERS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"sRGB", b"acTL", b"fcTL", b"fdAT"}
_PALETTE = 3
_TEXT_KINDS = {b"tEXt", b"zTXt", b"iTXt"}


class Chunk(NamedTuple):
    """One chunk: where it starts and ends in the file, and where its body lies."""

    kind: bytes
    start: int
    body: int
    body_end: int
    end: int


def walk(data: Data, limits: Limits) -> Container:
    """The facts of a PNG whose every chunk is whole. Raises ImageCorrupt, TooManyPixels, TooManyFrames."""
    chunks = list(_chunks(data, limits))
    width, height = _header(data, chunks[0], limits)
    kinds = {chunk.kind for chunk in chunks}
    if b"IDAT" not in kinds or (data[chunks[0].body + 9] == _PALETTE and b"PLTE" not in kinds):
        raise corrupt("it has no pixels or no palette")
    spans, profile_warnings = _spans(data, chunks)
    texts, text_warnings = _texts(data, chunks)
    return Container(
        format="png",
        width=width,
        height=height,
        frames=_frames(data, chunks, limits),
        spans=spans,
        texts=texts,
        exif=_first_body(data, chunks, b"eXIf"),
        warnings=profile_warnings + text_warnings,
    )


def _chunks(data: Data, limits: Limits) -> Iterator[Chunk]:
    view, at, frames = memoryview(data), len(SIGNATURE), 0
    while True:
        chunk = _chunk(data, view, at)
        frames += chunk.kind == b"fcTL"
        check_frames(frames, limits)
        yield chunk
        if chunk.kind == b"IEND":
            return
        at = chunk.end


def _chunk(data: Data, view: memoryview, at: int) -> Chunk:
    head = data[at : at + 8]
    if len(head) < 8:
        raise corrupt("it ends before its last chunk")
    length, kind = struct.unpack(">I4s", head)
    end = at + 12 + length
    if not kind.isalpha() or end > len(view):
        raise corrupt("a chunk is cut short")
    (crc,) = struct.unpack(">I", data[end - 4 : end])
    if zlib.crc32(view[at + 4 : end - 4]) != crc:
        raise corrupt("the checksum of a chunk is wrong")
    return Chunk(kind, at, at + 8, end - 4, end)


def _header(data: Data, first: Chunk, limits: Limits) -> tuple[int, int]:
    if first.kind != b"IHDR" or first.body_end - first.body != 13:
        raise corrupt("it has no header")
    width, height, depth, colour, packing, filtering, interlace = struct.unpack(
        ">IIBBBBB", data[first.body : first.body_end]
    )
    if max(width, height) > 0x7FFFFFFF:
        raise corrupt("its width or height is impossible")
    check_size(width, height, limits)
    if depth not in _DEPTHS.get(colour, ()) or packing or filtering or interlace > 1:
        raise corrupt("its header is impossible")
    return width, height


def _frames(data: Data, chunks: list[Chunk], limits: Limits) -> int:
    body = _first_body(data, chunks, b"acTL")
    if len(body) != 8:
        return 1
    announced = int.from_bytes(body[:4], "big")
    check_frames(announced, limits)
    return max(1, announced)


def _first_body(data: Data, chunks: list[Chunk], kind: bytes) -> bytes:
    return next((data[chunk.body : chunk.body_end] for chunk in chunks if chunk.kind == kind), b"")


def _spans(data: Data, chunks: list[Chunk]) -> tuple[tuple[tuple[int, int], ...], tuple[str, ...]]:
    spans, warnings = [(0, len(SIGNATURE))], []
    for chunk in chunks:
        if chunk.kind == b"iCCP" and not _profile_fits(data[chunk.body : chunk.body_end]):
            warnings.append("metadata dropped: colour profile")
        elif chunk.kind == b"iCCP" or chunk.kind in _FOR_DECODERS:
            _extend(spans, chunk)
    return tuple(spans), tuple(warnings)


def _extend(spans: list[tuple[int, int]], chunk: Chunk) -> None:
    start, end = spans[-1]
    if end == chunk.start:
        spans[-1] = (start, chunk.end)
    else:
        spans.append((chunk.start, chunk.end))


def _profile_fits(body: bytes) -> bool:
    _, _, packed = body.partition(b"\0")
    return _inflate(packed[1:], MAX_PROFILE) is not None


def _texts(data: Data, chunks: list[Chunk]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    texts, warnings, room = [], [], MAX_TEXTS
    for chunk in chunks:
        if chunk.kind not in _TEXT_KINDS:
            continue
        found = _text(chunk.kind, data[chunk.body : chunk.body_end])
        if found is None or len(found[1]) > room:
            warnings.append(f"metadata dropped: {chunk.kind.decode()}")
            continue
        room -= len(found[1])
        texts.append(found)
    return tuple(texts), tuple(warnings[:10])


def _text(kind: bytes, body: bytes) -> tuple[str, str] | None:
    keyword, _, rest = body.partition(b"\0")
    raw = _text_bytes(kind, rest)
    if raw is None or len(raw) > MAX_TEXT or len(keyword) > 79:
        return None
    return keyword.decode("latin-1"), decode_text(raw)


def _text_bytes(kind: bytes, rest: bytes) -> bytes | None:
    if kind == b"tEXt":
        return rest
    if kind == b"zTXt":
        return _inflate(rest[1:], MAX_TEXT)
    packed, (_, _, text) = rest[:1] == b"\1", _split3(rest[2:])
    return _inflate(text, MAX_TEXT) if packed else text


def _split3(rest: bytes) -> tuple[bytes, bytes, bytes]:
    language, _, rest = rest.partition(b"\0")
    translated, _, text = rest.partition(b"\0")
    return language, translated, text


def decode_text(raw: bytes) -> str:
    """UTF-8 where it is that (many tools write it into Latin-1 chunks), otherwise Latin-1."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _inflate(packed: bytes, limit: int) -> bytes | None:
    """The unpacked bytes, or None when they are broken or would be more than `limit`."""
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(packed, limit + 1)
    except zlib.error:
        return None
    return found if unpacker.eof and len(found) <= limit else None
