"""The record of one image, what an inspection finds in its bytes, and their JSON codec."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """What an image says about how it was made; every value may be missing."""

    tool: str | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    model: str | None = None
    sampler: str | None = None
    scheduler: str | None = None
    seed: str | None = None
    steps: int | None = None
    cfg: float | None = None
    loras: list[str] = []
    texts: list[str] = []
    workflow: Any = None
    provenance: dict[str, str] = {}


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What one full decode of an original gives: its facts, its thumb, its story."""

    format: str
    mime: str
    extension: str
    width: int
    height: int
    frames: int
    thumb: bytes
    thumb_extension: str
    thumbhash: str
    generation: Generation
    warnings: list[str] = []


_EXTRA = "…"
"""The name that `extra` has in JSON, where it never stands: its keys stand among the others."""


class ImageRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """The metadata of one image, as in its sidecar and in every answer.

    Times are RFC 3339 UTC with microseconds, sizes bytes, `seed` a string of digits, `crc32` and
    `sha256` lower-case hex of the original, `rev` the seq of the last line that touched the record.
    `extra` keeps the keys of a newer version through every rewrite.
    """

    id: str
    owner: str
    key: str
    kind: str = "output"
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
    loras: list[str] = []
    tool: str | None = None
    original_filename: str | None = None
    mime: str = "image/png"
    bytes: int = 0
    sha256: str = ""
    crc32: str = ""
    created_at: str = ""
    status: str = "active"
    trashed_at: str | None = None
    thumb: str | None = None
    thumb_crc32: str | None = None
    tags: list[str] = []
    favorite: bool = False
    rating: int = 0
    note: str = ""
    rev: int = 0
    width: int = 0
    height: int = 0
    frames: int = 1
    derived_from: list[str] = []
    duplicate_of: str | None = None
    phash: str | None = None
    pixel_sha256: str | None = None
    thumbhash: str | None = None
    source: str | None = None
    upload_source: str | None = None
    source_path: str | None = None
    public_url: str | None = None
    provenance: dict[str, str] = {}
    comfy_inputs: list[str] = []
    idempotency_key: str | None = None
    texts: list[str] = []
    workflow: Any = None
    extra: dict[str, Any] = msgspec.field(default_factory=dict, name=_EXTRA)


class State(NamedTuple):
    """The part of a record that trash, restore and favourite look at, for when there are very many."""

    id: str
    rev: int
    status: str
    trashed_at: str | None
    favorite: bool


FIELDS: frozenset[str] = frozenset(ImageRecord.__struct_fields__) - {"extra"}
EDITABLE: frozenset[str] = frozenset({"tags", "favorite", "rating", "note", "status", "trashed_at"})
HEAVY: frozenset[str] = frozenset({"workflow", "texts"})
"""Fields that lists leave out: they may be hundreds of kilobytes."""

_decoder = msgspec.json.Decoder(ImageRecord)


def record_from_dict(data: dict[str, Any]) -> ImageRecord:
    """The record of a JSON object; keys it does not know go to `extra`. Raises ValueError."""
    known = {name: value for name, value in data.items() if name in FIELDS}
    extra = {name: value for name, value in data.items() if name not in FIELDS}
    try:
        return msgspec.convert({**known, _EXTRA: extra}, ImageRecord)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error


def decode_record(data: bytes | msgspec.Raw) -> ImageRecord:
    """The record of JSON bytes. Raises ValueError when it is not one."""
    try:
        return _decoder.decode(data)
    except msgspec.ValidationError:
        loaded = msgspec.json.decode(data)
        if not isinstance(loaded, dict):
            raise ValueError("a record is a JSON object") from None
        return record_from_dict(loaded)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error


def record_to_dict(record: ImageRecord) -> dict[str, Any]:
    """Every field in its fixed order, then the keys of a newer version."""
    data = msgspec.structs.asdict(record)
    data.update(data.pop("extra"))
    return data


def changed(record: ImageRecord, to: dict[str, Any], rev: int) -> ImageRecord:
    """The record after `to` was written over it by line `rev`."""
    known = {name: value for name, value in to.items() if name in FIELDS}
    extra = {name: value for name, value in to.items() if name not in FIELDS}
    if extra:
        known["extra"] = {**record.extra, **extra}
    known["rev"] = rev
    return msgspec.structs.replace(record, **known)


def value_of(record: ImageRecord | State, field: str) -> Any:
    """One field by name, those of a newer version included (None when absent)."""
    if field in FIELDS or isinstance(record, State):
        return getattr(record, field)
    return record.extra.get(field)
