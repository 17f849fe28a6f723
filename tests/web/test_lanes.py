"""Lanes: a large change is answered before its sidecars are written, and holds nobody up."""

from pathlib import Path

from benchmarks.generator import Wish, make, owner_name
from imagehist.actions.editing import Selection, favor, one, selected, trash
from imagehist.model.names import sidecar_key
from imagehist.model.queries import Query
from imagehist.model.sidecars import judge
from imagehist.opening import open_library
from imagehist.settings import Settings
from imagehist.web.lanes import Lanes
from imagehist.web.threads import Threads

OWNER = owner_name(0)


async def test_the_next_change_does_not_wait_for_the_sidecars_of_a_large_one(tmp_path: Path) -> None:
    make(str(tmp_path / "made"), Wish(1, 2_000))
    opened = open_library(Settings(outputs=str(tmp_path / "made"), imaging_processes=0), create=False)
    library, threads = opened.library, Threads(1)
    lanes = Lanes(library, threads)
    everything = Selection(Query(owner=OWNER), frozenset(), None, None)
    try:
        many = await lanes.commit(
            OWNER, selected(everything, trash("2026-01-02T03:04:05.000000Z")), "guest", alone=True
        )
        assert library.index.count(Query(owner=OWNER)) == 0
        image = many.ids[-1]
        single = await lanes.commit(OWNER, one(image, favor(on=False)), "guest")
        single = single if single.ids else await lanes.commit(OWNER, one(image, favor(on=True)), "guest")
        assert single.record is not None
        assert single.record.rev == single.seq
        written = len(list(tmp_path.glob("made/users/*/*/*/*/*.json")))
        assert 1 <= written < len(many.ids)
        await lanes.close()
        for record in library.index.records(OWNER, many.ids).values():
            assert judge(library.store.get(sidecar_key(record.key)), record).action == "same"
    finally:
        threads.close()
        opened.close()
