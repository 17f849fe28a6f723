"""The same bytes and the same request again: reuse where it is asked for, keys that make nothing twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from imagehist.imaging.pool import WorkerPool
from tests import pictures
from tests.web.calling import Answer, Client, Clients, clients_of
from tests.web.running import Served, running

PNG = pictures.png(16, 12, seed=1)
OTHER = pictures.png(16, 12, seed=2)
BROKEN = PNG[: len(PNG) // 2]


# --- IMAGEHIST_DUPLICATES=reuse --------------------------------------------------------------------------


async def test_reuse_answers_the_older_image(tmp_path: Path, pool: WorkerPool) -> None:
    async with running(tmp_path / "o", pool, duplicates="reuse") as served, clients_of(served) as clients:
        guest = clients.guest()
        first = (await guest.send(PNG, {"tags": ["old"]})).json["items"][0]
        answer = await guest.send(PNG, {"tags": ["new"]})
        assert (answer.status, answer.json) == (201, {"items": [first], "rejected": []})
        assert (await guest.get("/api/v1/history")).json["total"] == 1
        assert served.staging() == []
        assert len([key for key in served.users() if key.endswith(".png")]) == 1


async def test_reuse_holds_for_uploads_side_by_side(tmp_path: Path, pool: WorkerPool) -> None:
    async with running(tmp_path / "o", pool, duplicates="reuse") as served, clients_of(served) as clients:
        guest = clients.guest()
        answers = await asyncio.gather(
            *(guest.send(PNG) for _ in range(8)), guest.send_form([("1", PNG)] * 3)
        )
        found = {item["id"] for answer in answers for item in answer.json["items"]}
        assert len(found) == 1 and await guest.listed() == [*found]
        assert served.staging() == []
        assert len([key for key in served.users() if key.endswith(".png")]) == 1


@pytest.mark.parametrize("state", ["trashed", "ghost"])
async def test_reuse_never_trusts_an_image_that_is_not_there(
    tmp_path: Path, pool: WorkerPool, state: str
) -> None:
    async with running(tmp_path / "o", pool, duplicates="reuse") as served, clients_of(served) as clients:
        guest = clients.guest()
        first = (await guest.send(PNG)).json["items"][0]
        if state == "trashed":
            await guest.post(f"/api/v1/images/{first['id']}/delete")
        else:
            (served.outputs / first["key"]).unlink()
        second = (await guest.send(PNG)).json["items"][0]
        assert second["id"] != first["id"]
        assert (served.outputs / second["key"]).read_bytes() == PNG


# --- Idempotency-Key -------------------------------------------------------------------------------------


async def test_a_repeated_key_makes_nothing_twice(guest: Client, served: Served) -> None:
    first = await guest.send(PNG, Idempotency_Key="k1")
    again = await guest.send(PNG, Idempotency_Key="k1")
    assert (again.status, again.json) == (201, first.json)
    assert len(await guest.listed()) == 1
    assert served.staging() == []
    other = await guest.send(PNG, Idempotency_Key="k2")
    assert other.json["items"][0]["id"] != first.json["items"][0]["id"]


async def test_a_key_with_other_bytes_is_a_conflict(guest: Client, served: Served) -> None:
    await guest.send(PNG, Idempotency_Key="k")
    assert (await guest.send(OTHER, Idempotency_Key="k")).refusal == (409, "IDEMPOTENCY_CONFLICT")
    assert len(await guest.listed()) == 1
    assert served.staging() == []


async def test_a_key_belongs_to_its_owner(clients: Clients) -> None:
    one, other = clients.guest(), clients.guest()
    await one.send(PNG, Idempotency_Key="k")
    assert (await other.send(OTHER, Idempotency_Key="k")).status == 201


async def test_a_key_repeats_also_what_was_refused(guest: Client, served: Served) -> None:
    files = [("1.png", PNG), ("2.png", BROKEN), ("3.png", OTHER)]
    first = await guest.send_form(files, Idempotency_Key="many")
    again = await guest.send_form(files, Idempotency_Key="many")
    assert (again.status, again.json) == (201, first.json)
    assert [one["code"] for one in again.json["rejected"]] == ["IMAGE_CORRUPT"]
    assert len(await guest.listed()) == 2
    assert served.staging() == []


async def test_a_key_sent_twice_at_once_makes_nothing_twice(guest: Client) -> None:
    answers = await asyncio.gather(*(guest.send(PNG, Idempotency_Key="now") for _ in range(6)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["items"][0]["id"] for answer in answers}) == 1
    assert len(await guest.listed()) == 1


async def test_a_lost_answer_is_found_again(guest: Client, served: Served) -> None:
    """The client is gone before the answer: what was whole is kept, and the key gives it back."""
    lost = asyncio.create_task(guest.send(PNG, Idempotency_Key="lost"))
    while not served.staging():
        await asyncio.sleep(0)
    lost.cancel()
    answer: Answer = await guest.send(PNG, Idempotency_Key="lost")
    assert answer.status == 201
    assert await guest.listed() == [answer.json["items"][0]["id"]]


@pytest.mark.parametrize("key", ["", "x" * 201, "caf\u00e9", "a\tb"])
async def test_a_key_is_short_and_printable(guest: Client, key: str) -> None:
    answer = await guest.send(PNG, Idempotency_Key=key)
    assert answer.refusal == (400, "BAD_PARAMETER")
    assert answer.json["field"] == "Idempotency-Key"
