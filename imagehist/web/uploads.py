"""POST /images: every file decoded, placed and answered once durable, also when nobody waits any more."""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack
from typing import Any, NamedTuple

import msgspec
from aiohttp import hdrs, web

from ..actions.uploading import Prepared, abandon, clean_meta, known_copy, prepare, reusing
from ..intake import Meta, Staged
from ..library import Library
from ..model.faults import (
    BadJson,
    BadParameter,
    Fault,
    IdempotencyConflict,
    MetaMismatch,
    NothingAccepted,
    OutcomeUnknown,
)
from ..model.names import clean_filename
from ..model.records import ImageRecord
from .callers import actor_of, adding_owner_of
from .keys import BACKGROUND, FOLLOWER, LANES, LIBRARY, SETTINGS, THREADS
from .problems import PROBLEMS, problem_body
from .receiving import Arrived, Received, forget, receive
from .replies import json_reply, record_reply
from .turns import Turns

log = logging.getLogger("imagehist.uploads")
TURNS = web.AppKey("turns", Turns)
MAX_KEY = 200

Result = ImageRecord | Fault


class Caller(NamedTuple):
    """For whom images are added, who adds them, and the key of the request."""

    owner: str
    by: str
    key: str | None


async def post_images(request: web.Request) -> web.Response:
    """Add images: multipart with one or many files, or one bare image as body."""
    caller = Caller(adding_owner_of(request), actor_of(request), _idempotency_key(request))
    received = await receive(request)
    accepting = request.app[BACKGROUND].lasting(_accepted(request, caller, received))
    return _answer(received, await asyncio.shield(accepting))


def _idempotency_key(request: web.Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isprintable() and key.isascii()):
        raise BadParameter("Idempotency-Key is up to 200 printable characters.", field="Idempotency-Key")
    return key


async def _accepted(request: web.Request, caller: Caller, received: Received) -> list[Result]:
    """Each file as a record or a fault; what an earlier request with this key made is not made again."""
    if caller.key is None:
        return await _accept_all(request, caller, received, {})
    async with request.app[TURNS].turn((caller.owner, caller.key)):
        made = await request.app[THREADS].read(_by_key, request, caller.owner, caller.key)
        return await _accept_all(request, caller, received, _matched(request, received.files, made))


def _by_key(request: web.Request, owner: str, key: str) -> list[ImageRecord]:
    request.app[FOLLOWER].refresh(owner)
    return request.app[LIBRARY].index.by_idempotency_key(owner, key)


def _matched(request: web.Request, files: list[Arrived], made: list[ImageRecord]) -> dict[int, ImageRecord]:
    """The images made earlier by place of their file now. Raises IdempotencyConflict for other bytes."""
    found: dict[int, ImageRecord] = {}
    for record in made:
        places = (place for place, file in enumerate(files) if place not in found and _is(file, record))
        place = next(places, None)
        if place is None:
            forget(request.app[LIBRARY].store, files)
            raise IdempotencyConflict("This Idempotency-Key was used with other bytes.")
        found[place] = record
    return found


def _is(file: Arrived, record: ImageRecord) -> bool:
    return isinstance(file.staged, Staged) and file.staged.sha256 == record.sha256


async def _accept_all(
    request: web.Request, caller: Caller, received: Received, made: dict[int, ImageRecord]
) -> list[Result]:
    store, files = request.app[LIBRARY].store, received.files
    with ExitStack() as undo:
        undo.callback(forget, store, files)
        metas = _metas(received.meta, len(files))
        undo.pop_all()
    forget(store, [files[place] for place in made])
    rest = [place for place in range(len(files)) if place not in made]
    work = [_accept(request, caller, files[place], metas[place]) for place in rest]
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Fault):
            raise result
    done: dict[int, Any] = {**made, **dict(zip(rest, results, strict=True))}
    return [done[place] for place in range(len(files))]


async def _accept(request: web.Request, caller: Caller, file: Arrived, meta: Meta) -> Result:
    """Decode, place and commit one file. Raises the fault that refuses it."""
    if isinstance(file.staged, Fault):
        return file.staged
    library, threads, staged = request.app[LIBRARY], request.app[THREADS], file.staged
    reuse = request.app[SETTINGS].duplicates == "reuse"
    with ExitStack() as undo:
        undo.callback(library.store.unstage, staged.name)
        meta = clean_meta(meta, file.filename)
        if reuse and (known := await threads.read(known_copy, library, caller.owner, staged.sha256)):
            return known
        undo.pop_all()
    source = "generator" if caller.by == "generator" else "upload"
    prepared = await threads.decode(prepare, library, caller.owner, staged, meta, source, caller.key)
    return await _commit(request, caller, prepared, reuse)


async def _commit(request: web.Request, caller: Caller, prepared: Prepared, reuse: bool) -> Result:
    library, threads, older = request.app[LIBRARY], request.app[THREADS], list[ImageRecord]()
    decision = reusing(library, prepared, older) if reuse else prepared.decision
    try:
        outcome = await request.app[LANES].commit(caller.owner, decision, caller.by)
    except OutcomeUnknown:
        raise  # the line may be there: recovery decides what becomes of the placed file
    except Fault:
        await threads.write(abandon, library, prepared)
        raise
    if older:
        await threads.write(abandon, library, prepared)
        return older[0]
    await threads.write(_unstage, library, prepared)
    if outcome.record is not None:
        return outcome.record
    found = await threads.read(library.index.records, caller.owner, [prepared.record.id])
    return found[prepared.record.id]


def _unstage(library: Library, prepared: Prepared) -> None:
    """Remove the explanation of a committed image; recovery does it where the disk refuses."""
    try:
        library.store.unstage(prepared.staged.name)
    except OSError as error:
        log.warning("staging of %s stays: %s", prepared.record.id, error.strerror)


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
        raise BadParameter(f"meta: {error}"[:200], field="meta") from None


def _answer(received: Received, results: list[Result]) -> web.Response:
    names = [clean_filename(file.filename or "") for file in received.files]
    rejected = [
        {"filename": name, "code": result.code, "detail": result.detail, **result.fields}
        for name, result in zip(names, results, strict=True)
        if isinstance(result, Fault)
    ]
    items = [record_reply(result) for result in results if isinstance(result, ImageRecord)]
    if items:
        return json_reply({"items": items, "rejected": rejected}, 201)
    return _refused([result for result in results if isinstance(result, Fault)], rejected)


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
