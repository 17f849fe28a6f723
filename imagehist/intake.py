"""A staged file becomes an image: explained in staging, placed under its key, then committed."""

from __future__ import annotations

import zlib
from typing import NamedTuple

import msgspec

from .committing import Decision, Draft, View
from .files import storage_faults
from .library import Library
from .model.entries import encode_sidecar
from .model.faults import Fault, StorageReadOnly
from .model.names import original_key, thumb_key
from .model.ratios import aspect_ratio
from .model.records import ImageRecord, Inspection
from .model.times import to_text


class Staged(NamedTuple):
    """A whole file in staging: its name there, what its bytes are, and the id the image will have."""

    name: str
    id: str
    bytes: int
    sha256: str
    crc32: str


class Meta(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client says about an image; every value beats what is found in the bytes."""

    workflow_id: str | None = None
    aspect_ratio: str | None = None
    seed: str | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    model: str | None = None
    sampler: str | None = None
    scheduler: str | None = None
    steps: int | None = None
    cfg: float | None = None
    loras: list[str] | None = None
    tags: list[str] | None = None
    created_at: str | None = None
    original_filename: str | None = None
    kind: str | None = None
    derived_from: list[str] | None = None
    workflow: object = None
    comfy_inputs: list[str] | None = None


_GENERATED = ("seed", "prompt", "negative_prompt", "model", "sampler", "scheduler", "steps", "cfg", "loras")


def record_of(library: Library, owner: str, staged: Staged, found: Inspection, meta: Meta) -> ImageRecord:
    """The record of a new image: sent values first, then what its bytes say."""
    kind, created_at = meta.kind or "output", meta.created_at or to_text(library.clock())
    key = original_key(owner, kind, created_at, staged.id, found.extension)
    told = found.generation
    sent = {name: getattr(meta, name) for name in _GENERATED if getattr(meta, name) is not None}
    values = {name: getattr(told, name) for name in _GENERATED} | sent
    sources = {n: s for n, s in told.provenance.items() if n in _GENERATED and n not in sent}
    return ImageRecord(
        id=staged.id,
        owner=owner,
        key=key,
        kind=kind,
        workflow_id=meta.workflow_id,
        mime=found.mime,
        aspect_ratio=meta.aspect_ratio or aspect_ratio(found.width, found.height),
        original_filename=meta.original_filename,
        bytes=staged.bytes,
        sha256=staged.sha256,
        crc32=staged.crc32,
        created_at=created_at,
        thumb=thumb_key(key, found.thumb_extension),
        thumb_crc32=f"{zlib.crc32(found.thumb):08x}",
        tags=meta.tags or [],
        width=found.width,
        height=found.height,
        frames=found.frames,
        thumbhash=found.thumbhash,
        derived_from=meta.derived_from or [],
        comfy_inputs=meta.comfy_inputs or [],
        tool=told.tool,
        texts=told.texts,
        workflow=told.workflow if meta.workflow is None else meta.workflow,
        provenance=sources | dict.fromkeys(sent, "sent"),
        **values,
    )


def place(library: Library, staged: Staged, record: ImageRecord, thumb: bytes) -> None:
    """Explain and place a synced staged original and its thumb, ready for its line.

    Raises StorageFull or StorageReadOnly; nothing of the image stays then.
    """
    if library.store.exists(record.key):
        library.store.unstage(staged.name)
        raise StorageReadOnly("Something else lies at the place of this image.", retry_after=30)
    try:
        with storage_faults():
            library.store.explain(staged.name, encode_sidecar(record))
            library.store.place(staged.name, record.key)
            if record.thumb is not None:
                library.store.put(record.thumb, thumb)
    except Fault:
        withdraw(library, staged, record)
        raise


def withdraw(library: Library, staged: Staged, record: ImageRecord) -> None:
    """Take back what `place` did for an image whose line was refused."""
    with storage_faults():
        library.store.drop([key for key in (record.thumb, record.key) if key is not None])
        library.store.unstage(staged.name)


def adding(record: ImageRecord) -> Decision:
    """The decision that adds a placed image, naming the older one when the bytes are known."""

    def decide(view: View) -> Draft:
        older = view.same_bytes(record.sha256)
        named = record if older is None else msgspec.structs.replace(record, duplicate_of=older)
        return Draft("add", record=named)

    return decide
