"""Following: every index ends where the manifest ends, whatever was sealed, and every sink hears once."""

import dataclasses
from pathlib import Path

import pytest

from imagehist import sealing
from imagehist.actions.editing import favor, restore, trash
from imagehist.following import Follower, apply_own, follow, follow_in_turns
from imagehist.indexes.memory import MemoryIndex
from imagehist.library import Library
from imagehist.purging import purge
from imagehist.sealing import snapshot
from tests.spine.living import OWNER, Heard, Opener, add, assert_rebuilds, change, in_memory, rebuilt, record

AT = "2026-04-01T00:00:00.000000Z"


def seal(library: Library) -> None:
    with library.manifest.lease(OWNER, None) as lease, library.store.settle_lock(OWNER):  # type: ignore[arg-type]
        snapshot(library, OWNER, lease)


def lively(library: Library) -> list[str]:
    """A history with everything in it, sealed in between."""
    images = [add(library, b"%d" % number, tags=["a"]) for number in range(6)]
    change(library, images[:3], trash(AT))
    seal(library)
    change(library, images[1:3], restore())
    purge(library, OWNER, images[:1], "admin")
    seal(library)
    change(library, images[3:], favor(True))
    return images


def test_the_manifest_alone_gives_the_same_index(library: Library) -> None:
    lively(library)
    assert_rebuilds(library)
    seal(library)
    assert_rebuilds(library)


def test_rolls_change_nothing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "ROLL_BYTES", 3_000)
    generations = set()
    for number in range(12):
        add(library, b"%d" % number)
        cursor = library.index.cursor(OWNER)
        assert cursor is not None
        generations.add(cursor.generation)
    assert len(generations) > 3
    assert_rebuilds(library)
    heads = library.index.heads(OWNER, None, 100)
    assert [head.seq for head in heads] == list(range(12, 0, -1))


def test_a_follower_of_any_age_catches_up(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "ROLL_BYTES", 4_000)
    followers = list[Library]()
    for number in range(10):
        followers.append(dataclasses.replace(library, index=MemoryIndex(), sinks=(Heard(),)))
        with library.manifest.hold(OWNER):
            follow(followers[-1], OWNER)
        add(library, b"%d" % number)
        if number == 6:
            seal(library)
    for follower in followers:
        with library.manifest.hold(OWNER):
            follow(follower, OWNER)
            before = follower.index.cursor(OWNER)
            assert follow(follower, OWNER) == (before, 10)
        assert list(follower.index.every_record(OWNER)) == list(library.index.every_record(OWNER))
        assert follower.index.cursor(OWNER) == library.index.cursor(OWNER)
        assert follower.sinks[0].seqs == list(range(1, 11))  # type: ignore[attr-defined]


def test_following_in_turns_ends_at_the_same_place(library: Library) -> None:
    lively(library)
    fresh, told = dataclasses.replace(library, index=MemoryIndex()), list[int]()
    assert follow_in_turns(fresh, OWNER, told.append) == library.index.cursor(OWNER)
    assert list(fresh.index.every_record(OWNER)) == list(library.index.every_record(OWNER))
    assert sum(told) > 0


def test_nothing_follows_from_nothing(library: Library) -> None:
    with library.manifest.hold(OWNER):
        assert follow(library, OWNER) == (None, 0)
    assert library.index.owners() == []


def test_a_sink_hears_each_change_once_whoever_applied_it(another: Opener) -> None:
    heard = Heard()
    one, two = another(), dataclasses.replace(another(), sinks=(heard,))
    images = [add(one), add(two), add(one)]
    change(two, images, favor(True))
    assert heard.seqs == sorted(set(heard.seqs))
    assert {2, 4} <= set(heard.seqs)


def test_who_was_slower_follows(another: Opener) -> None:
    """The lines of a commit are in the index already when somebody else was quicker to read them."""
    one = another()
    image = add(one)
    base = one.index.cursor(OWNER)
    assert base is not None
    change(one, [image], favor(True))
    end = one.index.cursor(OWNER)
    assert end is not None
    apply_own(one, OWNER, base, [], end)
    assert one.index.cursor(OWNER) == end
    assert record(one, image).rev == 2


def test_a_second_process_sees_what_the_first_did(another: Opener) -> None:
    one, two = another(), another()
    mine = dataclasses.replace(two, index=MemoryIndex())
    follower = Follower(mine)
    image = add(one)
    mark = follower.refresh(OWNER)
    assert mark == follower.refresh(OWNER) == follower.glance(OWNER)
    assert record(mine, image).rev == 1
    change(one, [image], favor(True))
    assert follower.glance(OWNER) is None
    assert follower.refresh(OWNER) != mark
    assert record(mine, image).favorite
    seal(one)
    assert follower.glance(OWNER) is None
    follower.refresh(OWNER)
    assert mine.index.cursor(OWNER) == one.index.cursor(OWNER)


def test_a_held_owner_is_not_waited_for(another: Opener) -> None:
    one, two = another(), another()
    image = add(one)
    mine = dataclasses.replace(two, index=MemoryIndex())
    follower = Follower(mine)
    follower.refresh(OWNER)
    change(one, [image], favor(True))
    with one.manifest.hold(OWNER):
        assert follower.refresh(OWNER) != follower.refresh(OWNER)
        assert not record(mine, image).favorite
    follower.refresh(OWNER)
    assert record(mine, image).favorite


def test_another_history_replaces_what_was_known(library: Library, tmp_path: Path) -> None:
    """A manifest made anew has another generation: nothing of the old one may stay."""
    gone = add(library)
    change(library, [gone], trash(AT))
    with in_memory(tmp_path) as elsewhere:
        other = elsewhere()
        add(other, tags=["b"])
        mixed = dataclasses.replace(library, manifest=other.manifest)
        with other.manifest.hold(OWNER):
            follow(mixed, OWNER)
        assert list(library.index.every_record(OWNER)) == list(other.index.every_record(OWNER))
        assert library.index.usage(OWNER) == other.index.usage(OWNER)
        assert library.index.heads(OWNER, None, 9) == other.index.heads(OWNER, None, 9)


def test_an_older_copy_of_a_manifest_starts_its_followers_over(another: Opener) -> None:
    one = another()
    add(one)
    early = rebuilt(one)
    cursor = early.cursor(OWNER)
    assert cursor is not None
    add(one)
    ahead = cursor._replace(offset=cursor.offset + 100_000)
    tail = one.manifest.read(OWNER, ahead)
    assert tail is not None
    assert tail.restart
    assert [placed.entry.seq for placed in tail.entries] == [1, 2]
