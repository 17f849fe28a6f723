"""What is found in a sidecar, row by row: stale, equal, foreign, ahead, edited by hand, broken or gone."""

from collections.abc import Callable
from typing import Any

import msgspec
import orjson
import pytest

from imagehist.actions.editing import Patch, favor, patched
from imagehist.histories import past_of
from imagehist.library import Library
from imagehist.merging import reconcile_sidecar
from imagehist.model.entries import encode_sidecar
from imagehist.model.names import sidecar_key
from imagehist.model.records import ImageRecord, record_to_dict
from tests.spine.living import OWNER, add, assert_rebuilds, change, record, sidecar


@pytest.fixture
def image(library: Library) -> str:
    """An image with a past: the note was written by line 2, the rating by line 3."""
    made = add(library, tags=["a"], prompt="cat")
    change(library, [made], patched(Patch(note="mine")))
    change(library, [made], patched(Patch(rating=3)))
    return made


def write(library: Library, image: str, data: bytes) -> None:
    library.store.put(sidecar_key(record(library, image).key), data)


def typed(library: Library, image: str, **values: Any) -> bytes:
    """What an editor saves: other values under the sum of the old ones."""
    loaded = orjson.loads(sidecar(library, image) or b"")
    return orjson.dumps(loaded | values, option=orjson.OPT_INDENT_2)


def reconciled(library: Library, image: str, action: str) -> ImageRecord:
    """Reconcile, see what was done, see that doing it again does nothing; the record after it."""
    assert reconcile_sidecar(library, record(library, image)) == action
    assert sidecar(library, image) == encode_sidecar(record(library, image))
    stamp = library.manifest.stamp(OWNER)
    assert reconcile_sidecar(library, record(library, image)) == "same"
    assert library.manifest.stamp(OWNER) == stamp
    assert_rebuilds(library)
    return record(library, image)


def test_equal(library: Library, image: str) -> None:
    before = record(library, image)
    assert reconciled(library, image, "same") == before


def test_stale_after_a_crash(library: Library, image: str) -> None:
    before = record(library, image)
    write(library, image, encode_sidecar(msgspec.structs.replace(before, rev=2, rating=0)))
    assert reconciled(library, image, "rewrite") == before


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "zeros": lambda data: b"\0" * len(data),
    "torn": lambda data: data[: len(data) // 2],
    "zeros first": lambda data: b"\0" * 40 + data[40:],
    "not an object": lambda data: b"[]",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken(library: Library, image: str, name: str) -> None:
    before = record(library, image)
    write(library, image, BROKEN[name](sidecar(library, image) or b""))
    assert reconciled(library, image, "rewrite" if name in ("empty", "zeros") else "keep") == before


def test_missing(library: Library, image: str) -> None:
    before = record(library, image)
    library.store.drop([sidecar_key(before.key)])
    assert reconciled(library, image, "rewrite") == before


def test_a_foreign_tool_wrote_editable_fields_and_others(library: Library, image: str) -> None:
    before = record(library, image)
    foreign = msgspec.structs.replace(before, note="foreign", tags=["b"], sha256="00" * 32, bytes=1, width=9)
    write(library, image, encode_sidecar(foreign))
    after = reconciled(library, image, "merge")
    assert (after.note, after.tags, after.rev) == ("foreign", ["b"], 4)
    assert (after.sha256, after.bytes, after.width) == (before.sha256, before.bytes, before.width)
    head = library.index.head(OWNER, 4)
    assert head is not None
    assert (head.op, head.by, head.fields) == ("set", "file", ("note", "tags"))


def test_the_manifest_is_older(library: Library, image: str) -> None:
    before = record(library, image)
    write(
        library, image, encode_sidecar(msgspec.structs.replace(before, rev=40, note="later", prompt="later"))
    )
    after = reconciled(library, image, "adopt")
    assert (after.note, after.prompt, after.rev) == ("later", "later", 41)
    assert change(library, [image], favor(True)).seq == 42


def test_edited_by_hand(library: Library, image: str) -> None:
    write(library, image, typed(library, image, note="by hand", prompt="dog", sha256="00" * 32))
    before = record(library, image)
    after = reconciled(library, image, "merge")
    assert (after.note, after.prompt, after.rating, after.rev) == ("by hand", "dog", 3, 4)
    assert after.sha256 == before.sha256


def test_edited_by_hand_on_an_older_state(library: Library, image: str) -> None:
    """Only what differs from the state the hand began with is an edit: line 3 stays."""
    older = typed(library, image, rev=2, rating=0, note="by hand")
    write(library, image, older)
    after = reconciled(library, image, "merge")
    assert (after.note, after.rating, after.rev) == ("by hand", 3, 4)


def test_edited_by_hand_and_by_the_server(library: Library, image: str) -> None:
    edited = typed(library, image, tags=["hand"])
    change(library, [image], patched(Patch(note="server")))
    write(library, image, edited)
    after = reconciled(library, image, "merge")
    assert (after.tags, after.note, after.rev) == (["hand"], "server", 5)


def test_a_typed_rev_wins_nothing(library: Library, image: str) -> None:
    write(library, image, typed(library, image, rev=999, rating=5))
    after = reconciled(library, image, "merge")
    assert (after.rating, after.rev) == (5, 4)
    assert change(library, [image], favor(True)).seq == 5


def test_typed_but_nothing_changed(library: Library, image: str) -> None:
    before = record(library, image)
    write(library, image, typed(library, image))
    assert reconciled(library, image, "merge") == before
    assert library.index.head_count(OWNER) == 3


NONSENSE: list[dict[str, Any]] = [
    {"status": "gone"},
    {"trashed_at": "yesterday"},
    {"rating": 99},
    {"id": "0" * 32},
    {"owner": "zoe"},
    {"tags": "a"},
]


@pytest.mark.parametrize("values", NONSENSE)
def test_typed_nonsense_is_kept_aside_and_nothing_breaks(
    library: Library, image: str, values: dict[str, Any]
) -> None:
    before = record(library, image)
    write(library, image, typed(library, image, **values))
    assert reconciled(library, image, "keep") == before


def test_trash_and_restore_by_hand(library: Library, image: str) -> None:
    write(library, image, typed(library, image, status="trash"))
    after = reconciled(library, image, "merge")
    assert (after.status, library.index.usage(OWNER).trash_images) == ("trash", 1)
    write(library, image, typed(library, image, status="active"))
    assert reconciled(library, image, "merge").status == "active"


def test_keys_of_a_newer_version_are_edits_too(library: Library, image: str) -> None:
    write(library, image, typed(library, image, later={"a": [1]}))
    after = reconciled(library, image, "merge")
    assert after.extra == {"later": {"a": [1]}}
    assert record_to_dict(after)["later"] == {"a": [1]}


def test_an_edit_by_hand_can_be_undone(library: Library, image: str) -> None:
    from imagehist.actions.undoing import undo
    from tests.spine.living import decide

    write(library, image, typed(library, image, note="by hand"))
    reconciled(library, image, "merge")
    decide(library, undo(library, OWNER, 4, "2026-04-01T00:00:00.000000Z", []))
    assert record(library, image).note == "mine"
    assert [line.by for line, _ in past_of(library, record(library, image))] == [
        "guest",
        "file",
        "guest",
        "guest",
        "guest",
    ]


def test_a_purged_image_is_not_brought_back_by_its_sidecar(library: Library, image: str) -> None:
    from imagehist.actions.editing import trash
    from imagehist.purging import purge

    data = typed(library, image, note="by hand")
    present = record(library, image)
    change(library, [image], trash("2026-04-01T00:00:00.000000Z"))
    purge(library, OWNER, [image], "admin")
    library.store.put(sidecar_key(present.key), data)
    reconcile_sidecar(library, present)
    assert library.index.records(OWNER, [image]) == {}
    assert set(library.index.purged(OWNER, [image])) == {image}
