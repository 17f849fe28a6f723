"""The libraries figures are measured on are real ones: they open whole and hold what was asked."""

from pathlib import Path

from benchmarks.figures import at_least, at_most, percentile
from benchmarks.generator import Wish, make, owner_name
from imagehist.model.queries import Query
from imagehist.opening import open_library
from imagehist.recovering import recover
from imagehist.settings import Settings


def test_a_generated_library_is_whole(tmp_path: Path) -> None:
    make(str(tmp_path / "made"), Wish(2, 300, sidecars=True, thumbs=3, originals=1))
    opened = open_library(Settings(outputs=str(tmp_path / "made"), imaging_processes=0), create=False)
    library, owner = opened.library, owner_name(1)
    try:
        assert recover(library) == {}
        assert library.index.owners() == sorted([owner_name(0), owner])
        trashed = library.index.count(Query(owner=owner, status="trash"))
        assert library.index.count(Query(owner=owner)) + trashed == 300
        assert (library.index.count(Query(owner=owner, favorite=True)), trashed) == (9, 6)
        records = list(library.index.every_record(owner))
        assert sum(library.store.exists(record.thumb or "") for record in records) == 3
        assert sum(library.store.exists(record.key) for record in records) == 1
        assert len({tag for record in records for tag in record.tags}) > 50
    finally:
        opened.close()


def test_the_same_wish_draws_the_same_images(tmp_path: Path) -> None:
    ids = []
    for name in ("a", "b"):
        make(str(tmp_path / name), Wish(1, 20))
        lines = next(tmp_path.glob(f"{name}/users/*/manifest.jsonl")).read_bytes().splitlines()
        ids.append([line.partition(b'"id":"')[2][:32] for line in lines[1:21]])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 20


def test_bars_are_held_to() -> None:
    assert at_most("a", 1.0, "ms", 1.0).met
    assert not at_most("a", 1.01, "ms", 1.0).met
    assert at_least("a", 0.5, "x", 0.5).met
    assert not at_least("a", 0.49, "x", 0.5).met
    assert percentile(range(100), 0.99) == 99
    assert percentile([3, 1, 2], 0.5) == 2
