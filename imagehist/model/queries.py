"""What can be asked of a library: filters, order and place, as one frozen value."""

from __future__ import annotations

import unicodedata

import msgspec

from .names import KINDS
from .records import ImageRecord
from .times import to_micros

ORDERS = ("newest", "oldest", "largest", "trashed")
STATUSES = ("active", "trash")


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which images of one owner; `since`/`until` are microseconds, `until` excluded."""

    owner: str
    status: str = "active"
    kinds: tuple[str, ...] = ("output",)
    tags: tuple[str, ...] = ()
    workflow_id: str | None = None
    aspect_ratio: str | None = None
    favorite: bool | None = None
    since: int | None = None
    until: int | None = None
    text: str | None = None
    order: str = "newest"


class Place(msgspec.Struct, frozen=True):
    """Where a page ended: the sort value of its last image and that image's id."""

    value: int
    id: str


ALL_KINDS: tuple[str, ...] = KINDS


def fold_text(text: str) -> str:
    """Text as searches compare it: NFC and case-folded."""
    return unicodedata.normalize("NFC", text).casefold()


def searched_text(record: ImageRecord) -> str:
    """Everything of a record that a plain search looks through."""
    parts = [
        record.prompt,
        record.negative_prompt,
        record.model,
        record.workflow_id,
        record.seed,
        record.original_filename,
        record.note,
        *record.tags,
        *record.loras,
        *record.texts,
    ]
    return fold_text("\n".join(part for part in parts if part))


def sort_value(record: ImageRecord, order: str) -> int:
    """The number an order sorts by; `trashed` is `newest` outside of the trash."""
    if order == "largest":
        return record.bytes
    is_gone = order == "trashed" and record.status == "trash"
    return to_micros(record.trashed_at or record.created_at if is_gone else record.created_at)


def matches(record: ImageRecord, query: Query) -> bool:
    """Whether a record is among what the query asks for; the definition every index follows."""
    created = to_micros(record.created_at)
    folded = {fold_text(tag) for tag in record.tags}
    return (
        record.owner == query.owner
        and record.status == query.status
        and record.kind in query.kinds
        and all(fold_text(tag) in folded for tag in query.tags)
        and query.workflow_id in (None, record.workflow_id)
        and query.aspect_ratio in (None, record.aspect_ratio)
        and query.favorite in (None, record.favorite)
        and (query.since is None or query.since <= created)
        and (query.until is None or created < query.until)
        and (query.text is None or fold_text(query.text) in searched_text(record))
    )
