"""The SQLite index beyond its port: builds aside, many processes, no list walked whole, no failure kept."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagehist.indexes import selecting
from imagehist.indexes.memory import MemoryIndex
from imagehist.indexes.schema import INDEXES, TOTALS_OF_EVERYTHING, VERSION
from imagehist.indexes.selecting import filters_of, lists_of, page_sql, walk_of
from imagehist.indexes.sqlite import SqliteIndex
from imagehist.model.faults import FormatNewer, StorageFull
from imagehist.model.queries import Query, matches
from imagehist.model.records import ImageRecord
from imagehist.model.times import to_text
from tests.conformance.comparing import assert_same, assert_same_answer
from tests.conformance.stories import BEGINNING, OWNER, placed_lines, queries, stories, tell


@contextmanager
def opened(building: bool = False) -> Iterator[SqliteIndex]:
    with TemporaryDirectory() as folder, closing(SqliteIndex(f"{folder}/index.sqlite", building)) as index:
        yield index


def totals(index: SqliteIndex) -> list[tuple[int, ...]]:
    return index._writer.execute("SELECT * FROM total ORDER BY list, facet, value").fetchall()


def assert_exact_totals(index: SqliteIndex) -> None:
    kept = totals(index)
    assert all(row[3] > 0 for row in kept)
    index._writer.executescript(TOTALS_OF_EVERYTHING)
    assert totals(index) == kept


def assert_no_leftovers(index: SqliteIndex) -> None:
    """Every table speaks of the images there are, and of nothing else."""
    for table in ("body", "searched"):
        found = index._writer.execute(f"SELECT count(*) FROM image i FULL JOIN {table} t ON t.no = i.no"
                                      " WHERE i.no IS NULL OR t.no IS NULL").fetchone()  # fmt: skip
        assert found == (0,)
    postings = index._writer.execute("SELECT list, at, no, workflow, ratio, favorite FROM tagged").fetchall()
    images = set(index._writer.execute("SELECT list, at, no, workflow, ratio, favorite FROM image"))
    assert set(postings) <= images
    worn = index._writer.execute("SELECT tags FROM image").fetchall()
    assert len(postings) == sum(len(tags.split()) for (tags,) in worn)
    assert index._writer.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("worth_sorting", [0, 8_000])
@given(story=stories, asked=st.lists(queries, min_size=1, max_size=4))
def test_any_story_any_question(
    worth_sorting: int, story: list[list[dict[str, Any]]], asked: list[Query]
) -> None:
    with opened() as index, pytest.MonkeyPatch.context() as patch:
        patch.setattr(selecting, "_WORTH_SORTING", worth_sorting)
        reference = MemoryIndex()
        tell([index, reference], story)
        assert_same(index, reference)
        for query in asked:
            assert_same_answer(index, reference, query)
        assert_no_leftovers(index)
        assert_exact_totals(index)


@given(stories, stories, st.lists(queries, max_size=2))
def test_an_index_built_aside_and_taken_is_the_same(
    story: list[list[dict[str, Any]]], older: list[list[dict[str, Any]]], asked: list[Query]
) -> None:
    with opened() as index, opened(building=True) as aside:
        reference = MemoryIndex()
        tell([index], older)
        tell([index], older, "adam")
        tell([aside, reference], story)
        aside.finish_building()
        index.take_from(aside)
        assert_same(index, reference)
        assert_same(aside, reference)
        for query in asked:
            assert_same_answer(index, reference, query)
        assert_no_leftovers(index)
        assert_exact_totals(index)
        tell([index, reference], older)
        assert_same(index, reference)


def record(number: int) -> ImageRecord:
    return ImageRecord(
        id=f"{number:032x}",
        owner=OWNER,
        key="k",
        created_at=to_text(number * 3_600_000_000),
        tags=[f"t{number % 7}", f"u{number % 5}"],
        workflow_id=f"w{number % 3}",
        aspect_ratio=f"{number % 2}:1",
        favorite=number % 4 == 0,
        status="trash" if number % 6 == 0 else "active",
        bytes=number,
    )


@pytest.fixture
def filled() -> Iterator[SqliteIndex]:
    with opened() as index:
        tell([index], [[{"op": "add", "record": record(number)} for number in range(1, 400)]])
        yield index


FILTERS: dict[str, dict[str, Any]] = {
    "none": {},
    "tag": {"tags": ("t1",)},
    "tags": {"tags": ("t1", "u1")},
    "workflow": {"workflow_id": "w1"},
    "ratio": {"aspect_ratio": "1:1"},
    "favorite": {"favorite": True},
    "not favorite": {"favorite": False},
    "days": {"since": 0, "until": 10**15},
    "workflow and ratio": {"workflow_id": "w1", "aspect_ratio": "1:1"},
    "favorite and days": {"favorite": True, "since": 0},
    "tag and favorite": {"tags": ("t1",), "favorite": True},
    "text": {"text": "t1"},
}


@pytest.mark.parametrize("name", FILTERS)
def test_counts_are_exact_whichever_way_they_are_found(filled: SqliteIndex, name: str) -> None:
    records = list(filled.every_record(OWNER))
    for status in ("active", "trash"):
        for more in ({}, {"favorite": False}, {"since": 10**12 + 1}, {"until": 9 * 10**11}):
            query = Query(**{"owner": OWNER, "status": status} | FILTERS[name] | more)
            assert filled.count(query) == sum(matches(one, query) for one in records)


def test_a_far_page_passes_over_a_day_at_most(filled: SqliteIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selecting, "_FAR", 10)
    for order in ("newest", "oldest"):
        query = Query(owner=OWNER, order=order)
        filters = filters_of(filled._reader, query)
        assert filters is not None
        _, skip = selecting._jump_days(filled._reader, lists_of(query, 1)[0], filters, 200)
        assert skip < 24


def plan_of(index: SqliteIndex, query: Query, behind: bool) -> str:
    db = index._reader
    filters = filters_of(db, query)
    assert filters is not None
    walk = walk_of(db, lists_of(query, 1)[0], filters)
    values = [*walk.values, *((0, 0) if behind else ()), 10, 0]
    rows = db.execute(f"EXPLAIN QUERY PLAN {page_sql(walk, behind)}", values).fetchall()
    return "\n".join(row[3] for row in rows)


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("name", FILTERS)
def test_a_page_walks_an_index_in_order(filled: SqliteIndex, name: str, order: str, behind: bool) -> None:
    for status in ("active", "trash"):
        plan = plan_of(filled, Query(owner=OWNER, status=status, order=order, **FILTERS[name]), behind)
        assert "TEMP B-TREE" not in plan
        assert "SCAN w" in plan
        assert [line for line in plan.splitlines() if line.startswith("SCAN") and line != "SCAN w"] == []
        walked = [line for line in plan.splitlines() if " x USING " in line]
        assert len(walked) == 1
        assert "list=?" in walked[0]
        assert "COVERING INDEX" in walked[0] or "PRIMARY KEY" in walked[0]


@pytest.mark.parametrize(
    ("order", "status"), [("largest", "active"), ("largest", "trash"), ("trashed", "trash")]
)
def test_other_orders_have_their_own_index(
    filled: SqliteIndex, order: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selecting, "_WORTH_SORTING", 10)
    plan = plan_of(filled, Query(owner=OWNER, status=status, order=order), behind=True)
    assert "TEMP B-TREE" not in plan
    assert {"largest": "image_bytes", "trashed": "image_gone"}[order] in plan


def test_the_plan_of_a_sort_would_be_noticed(filled: SqliteIndex) -> None:
    """A short list is sorted rather than looked for along a long one."""
    assert "TEMP B-TREE" in plan_of(filled, Query(owner=OWNER, order="largest", tags=("t1",)), behind=False)


def test_a_failed_change_leaves_nothing_and_the_next_one_works(filled: SqliteIndex) -> None:
    before, base = list(filled.every_record(OWNER)), filled.cursor(OWNER)
    assert base is not None
    pages = filled._writer.execute("PRAGMA page_count").fetchone()[0]
    filled._writer.execute(f"PRAGMA max_page_count = {pages}")
    lines, end = placed_lines([{"op": "add", "record": record(number)} for number in range(400, 2_000)], base)
    with pytest.raises(StorageFull):
        filled.apply(OWNER, base, lines, end)
    assert not filled._writer.in_transaction
    assert filled.cursor(OWNER) == base
    assert list(filled.every_record(OWNER)) == before
    filled._writer.execute("PRAGMA max_page_count = 1000000")
    assert filled.apply(OWNER, base, lines, end)
    assert filled.count(Query(owner=OWNER)) + filled.count(Query(owner=OWNER, status="trash")) == 1_999
    assert_exact_totals(filled)


def test_a_commit_that_fails_is_rolled_back(tmp_path: Path) -> None:
    path = str(tmp_path / "index.sqlite")
    with closing(SqliteIndex(path)) as index:
        index._writer.execute("PRAGMA foreign_keys = ON")
        index._writer.execute(
            "CREATE TABLE odd (no INTEGER REFERENCES body (no) DEFERRABLE INITIALLY DEFERRED)"
        )
        index._writer.execute(
            "CREATE TRIGGER late AFTER INSERT ON image BEGIN INSERT INTO odd VALUES (-1); END"
        )
        with pytest.raises(sqlite3.IntegrityError):
            tell([index], [[{"op": "add", "record": record(1)}]])
        assert not index._writer.in_transaction
        index._writer.execute("DROP TRIGGER late")
        tell([index], [[{"op": "add", "record": record(1)}]])
        assert index.count(Query(owner=OWNER)) == 1


def test_many_may_make_the_index_at_once(tmp_path: Path) -> None:
    path, made, together = str(tmp_path / "index.sqlite"), list[SqliteIndex](), Barrier(8)

    def make() -> None:
        together.wait()
        made.append(SqliteIndex(path))

    threads = [Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    tell([made[0]], [[{"op": "add", "record": record(1)}]])
    assert {index.count(Query(owner=OWNER)) for index in made} == {1}
    for index in made:
        index.close()


def test_an_index_of_another_version_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "index.sqlite")
    SqliteIndex(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(FormatNewer):
        SqliteIndex(path)


def test_readers_see_whole_changes_while_others_write(filled: SqliteIndex) -> None:
    """A page and a count of another thread never show a part of a change."""
    seen, stop = set[int](), list[bool]()

    def look() -> None:
        while not stop:
            seen.add(filled.usage(OWNER).trash_images)

    thread = Thread(target=look)
    thread.start()
    everything = [f"{number:032x}" for number in range(1, 400)]
    trashed = filled.usage(OWNER).trash_images
    base = filled.cursor(OWNER)
    assert base is not None
    for number in range(20):
        status = "active" if number % 2 else "trash"
        lines, end = placed_lines([{"op": "set", "ids": everything, "to": {"status": status}}], base)
        assert filled.apply(OWNER, base, lines, end)
        base = end
    stop.append(True)
    thread.join()
    assert seen <= {trashed, 0, 399}
    assert len(seen) > 1


def test_every_index_is_made_while_building_too() -> None:
    def names(index: SqliteIndex) -> set[str]:
        return {
            row[0] for row in index._writer.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")
        }

    with opened() as index, opened(building=True) as aside:
        assert "image_new" not in names(aside)
        aside.finish_building()
        assert names(aside) == names(index)
        assert INDEXES.count("CREATE") == 8
        assert aside._writer.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert tell([aside], [[{"op": "add", "record": record(1)}]]).seq == BEGINNING.seq + 1
