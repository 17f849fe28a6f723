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
    """Commit what lies whole at its key; its name is made durable first, its writer may not have come
    to that."""
    data = library.store.get(record.key)
    if data is None or hashlib.sha256(data).hexdigest() != record.sha256:
        return False
    with library.manifest.hold(record.owner):
        library.manifest.mend(record.owner)
    library.store.sync_folders([record.key])
    return _commit_unknown(library, record.owner, record.id, adding(record))


def _commit_unknown(library: Library, owner: str, image: str, decision: Decision, above: int = 0) -> bool:
    """Commit a decision about an image unless history knows it; whether a line was written."""

    def decide(view: View) -> Draft | None:
        known = view.records([image]) or view.index.purged(owner, [image])
        return None if known else decision(view)

    outcome = commit(library, owner, [decide], "recovery", above)[0]
    if isinstance(outcome, Fault):
        raise outcome
    return outcome.seq is not None


def adopt_unexplained(library: Library, owner: str, folder: str) -> int:
    """Look at one folder: purged originals and left-over thumbs are unlinked, unknown originals adopted
    or set aside; how many were adopted. Uploads under way are left alone."""
    originals, thumbs = _images_in(library, folder), _images_in(library, f"{folder}/thumb")
    under_way = library.store.being_staged()
    ids = [image for image in {**originals, **thumbs} if image not in under_way]
    with library.manifest.hold(owner):
        follow(library, owner)
    known, purged = library.index.records(owner, ids), library.index.purged(owner, ids)
    unknown = [image for image in ids if image not in known]
    library.store.drop(thumbs[image] for image in unknown if image in thumbs)
    _drop_purged(library, [originals[image] for image in unknown if image in originals and image in purged])
    keys = [originals[image] for image in unknown if image in originals and image not in purged]
    if keys:
        library.store.sync()  # a line never speaks of bytes that are not on the disk
    return sum(adopt(library, owner, key) for key in keys)


def _images_in(library: Library, folder: str) -> dict[str, str]:
    """Keys of the originals, or thumbs, right in a folder, by id."""
    found = [(parse_key(file.key), file.key) for file in library.store.folder(folder)]
    return {parts[4]: key for parts, key in found if parts and parts[5] in EXTENSIONS}


def _drop_purged(library: Library, keys: list[str]) -> None:
    library.store.drop(keys)
    library.store.sync_folders(keys)
    library.store.drop(map(sidecar_key, keys))


def adopt(library: Library, owner: str, key: str) -> bool:
    """Give one original a line, from its sidecar where that fits, else from its bytes; quarantine what
    is no image."""
    record = _from_sidecar(library, owner, key)
    if record is None:
        try:
            record = _from_bytes(library, owner, key)
        except Fault:
            if library.store.exists(key):
                library.store.quarantine(key)
            return False
    added = _commit_unknown(library, owner, record.id, lambda _: Draft("adopt", record=record), record.rev)
    project(library, owner, [record.id])
    return added


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
