"""Histories: the lines of a number, the chain behind an image and the record as it was, across seals."""

import pytest

from imagehist import committing, sealing
from imagehist.actions.editing import Patch, favor, patched, trash
from imagehist.actions.undoing import undo
from imagehist.histories import history_item, lines_of, past_of, record_at
from imagehist.library import Library
from tests.spine.living import OWNER, add, change, decide, record
from tests.spine.test_following import seal

AT = "2026-04-01T00:00:00.000000Z"


def chain(library: Library, image: str) -> list[tuple[int, str]]:
    return [(line.seq, line.op) for line, _ in past_of(library, record(library, image))]


def test_the_lines_of_a_number(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    images = [add(library, b"%d" % number) for number in range(5)]
    monkeypatch.setattr(committing, "MAX_IDS", 2)
    change(library, images, trash(AT))
    assert [line.ids for line in lines_of(library, OWNER, 6)] == [images[:2], images[2:4], images[4:]]
    assert [line.op for line in lines_of(library, OWNER, 3)] == ["add"]
    assert lines_of(library, OWNER, 7) == lines_of(library, OWNER, 0) == lines_of(library, "nobody", 1) == []


def test_the_last_line_before_a_seal_is_alone_under_its_number(library: Library) -> None:
    image = add(library)
    change(library, [image], favor(True))
    seal(library)
    assert [line.op for line in lines_of(library, OWNER, 2)] == ["set"]
    change(library, [image], favor(False))
    assert [line.op for line in lines_of(library, OWNER, 2)] == ["set"]
    assert [line.op for line in lines_of(library, OWNER, 3)] == ["set"]


@pytest.mark.parametrize("roll", [1, 2_000, 1 << 30])
def test_the_past_of_an_image_is_its_chain(
    library: Library, monkeypatch: pytest.MonkeyPatch, roll: int
) -> None:
    monkeypatch.setattr(sealing, "ROLL_BYTES", roll)
    image, other = add(library), add(library, b"other")
    change(library, [image], patched(Patch(note="one")))
    change(library, [other], patched(Patch(note="not this")))
    change(library, [other, image], trash(AT))
    decide(library, undo(library, OWNER, 5, AT, []))
    assert chain(library, image) == [(6, "undo"), (5, "set"), (3, "set"), (1, "add")]
    positions = [position for _, position in past_of(library, record(library, image))]
    assert positions == [1, 1, 0, 0]
    was = {rev: record_at(library, record(library, image), rev) for rev in (6, 5, 3, 1)}
    assert [(r.rev, r.note, r.status, r.trashed_at) for r in was.values() if r is not None] == [
        (6, "one", "active", None),
        (5, "one", "trash", AT),
        (3, "one", "active", None),
        (1, "", "active", None),
    ]


def test_the_record_as_it_was_is_the_record_that_was(library: Library) -> None:
    image = add(library, tags=["a"])
    kept = {1: record(library, image)}
    for number in range(2, 9):
        change(
            library,
            [image],
            patched(Patch(note=str(number % 3), rating=number % 5, tags=["a"] * (number % 2))),
        )
        kept[number] = record(library, image)
        if number == 5:
            seal(library)
    for rev, expected in kept.items():
        assert record_at(library, record(library, image), rev) == expected


def test_what_history_does_not_reach_is_not_made_up(library: Library) -> None:
    image, other = add(library), add(library, b"other")
    change(library, [image], favor(True))
    present = record(library, image)
    assert record_at(library, present, 2) is None
    assert record_at(library, present, 4) is None
    assert record_at(library, present, 0) is None
    assert record_at(library, record(library, other), 1) is None


def test_a_line_as_an_answer_shows_it(library: Library) -> None:
    image = add(library)
    change(library, [image], favor(True))
    decide(library, undo(library, OWNER, 2, AT, []))
    items = [history_item(line, position) for line, position in past_of(library, record(library, image))]
    assert [item.keys() - {"at", "by"} for item in items] == [
        {"seq", "op", "to", "was", "undoes"},
        {"seq", "op", "to", "was"},
        {"seq", "op"},
    ]
    assert (items[0]["to"], items[0]["was"], items[0]["undoes"]) == (
        {"favorite": False},
        {"favorite": True},
        2,
    )
