"""How the suites of the manifest write and read one owner's lines."""

from collections.abc import Sequence

from imagehist.model.entries import Entry
from imagehist.model.names import new_guest, new_id
from imagehist.ports import Cursor, Manifest, Tail

OWNER = new_guest()
AT = "2026-03-04T05:06:07.000008Z"
IMAGE = new_id()


def began(seq: int = 0, after: str | None = None) -> Entry:
    return Entry(seq=seq, at=AT, by="system", op="began", gen=new_id(), after=after, owner=OWNER, format=1)


def line(seq: int, part: tuple[int, int] | None = None, **to: object) -> Entry:
    return Entry(seq=seq, at=AT, by="guest", op="set", ids=[IMAGE], to=to, was={}, revs=[seq - 1], part=part)


def append(manifest: Manifest, *entries: Entry, owner: str = OWNER) -> list[int]:
    with manifest.lease(owner, began()) as lease:
        return lease.append(entries)


def seal(manifest: Manifest, first: Entry, restated: Sequence[Entry] = (), owner: str = OWNER) -> None:
    with manifest.lease(owner, began()) as lease:
        lease.seal(first, restated)


def read(manifest: Manifest, after: Cursor | None, limit: int = 5_000) -> Tail:
    with manifest.hold(OWNER):
        tail = manifest.read(OWNER, after, limit)
    assert tail is not None
    return tail


def seqs(tail: Tail) -> list[int]:
    return [placed.entry.seq for placed in tail.entries]
