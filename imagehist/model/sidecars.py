"""What a sidecar found on disk means beside the record of the history: stale, edited, ahead or torn."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from .entries import encode_sidecar, has_good_seal
from .records import ImageRecord, decode_record, record_from_dict, value_of
from .soundness import is_sound

EDITABLE_BY_FILE = frozenset(
    {
        "tags",
        "favorite",
        "rating",
        "note",
        "status",
        "trashed_at",
        "prompt",
        "negative_prompt",
        "model",
        "seed",
        "workflow_id",
        "sampler",
        "scheduler",
        "steps",
        "cfg",
        "loras",
        "tool",
    }
)
"""Fields a person may change in the file; id, owner, key, hashes and sizes are facts."""


class Sidecar(NamedTuple):
    """A sidecar's bytes as read: `state` is good, edited (its check sum is not), unreadable or missing."""

    state: str
    record: ImageRecord | None


class Verdict(NamedTuple):
    """What to do: same, rewrite, merge (edits since `base`), adopt (it is ahead) or keep (quarantine)."""

    action: str
    record: ImageRecord | None = None
    base: int | None = None


def read_sidecar(data: bytes | None) -> Sidecar:
    """The record of a sidecar's bytes and how far it can be trusted."""
    if data is None or not data.strip(b"\0 \r\n\t"):
        return Sidecar("missing", None)
    body = data.rstrip(b"\r\n")
    try:
        is_sealed = has_good_seal(body)
        record = decode_record(body[:-18] + b"}") if is_sealed else _edited(body)
    except (ValueError, TypeError):
        return Sidecar("unreadable", None)
    if not is_sound(record):
        return Sidecar("unreadable", None)
    return Sidecar("good" if is_sealed else "edited", record)


def _edited(body: bytes) -> ImageRecord:
    loaded = orjson.loads(body)
    if not isinstance(loaded, dict):
        raise ValueError("a sidecar is a JSON object")
    loaded.pop("crc", None)
    return record_from_dict(loaded)


def judge(data: bytes | None, record: ImageRecord) -> Verdict:
    """Compare a sidecar with the folded record of the same image."""
    if data == encode_sidecar(record):
        return Verdict("same")
    found = read_sidecar(data)
    if found.record is None:
        return Verdict("rewrite" if found.state == "missing" else "keep")
    if found.record.id != record.id or found.record.owner != record.owner:
        return Verdict("keep")
    if found.state == "edited":
        return Verdict("merge", found.record, found.record.rev)
    if found.record == record:
        return Verdict("same")
    if found.record.rev < record.rev:
        return Verdict("rewrite")
    return Verdict("merge" if found.record.rev == record.rev else "adopt", found.record, record.rev)


def edits(found: ImageRecord, base: ImageRecord | None, present: ImageRecord) -> dict[str, Any]:
    """The editable fields that a person changed since `base` and that differ from the present record."""
    names = EDITABLE_BY_FILE | found.extra.keys()
    values = {name: value_of(found, name) for name in names}
    compared = base or present
    changed = {name: value for name, value in values.items() if value != value_of(compared, name)}
    return {name: value for name, value in sorted(changed.items()) if value != value_of(present, name)}
