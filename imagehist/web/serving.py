"""Bytes to browsers: strong ETags, 304, ranges, and headers that keep them inert."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from aiohttp import hdrs, web
from multidict import CIMultiDict

from ..model.faults import RangeNotSatisfiable
from .threads import Threads

INERT = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "imagehist",
}
IMMUTABLE = "private, max-age=31536000, immutable"
REVALIDATE = "private, no-cache"
_CHUNK = 1 << 18
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class Content(NamedTuple):
    """What is served: its type, tag, size and name, and whether its address names its content."""

    mime: str
    etag: str
    size: int
    immutable: bool
    filename: str | None = None


def not_modified(request: web.Request, etag: str) -> bool:
    """Whether the client's If-None-Match names this content."""
    header = request.headers.get(hdrs.IF_NONE_MATCH)
    if header is None or header == f'"{etag}"':
        return header is not None
    return header.strip() == "*" or f'"{etag}"' in [
        tag.strip().removeprefix("W/") for tag in header.split(",")
    ]


def headers_of(content: Content) -> dict[str, str]:
    """The headers every answer about this content carries."""
    headers = {
        **INERT,
        hdrs.ETAG: f'"{content.etag}"',
        hdrs.CACHE_CONTROL: IMMUTABLE if content.immutable else REVALIDATE,
    }
    if content.filename is not None:
        headers[hdrs.CONTENT_DISPOSITION] = content.filename
    return headers


@lru_cache(4_096)
def _ready_headers(content: Content, with_type: bool) -> CIMultiDict[str]:
    """The same headers for those who ask again, made once."""
    kind = {hdrs.CONTENT_TYPE: content.mime} if with_type else {}
    return CIMultiDict(headers_of(content) | kind)


def small(request: web.Request, content: Content, data: bytes) -> web.Response:
    """Bytes that are in memory."""
    if not_modified(request, content.etag):
        return web.Response(status=304, headers=_ready_headers(content, False))
    return web.Response(body=data, headers=_ready_headers(content, True))


def span_of(request: web.Request, content: Content) -> tuple[int, int] | None:
    """First and last byte of the one asked range, None for the whole. Raises RangeNotSatisfiable."""
    header, condition = request.headers.get(hdrs.RANGE), request.headers.get(hdrs.IF_RANGE)
    if header is None or (condition is not None and condition.strip() != f'"{content.etag}"'):
        return None
    match = _RANGE.fullmatch(header.strip())
    if match is None or match[1] == match[2] == "":
        raise RangeNotSatisfiable("One range of bytes can be asked for.", size=content.size)
    if match[1] == "":
        first, last = max(0, content.size - int(match[2])), content.size - 1
        if match[2].strip("0") == "":
            raise RangeNotSatisfiable("The range is empty.", size=content.size)
    else:
        first, last = int(match[1]), min(int(match[2] or content.size - 1), content.size - 1)
    if first >= content.size or first > last:
        raise RangeNotSatisfiable("The range lies outside the file.", size=content.size)
    return first, last


async def stream(
    request: web.Request, threads: Threads, content: Content, read: Callable[[int, int], bytes]
) -> web.StreamResponse:
    """Bytes of an open file, whole or one range; `read(count, offset)` runs in a thread."""
    if not_modified(request, content.etag):
        return web.Response(status=304, headers=headers_of(content))
    span = span_of(request, content)
    first, last = span or (0, content.size - 1)
    headers = headers_of(content) | {hdrs.ACCEPT_RANGES: "bytes", hdrs.CONTENT_LENGTH: str(last - first + 1)}
    if span is not None:
        headers[hdrs.CONTENT_RANGE] = f"bytes {first}-{last}/{content.size}"
    response = web.StreamResponse(status=200 if span is None else 206, headers=headers)
    response.content_type = content.mime
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    offset = first
    while offset <= last and (data := await threads.read(read, min(_CHUNK, last - offset + 1), offset)):
        await response.write(data)
        offset += len(data)
    await response.write_eof()
    return response
