"""A lost manifest comes back from the sidecars: state, not history, under the same revs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .library import Library, began_entry
from .model.entries import MAX_IDS, Entry, raw_record
from .model.names import EXTENSIONS, original_key, parse_key
from .model.records import ImageRecord
from .model.sidecars import read_sidecar
from .model.times import to_text


def rebuild_manifest(library: Library, owner: str, progress: Callable[[int], None] | None = None) -> int:
    """Restore a missing manifest from sidecars and the index's tombstones; how many records it has.

    Nothing happens where there is a manifest, or no sidecar. The next seq lies above every rev found,
    so no number is ever given out again.
    """
    with library.manifest.hold(owner):
        if library.manifest.stamp(owner) is not None:
            return 0
        places, highest = _survey(library, owner)
        purged = library.index.tombstones(owner)
        highest = max([highest, *(seq for _, seq in purged)])
        if not places and not purged:
            return 0
        began = began_entry(library, owner, highest)
        library.manifest.restore(
            owner, began, _restated(library, owner, highest, [key for *_, key in places], progress)
        )
    return len(places)


def _survey(library: Library, owner: str) -> tuple[list[tuple[str, str, str]], int]:
    """(created_at, id, sidecar key) of every record worth restating, oldest first, and the highest rev."""
    gone = dict(library.index.tombstones(owner))
    found, highest = list[tuple[str, str, str]](), 0
    for files in library.store.walk(owner):
        originals = {parts[4] for file in files if (parts := parse_key(file.key)) and parts[5] in EXTENSIONS}
        for key in (file.key for file in files if file.key.endswith(".json")):
            record = _usable(library, owner, key)
            if record is None:
                continue
            highest = max(highest, record.rev)
            is_dropped_ghost = record.status == "trash" and record.id not in originals
            if record.id not in gone and not is_dropped_ghost:
                found.append((record.created_at, record.id, key))
    return sorted(found), highest


def _usable(library: Library, owner: str, key: str) -> ImageRecord | None:
    """The record of a sidecar, if it is about this owner and stands beside its image."""
    record = read_sidecar(library.store.get(key)).record
    parts = parse_key(key)
    if record is None or parts is None or record.owner != owner or record.id != parts[4]:
        return None
    extension = record.key.rpartition(".")[2]
    expected = original_key(owner, parts[1], parts[2].replace("/", "-"), record.id, extension)
    return record if record.key == expected else None


def _restated(
    library: Library, owner: str, seq: int, keys: list[str], progress: Callable[[int], None] | None
) -> Iterator[Entry]:
    at = to_text(library.clock())
    for number, key in enumerate(keys, 1):
        record = _usable(library, owner, key)
        if record is not None:
            yield Entry(seq=seq, at=at, by="system", op="add", record=raw_record(record))
        if progress is not None and number % 1_000 == 0:
            progress(1_000)
    purged = [image for image, _ in library.index.tombstones(owner)]
    for start in range(0, len(purged), MAX_IDS):
        yield Entry(seq=seq, at=at, by="system", op="purge", ids=purged[start : start + MAX_IDS])
