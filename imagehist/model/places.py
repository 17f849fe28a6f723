"""What ports hand out: places in a history, entries at their places, rows, heads and counts."""

from __future__ import annotations

from typing import NamedTuple

from .entries import Entry
from .queries import Place


class Cursor(NamedTuple):
    """A place in an owner's history: everything before `offset` of that generation, up to `seq`."""

    generation: str
    offset: int
    seq: int


class Stamp(NamedTuple):
    """What a manifest looks like from outside; equal stamps mean nothing was appended."""

    inode: int
    size: int


class Placed(NamedTuple):
    """An entry with where its line begins. `restated` lines repeat what older generations said."""

    entry: Entry
    generation: str
    offset: int
    restated: bool = False


class Tail(NamedTuple):
    """Whole changes behind a cursor. `restart` says that the cursor's history is not this one: forget
    the owner first. `seen` is the highest seq met, those of unfinished changes included; `rotten`
    counts damaged lines that were passed over."""

    entries: list[Placed]
    end: Cursor
    restart: bool = False
    seen: int = 0
    rotten: int = 0


class StoredFile(NamedTuple):
    """A file found below an owner: its key and size in bytes, and when it was last written."""

    key: str
    size: int
    modified_ns: int


class Head(NamedTuple):
    """An entry as history shows it: about how many `images`; `undone_by` is the seq of its undo."""

    seq: int
    at: str
    by: str
    op: str
    images: int
    undoes: int | None
    undone_by: int | None
    fields: tuple[str, ...]
    status: str | None


class Usage(NamedTuple):
    """What an owner has, in images and bytes of originals; trash is included in the first two."""

    images: int
    bytes: int
    trash_images: int
    trash_bytes: int


class Row(NamedTuple):
    """One image of a page: its place in the order and the record's JSON without the heavy fields."""

    place: Place
    body: bytes
