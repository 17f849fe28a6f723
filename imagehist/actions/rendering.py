"""Thumbs that are missing and previews that are asked for, made from the original when needed."""

from __future__ import annotations

import logging
from typing import NamedTuple

from ..files import storage_faults
from ..library import Library
from ..model.faults import Fault
from ..model.names import CACHE
from ..model.records import ImageRecord

log = logging.getLogger("imagehist.rendering")


class Preview(NamedTuple):
    """An image at most `width` pixels across."""

    record: ImageRecord
    width: int


def make_thumb(library: Library, record: ImageRecord) -> bytes:
    """The thumb of an original whose thumb is missing, put back to its key. Raises NotFound for a ghost."""
    _need_original(library, record)
    data, _ = library.renderer.thumb(library.store.path(record.key))
    if record.thumb is not None:
        _keep(library, record.thumb, data)
    return data


def preview(library: Library, wanted: Preview) -> bytes:
    """A preview out of the cache, or made now. Raises NotFound for a ghost."""
    key = f"{CACHE}/{wanted.record.sha256[:2]}/{wanted.record.sha256}-{wanted.width}.webp"
    data = library.store.get(key)
    if data is None:
        _need_original(library, wanted.record)
        data = library.renderer.resize(library.store.path(wanted.record.key), wanted.width)
        _keep(library, key, data)
    return data


def trim_previews(library: Library, limit: int) -> int:
    """Drop the oldest previews until the rest has at most `limit` bytes; how many went."""
    kept = [file for start in range(256) for file in library.store.folder(f"{CACHE}/{start:02x}")]
    kept.sort(key=lambda file: file.modified_ns)
    size, gone = sum(file.size for file in kept), list[str]()
    for file in kept:
        if size <= limit:
            break
        size -= file.size
        gone.append(file.key)
    library.store.drop(gone)
    return len(gone)


def _need_original(library: Library, record: ImageRecord) -> None:
    """Raise NotFound where there is none, or only a link that may lead to somebody else's."""
    library.store.release(library.store.open(record.key))


def _keep(library: Library, key: str, data: bytes) -> None:
    """Keep what can be made again; a disk that refuses costs time, not the answer."""
    try:
        with storage_faults():
            library.store.put(key, data)
    except Fault as fault:
        log.warning("%s was not kept: %s", key, fault.code)
