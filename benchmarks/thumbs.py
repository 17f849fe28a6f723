"""Bytes with their access check: thumbs from memory and disk, and 304, against aiohttp without checks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from .figures import Figure, at_least
from .generator import owner_name
from .libraries import Place
from .loading import Connection, Load, by_turns, raw
from .running import Process, bare, server

OWNER = owner_name(0)


def measure(place: Place) -> Iterator[Figure]:
    """All figures of bytes."""
    folder = Path(place.fresh("thumbs"))
    folder.mkdir()
    with server(place.small()) as process:
        addresses, tags = _collected(process, folder)
        asked = [raw(address, OWNER) for address in addresses]
        known = [raw(address, OWNER, If_None_Match=tag) for address, tag in zip(addresses, tags, strict=True)]
        names = sorted(file.name for file in folder.iterdir())
        with bare(str(folder)) as base:
            memory, file = ([raw(f"/{way}/{name}") for name in names] for way in ("memory", "file"))
            yield from _compared("thumb from memory / aiohttp memory handler", 0.5, by_turns(
                place, [(process, asked), (base, memory)]
            ))  # fmt: skip
            yield from _compared("304 / bare 304", 0.5, by_turns(
                place, [(process, known), (base, [raw("/304")])]
            ))  # fmt: skip
            with server(place.small(), "--thumb-cache-bytes", "0") as cold:
                yield from _compared("thumb from disk / FileResponse", 0.8, by_turns(
                    place, [(cold, asked), (base, file)]
                ))  # fmt: skip


def _collected(process: Process, folder: Path) -> tuple[list[str], list[str]]:
    """Addresses and tags of the newest 400 thumbs; their bytes as files for the bare side."""
    connection, addresses, tags, cursor = Connection(process.port), list[str](), list[str](), ""
    while len(addresses) < 400 and cursor is not None:
        path = f"/api/v1/images?size=100&total=false{f'&cursor={cursor}' if cursor else ''}"
        page = json.loads(connection.ask(raw(path, OWNER))[1])
        addresses += [item["thumb_url"] for item in page["items"]]
        tags += [f'"{item["thumb_crc32"]}"' for item in page["items"]]
        cursor = page["next_cursor"]
    for number, address in enumerate(addresses):
        (folder / f"{number}.webp").write_bytes(connection.ask(raw(address, OWNER))[1])
    return addresses, tags


def _compared(what: str, bar: float, sides: list[Load]) -> Iterator[Figure]:
    ours, theirs = sides
    if ours.refused or theirs.refused:
        raise SystemExit(f"{what}: {ours.refused} and {theirs.refused} requests were refused")
    beside = f"{ours.rate:,.0f}/s ({ours.told()}) beside {theirs.rate:,.0f}/s ({theirs.told()})"
    yield at_least(what, ours.rate / theirs.rate, "x", bar, beside)
