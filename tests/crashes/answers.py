"""Whether what a process said it did still holds in a library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imagehist.library import Library


def untrue_of(said: list[dict[str, Any]], library: Library) -> list[str]:
    """Answers that do not hold: lines that are not there, images without what their last line gave them."""
    return [complaint for answer in said if "owner" in answer for complaint in _untrue(answer, library)]


def _untrue(answer: dict[str, Any], library: Library) -> Iterator[str]:
    owner, seq, to = answer["owner"], answer.get("seq", 0), answer.get("to", {})
    records = library.index.records(owner, answer["ids"])
    yield from (f"{image} was added and is gone" for image in answer["ids"] if image not in records)
    if seq and library.index.head(owner, seq) is None:
        yield f"line {seq} of {owner} is gone"
    for record in records.values():
        if record.rev < seq:
            yield f"{record.id} is at {record.rev}, answered {seq}"
        if record.rev == seq and any(getattr(record, name) != value for name, value in to.items()):
            yield f"{record.id} has other values than answered"
