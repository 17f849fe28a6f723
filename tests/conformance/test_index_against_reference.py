"""The SQLite index against the dictionaries: whatever happens, the same answers."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from imagehist.indexes.memory import MemoryIndex
from imagehist.indexes.schema import TOTALS_OF_EVERYTHING
from imagehist.indexes.sqlite import SqliteIndex
from imagehist.model.queries import Query
from tests.conformance.comparing import assert_same, assert_same_answer
from tests.conformance.stories import queries, stories, tell


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


@given(stories, st.lists(queries, min_size=1, max_size=4))
def test_any_story_any_question(story: list[list[dict[str, Any]]], asked: list[Query]) -> None:
    with opened() as index:
        reference = MemoryIndex()
        tell([index, reference], story)
        assert_same(index, reference)
        for query in asked:
            assert_same_answer(index, reference, query)
        assert_exact_totals(index)
