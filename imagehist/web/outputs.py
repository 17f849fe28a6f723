"""Originals, thumbs, sidecars and previews, at their keys and by id, to their owner alone."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from aiohttp import web

from ..actions.rendering import Preview, make_thumb, preview
from ..model.faults import BadParameter, NotFound
from ..model.names import EXTENSIONS, parse_key, sidecar_key
from ..model.records import ImageRecord
from ..ports import Store
from .callers import owner_of
from .keys import FOLLOWER, IDENTITY, LIBRARY, THREADS, THUMBS
from .parameters import image_id
from .serving import Content, small, stream

PREVIEW_WIDTHS = (640, 1280, 2048)
_THUMB_TYPES = {"webp": "image/webp", "jpg": "image/jpeg"}


class Wanted(NamedTuple):
    """The kind of bytes asked for: original, thumb or sidecar, of one image."""

    kind: str
    owner: str
    image: str
    key: str


class Mark(NamedTuple):
    """What a thumb in memory is good for: the owner's history up to a stamp, and its own version."""

    stamp: object
    version: str


class Found(NamedTuple):
    """A record, the stamp of the history it was read from, and its thumb where that was asked for."""

    record: ImageRecord
    stamp: object
    thumb: bytes | None


async def by_key(request: web.Request) -> web.StreamResponse:
    """GET /outputs/users/…: the access rule on every byte below /outputs."""
    wanted = _wanted(request, request.match_info["key"])
    if wanted.kind == "thumb" and (ready := _ready_thumb(request, wanted)) is not None:
        return ready
    found = await request.app[THREADS].read(
        _look, request, wanted.owner, wanted.image, wanted.kind == "thumb"
    )
    if found is None:
        raise NotFound("There is nothing at this address.")
    record = found.record
    if wanted.kind == "thumb" and wanted.key == record.thumb:
        return await _thumb(request, found)
    if wanted.kind == "original" and wanted.key == record.key:
        return await _original(request, record)
    if wanted.kind == "sidecar" and wanted.key == sidecar_key(record.key):
        return await _sidecar(request, record)
    raise NotFound("There is nothing at this address.")


def _wanted(request: web.Request, path: str) -> Wanted:
    parts = parse_key(path)
    if parts is None:
        raise NotFound("There is nothing at this address.")
    owner, _, _, is_thumb, image, extension = parts
    identity = request[IDENTITY]
    if identity.role == "generator" or (identity.role == "guest" and identity.owner != owner):
        raise NotFound("There is nothing at this address.")
    if is_thumb and extension in _THUMB_TYPES:
        return Wanted("thumb", owner, image, path)
    if not is_thumb and extension in EXTENSIONS:
        return Wanted("original", owner, image, path)
    if not is_thumb and extension == "json":
        return Wanted("sidecar", owner, image, path)
    raise NotFound("There is nothing at this address.")


def _ready_thumb(request: web.Request, wanted: Wanted) -> web.Response | None:
    """The thumb out of memory, if the owner's history has not moved since it was put there."""
    stamp, kept = request.app[FOLLOWER].glance(wanted.owner), request.app[THUMBS].peek(wanted.key)
    if stamp is None or kept is None or not isinstance(kept.mark, Mark) or kept.mark.stamp != stamp:
        return None
    return small(request, _thumb_content(request, wanted.key, kept.mark.version, kept.data), kept.data)


def _thumb_content(request: web.Request, key: str, version: str, data: bytes) -> Content:
    mime = _THUMB_TYPES.get(key.rpartition(".")[2], "image/webp")
    is_versioned = request.rel_url.raw_query_string == f"v={version}"
    return Content(mime, version, len(data), is_versioned)


async def by_id(request: web.Request) -> web.StreamResponse:
    """GET /images/{id}/file, /thumb or /preview."""
    what = request.path.rpartition("/")[2]
    owner, image = owner_of(request), image_id(request.match_info["id"])
    found = await request.app[THREADS].read(_look, request, owner, image, what == "thumb")
    if found is None:
        raise NotFound("There is no such image.")
    if what == "file":
        return await _original(request, found.record)
    if what == "thumb":
        return await _thumb(request, found)
    return await _preview(request, found.record)


async def _original(request: web.Request, record: ImageRecord) -> web.StreamResponse:
    store, threads = request.app[LIBRARY].store, request.app[THREADS]
    handle = await threads.read(store.open, record.key)
    try:
        size = store.size(handle)
        name = record.original_filename or record.key.rpartition("/")[2]
        kind = "attachment" if "download" in request.query else "inline"
        disposition = f"{kind}; filename*=UTF-8''{quote(name, safe='')}"
        content = Content(record.mime, record.sha256, size, True, disposition)
        return await stream(
            request, threads, content, lambda count, offset: store.read(handle, count, offset)
        )
    finally:
        store.release(handle)


async def _thumb(request: web.Request, found: Found) -> web.StreamResponse:
    record, data, app = found.record, found.thumb, request.app
    if record.thumb is None:
        raise NotFound("This image has no thumb.")
    if data is None:
        data = await app[THREADS].decode(make_thumb, app[LIBRARY], record)
    version = _version(record)
    app[THUMBS].put(record.thumb, Mark(found.stamp, version), data)
    return small(request, _thumb_content(request, record.thumb, version, data), data)


def _version(record: ImageRecord) -> str:
    return record.thumb_crc32 or record.sha256[:8]


def _look(request: web.Request, owner: str, image: str, with_thumb: bool) -> Found | None:
    """Everything an answer needs, in one go: waiting for a thread costs more than looking."""
    stamp = request.app[FOLLOWER].refresh(owner)
    record = request.app[LIBRARY].index.records(owner, [image]).get(image)
    if record is None:
        return None
    return Found(record, stamp, _thumb_bytes(request, record) if with_thumb and record.thumb else None)


def _thumb_bytes(request: web.Request, record: ImageRecord) -> bytes | None:
    key = record.thumb or ""
    kept = request.app[THUMBS].peek(key)
    if kept is not None and isinstance(kept.mark, Mark) and kept.mark.version == _version(record):
        return kept.data
    return _plain_file(request.app[LIBRARY].store, key)


def _plain_file(store: Store, key: str) -> bytes | None:
    """The bytes of a file; None when there is none, or a link that may lead to somebody else's."""
    try:
        handle = store.open(key)
    except NotFound:
        return None
    try:
        return store.read(handle, store.size(handle), 0)
    finally:
        store.release(handle)


async def _sidecar(request: web.Request, record: ImageRecord) -> web.StreamResponse:
    store = request.app[LIBRARY].store
    data = await request.app[THREADS].read(_plain_file, store, sidecar_key(record.key))
    if data is None:
        raise NotFound("The sidecar is missing.")
    return small(request, Content("application/json", f"r{record.rev}", len(data), False), data)


async def _preview(request: web.Request, record: ImageRecord) -> web.StreamResponse:
    width = request.query.get("w", "1280")
    if width not in map(str, PREVIEW_WIDTHS):
        raise BadParameter("w is 640, 1280 or 2048.", field="w")
    wanted = Preview(record, int(width))
    data = await request.app[THREADS].decode(preview, request.app[LIBRARY], wanted)
    return small(request, Content("image/webp", f"{record.sha256[:32]}-{width}", len(data), False), data)
