"""What must hold after every recovery, as complaints; an empty list is a library that lost nothing."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping

import msgspec

from imagehist.atomic import read_whole
from imagehist.files import Files
from imagehist.following import follow
from imagehist.indexes.memory import MemoryIndex
from imagehist.library import Library
from imagehist.manifests.jsonl import JsonlManifest
from imagehist.model.entries import decode_line, encode_sidecar
from imagehist.model.names import EXTENSIONS, STAGING, USERS, parse_key, sidecar_key
from imagehist.model.records import ImageRecord
from imagehist.projecting import record_in

from .scenario import Records, assemble, records_of

NO_LINES: Mapping[str, int] = {}


def complaints(
    files: Files,
    library: Library,
    before: Records,
    after: Records,
    whole: bool = True,
    lines: Mapping[str, int] = NO_LINES,
) -> list[str]:
    """Everything wrong with a recovered library.

    `before` was acknowledged; `after` is what the action under way would have made of it, `whole` or
    image by image. `lines` is how many lines of each history were acknowledged.
    """
    reader = _fresh_reader(files, library)
    truth = records_of(reader)
    found = [*_lost(truth, before, after, whole), *_unlike(truth, records_of(library))]
    kept = {owner: reader.index.head_count(owner) for owner in lines}
    found += [
        f"I4 {owner}: {kept[owner]} of {count} lines" for owner, count in lines.items() if kept[owner] < count
    ]
    for owner, records in sorted(truth.items()):
        for record in records.values():
            found += _files_of(files, record)
        found += _lines(files, owner)
    found += _residue(files, truth)
    return found


def _fresh_reader(files: Files, library: Library) -> Library:
    """The histories as a process without any index reads them."""
    reader = Library(library.store, JsonlManifest(files), MemoryIndex(), library.renderer)
    for owner in reader.manifest.owners():
        with reader.manifest.hold(owner):
            follow(reader, owner)
    return reader


def _unlike(truth: Records, shown: Records) -> Iterator[str]:
    """I4: the index that recovery left shows exactly the history."""
    for owner in sorted(truth.keys() | shown.keys()):
        if truth.get(owner, {}) != shown.get(owner, {}):
            yield f"I4 the index of {owner} is not its manifest"


def _lost(truth: Records, before: Records, after: Records, whole: bool) -> Iterator[str]:
    """I1, I7, I10, I11: what was acknowledged is there and nothing else; the rest wholly or not at all."""
    for owner in sorted(truth.keys() | before.keys() | after.keys()):
        now, old, new = truth.get(owner, {}), before.get(owner, {}), after.get(owner, {})
        moved = {image for image in old.keys() | new.keys() if old.get(image) != new.get(image)}
        for image in sorted(now.keys() | old.keys() | new.keys()):
            if not _is_either(now.get(image), old.get(image), new.get(image)):
                told = [_told(records.get(image)) for records in (now, old, new)]
                yield f"I1 {owner}: {told[0]} is neither {told[1]} nor {told[2]}"
        arrived = {image for image in moved if not _is_same(now.get(image), old.get(image))}
        if whole and arrived and arrived != moved:
            yield f"I11 {owner}: {len(arrived)} of {len(moved)} images of one change"


def _is_either(now: ImageRecord | None, old: ImageRecord | None, new: ImageRecord | None) -> bool:
    return _is_same(now, old) or _is_same(now, new) or (old is None and _is_recovered(now, new))


def _is_same(now: ImageRecord | None, then: ImageRecord | None) -> bool:
    return now == then


def _is_recovered(now: ImageRecord | None, new: ImageRecord | None) -> bool:
    """An upload nobody acknowledged may come back by its bytes alone."""
    if now is None or new is None or now.sha256 != new.sha256:
        return False
    return now.source == "recovered" or msgspec.structs.replace(now, rev=new.rev) == new


def _told(record: ImageRecord | None) -> str:
    return "nothing" if record is None else f"{record.id[:6]}@{record.rev} {record.status} {record.source}"


def _files_of(files: Files, record: ImageRecord) -> Iterator[str]:
    """I1, I2, I9: the original is whole, the sidecar is the record, the thumb is whole or missing."""
    data = read_whole(files, record.key)
    if data is None or hashlib.sha256(data).hexdigest() != record.sha256:
        yield f"I2 {record.id[:6]}: original {'missing' if data is None else 'damaged'}"
    if read_whole(files, sidecar_key(record.key)) != encode_sidecar(record):
        yield f"I2 {record.id[:6]}: the sidecar is not the record"
    thumb = read_whole(files, record.thumb or "")
    if record.thumb and thumb is not None and f"{zlib.crc32(thumb):08x}" != record.thumb_crc32:
        yield f"I9 {record.id[:6]}: a damaged thumb"


def _lines(files: Files, owner: str) -> Iterator[str]:
    """I4: the open manifest ends in a good line, its seqs rise, no line names an image twice at one rev."""
    data = read_whole(files, f"{USERS}/{owner}/manifest.jsonl") or b""
    lines = data.split(b"\n")
    if lines.pop() or not lines or decode_line(lines[-1]) is None:
        yield f"I4 {owner}: the manifest ends in a bad line"
    last, restated, seen = -1, -1, set()
    for line in lines:
        entry = decode_line(line)
        if entry is None:
            continue
        if entry.op == "began":
            restated = entry.seq
        if entry.seq < last or (entry.seq == last and entry.seq != restated and entry.part is None):
            yield f"I4 {owner}: seq {entry.seq} behind {last}"
        last = entry.seq
        if entry.op in ("add", "adopt"):
            pair = (record_in(entry).id, record_in(entry).rev)
            if pair in seen:
                yield f"I4 {owner}: {pair} twice"
            seen.add(pair)


def _residue(files: Files, truth: Records) -> Iterator[str]:
    """I3, I5, I7: no file that nothing explains, nothing half-written, nothing of what was purged."""
    for key in tree(files, USERS):
        parts, name = parse_key(key), key.rpartition("/")[2]
        if parts is None and not (name.startswith("manifest") and name.endswith(".jsonl")):
            yield f"I5 residue {key}"
        elif parts is not None and parts[4] not in truth.get(parts[0], {}):
            kind = "original" if parts[5] in EXTENSIONS and not parts[3] else "other file"
            yield f"I3 {kind} without a record: {key}"
    yield from (f"I5 staging {key}" for key in tree(files, STAGING))
    for folder in (".imagehist", ".imagehist/cursors", ".imagehist/quarantine"):
        names = [name for name, is_folder in files.list(folder) if not is_folder]
        yield from (f"I5 residue {folder}/{name}" for name in names if name.endswith((".tmp", ".new")))


def tree(files: Files, folder: str) -> Iterator[str]:
    """Every file below a folder."""
    for name, is_folder in sorted(files.list(folder)):
        if is_folder:
            yield from tree(files, f"{folder}/{name}")
        else:
            yield f"{folder}/{name}"


def fresh(files: Files) -> Library:
    """A library of a new process on the same files, nothing recovered."""
    return assemble(files)
