"""Folding: what a line does to the records it names, and that undoing it gives back what was."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from imagehist.model.entries import Entry, raw_record
from imagehist.model.folding import changed_fields, effects, status_set, touched_count
from imagehist.model.records import FIELDS, ImageRecord, value_of
from tests.model.examples import FACTS, IMAGE

RECORD = ImageRecord(**FACTS, rev=3, tags=["a"])
OTHER = msgspec.structs.replace(RECORD, id="1" * 32)
KNOWN = {RECORD.id: RECORD, OTHER.id: OTHER}


def line(op: str, **values: Any) -> Entry:
    return Entry(seq=9, at="", by="", op=op, **values)


def folded(entry: Entry) -> dict[str, ImageRecord | None]:
    return dict(effects(entry, lambda ids: {image: KNOWN[image] for image in ids if image in KNOWN}))


def test_add_and_adopt_carry_their_record() -> None:
    for op in ("add", "adopt"):
        assert folded(line(op, record=raw_record(RECORD))) == {IMAGE: RECORD}


def test_set_and_undo_write_over_what_is_known() -> None:
    for op in ("set", "undo"):
        found = folded(line(op, ids=[IMAGE, "2" * 32], to={"note": "n"}))
        assert found == {IMAGE: msgspec.structs.replace(RECORD, note="n", rev=9)}


def test_values_can_be_one_each() -> None:
    found = folded(line("set", ids=[OTHER.id, IMAGE], to=[{"rating": 1}, {"rating": 2, "later": 1}]))
    assert (found[OTHER.id], found[IMAGE]) == (
        msgspec.structs.replace(OTHER, rating=1, rev=9),
        msgspec.structs.replace(RECORD, rating=2, extra={"later": 1}, rev=9),
    )


def test_purge_and_relink() -> None:
    assert folded(line("purge", ids=[IMAGE, "2" * 32])) == {IMAGE: None, "2" * 32: None}
    assert folded(line("relink", ids=[IMAGE], key="there")) == {
        IMAGE: msgspec.structs.replace(RECORD, key="there", rev=9)
    }


def test_other_lines_touch_no_image() -> None:
    for op in ("began", "share", "unshare", "prefs", "something new"):
        assert folded(line(op, ids=[IMAGE], to={"note": "n"})) == {}


editable = st.fixed_dictionaries(
    {},
    optional={
        "note": st.sampled_from(["", "n"]),
        "tags": st.lists(st.sampled_from(["a", "b"]), max_size=2),
        "favorite": st.booleans(),
        "rating": st.integers(0, 5),
        "status": st.sampled_from(["active", "trash"]),
        "trashed_at": st.none() | st.just("2026-04-01T00:00:00.000000Z"),
        "later": st.none() | st.integers(0, 2),
    },
)


@given(editable)
def test_the_inverse_gives_back_what_was(to: dict[str, Any]) -> None:
    was = {name: value_of(RECORD, name) for name in to}
    after = folded(line("set", ids=[IMAGE], to=to))[IMAGE]
    assert after is not None
    back = dict(effects(line("undo", ids=[IMAGE], to=was), lambda ids: {IMAGE: after}))[IMAGE]
    assert back is not None
    assert {name: value_of(back, name) for name in FIELDS | to.keys()} == {
        name: value_of(RECORD, name) for name in FIELDS | to.keys()
    } | {"rev": 9}


def test_heads_of_lines() -> None:
    uniform = line("set", ids=[IMAGE, OTHER.id], to={"status": "trash", "trashed_at": "t"})
    mixed = line("undo", ids=[IMAGE, OTHER.id], to=[{"status": "active"}, {"note": ""}])
    assert (touched_count(uniform), changed_fields(uniform), status_set(uniform)) == (
        2,
        ("status", "trashed_at"),
        "trash",
    )
    assert (touched_count(mixed), changed_fields(mixed), status_set(mixed)) == (2, ("note", "status"), None)
    assert (
        touched_count(line("add", record=raw_record(RECORD))),
        status_set(line("purge", ids=[IMAGE])),
    ) == (1, None)
    assert status_set(line("set", ids=[IMAGE], to=[])) is None
