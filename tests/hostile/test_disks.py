"""Row 52: disks that refuse; what was acknowledged stays, what was not leaves nothing behind."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from imagehist.web.keys import LANES
from tests import pictures
from tests.web.calling import Client
from tests.web.running import Served

LIST = "/api/v1/images"
PNG = pictures.png(32, 24, noise=True)

DISK = [(errno.ENOSPC, 507, "STORAGE_FULL"), (errno.EDQUOT, 507, "STORAGE_FULL")]
DISK += [(number, 503, "STORAGE_READ_ONLY") for number in (errno.EROFS, errno.EIO, errno.EACCES)]
DISK += [(errno.EMFILE, 503, "BUSY"), (errno.ENFILE, 503, "BUSY")]


@pytest.mark.parametrize("call", ["create", "write", "fsync", "rename_new", "mkdir"])
@pytest.mark.parametrize(("number", "status", "code"), DISK, ids=lambda value: str(value))
async def test_row_52_a_disk_that_refuses(
    guest: Client,
    served: Served,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    status: int,
    code: str,
) -> None:
    first = await guest.add(1)
    before = served.users()

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    day = {"created_at": "2001-02-03T04:05:06Z"}
    monkeypatch.setattr(served.opened.files, call, refuse)
    answer = await guest.send(PNG, day)
    assert answer.refusal == (status, code)
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert await guest.record(first["id"]) == first
    assert await guest.listed() == [first["id"]]
    assert (await guest.get(first["url"])).status == 200
    monkeypatch.undo()
    assert (served.staging(), served.users()) == ([], before)
    assert (await guest.send(PNG, day)).status == 201


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EMFILE])
async def test_row_52_a_disk_that_cannot_be_read_is_no_missing_image(
    guest: Client, served: Served, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    record = await guest.add(1)

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(served.opened.files, "open", refuse)
    for address in (record["url"], f"{LIST}/{record['id']}/file", record["url"].replace(".png", ".json")):
        answer = await guest.get(address)
        assert answer.status == 503 and answer.code in ("STORAGE_READ_ONLY", "BUSY")
        assert "Retry-After" in answer.headers
    monkeypatch.undo()
    assert (await guest.get(record["url"])).status == 200


async def test_a_trash_of_many_holds_when_their_sidecars_cannot_be_written(
    guest: Client, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is durable and answered; the lane must not die of what comes after it."""
    small = [(f"{n}", pictures.png(4, 4, seed=n)) for n in range(120)]
    await guest.send_form(small)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(served.opened.files, "create", refuse)
    for action in ("delete", "restore"):
        answer = await guest.post(f"{LIST}/bulk", json={"action": action, "select": {"status": {
            "delete": "active", "restore": "trash"}[action]}})  # fmt: skip
        assert answer.json["changed"] == 120
    monkeypatch.undo()
    assert (await guest.get("/api/v1/me")).json["trash"]["count"] == 0
    assert (await guest.post(f"{LIST}/bulk", json={"action": "favorite", "select": {}})).json[
        "changed"
    ] == 120
    sidecars = [Path(served.outputs / key).read_bytes() for key in served.users() if key.endswith(".json")]
    assert len(sidecars) == 120 and {json.loads(data)["status"] for data in sidecars} == {"active"}


async def test_row_52_an_index_that_has_no_room_loses_nothing(guest: Client, served: Served) -> None:
    """The line is durable before the index is told; the answer says so, and later it is there."""
    first = await guest.add(1)
    writer = served.opened.index._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages}")
    answers = [
        await guest.send_form([("x", pictures.png(8, 8, seed=seed))], {"prompt": "x" * 50_000})
        for seed in range(6)
    ]
    refused = [answer.refusal for answer in answers if answer.status != 201]
    assert refused[0] == (503, "OUTCOME_UNKNOWN")
    assert {*refused[1:]} <= {(503, "STORAGE_READ_ONLY"), (503, "OUTCOME_UNKNOWN"), (507, "STORAGE_FULL")}
    writer.execute("PRAGMA max_page_count = 1073741823")
    await served.app[LANES].recover_broken()
    kept = [one["id"] for answer in answers if answer.status == 201 for one in answer.json["items"]]
    listed = await guest.listed()
    assert {first["id"], *kept} < {*listed}, "what was unknown was kept"
    assert (await guest.post(f"{LIST}/bulk", json={"action": "favorite", "select": {}})).json["changed"]
