"""Files without a line: unfinished uploads finished, foreign originals taken over or set aside."""

from __future__ import annotations

import hashlib
import zlib

import msgspec

from .committing import Decision, Draft, View, commit
from .following import follow
from .intake import Meta, Staged, adding, record_of
from .library import Library
from .model.faults import Fault
from .model.names import EXTENSIONS, parse_key, sidecar_key, thumb_key
from .model.records import ImageRecord
from .model.sidecars import read_sidecar
from .model.times import to_text
from .projecting import project


def finish_upload(library: Library, name: str) -> str | None:
    """Bring one abandoned upload to its end: committed when its original reached its place, else dropped.

    Returns the owner when an image was added.
    """
    entry = read_sidecar(library.store.explanation(name)).record
    added = entry is not None and _commit_placed(library, entry)
    library.store.unstage(name)
    return entry.owner if added and entry is not None else None


def _commit_placed(library: Library, record: ImageRecord) -> bool:
    data = library.store.get(record.key)
    if data is None or hashlib.sha256(data).hexdigest() != record.sha256:
        return False
    with library.manifest.hold(record.owner):
        library.manifest.mend(record.owner)
        follow(library, record.owner)
    if _is_known(library, record.owner, record.id):
        return False
    commit(library, record.owner, [adding(record)], "recovery")
    return True


def _is_known(library: Library, owner: str, image: str) -> bool:
    return bool(library.index.records(owner, [image]) or library.index.purged(owner, [image]))


def adopt_unexplained(library: Library, owner: str, folder: str) -> int:
    """Look at the originals of one folder: purged ones are unlinked, unknown ones adopted or set aside."""
    found = [file.key for file in library.store.folder(folder)]
    unknown = {
        parts[4]: key
        for key in found
        if (parts := parse_key(key))
        and parts[5] in EXTENSIONS
        and not library.index.records(owner, [parts[4]])
    }
    purged = library.index.purged(owner, list(unknown))
    library.store.drop(key for image, key in unknown.items() if image in purged)
    library.store.drop(sidecar_key(key) for image, key in unknown.items() if image in purged)
    return sum(adopt(library, owner, key) for image, key in unknown.items() if image not in purged)


def adopt(library: Library, owner: str, key: str) -> bool:
    """Give one original a line, from its sidecar where that fits, else from its bytes; quarantine what
    is no image."""
    record = _from_sidecar(library, owner, key)
    if record is None:
        try:
            record = _from_bytes(library, owner, key)
        except Fault:
            library.store.quarantine(key)
            return False
    commit(library, owner, [_adopting(record)], "recovery")
    project(library, owner, [record.id])
    return True


def _adopting(record: ImageRecord) -> Decision:
    def decide(view: View) -> Draft | None:
        known = view.records([record.id]) or view.index.purged(view.owner, [record.id])
        return None if known else Draft("adopt", record=record)

    return decide


def _from_sidecar(library: Library, owner: str, key: str) -> ImageRecord | None:
    """The sidecar's record, if it is about these very bytes."""
    found = read_sidecar(library.store.get(sidecar_key(key))).record
    data = library.store.get(key)
    if (
        found is None
        or data is None
        or found.owner != owner
        or found.sha256 != hashlib.sha256(data).hexdigest()
    ):
        return None
    return msgspec.structs.replace(found, key=key)


def _from_bytes(library: Library, owner: str, key: str) -> ImageRecord:
    parts, data = parse_key(key), library.store.get(key) or b""
    if parts is None:
        raise ValueError("adoption needs the key of an original")
    found = library.renderer.inspect(library.store.path(key))
    staged = Staged("", parts[4], len(data), hashlib.sha256(data).hexdigest(), f"{zlib.crc32(data):08x}")
    noon = f"{parts[2].replace('/', '-')}T12:00:00.000000Z"
    now = to_text(library.clock())
    created_at = now if now[:10] == noon[:10] else noon
    record = record_of(library, owner, staged, found, Meta(kind=parts[1], created_at=created_at))
    thumb = thumb_key(key, found.thumb_extension)
    library.store.put(thumb, found.thumb)
    return msgspec.structs.replace(record, key=key, thumb=thumb, source="recovered")
