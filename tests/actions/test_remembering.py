"""The library as it was: every later line taken back, whatever it was."""

from imagehist.actions.editing import Patch, favor, patched, restore
from imagehist.actions.remembering import Then, as_it_was
from imagehist.model.times import to_text
from tests.libraries import OWNER, Keeper


def then(keeper: Keeper, time: str, skip: int = 0, size: int = 100) -> Then:
    return as_it_was(keeper.library, OWNER, time, skip, size)


def now(keeper: Keeper) -> str:
    return to_text(keeper.library.clock())


def test_every_change_since_is_taken_back(keeper: Keeper) -> None:
    images = [keeper.add(tags=["old"]).id for _ in range(5)]
    keeper.change(images[:1], favor(True))
    keeper.trash(images[1])
    moment, before = now(keeper), keeper.records()
    keeper.change(images[:1], favor(False))
    keeper.change(images[:1], patched(Patch(tags=["new"], note="later")))
    keeper.change(images[1:2], restore())
    keeper.trash(images[2], images[3])
    keeper.add()
    found = then(keeper, moment)
    expected = [image for image in reversed(images) if image != images[1]]
    assert [record.id for record in found.items] == expected
    assert found.total == 4
    assert found.items == [before[image] for image in expected]


def test_pages_of_the_past_join(keeper: Keeper) -> None:
    images = [keeper.add().id for _ in range(7)]
    moment = now(keeper)
    keeper.trash(*images[::2])
    pages = [then(keeper, moment, skip, 3).items for skip in (0, 3, 6)]
    assert [record.id for page in pages for record in page] == images[::-1]


def test_before_everything_there_was_nothing(keeper: Keeper) -> None:
    keeper.add()
    found = then(keeper, "2001-01-01T00:00:00.000000Z")
    assert (found.items, found.total, found.seq) == ([], 0, 0)


def test_now_is_as_it_is(keeper: Keeper) -> None:
    image = keeper.add().id
    assert then(keeper, now(keeper)).items == [keeper.records()[image]]
