"""Purging: only what is durably in the trash, the line before the files, and never back by itself."""

import dataclasses

import msgspec
import pytest

from imagehist.actions.editing import restore, trash
from imagehist.committing import Outcome
from imagehist.intake import adding
from imagehist.library import Library
from imagehist.model.faults import StorageReadOnly
from imagehist.model.names import sidecar_key
from imagehist.model.records import ImageRecord
from imagehist.projecting import checkpoint, settle
from imagehist.purging import purge
from imagehist.recovering import recover
from imagehist.stores.memory import MemoryStore
from tests.spine.living import OWNER, Opener, add, assert_rebuilds, change, decide, in_memory, record
from tests.spine.test_following import seal

AT = "2026-04-01T00:00:00.000000Z"


def keys_of(found: ImageRecord) -> list[str]:
    return [found.key, sidecar_key(found.key), *([found.thumb] if found.thumb else [])]


def there(library: Library, found: ImageRecord) -> list[bool]:
    return [library.store.exists(key) for key in keys_of(found)]


def test_a_purged_image_is_gone_with_its_files(library: Library) -> None:
    image, kept = add(library), add(library, b"kept")
    change(library, [image, kept], trash(AT))
    found, other = record(library, image), record(library, kept)
    assert there(library, found) == [True, True, True]
    assert purge(library, OWNER, [image], "admin") == Outcome(4, [image])
    assert there(library, found) == [False, False, False]
    assert there(library, other) == [True, True, True]
    assert library.index.records(OWNER, [image]) == {}
    assert library.index.purged(OWNER, [image, kept]) == {image: 4}
    assert_rebuilds(library)


def test_only_the_trash_is_purged(library: Library) -> None:
    active, trashed = add(library), add(library, b"trashed")
    change(library, [trashed], trash(AT))
    found = record(library, active)
    assert purge(library, OWNER, [active, trashed, "0" * 32], "admin").ids == [trashed]
    assert purge(library, OWNER, [active, trashed], "admin") == Outcome(None, ())
    assert there(library, found) == [True, True, True]
    assert record(library, active).status == "active"


def test_what_was_restored_is_spared(library: Library) -> None:
    image = add(library)
    change(library, [image], trash(AT))
    change(library, [image], restore())
    assert purge(library, OWNER, [image], "admin") == Outcome(None, ())
    assert all(there(library, record(library, image)))


class Busy(MemoryStore):
    """A store whose sync takes so long that somebody does something meanwhile."""

    meanwhile = staticmethod(lambda: None)

    def sync(self) -> None:
        super().sync()
        meanwhile, self.meanwhile = self.meanwhile, staticmethod(lambda: None)
        meanwhile()


@pytest.mark.parametrize("what", [trash("2026-04-02T00:00:00.000000Z"), restore()])
def test_what_changed_after_the_checkpoint_is_spared(what: object, tmp_path: object) -> None:
    with in_memory(tmp_path) as another:  # type: ignore[arg-type]
        store = Busy()
        library = dataclasses.replace(another(), store=store)
        image, late = add(library), add(library, b"late")
        change(library, [image], trash(AT))
        store.meanwhile = lambda: change(library, [late], trash(AT))  # type: ignore[assignment]
        assert purge(library, OWNER, [image, late], "admin").ids == [image]
        assert record(library, late).status == "trash"
        store.meanwhile = lambda: change(library, [late], restore())  # type: ignore[assignment]
        assert purge(library, OWNER, [late], "admin") == Outcome(None, ())
        assert all(there(library, record(library, late)))


def test_the_sidecars_of_the_trash_are_durable_before_the_line(library: Library) -> None:
    image = add(library)
    change(library, [image], trash(AT))
    purge(library, OWNER, [image], "admin")
    noted = library.manifest.checkpoint(OWNER)
    assert noted is not None
    assert noted.seq == 2


class Failing(MemoryStore):
    """A store that cannot unlink for once."""

    failing = False

    def drop(self, keys: object) -> None:
        if self.failing:
            raise OSError(5, "Input/output error")
        super().drop(keys)  # type: ignore[arg-type]


def test_the_line_holds_when_the_files_cannot_go_yet(tmp_path: object) -> None:
    with in_memory(tmp_path) as another:  # type: ignore[arg-type]
        store = Failing()
        library = dataclasses.replace(another(), store=store)
        image = add(library)
        change(library, [image], trash(AT))
        found = record(library, image)
        store.failing = True
        assert purge(library, OWNER, [image], "admin").ids == [image]
        assert there(library, found) == [True, True, True]
        with pytest.raises(StorageReadOnly):
            checkpoint(library, OWNER)
        store.failing = False
        checkpoint(library, OWNER)
        assert there(library, found) == [False, False, False]


def test_an_interrupted_purge_is_finished(library: Library) -> None:
    image = add(library)
    change(library, [image], trash(AT))
    found = record(library, image)
    data = {key: library.store.get(key) for key in keys_of(found)}
    purge(library, OWNER, [image], "admin")
    for key, value in data.items():
        library.store.put(key, value or b"")
    recover(library)
    assert there(library, found) == [False, False, False]
    assert recover(library) == {}
    assert library.index.records(OWNER, [image]) == {}


def test_a_purge_is_finished_by_the_fold_and_not_by_the_line(library: Library) -> None:
    """The same id brought in again after its purge keeps its new files."""
    image = add(library)
    change(library, [image], trash(AT))
    old = record(library, image)
    data = library.store.get(old.key) or b""
    purge(library, OWNER, [image], "admin")
    for key in keys_of(old):
        library.store.put(key, data)
    decide(library, adding(restored(old)))
    settle(library, OWNER, None)
    assert there(library, old) == [True, True, True]
    assert record(library, image).status == "active"
    assert library.index.purged(OWNER, [image]) == {}
    assert_rebuilds(library)


def restored(old: ImageRecord) -> ImageRecord:
    return msgspec.structs.replace(old, status="active", trashed_at=None)


def test_tombstones_outlive_a_snapshot_and_the_index(another: Opener) -> None:
    library = another()
    image = add(library)
    change(library, [image], trash(AT))
    found = record(library, image)
    data = library.store.get(found.key) or b""
    purge(library, OWNER, [image], "admin")
    seal(library)
    assert_rebuilds(library)
    library.store.put(found.key, data)
    recover(another())
    assert set(library.index.purged(OWNER, [image])) == {image}
    assert library.index.records(OWNER, [image]) == {}
