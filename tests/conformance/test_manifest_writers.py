"""Who may write a manifest and when: leases, check-points, mending and restoring."""

from collections.abc import Callable
from threading import Thread

import pytest

from imagehist.model.faults import Busy
from imagehist.model.names import new_id
from imagehist.ports import Manifest
from tests.conformance.writing import OWNER, append, began, line, read, seal, seqs


def test_one_writer_at_a_time(another_manifest: Callable[[], Manifest]) -> None:
    one, two = another_manifest(), another_manifest()
    with one.lease(OWNER, began()):
        with pytest.raises(Busy):
            two.lease(OWNER, began(), wait=0.02).__enter__()
        with pytest.raises(Busy):
            two.hold(OWNER, wait=0.0).__enter__()
        with two.lease("somebody", began(), wait=0.0):
            pass
    with two.lease(OWNER, began(), wait=0.0) as lease:
        lease.append([line(1)])
    assert seqs(read(one, None)) == [1]


def test_a_failed_holder_lets_go(manifest: Manifest) -> None:
    with pytest.raises(RuntimeError):
        with manifest.lease(OWNER, began()):
            raise RuntimeError
    with manifest.hold(OWNER, wait=0.0):
        pass


def test_writers_in_turn_lose_no_line(another_manifest: Callable[[], Manifest]) -> None:
    def write(manifest: Manifest) -> None:
        for _ in range(20):
            with manifest.lease(OWNER, began()) as lease:
                tail = manifest.read(OWNER, None)
                lease.append([line(tail.seen + 1 if tail else 1)])

    threads = [Thread(target=write, args=(another_manifest(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seqs(read(another_manifest(), None)) == list(range(1, 81))


def test_a_checkpoint_holds_while_its_bytes_do(another_manifest: Callable[[], Manifest]) -> None:
    one, two = another_manifest(), another_manifest()
    append(one, line(1))
    end = read(one, None).end
    one.set_checkpoint(OWNER, end)
    assert two.checkpoint(OWNER) == end
    append(two, line(2))
    assert one.checkpoint(OWNER) == end
    later = read(one, None).end
    one.set_checkpoint(OWNER, later)
    assert two.checkpoint(OWNER) == later


def test_a_checkpoint_outlives_rolls(another_manifest: Callable[[], Manifest]) -> None:
    """A restart right after a roll would otherwise look through everything there is."""
    one, two = another_manifest(), another_manifest()
    append(one, line(1), line(2))
    place = read(one, None).end
    one.set_checkpoint(OWNER, place)
    append(one, line(3))
    seal(one, began(3, place.generation))
    append(one, line(4))
    assert two.checkpoint(OWNER) == place
    assert seqs(read(two, two.checkpoint(OWNER))) == [3, 4]
    with two.hold(OWNER):
        assert two.mend(OWNER) == 0
    sealed = read(one, None).end
    one.set_checkpoint(OWNER, place)
    seal(one, began(4, sealed.generation))
    assert two.checkpoint(OWNER) == place
    one.set_checkpoint(OWNER, place._replace(generation=new_id()))
    assert two.checkpoint(OWNER) == place


def test_a_checkpoint_never_speaks_of_bytes_that_are_not_there(manifest: Manifest) -> None:
    append(manifest, line(1))
    end = read(manifest, None).end
    manifest.set_checkpoint(OWNER, end)
    manifest.set_checkpoint(OWNER, end._replace(offset=end.offset + 1))
    assert manifest.checkpoint(OWNER) in (None, end)
    manifest.set_checkpoint("nobody", end)
    assert manifest.checkpoint("nobody") is None


def test_mending_a_whole_manifest_cuts_nothing(manifest: Manifest) -> None:
    append(manifest, line(1), line(2, part=(1, 2)))
    end = read(manifest, None)
    with manifest.hold(OWNER):
        assert manifest.mend(OWNER) == 0
    assert read(manifest, None).end == end.end
    assert read(manifest, None).seen == 2


def test_a_lease_knows_whether_anything_stands_behind_a_cursor(manifest: Manifest) -> None:
    append(manifest, line(1))
    end = read(manifest, None).end
    with manifest.lease(OWNER, began()) as lease:
        assert lease.ends_at(end)
        assert not lease.ends_at(end._replace(generation=new_id()))
        lease.append([line(2)])
        assert not lease.ends_at(end)


def test_a_restored_manifest_is_whole_and_counts_on(manifest: Manifest) -> None:
    first = began(7)
    with manifest.hold(OWNER):
        manifest.restore(OWNER, first, [line(7, note="a"), line(7, note="b")])
    append(manifest, line(8))
    tail = read(manifest, None)
    assert (seqs(tail), tail.restart, tail.seen) == ([7, 7, 8], True, 8)
    assert [placed.restated for placed in tail.entries] == [True, True, False]
    assert (tail.end.generation, tail.end.seq) == (first.gen, 8)


def test_the_beginning_shows_the_open_generation_with_what_it_restates(manifest: Manifest) -> None:
    assert manifest.beginning(OWNER) is None
    append(manifest, line(1))
    seal(manifest, began(1, read(manifest, None).end.generation), [line(1, note="restated")])
    append(manifest, line(2))
    place = manifest.beginning(OWNER)
    tail = read(manifest, place)
    assert (tail.restart, seqs(tail)) == (False, [1, 2])
    assert [placed.restated for placed in tail.entries] == [True, False]
