"""Bodies as they stream in: time limits, strict JSON, multipart parts, every malformation a fault."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Any, NoReturn

import orjson
from aiohttp import BodyPartReader, ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from ..model.faults import (
    BadEncoding,
    BadJson,
    BadMultipart,
    BadRequest,
    RequestTooLarge,
    SlowClient,
    UnsupportedMediaType,
)

CHUNK = 1 << 18
MAX_JSON = 8 << 20
MAX_DEPTH = 64


class Pace:
    """The time limit of one body: each piece within `seconds`, and a kilobyte a second on the whole."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time()
        self._received = 0

    async def wait(self, piece: asyncio.Future[bytes] | Any) -> bytes:
        """The next piece. Raises SlowClient, or BadRequest when the connection broke the protocol."""
        try:
            async with asyncio.timeout(self._seconds):
                data: bytes = await piece
        except TimeoutError:
            raise SlowClient("The body stands still.") from None
        except (HttpProcessingError, ClientPayloadError, ValueError, AssertionError) as error:
            raise BadRequest("The body ends before it is whole.") from error
        self._received += len(data)
        elapsed = self._loop.time() - self._start
        if elapsed > self._seconds and self._received < elapsed * 1024:
            raise SlowClient("The body arrives too slowly.")
        return data


async def raw_pieces(request: web.Request, pace: Pace, limit: int) -> AsyncIterator[bytes]:
    """The body in pieces. Raises RequestTooLarge past `limit` bytes."""
    if (request.content_length or 0) > limit:
        raise RequestTooLarge("The body is too large.", limit=limit)
    received = 0
    while data := await pace.wait(request.content.read(CHUNK)):
        received += len(data)
        if received > limit:
            raise RequestTooLarge("The body is too large.", limit=limit)
        yield data


async def json_body(request: web.Request, seconds: float) -> Any:
    """The one strict JSON value of a body. Raises UnsupportedMediaType, BadJson, BadEncoding …"""
    if request.content_type != "application/json":
        raise UnsupportedMediaType("This address takes application/json.")
    pieces = [piece async for piece in raw_pieces(request, Pace(seconds), MAX_JSON)]
    return strict_json(b"".join(pieces))


def strict_json(data: bytes) -> Any:
    """JSON without NaN, doubles, lone surrogates or abysses. Raises BadJson or BadEncoding."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise BadEncoding("JSON is UTF-8.") from None
    if "\\ud" in text.lower() and _has_lone_surrogate(data):
        raise BadEncoding("JSON text has half a character.")
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise BadJson("The body is not JSON.") from None
    _check_value(value, 0)
    return value


def _has_lone_surrogate(data: bytes) -> bool:
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return "surrogate" in str(error)
    return False


def _check_value(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadJson("The JSON is nested too deeply.")
    if isinstance(value, float) and not math.isfinite(value):
        raise BadJson("A number is out of range.")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_value(inner, depth + 1)


async def parts_of(request: web.Request, pace: Pace) -> AsyncIterator[BodyPartReader]:
    """The parts of a multipart body, one after another. Raises BadMultipart for every malformation."""
    try:
        reader = await request.multipart()
    except (ValueError, AssertionError, HttpProcessingError, web.HTTPException) as error:
        _malformed(error)
    while True:
        try:
            async with asyncio.timeout(30):
                part = await reader.next()
        except TimeoutError:
            raise SlowClient("The body stands still.") from None
        except (ValueError, AssertionError, HttpProcessingError, ClientPayloadError, LookupError) as error:
            _malformed(error)
        if part is None:
            return
        if not isinstance(part, BodyPartReader):
            raise BadMultipart("Nested multipart bodies are not taken.")
        yield part


def _malformed(error: BaseException) -> NoReturn:
    raise BadMultipart("The multipart body is malformed.") from error


async def text_of(part: BodyPartReader, pace: Pace, limit: int) -> bytes:
    """A small part whole. Raises RequestTooLarge past `limit` bytes."""
    data = b""
    while piece := await pace.wait(part.read_chunk(1 << 16)):
        data += piece
        if len(data) > limit:
            raise RequestTooLarge("A part is too large.", limit=limit)
    return data
