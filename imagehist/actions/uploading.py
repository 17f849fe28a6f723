"""From a staged file to an image: looked at in a child, placed, and handed on to be committed."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ..committing import Decision, Draft, View
from ..intake import Meta, Staged, adding, place, record_of, withdraw
from ..library import Library
from ..model.faults import BadParameter, Fault, FieldTooLong
from ..model.names import KINDS, clean_filename, is_id
from ..model.records import ImageRecord
from ..model.tags import clean_tags
from ..model.times import to_micros, to_text

MAX_TEXT = 100_000
MAX_NAME = 200
_LONG = ("prompt", "negative_prompt")
_SHORT = ("workflow_id", "model", "sampler", "scheduler", "original_filename")


class Prepared(NamedTuple):
    """An image that lies at its place and waits for its line."""

    staged: Staged
    record: ImageRecord
    decision: Decision


def prepare(
    library: Library, owner: str, staged: Staged, meta: Meta, source: str, key: str | None
) -> Prepared:
    """Decode, place and draft one staged file. Raises the faults of inspection and of the disk; the
    staged file is gone then."""
    try:
        found = library.renderer.inspect(library.store.staged_path(staged.name))
    except Fault:
        library.store.unstage(staged.name)
        raise
    record = record_of(library, owner, staged, found, meta)
    record = msgspec.structs.replace(record, source=source, idempotency_key=key)
    place(library, staged, record, found.thumb)
    return Prepared(staged, record, adding(record))


def abandon(library: Library, prepared: Prepared) -> None:
    """Take a placed image back because its line was refused."""
    withdraw(library, prepared.staged, prepared.record)


def known_copy(library: Library, owner: str, sha256: str) -> ImageRecord | None:
    """An active image with these bytes whose original is there, so that nothing need be added."""
    image = library.index.by_sha256(owner, sha256)
    return None if image is None else _usable(library, library.index.records(owner, [image]).get(image))


def reusing(library: Library, prepared: Prepared, older: list[ImageRecord]) -> Decision:
    """The decision that adds an image unless a usable one has its bytes: that goes to `older`."""

    def decide(view: View) -> Draft | None:
        image = view.same_bytes(prepared.record.sha256)
        found = None if image is None else _usable(library, view.records([image]).get(image))
        if found is None:
            return prepared.decision(view)
        older.append(found)
        return None

    return decide


def _usable(library: Library, record: ImageRecord | None) -> ImageRecord | None:
    usable = record is not None and record.status == "active" and library.store.exists(record.key)
    return record if usable else None


def clean_meta(meta: Meta, filename: str | None) -> Meta:
    """Meta with every value checked and in its kept form. Raises BadParameter or FieldTooLong."""
    for name, limit in (*((n, MAX_TEXT) for n in _LONG), *((n, MAX_NAME * 5) for n in _SHORT)):
        value = getattr(meta, name)
        if value is not None and len(value) > limit:
            raise FieldTooLong(f"{name} is too long.", field=name, limit=limit)
    if meta.kind is not None and meta.kind not in KINDS:
        raise BadParameter("kind is output, control or input.", field="kind")
    if meta.seed is not None and not (meta.seed.isascii() and meta.seed.isdigit() and len(meta.seed) <= 40):
        raise BadParameter("seed is a whole number.", field="seed")
    if not all(is_id(image) for image in meta.derived_from or []):
        raise BadParameter("derived_from holds image ids.", field="derived_from")
    _check_ratio(meta.aspect_ratio)
    return msgspec.structs.replace(
        meta,
        tags=None if meta.tags is None else clean_tags(meta.tags),
        created_at=None if meta.created_at is None else _time(meta.created_at),
        original_filename=clean_filename(meta.original_filename or filename or ""),
    )


def _time(text: str) -> str:
    try:
        micros = to_micros(text)
    except ValueError:
        raise BadParameter("created_at is an RFC 3339 time with its zone.", field="created_at") from None
    if not 0 <= micros < 253_402_300_800_000_000:
        raise BadParameter("created_at lies outside 1970 to 9999.", field="created_at")
    return to_text(micros)


def _check_ratio(ratio: str | None) -> None:
    if ratio is None:
        return
    across, colon, down = ratio.partition(":")
    if not (colon and across.isdigit() and down.isdigit() and ratio.isascii() and len(ratio) <= 21):
        raise BadParameter("aspect_ratio is W:H.", field="aspect_ratio")
