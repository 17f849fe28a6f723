"""An owner's past: the lines of a seq, the chain of lines behind one image, a record as it was."""

from __future__ import annotations

from collections.abc import Iterator

from .library import Library
from .model.entries import Entry, values_for
from .model.records import ImageRecord, changed
from .projecting import ids_of


def lines_of(library: Library, owner: str, seq: int) -> list[Entry]:
    """All lines of one seq, in order; empty when there is none."""
    place = library.index.place_of(owner, seq)
    lines: list[Entry] = []
    while place is not None:
        tail = library.manifest.read(owner, place, limit=1)
        if tail is None or tail.end == place:
            break
        found = [placed.entry for placed in tail.entries if placed.entry.seq == seq]
        lines += found
        last = tail.entries[-1].entry if tail.entries else None
        place = tail.end if found and last is not None and last.seq == seq and not last.is_last_part else None
    return lines


def past_of(library: Library, record: ImageRecord) -> Iterator[tuple[Entry, int]]:
    """The lines that touched an image, newest first, each with the image's position in its ids."""
    rev = record.rev
    while rev > 0:
        found = next(
            (
                (line, ids_of(line).index(record.id))
                for line in lines_of(library, record.owner, rev)
                if record.id in ids_of(line)
            ),
            None,
        )
        if found is None:
            return
        yield found
        line, position = found
        rev = line.revs[position] if line.revs else 0


def record_at(library: Library, record: ImageRecord, rev: int) -> ImageRecord | None:
    """The record as line `rev` left it; None when history does not reach back to it."""
    for line, position in past_of(library, record):
        if record.rev <= rev:
            break
        if line.op not in ("set", "undo"):
            return None
        record = changed(record, values_for(line.was, position), line.revs[position])
    return record if record.rev == rev else None


def history_item(line: Entry, position: int) -> dict[str, object]:
    """One line of an image's past as an answer shows it."""
    item: dict[str, object] = {"seq": line.seq, "at": line.at, "by": line.by, "op": line.op}
    if line.op in ("set", "undo"):
        item |= {"to": values_for(line.to, position), "was": values_for(line.was, position)}
    return item | ({"undoes": line.undoes} if line.undoes else {})
