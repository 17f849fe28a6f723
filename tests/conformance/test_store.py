"""What every store promises: staging that outlives its writer, originals never overwritten, whole files."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from imagehist.model.faults import NotFound
from imagehist.model.names import new_guest, new_id, original_key, sidecar_key, thumb_key
from imagehist.ports import Store

OWNER = new_guest()
AT = "2026-03-04T05:06:07.000008Z"


def key_of(image: str, kind: str = "output", at: str = AT, owner: str = OWNER) -> str:
    return original_key(owner, kind, at, image, "png")


def staged(store: Store, *pieces: bytes, image: str | None = None) -> str:
    name, handle = store.stage(image or new_id())
    for piece in pieces:
        store.write_staged(handle, piece)
    store.sync_staged(handle)
    store.close_staged(handle)
    return name


def placed(store: Store, key: str, data: bytes = b"bytes") -> str:
    name = staged(store, data)
    store.place(name, key)
    store.unstage(name)
    return key


def contents(handle: int) -> bytes:
    with os.fdopen(handle, "rb") as file:
        return file.read()


def test_what_was_staged_in_pieces_is_placed_whole(store: Store) -> None:
    key = key_of(new_id())
    name = staged(store, b"one ", b"two ", b"three")
    assert not store.exists(key)
    store.place(name, key)
    assert store.exists(key)
    assert store.get(key) == b"one two three"
    store.unstage(name)
    assert store.get(key) == b"one two three"


def test_an_original_is_never_overwritten(store: Store) -> None:
    key = placed(store, key_of(new_id()), b"first")
    name = staged(store, b"second")
    with pytest.raises(FileExistsError):
        store.place(name, key)
    assert store.get(key) == b"first"


def test_the_staged_bytes_stay_when_the_place_is_taken(store: Store) -> None:
    key = placed(store, key_of(new_id()), b"first")
    name = staged(store, b"second")
    with pytest.raises(FileExistsError):
        store.place(name, key)
    other = key_of(new_id())
    store.place(name, other)
    assert store.get(other) == b"second"


def test_an_explanation_lasts_until_the_file_is_unstaged(store: Store) -> None:
    name = staged(store, b"bytes")
    assert store.explanation(name) is None
    store.explain(name, b"the record to be")
    assert store.explanation(name) == b"the record to be"
    store.place(name, key_of(new_id()))
    assert store.explanation(name) == b"the record to be"
    store.unstage(name)
    assert store.explanation(name) is None
    store.unstage(name)


def test_staging_is_abandoned_only_when_its_writer_is_gone(another_store: Callable[[], Store]) -> None:
    one, two = another_store(), another_store()
    name = staged(one, b"bytes")
    explained = staged(one, b"bytes")
    one.explain(explained, b"{}")
    one.place(explained, key_of(new_id()))
    assert one.abandoned() == two.abandoned() == []
    one.close()
    assert two.abandoned() == sorted([name, explained])
    assert two.explanation(explained) == b"{}"
    for left in two.abandoned():
        two.unstage(left)
    two.forget_writers()
    assert two.abandoned() == []


def test_forgetting_dead_writers_spares_the_living(another_store: Callable[[], Store]) -> None:
    one, two, three = another_store(), another_store(), another_store()
    name = staged(one, b"bytes")
    two.close()
    three.forget_writers()
    assert three.abandoned() == []
    one.close()
    assert three.abandoned() == [name]


def read_by_a_child(path: str) -> bytes:
    code = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"
    return subprocess.run([sys.executable, "-S", "-c", code, path], check=True, capture_output=True).stdout


def test_a_child_process_may_read_staged_and_placed_bytes(store: Store) -> None:
    name = staged(store, b"staged")
    assert read_by_a_child(store.staged_path(name)) == b"staged"
    key = placed(store, key_of(new_id()), b"placed")
    assert read_by_a_child(store.path(key)) == b"placed"


def test_put_replaces_whole(store: Store) -> None:
    key = sidecar_key(key_of(new_id()))
    store.put(key, b"a long first version")
    store.put(key, b"short")
    assert store.get(key) == b"short"
    assert [file.key for file in store.folder(key.rpartition("/")[0])] == [key]


def test_a_replaced_file_keeps_its_readers(store: Store) -> None:
    key = sidecar_key(key_of(new_id()))
    store.put(key, b"old")
    handle = store.open(key)
    store.put(key, b"new")
    assert contents(handle) == b"old"
    assert contents(store.open(key)) == b"new"


def test_missing_means_none_or_not_found(store: Store) -> None:
    key = key_of(new_id())
    assert store.get(key) is None
    assert not store.exists(key)
    with pytest.raises(NotFound):
        store.open(key)
    assert store.folder("users/nobody/2026/01/01") == []
    assert list(store.walk("nobody")) == []


def test_drop_passes_over_what_is_not_there(store: Store) -> None:
    key, kept = placed(store, key_of(new_id())), placed(store, key_of(new_id()))
    store.drop([key, sidecar_key(key), key_of(new_id())])
    store.sync_folders([key, key_of(new_id(), at="1999-01-01T00:00:00.000000Z")])
    store.sync()
    assert not store.exists(key)
    assert store.exists(kept)


def test_walk_shows_one_owner_folder_by_folder_without_thumbs(store: Store) -> None:
    images = [new_id() for _ in range(4)]
    days = ["2026-03-05T00:00:00.000000Z", AT, AT, AT]
    kinds = ["output", "output", "control", "input"]
    keys = [placed(store, key_of(i, kind, at)) for i, kind, at in zip(images, kinds, days, strict=True)]
    for key in keys:
        store.put(sidecar_key(key), b"{}")
        store.put(thumb_key(key, "webp"), b"thumb")
    placed(store, key_of(new_id(), owner=new_guest()))
    folders = [sorted(file.key for file in files) for files in store.walk(OWNER) if files]
    in_order = [keys[1], keys[0], keys[2], keys[3]]
    assert folders == [sorted([key, sidecar_key(key)]) for key in in_order]


def test_a_folder_tells_sizes_and_times(store: Store) -> None:
    key = placed(store, key_of(new_id()), b"12345")
    store.put(thumb_key(key, "webp"), b"123")
    (found,) = store.folder(key.rpartition("/")[0])
    assert (found.key, found.size) == (key, 5)
    (thumb,) = store.folder(thumb_key(key, "webp").rpartition("/")[0])
    assert (thumb.key, thumb.size) == (thumb_key(key, "webp"), 3)
    store.put(thumb_key(key, "webp"), b"1234")
    assert store.folder(thumb_key(key, "webp").rpartition("/")[0])[0].modified_ns >= thumb.modified_ns


def test_quarantine_moves_aside_and_keeps_the_bytes(store: Store) -> None:
    key = placed(store, key_of(new_id()), b"strange")
    store.quarantine(key)
    assert not store.exists(key)
    assert list(store.walk(OWNER)) in ([], [[]])
    placed(store, key, b"stranger")
    store.quarantine(key)
    store.keep_aside("sidecar.json", b"{")
    store.keep_aside("sidecar.json", b"{{")
    assert not store.exists(key)


def test_two_writers_see_one_library(another_store: Callable[[], Store]) -> None:
    one, two = another_store(), another_store()
    key = placed(one, key_of(new_id()), b"bytes")
    assert two.get(key) == b"bytes"
    with pytest.raises(FileExistsError):
        two.place(staged(two, b"other"), key)
    two.drop([key])
    assert not one.exists(key)


def test_the_projection_lock_is_one_per_owner(another_store: Callable[[], Store]) -> None:
    from threading import Event, Thread

    one, two, entered = another_store(), another_store(), Event()

    def second() -> None:
        with two.settle_lock(OWNER):
            entered.set()

    thread = Thread(target=second)
    with one.settle_lock(OWNER):
        thread.start()
        with two.settle_lock("somebody"):
            assert not entered.wait(0.05)
    assert entered.wait(5)
    thread.join()


def test_owners_are_those_with_a_folder(store: Store) -> None:
    assert store.owners() == []
    for owner in ("zoe", OWNER, "adam"):
        placed(store, key_of(new_id(), owner=owner))
    assert store.owners() == sorted(["zoe", OWNER, "adam"])


def test_a_crash_shows_until_it_was_dealt_with(another_store: Callable[[], Store]) -> None:
    one, two = another_store(), another_store()
    staged(one, b"bytes")
    assert not two.crashed()
    two.close()
    assert not one.crashed()


def test_recent_folders_are_those_something_was_put_into(store: Store) -> None:
    key = placed(store, key_of(new_id()))
    assert store.recent_folders(OWNER) == [key.rpartition("/")[0]]
    assert store.recent_folders("nobody") == []


def test_what_is_being_staged_is_known_by_its_image(another_store: Callable[[], Store]) -> None:
    one, two, image = another_store(), another_store(), new_id()
    name = staged(one, b"bytes", image=image)
    assert one.being_staged() == two.being_staged() == {image}
    one.unstage(name)
    assert two.being_staged() == set()


def test_a_handle_is_read_in_pieces(store: Store) -> None:
    handle = store.open(placed(store, key_of(new_id()), b"0123456789"))
    assert store.size(handle) == 10
    assert store.read(handle, 4, 3) == b"3456"
    assert store.read(handle, 4, 8) == b"89"
    assert store.read(handle, 4, 10) == b""
    store.release(handle)
