"""Whether what a process said it did still holds in a library."""

from __future__ import annotations

from typing import Any

from imagehist.library import Library


def untrue_of(said: list[dict[str, Any]], library: Library) -> list[str]:
    """Answers that do not hold: lines that are not there, images without what their last line gave them."""
    found = []
    for answer in said:
        if "owner" not in answer:
            continue
        owner, records = answer["owner"], library.index.records(answer["owner"], answer["ids"])
        found += [f"{image} was added and is gone" for image in answer["ids"] if image not in records]
        seq = answer.get("seq", 0)
        if seq and library.index.head(owner, seq) is None:
            found.append(f"line {seq} of {owner} is gone")
        for record in records.values():
            if record.rev < seq:
                found.append(f"{record.id} is at {record.rev}, answered {seq}")
            for name, value in answer.get("to", {}).items():
                if record.rev == seq and getattr(record, name) != value:
                    found.append(f"{record.id} has another {name}")
    return found
