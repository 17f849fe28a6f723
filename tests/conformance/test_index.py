"""What every index promises: the answers follow from the entries, applied once and in order, by whoever."""

from collections.abc import Callable
from typing import Any

import msgspec
import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagehist.model.names import new_id, original_key
from imagehist.model.queries import Place, Query, matches, sort_value
from imagehist.model.records import ImageRecord, record_to_dict
from imagehist.model.times import to_text
from imagehist.ports import Cursor, Index, Placed
from tests.conformance.comparing import assert_same, assert_same_answer
from tests.conformance.stories import BEGINNING, OWNER, entry, placed_lines, queries, stories, tell

ORDERS = ("newest", "oldest", "largest")
reused = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def record(number: int, **values: Any) -> ImageRecord:
    image, at = f"{number:032x}", to_text(1_700_000_000_000_000 + number)
    values = {
        "created_at": at,
        "bytes": number,
        "key": original_key(OWNER, "output", at, image, "png"),
    } | values
    return ImageRecord(id=image, owner=OWNER, **values)


def add(*records: ImageRecord) -> list[dict[str, Any]]:
    return [{"op": "add", "record": one} for one in records]


def apply(index: Index, told: list[dict[str, Any]]) -> Cursor:
    base = index.cursor(OWNER)
    lines, end = placed_lines(told, base or BEGINNING)
    assert index.apply(OWNER, base, lines, end)
    return end


def ids(index: Index, query: Query, after: Place | None = None, size: int = 100, skip: int = 0) -> list[str]:
    return [row.place.id for row in index.page(query, after, size, skip)]


def test_nothing_is_known_of_a_stranger(index: Index) -> None:
    assert index.owners() == []
    assert index.cursor(OWNER) is None
    assert index.records(OWNER, [new_id()]) == {}
    assert index.purged(OWNER, [new_id()]) == {}
    assert list(index.every_record(OWNER)) == index.tombstones(OWNER) == index.heads(OWNER, None, 9) == []
    assert index.page(Query(owner=OWNER), None, 9) == index.ids(Query(owner=OWNER)) == []
    assert index.count(Query(owner=OWNER)) == index.head_count(OWNER) == 0
    assert index.usage(OWNER) == (0, 0, 0, 0)
    assert index.head(OWNER, 1) is index.place_of(OWNER, 1) is index.by_sha256(OWNER, "00") is None
    assert index.by_idempotency_key(OWNER, "key") == []


def test_only_entries_behind_its_cursor_are_taken(index: Index) -> None:
    first, second = (
        placed_lines(add(record(1)), BEGINNING),
        placed_lines(add(record(1), record(2)), BEGINNING),
    )
    assert not index.apply(OWNER, BEGINNING, *first)
    assert index.cursor(OWNER) is None
    assert index.apply(OWNER, None, *first)
    assert not index.apply(OWNER, BEGINNING, *second)
    assert not index.apply(OWNER, first[1]._replace(generation="f" * 32), *second)
    assert index.count(Query(owner=OWNER)) == index.head_count(OWNER) == 1
    assert index.cursor(OWNER) == first[1]


def test_without_a_base_the_owner_is_forgotten_first(index: Index) -> None:
    apply(index, [*add(record(1, tags=["a"]), record(2)), {"op": "purge", "ids": [f"{2:032x}"]}])
    lines, end = placed_lines(add(record(3, tags=["b"])), BEGINNING)
    assert index.apply(OWNER, None, lines, end)
    assert [one.id for one in index.every_record(OWNER)] == ids(index, Query(owner=OWNER)) == [f"{3:032x}"]
    assert index.tombstones(OWNER) == []
    assert index.count(Query(owner=OWNER, tags=("a",))) == 0
    assert (index.head_count(OWNER), index.usage(OWNER)) == (1, (1, 3, 0, 0))


def test_owners_do_not_see_each_other(index: Index) -> None:
    story = [[*add(record(1, tags=["a"])), {"op": "purge", "ids": [f"{9:032x}"]}]]
    tell([index], story)
    tell([index], story, "adam")
    assert index.owners() == ["adam", OWNER]
    apply(index, [{"op": "set", "ids": [f"{1:032x}"], "to": {"status": "trash", "favorite": True}}])
    assert index.usage("adam") == (1, 1, 0, 0)
    assert index.records("adam", [f"{1:032x}"])[f"{1:032x}"].status == "active"
    assert index.usage(OWNER) == (1, 1, 1, 1)
    assert index.by_sha256("nobody", "") is None


def test_lists_leave_out_the_heavy_fields_and_records_do_not(index: Index) -> None:
    whole = record(1, workflow={"nodes": [1]}, texts=["a", "b"], prompt="p", extra={"later": 1})
    apply(index, add(whole))
    apply(index, [{"op": "set", "ids": [whole.id], "to": {"favorite": True}}])
    (row,) = index.page(Query(owner=OWNER), None, 1)
    body = orjson.loads(row.body)
    assert not {"workflow", "texts", "extra"} & body.keys()
    assert (body["prompt"], body["later"], body["favorite"], body["rev"]) == ("p", 1, True, 2)
    found = index.records(OWNER, [whole.id])[whole.id]
    assert (found.workflow, found.texts, found.extra) == (whole.workflow, whole.texts, whole.extra)


def test_pages_stay_where_they_were_when_images_come_and_go(index: Index) -> None:
    apply(index, add(*(record(n, created_at=to_text(n // 3), bytes=n // 3) for n in range(3, 40))))
    for order in ORDERS:
        query = Query(owner=OWNER, order=order)
        expected = ids(index, query)
        first = index.page(query, None, 10)
        apply(index, add(*(record(n, created_at=to_text(n // 3)) for n in (1, 2, 50, 51))))
        rest = ids(index, query, first[-1].place)
        came = {f"{n:032x}" for n in (1, 2, 50, 51)}
        assert [one for one in rest if one not in came] == expected[10:]
        apply(index, [{"op": "purge", "ids": sorted(came)}])


def test_behind_a_purged_image_nothing_comes_twice(index: Index) -> None:
    apply(index, add(*(record(n, created_at=to_text(5), bytes=5) for n in range(1, 8))))
    for order in ORDERS:
        place = index.page(Query(owner=OWNER, order=order), None, 3)[-1].place
        gone = Place(place.value, new_id())
        assert ids(index, Query(owner=OWNER, order=order), gone) == []


def test_the_trash_shows_everything_that_is_in_it(index: Index) -> None:
    apply(index, add(record(1, status="trash"), record(2, status="trash", trashed_at=to_text(7)), record(3)))
    apply(index, [{"op": "set", "ids": [f"{3:032x}"], "to": {"status": "trash"}}])
    query = Query(owner=OWNER, status="trash", order="trashed")
    assert ids(index, query) == [f"{n:032x}" for n in (3, 1, 2)]
    assert sorted(index.ids(query)) == sorted(ids(index, query))
    assert index.count(query) == 3


def test_a_time_keeps_the_form_it_was_written_in(index: Index) -> None:
    at = "2026-03-05T12:00:00+09:00"
    apply(index, add(record(1, status="trash", trashed_at=at), record(2)))
    apply(index, [{"op": "set", "ids": [f"{2:032x}"], "to": {"status": "trash", "trashed_at": at}}])
    apply(index, [{"op": "set", "ids": [f"{n:032x}" for n in (1, 2)], "to": {"favorite": True}}])
    assert {one.trashed_at for one in index.every_record(OWNER)} == {at}
    rows = index.page(Query(owner=OWNER, status="trash"), None, 9)
    assert {orjson.loads(row.body)["trashed_at"] for row in rows} == {at}


def test_a_choice_can_leave_out_what_came_later(index: Index) -> None:
    end = apply(index, add(record(1), record(2)))
    apply(index, add(record(3)))
    apply(index, [{"op": "set", "ids": [f"{1:032x}"], "to": {"note": "n"}}])
    query = Query(owner=OWNER)
    assert sorted(index.ids(query, end.seq)) == [f"{n:032x}" for n in (1, 2)]
    assert sorted(index.ids(query)) == [f"{n:032x}" for n in (1, 2, 3)]


def test_a_far_page_is_the_same_as_walking_there(index: Index) -> None:
    day = 86_400_000_000
    apply(index, add(*(record(n, created_at=to_text(n * day // 97)) for n in range(1, 2_600))))
    for order in ORDERS:
        query = Query(owner=OWNER, order=order)
        expected = ids(index, query, size=5_000)
        for skip in (999, 1_000, 1_064, 2_499, 2_599, 2_600, 9_999):
            assert ids(index, query, None, 10, skip) == expected[skip : skip + 10]
            assert (
                ids(index, query, index.page(query, None, 1)[0].place, 10, skip) == expected[skip + 1 :][:10]
            )


def test_many_records_at_once_are_all_there(index: Index) -> None:
    records = [record(n, tags=[f"t{n % 7}"]) for n in range(1, 1_203)]
    apply(index, add(*records))
    everything = [one.id for one in records]
    apply(index, [{"op": "set", "ids": everything, "to": {"status": "trash", "trashed_at": to_text(1)}}])
    apply(
        index,
        [
            {
                "op": "undo",
                "ids": everything,
                "to": [{"status": "active", "rating": n % 5} for n in range(1_202)],
            }
        ],
    )
    found = index.records(OWNER, everything)
    assert [found[one.id].rating for one in records] == [n % 5 for n in range(1_202)]
    assert {(one.status, one.rev) for one in index.every_record(OWNER)} == {("active", 1_204)}
    assert index.count(Query(owner=OWNER, tags=("T3",))) == sum(n % 7 == 3 for n in range(1, 1_203))
    apply(index, [{"op": "purge", "ids": [*everything[:700], *everything[:700]]}])
    assert index.usage(OWNER)[0] == len(index.ids(Query(owner=OWNER))) == 502
    assert len(index.tombstones(OWNER)) == 700


def test_records_may_change_while_every_record_is_read(another_index: Callable[[], Index]) -> None:
    index = another_index()
    apply(index, add(*(record(n) for n in range(1, 1_100))))
    for number, one in enumerate(index.every_record(OWNER)):
        if number in (0, 700):
            end = apply(index, [{"op": "set", "ids": [one.id], "to": {"note": "seen"}}])
            assert index.cursor(OWNER) == end
            assert index.records(OWNER, [one.id])[one.id].note == "seen"
    assert number == 1_098


@given(stories, st.lists(queries, max_size=2))
@reused
def test_two_processes_on_one_index(
    another_index: Callable[[], Index], story: list[list[dict[str, Any]]], asked: list[Query]
) -> None:
    one, two = another_index(), another_index()
    base, cursor = None, BEGINNING
    for number, batch in enumerate(story):
        lines, end = placed_lines(batch, cursor)
        quicker, slower = (one, two) if number % 2 else (two, one)
        assert quicker.apply(OWNER, base, lines, end)
        assert base is None or base == end or not slower.apply(OWNER, base, lines, end)
        base = cursor = end
    assert_same(one, two)
    for query in asked:
        assert_same_answer(one, two, query)
    one.close()
    if one is not two:
        two.close()


@given(stories, st.lists(queries, max_size=4))
@reused
def test_every_index_follows_the_one_definition(
    another_index: Callable[[], Index], story: list[list[dict[str, Any]]], asked: list[Query]
) -> None:
    index = another_index()
    tell([index], story)
    records = list(index.every_record(OWNER))
    for query in asked:
        expected = {one.id: sort_value(one, query.order) for one in records if matches(one, query)}
        rows = index.page(query, None, 100)
        assert {row.place.id: row.place.value for row in rows} == expected
        values = [row.place.value for row in rows]
        assert values == sorted(values, reverse=query.order != "oldest")
        assert index.count(query) == len(expected)


def test_a_line_that_names_the_unknown_changes_nothing(index: Index) -> None:
    apply(index, add(record(1)))
    before = index.usage(OWNER)
    apply(index, [{"op": op, "ids": [new_id()], "to": {"note": "x"}} for op in ("set", "undo", "relink")])
    lines = [Placed(entry(9, op="share", ids=[f"{1:032x}"]), "g" * 32, 900)]
    base = index.cursor(OWNER)
    assert base is not None
    assert index.apply(OWNER, base, lines, base._replace(offset=1_000, seq=9))
    assert index.usage(OWNER) == before
    assert index.head_count(OWNER) == 5


def test_a_record_of_an_older_version_is_shown_with_every_field(index: Index) -> None:
    whole = record_to_dict(record(1))
    line = entry(1, op="add")
    line.record = msgspec.Raw(orjson.dumps({n: whole[n] for n in ("id", "owner", "key", "created_at")}))
    assert index.apply(OWNER, None, [Placed(line, "g" * 32, 100)], Cursor("g" * 32, 200, 1))
    (row,) = index.page(Query(owner=OWNER), None, 1)
    assert orjson.loads(row.body).keys() == whole.keys() - {"workflow", "texts"}
