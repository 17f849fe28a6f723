"""POST /images: files streamed to staging, hashed as they flow, decoded, and answered once durable."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from typing import Any

import msgspec
from aiohttp import BodyPartReader, hdrs, web

from ..actions.uploading import Prepared, abandon, clean_meta, prepare
from ..intake import Meta, Staged
from ..model.faults import (
    BadJson,
    BadParameter,
    EmptyFile,
    Fault,
    FileTooLarge,
    IdempotencyConflict,
    MetaMismatch,
    NothingAccepted,
    OutcomeUnknown,
    TooManyParts,
    UnsupportedMediaType,
)
from ..model.names import clean_filename, new_id
from ..model.records import ImageRecord
from .bodies import CHUNK, Pace, parts_of, raw_pieces, strict_json, text_of
from .callers import actor_of, adding_owner_of
from .keys import FOLLOWER, LANES, LIBRARY, SETTINGS, THREADS
from .problems import PROBLEMS, problem_body
from .replies import json_reply, record_reply

MAX_FILES = 500
MAX_META = 4 << 20
MAX_KEY = 200


class Upload:
    """One request's files on their way in: what arrived, what was accepted, what was refused."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._app = request.app
        self.owner = adding_owner_of(request)
        self.key = _idempotency_key(request)
        self.arrived: list[tuple[str | None, Staged | Fault]] = []
        self.meta: Any = None

    async def receive_raw(self) -> None:
        """The bare image as body."""
        settings = self._app[SETTINGS]
        header = self._request.headers.get("X-Meta")
        self.meta = None if header is None else strict_json(header.encode("utf-8", "surrogateescape"))
        pieces = raw_pieces(self._request, Pace(settings.body_seconds), settings.max_file_bytes)
        try:
            staged: Staged | Fault = await self._stage(pieces, None)
        except Fault as fault:
            if fault.code == "REQUEST_TOO_LARGE":
                raise FileTooLarge("The file is too large.", limit=settings.max_file_bytes) from None
            raise
        self.arrived.append((self._request.query.get("filename"), staged))

    async def receive_parts(self) -> None:
        """A multipart body of `file` parts and an optional `meta` part."""
        settings = self._app[SETTINGS]
        pace, count = Pace(settings.body_seconds), 0
        async for part in parts_of(self._request, pace):
            count += 1
            if count > MAX_FILES + 1:
                raise TooManyParts("Too many parts in one request.", limit=MAX_FILES)
            if part.name == "meta" and part.filename is None:
                self.meta = strict_json(await text_of(part, pace, MAX_META))
            elif part.filename is not None or part.name == "file":
                self.arrived.append((part.filename, await self._part(part, pace)))
            else:
                raise BadParameter("Parts are named file or meta.", field=(part.name or "")[:40])

    async def _part(self, part: BodyPartReader, pace: Pace) -> Staged | Fault:
        limit = self._app[SETTINGS].max_file_bytes

        async def pieces() -> Any:
            while data := await pace.wait(part.read_chunk(CHUNK)):
                yield data

        return await self._stage(pieces(), limit)

    async def _stage(self, pieces: Any, limit: int | None) -> Staged | Fault:
        """Write pieces to staging; a file over `limit` is read to its end and becomes a fault."""
        store, threads, image = self._app[LIBRARY].store, self._app[THREADS], new_id()
        name, handle = await threads.write(store.stage, image)
        sink = _Hashing()
        try:
            waiting: list[bytes] = []
            async for data in pieces:
                sink.size += len(data)
                if limit is not None and sink.size > limit:
                    continue
                waiting.append(data)
                if sum(map(len, waiting)) >= 1 << 20:
                    await threads.write(_take, store, handle, sink, b"".join(waiting))
                    waiting.clear()
            await threads.write(_take, store, handle, sink, b"".join(waiting), True)
        except BaseException:
            store.close_staged(handle)
            store.unstage(name)
            raise
        store.close_staged(handle)
        if limit is not None and sink.size > limit:
            store.unstage(name)
            return FileTooLarge("The file is too large.", limit=limit)
        if sink.size == 0:
            store.unstage(name)
            return EmptyFile("The file is empty.")
        return Staged(name, image, sink.size, sink.sha256.hexdigest(), f"{sink.crc32:08x}")

    def drop_staged(self) -> None:
        """Forget everything that arrived."""
        for _, staged in self.arrived:
            if isinstance(staged, Staged):
                self._app[LIBRARY].store.unstage(staged.name)

    async def repeated(self) -> list[ImageRecord]:
        """The images an earlier request with this Idempotency-Key made. Raises IdempotencyConflict."""
        if self.key is None:
            return []
        found = await self._app[THREADS].read(_by_key, self._request, self.owner, self.key)
        ours = [staged.sha256 for _, staged in self.arrived if isinstance(staged, Staged)]
        if found and [record.sha256 for record in found] != ours:
            raise IdempotencyConflict("This Idempotency-Key was used with other bytes.")
        return found

    async def accept_all(self) -> list[ImageRecord | Fault]:
        """Decode, place and commit every file; each ends as a record or a fault."""
        metas = _metas(self.meta, len(self.arrived))
        work = [
            self._accept(name, staged, meta) for (name, staged), meta in zip(self.arrived, metas, strict=True)
        ]
        return list(await asyncio.gather(*work))

    async def _accept(self, filename: str | None, staged: Staged | Fault, meta: Meta) -> ImageRecord | Fault:
        if isinstance(staged, Fault):
            return staged
        library = self._app[LIBRARY]
        try:
            meta = clean_meta(meta, filename)
        except Fault as fault:
            library.store.unstage(staged.name)
            return fault
        source = "generator" if actor_of(self._request) == "generator" else "upload"
        try:
            prepared = await self._app[THREADS].decode(
                prepare, library, self.owner, staged, meta, source, self.key
            )
        except Fault as fault:
            return fault
        return await self._commit(prepared)

    async def _commit(self, prepared: Prepared) -> ImageRecord | Fault:
        library, threads = self._app[LIBRARY], self._app[THREADS]
        try:
            await self._app[LANES].commit(self.owner, prepared.decision, actor_of(self._request))
        except OutcomeUnknown as fault:
            return fault
        except Fault as fault:
            await threads.write(abandon, library, prepared)
            return fault
        await threads.write(library.store.unstage, prepared.staged.name)
        found = await threads.read(library.index.records, self.owner, [prepared.record.id])
        return found[prepared.record.id]


class _Hashing:
    """The running size and check sums of a file."""

    def __init__(self) -> None:
        self.size = 0
        self.sha256 = hashlib.sha256()
        self.crc32 = 0


def _take(store: Any, handle: int, sink: _Hashing, data: bytes, last: bool = False) -> None:
    store.write_staged(handle, data)
    sink.sha256.update(data)
    sink.crc32 = zlib.crc32(data, sink.crc32)
    if last:
        store.sync_staged(handle)


def _by_key(request: web.Request, owner: str, key: str) -> list[ImageRecord]:
    request.app[FOLLOWER].refresh(owner)
    return request.app[LIBRARY].index.by_idempotency_key(owner, key)


def _idempotency_key(request: web.Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isprintable() and key.isascii()):
        raise BadParameter("Idempotency-Key is up to 200 printable characters.", field="Idempotency-Key")
    return key


def _metas(meta: Any, count: int) -> list[Meta]:
    """One Meta a file. Raises MetaMismatch, BadParameter or BadJson."""
    if isinstance(meta, list):
        if len(meta) != count:
            raise MetaMismatch(
                "meta has another number of elements than there are files.", files=count, metas=len(meta)
            )
        return [_meta(one) for one in meta]
    return [_meta({} if meta is None else meta)] * count


def _meta(data: Any) -> Meta:
    if not isinstance(data, dict):
        raise BadJson("meta is an object, or a list of objects.")
    seed = data.get("seed")
    if isinstance(seed, int) and not isinstance(seed, bool):
        data = data | {"seed": str(seed)}
    try:
        return msgspec.convert(data, Meta)
    except msgspec.ValidationError as error:
        raise BadParameter(f"meta: {error}", field="meta") from None


async def post_images(request: web.Request) -> web.Response:
    """Add images: multipart with one or many files, or one bare image as body."""
    upload = Upload(request)
    try:
        if request.content_type == "multipart/form-data":
            await upload.receive_parts()
        elif request.content_type.startswith("image/"):
            await upload.receive_raw()
        else:
            raise UnsupportedMediaType("Send multipart/form-data or image/*.")
        if not upload.arrived:
            raise BadParameter("There is no file in the request.", field="file")
        repeated = await upload.repeated()
        if not repeated:
            _metas(upload.meta, len(upload.arrived))
    except BaseException:
        upload.drop_staged()
        raise
    if repeated:
        upload.drop_staged()
        return json_reply({"items": [record_reply(record) for record in repeated], "rejected": []}, 201)
    return _answer(upload, await upload.accept_all())


def _answer(upload: Upload, results: list[ImageRecord | Fault]) -> web.Response:
    names = [clean_filename(name or "") for name, _ in upload.arrived]
    rejected = [
        {"filename": name, "code": result.code, "detail": result.detail, **result.fields}
        for name, result in zip(names, results, strict=True)
        if isinstance(result, Fault)
    ]
    items = [record_reply(result) for result in results if isinstance(result, ImageRecord)]
    if items:
        return json_reply({"items": items, "rejected": rejected}, 201)
    faults = [result for result in results if isinstance(result, Fault)]
    return _refused(faults, rejected)


def _refused(faults: list[Fault], rejected: list[dict[str, Any]]) -> web.Response:
    """Nothing was accepted: the one file's reason, or the storage's, or that several were refused."""
    grave = next((fault for fault in faults if PROBLEMS[type(fault)].status >= 500), None)
    fault = grave or (faults[0] if len(faults) == 1 else NothingAccepted("None of the files was accepted."))
    status, body = problem_body(fault)
    response = json_reply(body | {"rejected": rejected}, status)
    response.content_type = "application/problem+json"
    if "retry_after" in body:
        response.headers[hdrs.RETRY_AFTER] = str(body["retry_after"])
    return response
