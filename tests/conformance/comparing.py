"""Whether two indexes give the same answers to everything that can be asked."""

from typing import Any

import orjson

from imagehist.model.queries import Place, Query
from imagehist.model.records import State
from imagehist.model.times import to_micros
from imagehist.ports import Index, Row
from tests.conformance.stories import IMAGES, OWNER


def exact(state: State) -> tuple[object, ...]:
    """A state with its time as a number: an index may write it in another form."""
    at = state.trashed_at
    return (state.id, state.rev, state.status, state.favorite, -1 if at is None else to_micros(at))


def shown(rows: list[Row]) -> list[tuple[Place, Any]]:
    return [(row.place, orjson.loads(row.body)) for row in rows]


def walked(index: Index, query: Query, size: int) -> list[tuple[Place, Any]]:
    """All pages of a query, one behind the other."""
    found, after = list[Row](), None
    while page := index.page(query, after, size):
        assert len(page) <= size
        found += page
        after = page[-1].place
    return shown(found)


def assert_same_answer(index: Index, reference: Index, query: Query) -> None:
    expected = shown(reference.page(query, None, 100))
    assert shown(index.page(query, None, 100)) == expected
    assert walked(index, query, 2) == walked(reference, query, 2) == expected
    assert shown(index.page(query, None, 2, skip=1)) == expected[1:3]
    if expected:
        place = expected[0][0]
        assert shown(index.page(query, place, 2, skip=1)) == expected[2:4]
    assert index.count(query) == reference.count(query) == len(expected)
    assert sorted(index.ids(query)) == sorted(place.id for place, _ in expected)
    for rev in (0, 2, 5):
        assert sorted(map(exact, index.states(query, rev))) == sorted(
            map(exact, reference.states(query, rev))
        )
        assert sorted(index.ids(query, rev)) == sorted(reference.ids(query, rev))


def assert_same(index: Index, reference: Index, owner: str = OWNER) -> None:
    assert list(index.every_record(owner)) == list(reference.every_record(owner))
    assert index.records(owner, IMAGES) == reference.records(owner, IMAGES)
    assert index.cursor(owner) == reference.cursor(owner)
    assert index.owners() == reference.owners()
    assert index.usage(owner) == reference.usage(owner)
    assert index.tombstones(owner) == reference.tombstones(owner)
    assert index.purged(owner, IMAGES) == reference.purged(owner, IMAGES)
    heads = reference.heads(owner, None, 100)
    assert index.heads(owner, None, 100) == heads
    assert index.head_count(owner) == reference.head_count(owner) == len(heads)
    assert index.heads(owner, 4, 2, skip=1) == reference.heads(owner, 4, 2, skip=1)
    for seq in range(25):
        assert index.head(owner, seq) == reference.head(owner, seq)
        assert index.place_of(owner, seq) == reference.place_of(owner, seq)
    for sha in ("", "ab" * 32, "ab" * 8 + "cd" * 24, "00" * 32):
        assert index.by_sha256(owner, sha) == reference.by_sha256(owner, sha)
    assert index.by_idempotency_key(owner, "key") == reference.by_idempotency_key(owner, "key")
    assert index.by_idempotency_key(owner, "another") == []
