"""History and undo: every act is told, what still can be taken back is, as a new act."""

from __future__ import annotations

from typing import Any

import pytest

from imagehist.purging import purge
from tests.web.calling import Answer, Client, Clients
from tests.web.running import Served

LIST = "/api/v1/images"
BULK = f"{LIST}/bulk"
HISTORY = "/api/v1/history"


async def told(guest: Client) -> list[dict[str, Any]]:
    answer = await guest.get(HISTORY)
    assert answer.status == 200
    return answer.json["items"]


async def undo(guest: Client, seq: Any) -> Answer:
    return await guest.post(f"{HISTORY}/{seq}/undo")


async def test_every_act_is_told(guest: Client) -> None:
    image = (await guest.add(1))["id"]
    await guest.patch(f"{LIST}/{image}", json={"favorite": True})
    await guest.patch(f"{LIST}/{image}", json={"rating": 1})
    await guest.patch(f"{LIST}/{image}", json={"note": "n"})
    await guest.patch(f"{LIST}/{image}", json={"tags": ["t"]})
    await guest.patch(f"{LIST}/{image}", json={"tags": [], "note": "m"})
    await guest.post(f"{LIST}/{image}/delete")
    await guest.post(f"{LIST}/{image}/restore")
    seq = (await told(guest))[0]["seq"]
    await undo(guest, seq)
    items = await told(guest)
    words = ["undone", "restored", "trashed", "edited", "tagged", "noted", "rated", "favorite", "added"]
    assert [item["summary"] for item in items] == words
    assert {item["by"] for item in items} == {"guest"}
    assert [item["seq"] for item in items] == sorted((item["seq"] for item in items), reverse=True)
    assert (items[0]["undoes"], items[1]["undone_by"], items[1]["undoable"]) == (seq, seq + 1, False)
    assert all(item["count"] == 1 and item["at"].endswith("Z") for item in items)


async def test_history_comes_in_pages(guest: Client) -> None:
    for seed in range(5):
        await guest.add(seed)
    whole = await told(guest)
    for page in (1, 2, 3):
        answer = (await guest.get(f"{HISTORY}?page={page}&size=2")).json
        assert answer["items"] == whole[(page - 1) * 2 : page * 2]
        assert (answer["page"], answer["size"], answer["total"]) == (page, 2, 5)
    for bad in ("size=0", "size=501", "page=0", "page=x"):
        assert (await guest.get(f"{HISTORY}?{bad}")).refusal == (400, "BAD_PARAMETER")


async def test_the_past_of_one_image(guest: Client) -> None:
    image = (await guest.add(1))["id"]
    await guest.patch(f"{LIST}/{image}", json={"rating": 3})
    await guest.add(2)
    past = (await guest.get(f"{LIST}/{image}?history=true")).json["history"]
    assert len(past) == 2
    assert "history" not in (await guest.get(f"{LIST}/{image}?history=false")).json
    assert (await guest.get(f"{LIST}/{image}?history=maybe")).refusal == (400, "BAD_PARAMETER")


async def test_undoing_an_upload_trashes_it_and_undoing_that_brings_it_back(guest: Client) -> None:
    record = await guest.add(1)
    answer = (await undo(guest, record["rev"])).json
    assert (answer["changed"], answer["failed"]) == (1, [])
    assert (await guest.record(record["id"]))["status"] == "trash"
    back = (await undo(guest, answer["seq"])).json
    assert back["changed"] == 1
    assert await guest.record(record["id"]) == {**record, "rev": back["seq"]}


async def test_undoing_edits_brings_the_old_values_back(guest: Client) -> None:
    record = await guest.add(1, tags=["a"])
    patch = {"tags": ["b"], "note": "n", "rating": 5, "favorite": True}
    seq = (await guest.patch(f"{LIST}/{record['id']}", json=patch)).json["rev"]
    answer = (await undo(guest, seq)).json
    assert await guest.record(record["id"]) == {**record, "rev": answer["seq"]}


async def test_undoing_a_bulk_gives_each_image_its_own_values(guest: Client) -> None:
    records = [await guest.add(seed, tags=[f"t{seed}"]) for seed in range(4)]
    ids = [record["id"] for record in records]
    seq = (await guest.post(BULK, json={"action": "tag", "ids": ids, "tags": ["t2", "z"]})).json["seq"]
    answer = (await undo(guest, seq)).json
    assert answer["changed"] == 4
    assert [(await guest.record(image))["tags"] for image in ids] == [[f"t{seed}"] for seed in range(4)]


async def test_what_was_touched_since_is_left_as_it_is(guest: Client) -> None:
    ids = [(await guest.add(seed))["id"] for seed in range(3)]
    seq = (await guest.post(BULK, json={"action": "favorite", "ids": ids})).json["seq"]
    later = (await guest.patch(f"{LIST}/{ids[1]}", json={"note": "since"})).json
    answer = (await undo(guest, seq)).json
    assert answer["changed"] == 2
    assert [(one["id"], one["code"]) for one in answer["failed"]] == [(ids[1], "CHANGED_SINCE")]
    assert await guest.record(ids[1]) == later


async def test_what_cannot_be_undone(guest: Client, served: Served) -> None:
    record = await guest.add(1)
    await guest.patch(f"{LIST}/{record['id']}", json={"rating": 1})
    answer = await undo(guest, record["rev"])
    assert answer.refusal == (409, "CANNOT_UNDO")
    assert [one["code"] for one in answer.json["failed"]] == ["CHANGED_SINCE"]
    trashed = (await guest.post(f"{LIST}/{record['id']}/delete")).json["seq"]
    purge(served.library, guest.owner, [record["id"]], "admin")
    head = (await told(guest))[0]
    assert (head["op"], head["undoable"], head["summary"]) == ("purge", False, "purged")
    assert (await undo(guest, head["seq"])).refusal == (409, "CANNOT_UNDO")
    gone = await undo(guest, trashed)
    assert gone.refusal == (409, "CANNOT_UNDO")
    assert [one["code"] for one in gone.json["failed"]] == ["NOT_FOUND"]


async def test_an_undone_act_is_not_undone_twice(guest: Client) -> None:
    record = await guest.add(1)
    assert (await undo(guest, record["rev"])).status == 200
    assert (await undo(guest, record["rev"])).refusal == (409, "CANNOT_UNDO")


@pytest.mark.parametrize("seq", ["0", "999", "-1", "x", "1.5", "9" * 30, "%D9%A1", "%00"])
async def test_entries_that_are_not_there(guest: Client, seq: str) -> None:
    await guest.add(1)
    assert (await undo(guest, seq)).refusal == (404, "NOT_FOUND")


async def test_nobody_undoes_for_somebody_else(clients: Clients) -> None:
    one, other = clients.guest(), clients.guest()
    record = await one.add(1)
    foreign = await undo(other, record["rev"])
    assert foreign.refusal == (404, "NOT_FOUND")
    assert foreign.body == (await undo(other, 999)).body
    assert await one.record(record["id"]) == record


async def test_me_counts_everything(guest: Client) -> None:
    records = [await guest.add(seed) for seed in range(3)]
    await guest.post(f"{LIST}/{records[0]['id']}/delete")
    answer = (await guest.get("/api/v1/me")).json
    assert (answer["user_id"], answer["role"]) == (guest.owner, "guest")
    assert answer["usage"] == {"bytes": sum(record["bytes"] for record in records), "count": 3}
    assert answer["trash"] == {"count": 1, "bytes": records[0]["bytes"], "retention_days": 30}
    assert answer["quota"] == {"bytes": None, "count": None}


async def test_the_library_as_it_was(guest: Client) -> None:
    kept, trashed = (await guest.add(1))["id"], (await guest.add(2))["id"]
    moment = (await told(guest))[0]["at"]
    await guest.post(f"{LIST}/{trashed}/delete")
    await guest.patch(f"{LIST}/{kept}", json={"favorite": True})
    then = (await guest.get(f"{HISTORY}/at?time={moment}")).json
    assert [(item["id"], item["favorite"]) for item in then["items"]] == [(trashed, False), (kept, False)]
    assert (then["total"], then["as_of"]) == (2, 2)
    second = (await guest.get(f"{HISTORY}/at?time={moment}&page=2&size=1")).json
    assert [item["id"] for item in second["items"]] == [kept]


@pytest.mark.parametrize("time", ["", "yesterday", "2026-01-01", "2026-01-01T00:00:00"])
async def test_a_past_needs_an_instant(guest: Client, time: str) -> None:
    answer = await guest.get(f"{HISTORY}/at?time={time}")
    assert (answer.status, answer.json["code"]) == (400, "BAD_PARAMETER")
