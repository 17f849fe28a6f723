"""Planted bugs: each guard taken away once, and the test that holds it seen to turn red."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from imagehist.imaging.pool import WorkerPool
from imagehist.model.faults import NotFound
from imagehist.stores.disk import DiskStore
from imagehist.web import (
    bodies,
    cursors,
    guards,
    history,
    identity,
    images,
    listening,
    outputs,
    receiving,
    serving,
    strict_json,
    turns,
)
from tests.hostile import test_bodies, test_json, test_names, test_paths
from tests.web import (
    test_access,
    test_bytes,
    test_guards,
    test_identity,
    test_lists,
    test_repeats,
    test_stopping,
)
from tests.web.calling import Client, Clients
from tests.web.running import Served


class Stage(NamedTuple):
    """What a check may need."""

    served: Served
    clients: Clients
    guest: Client
    strict: Served
    place: Path
    pool: WorkerPool


Plant = Callable[[pytest.MonkeyPatch], None]
Check = Callable[[Stage], Awaitable[None]]


def everybodys_record(request: Any, owner: str, image: str) -> Awaitable[Any]:
    """Without the owner: whoever has the id has the image."""

    async def found() -> Any:
        index = request.app[outputs.LIBRARY].index
        asked = (index.records(name, [image]).get(image) for name in index.owners())
        return next(filter(None, asked), None)

    return found()


def everybodys_bytes(request: Any, owner: str, image: str, with_thumb: bool) -> outputs.Found | None:
    index = request.app[outputs.LIBRARY].index
    asked = (index.records(name, [image]).get(image) for name in index.owners())
    record = next(filter(None, asked), None)
    return None if record is None else outputs.Found(record, None, None)


async def telling_record(request: Any, owner: str, image: str) -> Any:
    """Foreign images are refused in other words than unknown ones."""
    found = await everybodys_record(request, owner, image)
    if found is not None and found.owner != owner:
        raise NotFound("This is somebody else's.")
    return found


def any_owner(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outputs, "_wanted", lambda request, path: outputs.Wanted("original", *parts_of(path), path))


def parts_of(path: str) -> tuple[str, str]:
    owner, _, _, _, image, _ = outputs.parse_key(path) or NotFound("")
    return owner, image


async def no_turn(self: object, name: object) -> Any:
    yield


@contextmanager
def any_file(*_: object) -> Iterator[None]:
    yield


def as_it_was(cookie: str) -> tuple[str, float]:
    return cookie.split(".", maxsplit=1)[0], 0.0


def first_cookie(request: Any) -> str | None:
    found = request.headers.get("Cookie", "").partition("anon_id=")[2]
    return found.partition(";")[0] or None


def open_unlooked(store: DiskStore, key: str) -> int:
    return store.files.open(key)


row_71 = test_access.test_row_71_the_foreign_and_the_unknown_are_the_same
every_caller = test_access.test_every_caller_in_every_state
IMAGE = ("GET", "/api/v1/images/{id}")
FILE = ("GET", "/api/v1/images/{id}/file")
BYTES = ("GET", "/outputs/{key:.+}")
UNDO = ("POST", "/api/v1/history/{seq}/undo")

PLANTED: dict[str, tuple[Plant, Check]] = {
    "any owner's record": (
        lambda p: p.setattr(images, "record_of", everybodys_record),
        lambda s: row_71(s.served, s.clients, IMAGE),
    ),
    "any owner's bytes by id": (
        lambda p: p.setattr(outputs, "_look", everybodys_bytes),
        lambda s: row_71(s.served, s.clients, FILE),
    ),
    "any owner's bytes by key": (any_owner, lambda s: row_71(s.served, s.clients, BYTES)),
    "foreign told from unknown": (
        lambda p: p.setattr(images, "record_of", telling_record),
        lambda s: row_71(s.served, s.clients, IMAGE),
    ),
    "a generator reads": (
        lambda p: p.setattr(images, "owner_of", lambda request: request[outputs.IDENTITY].owner),
        lambda s: every_caller(s.served, s.clients, lambda what, items, most: ["generator"], IMAGE),
    ),
    "history of the admin's choice": (
        lambda p: p.setattr(history, "owner_of", lambda request: "studio"),
        lambda s: every_caller(s.served, s.clients, lambda what, items, most: ["owner"], UNDO),
    ),
    "signature not looked at": (
        lambda p: p.setattr(identity.Signer, "_check", lambda self, cookie: as_it_was(cookie)),
        lambda s: test_identity.test_row_59_a_forged_cookie_is_never_a_new_guest(s.clients),
    ),
    "one of two cookies taken": (
        lambda p: p.setattr(identity, "cookie_of", first_cookie),
        lambda s: test_identity.test_row_62_two_cookies(s.clients),
    ),
    "guests not counted": (
        lambda p: p.setattr(identity.Rates, "full", lambda self, address: False),
        lambda s: test_identity.test_the_usual_limit_of_new_guests_is_sixty(s.clients),
    ),
    "wrong tokens not counted": (
        lambda p: p.setattr(identity.Rates, "full", lambda self, address: False),
        lambda s: test_identity.test_row_69_wrong_tokens(s.clients),
    ),
    "forwarded addresses believed": (
        lambda p: p.setattr(guards.Guards, "address", lambda self, r: r.headers.get("X-Forwarded-For", "")),
        lambda s: test_identity.test_row_68_forwarded_addresses_of_strangers_are_ignored(s.place, s.pool),
    ),
    "no look at the site": (
        lambda p: p.setattr(guards.Guards, "_check_site", lambda self, request: None),
        lambda s: test_guards.test_row_64_other_sites_change_nothing(s.guest, {"Origin": "http://evil.example"}),
    ),
    "Origin null is ours": (
        lambda p: p.setattr(guards, "_host_of", lambda origin: "" if origin == "null" else origin),
        lambda s: test_guards.test_row_64_other_sites_change_nothing(s.guest, {"Origin": "null"}),
    ),
    "no look at the host": (
        lambda p: p.setattr(guards.Guards, "_check_host", lambda self, host: None),
        lambda s: test_guards.test_row_67_hosts(s.place, s.pool, False),
    ),
    "cursors unsigned": (
        lambda p: p.setattr(cursors.hmac, "compare_digest", lambda one, other: True),
        lambda s: test_lists.test_a_cursor_belongs_to_its_list_and_its_owner(s.clients),
    ),
    "staging kept": (
        lambda p: p.setattr(DiskStore, "unstage", lambda self, name: None),
        lambda s: test_bodies.test_row_1_zero_bytes(s.guest, s.served, "form"),
    ),
    "no limit of size": (
        lambda p: p.setattr(receiving, "begun", lambda r, seconds, _: bodies.begun(r, seconds, 1 << 40)),
        lambda s: test_bodies.test_row_3_too_large_in_chunks_is_refused_on_the_way(s.strict),
    ),
    "names may come twice": (
        lambda p: p.setattr(strict_json, "_object", dict),
        lambda s: test_json.test_rows_24_to_26_json(
            s.guest, b'{"action":"delete","action":"restore","ids":[]}', "BAD_JSON"
        ),
    ),
    "no turns": (
        lambda p: p.setattr(turns.Turns, "turn", asynccontextmanager(no_turn)),
        lambda s: test_repeats.test_a_key_sent_twice_at_once_makes_nothing_twice(s.guest),
    ),
    "bytes that may run": (
        lambda p: p.setitem(serving.INERT, "Content-Security-Policy", "default-src *"),
        lambda s: bytes_are_inert(s),
    ),
    "links followed": (
        lambda p: p.setattr(DiskStore, "open", open_unlooked),
        lambda s: test_paths.test_row_78_what_is_no_plain_file(
            s.clients, s.guest, s.served, test_paths.hard_link
        ),
    ),
    "a stop drops what arrives": (
        lambda p: p.delattr(listening.Connection, "data_received"),
        lambda s: test_stopping.test_row_104_the_rest_of_a_body_is_taken_while_stopping(s.place, s.pool),
    ),
    "names as they come": (
        lambda p: p.setattr("imagehist.actions.uploading.clean_filename", lambda name: name),
        lambda s: test_names.test_rows_53_to_55_names_are_only_text(s.guest, s.served, "../../etc/cron.d/x"),
    ),
}  # fmt: skip


async def bytes_are_inert(stage: Stage) -> None:
    record = (await stage.guest.send(test_bytes.DATA)).json["items"][0]
    await test_bytes.test_every_byte_comes_tagged_and_inert(stage.guest, stage.served, record)


@pytest.fixture
def stage(
    served: Served, clients: Clients, guest: Client, strict: Served, tmp_path: Path, pool: WorkerPool
) -> Stage:
    return Stage(served, clients, guest, strict, tmp_path / "planted", pool)


@pytest.mark.parametrize("name", PLANTED)
async def test_a_planted_bug_is_seen(stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    plant, check = PLANTED[name]
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        await check(stage)
    monkeypatch.undo()
