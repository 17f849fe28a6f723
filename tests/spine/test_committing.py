"""Committing: decisions become numbered lines, each seeing the ones before it, all durable together."""

import dataclasses
from collections.abc import Callable

import pytest

from imagehist import committing
from imagehist.actions.editing import favor, many, one, trash
from imagehist.committing import Decision, Draft, Outcome, View, commit
from imagehist.intake import adding
from imagehist.library import Library
from imagehist.model.faults import Fault, NotFound
from imagehist.model.names import new_id, original_key
from imagehist.model.queries import Query
from imagehist.model.records import ImageRecord
from imagehist.model.times import to_text
from tests.spine.living import OWNER, Opener, add, assert_rebuilds, change, decide, record

AT = "2026-04-01T00:00:00.000000Z"


def fresh(library: Library, sha256: str = "ab" * 32) -> ImageRecord:
    image, at = new_id(), to_text(library.clock())
    key = original_key(OWNER, "output", at, image, "png")
    return ImageRecord(id=image, owner=OWNER, key=key, created_at=at, sha256=sha256)


def seqs(outcomes: list[Outcome | Fault]) -> list[int | str | None]:
    return [one.code if isinstance(one, Fault) else one.seq for one in outcomes]


def test_the_first_change_makes_the_history(library: Library) -> None:
    image = add(library)
    assert record(library, image).rev == 1
    assert library.manifest.owners() == library.index.owners() == [OWNER]
    assert_rebuilds(library)


def test_every_decision_of_a_group_is_its_own_line(library: Library) -> None:
    images = [add(library, b"%d" % number) for number in range(3)]
    outcomes = commit(library, OWNER, [one(image, favor(True)) for image in images], "guest")
    assert outcomes == [Outcome(4 + number, [image]) for number, image in enumerate(images)]
    assert [record(library, image).rev for image in images] == [4, 5, 6]
    heads = library.index.heads(OWNER, None, 3)
    assert [(head.seq, head.images, head.by) for head in heads] == [
        (6, 1, "guest"),
        (5, 1, "guest"),
        (4, 1, "guest"),
    ]
    assert_rebuilds(library)


def test_later_decisions_see_what_earlier_ones_of_the_group_did(library: Library) -> None:
    image, seen = add(library), list[tuple[bool, int]]()

    def look(view: View) -> Draft | None:
        found = view.records([image])[image]
        seen.append((found.favorite, found.rev))
        return None

    new = fresh(library)
    group: list[Decision] = [look, one(image, favor(True)), look, adding(new), one(new.id, favor(True)), look]
    assert seqs(commit(library, OWNER, group, "guest")) == [None, 2, None, 3, 4, None]
    assert seen == [(False, 1), (True, 2), (True, 2)]
    assert record(library, new.id).favorite
    assert_rebuilds(library)


def test_the_same_bytes_twice_in_one_group_name_each_other(library: Library) -> None:
    first, second = fresh(library), fresh(library)
    commit(library, OWNER, [adding(first), adding(second)], "guest")
    assert record(library, first.id).duplicate_of is None
    assert record(library, second.id).duplicate_of == first.id


def test_a_refusal_is_an_outcome_and_the_others_go_on(library: Library) -> None:
    image = add(library)
    group = [
        one(new_id(), favor(True)),
        one(image, favor(True)),
        one(image, favor(True)),
        one(new_id(), trash(AT)),
    ]
    outcomes = commit(library, OWNER, group, "guest")
    assert seqs(outcomes) == ["NOT_FOUND", 2, None, "NOT_FOUND"]
    assert isinstance(outcomes[0], NotFound)
    assert_rebuilds(library)


def test_a_purged_image_is_gone_for_the_rest_of_its_group(library: Library) -> None:
    image = add(library)
    purging: Decision = lambda view: Draft("purge", [image], was=[{"key": "k"}], revs=[1])  # noqa: E731
    assert seqs(commit(library, OWNER, [purging, one(image, favor(True))], "admin")) == [2, "NOT_FOUND"]
    assert library.index.purged(OWNER, [image]) == {image: 2}


def test_nothing_to_change_writes_nothing(library: Library) -> None:
    image = add(library)
    stamp = library.manifest.stamp(OWNER)
    assert commit(library, OWNER, [], "guest") == []
    assert commit(library, OWNER, [one(image, favor(False))], "guest") == [Outcome(None, ())]
    assert seqs(commit(library, OWNER, [one(new_id(), favor(True))], "guest")) == ["NOT_FOUND"]
    assert library.manifest.stamp(OWNER) == stamp


def test_a_change_of_very_many_is_one_change_in_parts(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committing, "MAX_IDS", 3)
    images = [add(library, b"%d" % number) for number in range(7)]
    outcome = change(library, images, trash(AT))
    assert (outcome.seq, list(outcome.ids)) == (8, images)
    assert {record(library, image).rev for image in images} == {8}
    head = library.index.head(OWNER, 8)
    assert head is not None
    assert (head.images, head.status) == (7, "trash")
    assert library.index.head_count(OWNER) == 8
    tail = library.manifest.read(OWNER, library.index.place_of(OWNER, 8))
    assert tail is not None
    assert [placed.entry.part for placed in tail.entries] == [(1, 3), (2, 3), (3, 3)]
    assert [len(placed.entry.revs) for placed in tail.entries] == [3, 3, 1]
    assert_rebuilds(library)


def test_values_of_their_own_go_with_their_part(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committing, "MAX_IDS", 2)
    images = [add(library, b"%d" % number) for number in range(5)]
    change(library, images, lambda one: {"note": one.id})
    assert [record(library, image).note for image in images] == images
    assert_rebuilds(library)


def test_numbers_go_on_above_whatever_was_seen(library: Library) -> None:
    image = add(library)
    assert seqs(commit(library, OWNER, [one(image, favor(True))], "guest", above=41)) == [42]
    assert seqs(commit(library, OWNER, [one(image, favor(False))], "guest", above=7)) == [43]
    assert_rebuilds(library)


def test_numbers_of_an_unfinished_change_are_not_used_again(library: Library) -> None:
    image = add(library)
    draft = Draft("set", [image, image], {"note": "half"}, {"note": ""}, [1, 1])
    (whole,) = committing.numbered(draft, 2, AT, "guest")
    whole.part = (1, 2)
    with library.manifest.lease(OWNER, whole) as lease:
        lease.append([whole])
    assert seqs(commit(library, OWNER, [one(image, favor(True))], "guest")) == [3]
    assert record(library, image).note == ""
    assert_rebuilds(library)


def test_two_processes_take_turns(another: Opener) -> None:
    processes = [another(), another()]
    images = [add(processes[number % 2], b"%d" % number) for number in range(6)]
    for number, image in enumerate(images):
        change(processes[(number + 1) % 2], [image], favor(True))
    for process in processes:
        assert process.index.count(Query(owner=OWNER, favorite=True)) == 6
        assert [head.seq for head in process.index.heads(OWNER, None, 20)] == list(range(12, 0, -1))
        assert_rebuilds(process)


def test_a_process_with_an_old_index_reads_on_before_it_decides(another: Opener) -> None:
    from imagehist.indexes.memory import MemoryIndex

    one_, two = another(), dataclasses.replace(another(), index=MemoryIndex())
    image = add(one_)
    change(one_, [image], lambda found: {"note": "first"})
    seen = list[str]()

    def look(view: View) -> Draft | None:
        seen.append(view.records([image])[image].note)
        return None

    commit(two, OWNER, [look], "guest")
    assert seen == ["first"]
    change(two, [image], lambda found: {"note": found.note + " second"})
    assert record(two, image).note == "first second"
    assert record(two, image).rev == 3


@pytest.mark.parametrize("owner", ["mina", "anon-" + "a" * 32, "unassigned"])
def test_owners_have_histories_of_their_own(library: Library, owner: str) -> None:
    add(library, owner="zoe")
    image = add(library, owner=owner)
    assert record(library, image, owner).rev == 1
    missing = list[str]()
    assert decide(library, many([image], favor(True), missing), owner="zoe") == Outcome(None, ())
    assert missing == [image]


def test_a_decision_that_breaks_writes_nothing(library: Library) -> None:
    image = add(library)

    def breaks(view: View) -> Draft | None:
        raise ZeroDivisionError

    group: list[Callable[[View], Draft | None]] = [one(image, favor(True)), breaks]
    with pytest.raises(ZeroDivisionError):
        commit(library, OWNER, group, "guest")
    assert not record(library, image).favorite
    assert change(library, [image], favor(True)).seq == 2
    assert_rebuilds(library)
