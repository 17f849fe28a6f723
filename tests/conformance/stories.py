"""Stories: random histories of one owner over a few images, in which everything can meet everything."""

from typing import Any

from hypothesis import strategies as st

from imagehist.model.entries import Entry, raw_record
from imagehist.model.names import original_key, thumb_key
from imagehist.model.queries import Query
from imagehist.model.records import ImageRecord
from imagehist.ports import Cursor, Index, Placed

OWNER = "anon-" + "0" * 31 + "1"
IMAGES = [f"{number:032x}" for number in (3, 1, 4, 15, 9, 2, 6, 5)]
AT = "2026-06-01T00:00:00.000000Z"
TIMES = [
    "1969-12-31T23:59:59.999999Z",
    "2026-03-04T23:59:59.999999Z",
    "2026-03-05T00:00:00.000000Z",
    "2026-03-05T12:00:00.000000Z",
    "2026-03-06T00:00:00.000000Z",
]
TAGS = ["a", "A", "나무", "Straße", "STRASSE", 'quote "tags":[] and \\', "b"]
WORDS = ["cat", "CAT on a mat", "고양이", "ﬁne", "%_", "nul\0here", ""]

times = st.sampled_from(TIMES)
tags = st.lists(st.sampled_from(TAGS), max_size=3)
edits = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["active", "trash"]),
        "trashed_at": st.none() | times | st.just("2026-03-05T12:00:00+09:00"),
        "favorite": st.booleans(),
    },
)
broad_edits = st.fixed_dictionaries(
    {},
    optional={
        "tags": tags,
        "note": st.sampled_from(WORDS),
        "rating": st.integers(0, 5),
        "workflow_id": st.sampled_from([None, "w", "a"]),
        "favorite": st.booleans(),
        "status": st.sampled_from(["active", "trash"]),
        "later": st.sampled_from([None, 1, {"tags": []}]),
    },
)
chosen = st.lists(st.sampled_from(IMAGES), min_size=1, max_size=5)


@st.composite
def records(draw: st.DrawFn) -> ImageRecord:
    image, kind, at = (
        draw(st.sampled_from(IMAGES)),
        draw(st.sampled_from(["output", "control", "input"])),
        draw(times),
    )
    key = original_key(OWNER, kind, at, image, "png")
    return ImageRecord(
        id=image,
        owner=OWNER,
        key=key,
        kind=kind,
        created_at=at,
        thumb=thumb_key(key, "webp"),
        bytes=draw(st.integers(0, 3)),
        sha256=draw(st.sampled_from(["", "ab" * 32, "ab" * 8 + "cd" * 24, "ff" * 32])),
        status=draw(st.sampled_from(["active", "active", "trash"])),
        trashed_at=draw(st.none() | times),
        tags=draw(tags),
        workflow_id=draw(st.sampled_from([None, "w", "a", ""])),
        aspect_ratio=draw(st.sampled_from([None, "1:1", "a"])),
        favorite=draw(st.booleans()),
        idempotency_key=draw(st.sampled_from([None, None, "key"])),
        prompt=draw(st.none() | st.sampled_from(WORDS)),
        texts=draw(st.lists(st.sampled_from(WORDS), max_size=1)),
        workflow=draw(st.none() | st.just({"tags": []})),
        extra=draw(st.just({}) | st.just({"later": {"tags": []}, "tools": [1.5]})),
    )


adds = st.builds(
    lambda op, record: {"op": op, "record": record}, st.sampled_from(["add", "add", "adopt"]), records()
)
sets = st.builds(lambda ids, to: {"op": "set", "ids": ids, "to": to}, chosen, edits | broad_edits)
undos = st.builds(
    lambda ids, to, undoes: {"op": "undo", "ids": ids, "to": to, "undoes": undoes},
    chosen,
    edits | broad_edits,
    st.integers(1, 9),
)
listed = st.builds(
    lambda pairs: {"op": "set", "ids": [image for image, _ in pairs], "to": [to for _, to in pairs]},
    st.lists(st.tuples(st.sampled_from(IMAGES), edits | broad_edits), min_size=1, max_size=4),
)
purges = st.builds(lambda ids: {"op": "purge", "ids": ids}, chosen)
relinks = st.builds(lambda ids: {"op": "relink", "ids": ids[:1], "key": "elsewhere"}, chosen)
parted = st.builds(lambda parts: {"parts": parts}, st.lists(sets | listed | purges, min_size=2, max_size=3))
restated = st.builds(lambda line: line | {"restated": True}, adds | purges)
steps = st.one_of(adds, adds, sets, sets, listed, undos, purges, relinks, parted, restated)


def entry(seq: int, part: tuple[int, int] | None = None, **values: Any) -> Entry:
    record = values.pop("record", None)
    values.pop("restated", None)
    if "undoes" in values:
        values["undoes"] = values["undoes"] % seq or None
    if record is not None:
        values["record"] = raw_record(record)
    return Entry(seq=seq, at=AT, by="guest", part=part, **values)


def placed_lines(told: list[dict[str, Any]], start: Cursor) -> tuple[list[Placed], Cursor]:
    """The lines of these steps behind `start`, each 100 bytes long."""
    lines, seq = list[Placed](), start.seq
    for step in told:
        seq += 0 if step.get("restated") else 1
        parts = step.get("parts", [step])
        for number, part in enumerate(parts, 1):
            line = entry(seq, (number, len(parts)) if len(parts) > 1 else None, **part)
            offset = start.offset + 100 * len(lines)
            lines.append(Placed(line, start.generation, offset, step.get("restated", False)))
    return lines, Cursor(start.generation, start.offset + 100 * len(lines), seq)


BEGINNING = Cursor("g" * 32, 100, 0)
stories = st.lists(st.lists(steps, min_size=1, max_size=6), min_size=1, max_size=4)


def tell(indexes: list[Index], story: list[list[dict[str, Any]]], owner: str = OWNER) -> Cursor:
    """Apply a story, batch by batch, to every index."""
    base, cursor = None, BEGINNING
    for batch in story:
        lines, end = placed_lines(batch, cursor)
        for index in indexes:
            assert index.apply(owner, base, lines, end)
        base = cursor = end
    return cursor


queries = st.builds(
    Query,
    owner=st.just(OWNER),
    status=st.sampled_from(["active", "active", "trash"]),
    kinds=st.sampled_from([("output",), ("output",), ("control", "output"), ("input", "output", "control")]),
    tags=st.lists(st.sampled_from([*TAGS, "none has this"]), max_size=2).map(tuple),
    workflow_id=st.sampled_from([None, None, "w", "a", "", "none has this"]),
    aspect_ratio=st.sampled_from([None, None, "1:1", "a"]),
    favorite=st.sampled_from([None, None, True, False]),
    since=st.sampled_from([None, None, -1, 1772668799999999, 1772668800000000, 1772668800000001]),
    until=st.sampled_from([None, None, 1772668800000000, 1772711999999999, 1772755200000000]),
    text=st.sampled_from([None, None, *WORDS, "c", "FI", "straSSE"]),
    order=st.sampled_from(["newest", "newest", "oldest", "largest", "trashed"]),
)
