"""Bodies as they stream in: limits of time and size, one read after another, every malformation a fault."""

from __future__ import annotations

import asyncio
import codecs
import warnings
from collections.abc import AsyncIterator, Awaitable
from typing import Any, NoReturn, TypeVar

from aiohttp import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    BodyPartReader,
    ClientPayloadError,
    hdrs,
    web,
)
from aiohttp.http_exceptions import HttpProcessingError

from ..model.faults import (
    BadEncoding,
    BadMultipart,
    BadRequest,
    Fault,
    RequestTooLarge,
    SlowClient,
    UnsupportedMediaType,
)
from .strict_json import strict_json

T = TypeVar("T")

# A part whose name cannot be read is refused; by itself aiohttp would warn and lose the name.
warnings.filterwarnings("error", category=BadContentDispositionHeader)
warnings.filterwarnings("error", category=BadContentDispositionParam)

CHUNK = 1 << 18
MAX_JSON = 8 << 20
_BROKEN = (
    ValueError,
    AssertionError,
    LookupError,
    RuntimeError,
    HttpProcessingError,
    ClientPayloadError,
    RuntimeWarning,
)
_PLAIN_TRANSFERS = ("binary", "8bit", "7bit")


class Pace:
    """The time limit of one body: each piece within `seconds`, and a kilobyte a second on the whole."""

    def __init__(self, request: web.Request, seconds: float, limit: int) -> None:
        self._content = request.content
        self._seconds = seconds
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time()

    async def wait(self, piece: Awaitable[T], broken: type[Fault]) -> T:
        """The next piece. Raises SlowClient, RequestTooLarge, or `broken` for what is malformed."""
        try:
            async with asyncio.timeout(self._seconds):
                data = await piece
        except TimeoutError:
            raise SlowClient("The body stands still.") from None
        except _BROKEN as error:
            raise broken("The body is malformed, or ends before it is whole.") from error
        received, elapsed = self._content.total_bytes, self._loop.time() - self._start
        if received > self._limit:
            raise RequestTooLarge("The body is too large.", limit=self._limit)
        if elapsed > self._seconds and received < elapsed * 1024:
            raise SlowClient("The body arrives too slowly.")
        return data


async def begun(request: web.Request, seconds: float, limit: int) -> Pace:
    """Begin to read a body: what announces too much is refused unread, who asks first is told to send."""
    if (request.content_length or 0) > limit:
        raise RequestTooLarge("The body is too large.", limit=limit)
    if hdrs.EXPECT in request.headers:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    return Pace(request, seconds, limit)


async def not_yet(request: web.Request) -> None:
    """`Expect: 100-continue` is answered when a handler begins to read, so that refusals come first."""


async def raw_pieces(request: web.Request, pace: Pace) -> AsyncIterator[bytes]:
    """The body in pieces."""
    while data := await pace.wait(request.content.read(CHUNK), BadRequest):
        yield data


async def json_body(request: web.Request, seconds: float) -> Any:
    """The one strict JSON value of a body. Raises UnsupportedMediaType, BadJson, BadEncoding …"""
    if request.content_type != "application/json":
        raise UnsupportedMediaType("This address takes application/json.")
    return strict_json(await whole_body(request, seconds, MAX_JSON))


async def whole_body(request: web.Request, seconds: float, limit: int) -> bytes:
    """A small body. Raises RequestTooLarge past `limit` bytes, SlowClient, BadRequest."""
    pace = await begun(request, seconds, limit)
    return b"".join([piece async for piece in raw_pieces(request, pace)])


async def parts_of(request: web.Request, pace: Pace) -> AsyncIterator[BodyPartReader]:
    """The parts of a multipart body, one after another. Raises BadMultipart for every malformation."""
    try:
        reader = await request.multipart()
    except (*_BROKEN, web.HTTPException) as error:
        _malformed(error)
    while (part := await pace.wait(reader.next(), BadMultipart)) is not None:
        if not isinstance(part, BodyPartReader):
            raise BadMultipart("Nested multipart bodies are not taken.")
        try:
            _check_part(part)
        except _BROKEN as error:
            _malformed(error)
        yield part


def _malformed(error: BaseException) -> NoReturn:
    raise BadMultipart("The multipart body is malformed.") from error


def _check_part(part: BodyPartReader) -> None:
    if part.name is None:
        raise BadMultipart("Every part has a name.")
    if part.headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "binary").lower() not in _PLAIN_TRANSFERS:
        raise BadMultipart("Parts come without Content-Transfer-Encoding.")
    try:
        charset = codecs.lookup(part.get_charset("utf-8")).name
    except LookupError:
        charset = ""
    if charset not in ("utf-8", "ascii"):
        raise BadEncoding("Text is UTF-8.")


async def text_of(part: BodyPartReader, pace: Pace, limit: int) -> bytes:
    """A small part whole. Raises RequestTooLarge past `limit` bytes."""
    data = b""
    while piece := await pace.wait(part.read_chunk(1 << 16), BadMultipart):
        data += piece
        if len(data) > limit:
            raise RequestTooLarge("A part is too large.", limit=limit)
    return data
