"""The files of an upload on their way in: streamed to staging, hashed as they flow, gone when it fails."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import AsyncIterator
from contextlib import ExitStack
from functools import partial
from typing import Any, NamedTuple

from aiohttp import BodyPartReader, web

from ..intake import Staged
from ..model.faults import (
    BadMultipart,
    BadParameter,
    EmptyFile,
    Fault,
    FileTooLarge,
    RequestTooLarge,
    TooManyParts,
    UnsupportedMediaType,
)
from ..model.names import new_id
from ..ports import Store
from .bodies import CHUNK, Pace, begun, parts_of, raw_pieces, text_of
from .keys import LIBRARY, SETTINGS, THREADS
from .strict_json import strict_json

MAX_FILES = 500
MAX_META = 4 << 20
_WRITE = 1 << 20


class Arrived(NamedTuple):
    """One file: its name as the client says, and where its bytes are or why they are refused."""

    filename: str | None
    staged: Staged | Fault


class Received(NamedTuple):
    """All files of a request and the metadata that came with them."""

    files: list[Arrived]
    meta: Any


async def receive(request: web.Request) -> Received:
    """Everything an upload brings. When it raises, nothing of it stays in staging."""
    files: list[Arrived] = []
    with ExitStack() as undo:
        undo.callback(forget, request.app[LIBRARY].store, files)
        if request.content_type == "multipart/form-data":
            meta = await _parts(request, files)
        elif request.content_type.startswith("image/"):
            meta = await _raw(request, files)
        else:
            raise UnsupportedMediaType("Send multipart/form-data or image/*.")
        if not files:
            raise BadParameter("There is no file in the request.", field="file")
        undo.pop_all()
    return Received(files, meta)


def forget(store: Store, files: list[Arrived]) -> None:
    """Remove what arrived from staging."""
    for arrived in files:
        if isinstance(arrived.staged, Staged):
            store.unstage(arrived.staged.name)


async def _raw(request: web.Request, files: list[Arrived]) -> Any:
    """The bare image as body."""
    settings, header = request.app[SETTINGS], request.headers.get("X-Meta")
    meta = None if header is None else strict_json(header.encode("utf-8", "surrogateescape"))
    try:
        pace = await begun(request, settings.body_seconds, settings.max_file_bytes)
        staged = await _stage(request, raw_pieces(request, pace), settings.max_file_bytes)
    except RequestTooLarge:
        raise FileTooLarge("The file is too large.", limit=settings.max_file_bytes) from None
    files.append(Arrived(request.query.get("filename"), staged))
    return meta


async def _parts(request: web.Request, files: list[Arrived]) -> Any:
    """A multipart body of `file` parts and an optional `meta` part."""
    settings, meta, count = request.app[SETTINGS], None, 0
    pace = await begun(request, settings.body_seconds, settings.max_request_bytes)
    async for part in parts_of(request, pace):
        count += 1
        if count > MAX_FILES + 1:
            raise TooManyParts("Too many parts in one request.", limit=MAX_FILES)
        if part.name == "meta" and part.filename is None:
            meta = strict_json(await text_of(part, pace, MAX_META))
        elif part.filename is not None or part.name == "file":
            staged = await _stage(request, _pieces(part, pace), settings.max_file_bytes)
            files.append(Arrived(part.filename, staged))
        else:
            raise BadParameter("Parts are named file or meta.", field=(part.name or "")[:40])
    return meta


async def _pieces(part: BodyPartReader, pace: Pace) -> AsyncIterator[bytes]:
    while data := await pace.wait(part.read_chunk(CHUNK), BadMultipart):
        yield data


async def _stage(request: web.Request, pieces: AsyncIterator[bytes], limit: int) -> Staged | Fault:
    """Write pieces to staging; a file over `limit` is read to its end and becomes a fault."""
    store, image = request.app[LIBRARY].store, new_id()

    def give_back(opened: tuple[str, int]) -> None:
        store.close_staged(opened[1])
        store.unstage(opened[0])

    name, handle = await request.app[THREADS].acquire(partial(store.stage, image), give_back)
    with ExitStack() as undo:
        undo.callback(store.unstage, name)
        try:
            sink = await _written(request, handle, pieces, limit)
        finally:
            store.close_staged(handle)
        if sink.size > limit:
            return FileTooLarge("The file is too large.", limit=limit)
        if sink.size == 0:
            return EmptyFile("The file is empty.")
        undo.pop_all()
    return Staged(name, image, sink.size, sink.sha256.hexdigest(), f"{sink.crc32:08x}")


async def _written(request: web.Request, handle: int, pieces: AsyncIterator[bytes], limit: int) -> _Hashing:
    store, threads, sink = request.app[LIBRARY].store, request.app[THREADS], _Hashing()
    waiting = bytearray()
    async for data in pieces:
        sink.size += len(data)
        if sink.size <= limit:
            waiting += data
        if len(waiting) >= _WRITE:
            await threads.write(_take, store, handle, sink, bytes(waiting))
            waiting.clear()
    if sink.size <= limit:
        await threads.write(_take, store, handle, sink, bytes(waiting), True)
    return sink


class _Hashing:
    """The running size and check sums of a file."""

    def __init__(self) -> None:
        self.size = 0
        self.sha256 = hashlib.sha256()
        self.crc32 = 0


def _take(store: Store, handle: int, sink: _Hashing, data: bytes, last: bool = False) -> None:
    store.write_staged(handle, data)
    sink.sha256.update(data)
    sink.crc32 = zlib.crc32(data, sink.crc32)
    if last:
        store.sync_staged(handle)
