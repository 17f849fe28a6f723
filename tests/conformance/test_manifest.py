"""What every manifest promises: lines in order, cursors that hold, whole changes, one writer at a time."""

import msgspec

from imagehist.model.entries import Entry, raw_record
from imagehist.model.names import new_guest, new_id
from imagehist.model.records import ImageRecord, decode_record
from imagehist.ports import Cursor, Manifest
from tests.conformance.writing import AT, IMAGE, OWNER, append, began, line, read, seal, seqs


def test_without_a_manifest_there_is_nothing(manifest: Manifest) -> None:
    assert manifest.owners() == []
    assert manifest.stamp(OWNER) is None
    assert manifest.checkpoint(OWNER) is None
    with manifest.hold(OWNER):
        assert manifest.read(OWNER, None) is None
        assert manifest.mend(OWNER) == 0
    assert manifest.owners() == []


def test_a_lease_makes_a_manifest_with_its_first_line(manifest: Manifest) -> None:
    first = began()
    with manifest.lease(OWNER, first) as lease:
        assert lease.size > 0
    tail = read(manifest, None)
    assert (tail.entries, tail.restart, tail.end.generation, tail.end.seq) == ([], True, first.gen, 0)
    with manifest.lease(OWNER, began()) as lease:
        assert lease.size == tail.end.offset
    assert read(manifest, None).end == tail.end


def test_owners_are_sorted(manifest: Manifest) -> None:
    names = [new_guest(), "zoe", "adam", "unassigned"]
    for name in names:
        append(manifest, line(1), owner=name)
    assert manifest.owners() == sorted(names)


def test_entries_come_back_as_they_went_in(manifest: Manifest) -> None:
    record = ImageRecord(
        id=IMAGE, owner=OWNER, key="k", prompt='나무 "tree"\n\x7f', extra={"later": [1, None]}
    )
    entries = [
        Entry(seq=1, at=AT, by="guest", op="add", record=raw_record(record)),
        Entry(seq=2, at=AT, by="b", op="set", ids=[IMAGE], to=[{"note": "\u2028"}], was=[{}], revs=[1]),
        Entry(seq=3, at=AT, by="c", op="undo", ids=[IMAGE], to={"note": ""}, undoes=2, detail={"why": "x"}),
    ]
    append(manifest, *entries)
    found = [placed.entry for placed in read(manifest, None).entries]
    assert decode_record(found[0].record) == record
    assert [msgspec.to_builtins(e) for e in found[1:]] == [msgspec.to_builtins(e) for e in entries[1:]]


def test_offsets_are_where_lines_begin_and_end(manifest: Manifest) -> None:
    offsets = append(manifest, line(1), line(2), line(3))
    tail = read(manifest, None)
    assert [placed.offset for placed in tail.entries] == offsets[:-1]
    assert tail.end == Cursor(tail.entries[0].generation, offsets[-1], 3)
    assert append(manifest, line(4))[0] == offsets[-1]
    for placed in read(manifest, None).entries:
        place = Cursor(placed.generation, placed.offset, placed.entry.seq - 1)
        assert read(manifest, place, limit=1).entries[0].entry.seq == placed.entry.seq


def test_a_cursor_reads_on_from_its_place(manifest: Manifest) -> None:
    append(manifest, line(1))
    first = read(manifest, None)
    nothing = read(manifest, first.end)
    assert (nothing.entries, nothing.end, nothing.restart, nothing.seen) == ([], first.end, False, 1)
    append(manifest, line(2), line(3))
    more = read(manifest, first.end)
    assert (seqs(more), more.restart, more.end.seq, more.seen) == ([2, 3], False, 3, 3)


def test_a_limit_cuts_the_tail_between_changes(manifest: Manifest) -> None:
    for start in range(1, 3_000, 100):
        append(manifest, *(line(seq, note="n" * 200) for seq in range(start, start + 100)))
    total, cursor = list[int](), None
    tail = read(manifest, cursor, limit=7)
    assert len(tail.entries) < 1_000
    while tail.entries:
        total += seqs(tail)
        assert tail.end.seq == total[-1]
        tail = read(manifest, tail.end, limit=7)
    assert total == list(range(1, 3_001))


def test_the_stamp_changes_with_every_change(manifest: Manifest) -> None:
    append(manifest, line(1))
    stamps = [manifest.stamp(OWNER)]
    assert manifest.stamp(OWNER) == stamps[0]
    append(manifest, line(2))
    stamps.append(manifest.stamp(OWNER))
    seal(manifest, began(2, read(manifest, None).end.generation))
    stamps.append(manifest.stamp(OWNER))
    assert None not in stamps
    assert len(set(stamps)) == 3


def test_parts_count_only_together(manifest: Manifest) -> None:
    append(manifest, line(1))
    before = read(manifest, None).end
    append(manifest, line(2, part=(1, 2)))
    half = read(manifest, before)
    assert (half.entries, half.end, half.seen) == ([], before, 2)
    append(manifest, line(2, part=(2, 2)))
    whole = read(manifest, before)
    assert (seqs(whole), whole.end.seq) == ([2, 2], 2)


def test_parts_of_a_dead_writer_never_count(manifest: Manifest) -> None:
    append(manifest, line(1))
    before = read(manifest, None).end
    append(manifest, line(2, part=(1, 3)), line(2, part=(2, 3)))
    append(manifest, line(3))
    tail = read(manifest, before)
    assert (seqs(tail), tail.end.seq, tail.seen) == ([3], 3, 3)
    assert seqs(read(manifest, None)) == [1, 3]


def test_a_follower_at_the_end_crosses_a_seal_without_starting_over(manifest: Manifest) -> None:
    append(manifest, line(1), line(2))
    before = read(manifest, None).end
    first = began(2, before.generation)
    seal(manifest, first, [line(2, note="restated")])
    append(manifest, line(3))
    tail = read(manifest, before)
    assert (seqs(tail), tail.restart) == ([2, 3], False)
    assert [placed.restated for placed in tail.entries] == [True, False]
    assert (tail.end.generation, tail.end.seq) == (first.gen, 3)


def test_a_follower_inside_a_sealed_generation_reads_the_rest_of_it(manifest: Manifest) -> None:
    append(manifest, line(1))
    early = read(manifest, None).end
    append(manifest, line(2))
    seal(manifest, began(2, early.generation), [line(2)])
    append(manifest, line(3))
    seal(manifest, began(3, read(manifest, None).end.generation))
    append(manifest, line(4))
    assert (seqs(read(manifest, early)), read(manifest, early).restart) == ([2, 2, 3, 4], False)
    assert seqs(read(manifest, None)) == [1, 2, 2, 3, 4]


def test_a_newcomer_reads_every_generation_and_what_it_restates(manifest: Manifest) -> None:
    append(manifest, line(1))
    seal(manifest, began(1, read(manifest, None).end.generation), [line(1), line(1)])
    tail = read(manifest, None)
    assert (seqs(tail), tail.restart) == ([1, 1, 1], True)
    assert [placed.restated for placed in tail.entries] == [False, True, True]


def test_restated_lines_count_when_history_does_not_reach_them(manifest: Manifest) -> None:
    append(manifest, line(1))
    before = read(manifest, None).end
    seal(manifest, began(7, before.generation), [line(7, note="a"), line(7, note="b")])
    append(manifest, line(8))
    tail = read(manifest, before)
    assert seqs(tail) == [7, 7, 8]
    assert [placed.restated for placed in tail.entries] == [True, True, False]
    assert tail.end.seq == 8


def test_restated_lines_come_in_portions_too(manifest: Manifest) -> None:
    append(manifest, line(1))
    before = read(manifest, None).end
    seal(manifest, began(7, before.generation), [line(7, number=n, note="n" * 200) for n in range(2_000)])
    numbers, tail = list[object](), read(manifest, before, limit=7)
    while tail.entries:
        numbers += [placed.entry.to["number"] for placed in tail.entries]
        tail = read(manifest, tail.end, limit=7)
    assert numbers == list(range(2_000))


def test_a_lease_goes_on_after_its_own_seal(manifest: Manifest) -> None:
    with manifest.lease(OWNER, began()) as lease:
        lease.append([line(1)])
        tail = manifest.read(OWNER, None)
        assert tail is not None
        lease.seal(began(1, tail.end.generation), [])
        assert lease.append([line(2)])[0] < tail.end.offset
    assert seqs(read(manifest, None)) == [1, 2]


def test_a_stranger_to_this_history_starts_over(manifest: Manifest) -> None:
    append(manifest, line(1), line(2))
    end = read(manifest, None).end
    for wrong in (
        end._replace(generation=new_id()),
        end._replace(offset=end.offset - 1),
        end._replace(offset=1 << 40),
    ):
        tail = read(manifest, wrong)
        assert (tail.restart, seqs(tail), tail.end) == (True, [1, 2], end)
