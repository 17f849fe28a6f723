"""Editing, trash and restore, bulk: what each call answers, changes, and leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.calling import Answer, Client, Clients
from tests.web.running import Served

LIST = "/api/v1/images"
BULK = f"{LIST}/bulk"


async def test_every_field_of_a_patch(guest: Client) -> None:
    image = (await guest.add(1, tags=["a", "b"]))["id"]
    patch = {"add_tags": ["C", "A"], "remove_tags": ["B"], "favorite": True, "rating": 4, "note": "n\u00e9"}
    answer = await guest.patch(f"{LIST}/{image}", json=patch)
    assert answer.status == 200
    told = answer.json
    assert (told["tags"], told["favorite"], told["rating"], told["note"]) == (["a", "C"], True, 4, "né")
    assert await guest.record(image) == told
    assert (await guest.patch(f"{LIST}/{image}", json={"tags": []})).json["tags"] == []


async def test_a_patch_that_changes_nothing_writes_no_history(guest: Client) -> None:
    image = (await guest.add(1, tags=["a", "b"]))["id"]
    before = await guest.record(image)
    for patch in ({}, {"favorite": False}, {"add_tags": ["A"]}, {"tags": ["a", "b"]}, {"note": None}):
        answer = await guest.patch(f"{LIST}/{image}", json=patch)
        assert (answer.status, answer.json) == (200, before)
    assert (await guest.get("/api/v1/history")).json["total"] == 1


BAD_PATCHES: list[tuple[Any, int, str]] = [
    ([], 400, "BAD_PARAMETER"),
    ("x", 400, "BAD_PARAMETER"),
    ({"status": "trash"}, 400, "BAD_PARAMETER"),
    ({"id": "0" * 32}, 400, "BAD_PARAMETER"),
    ({"key": "users/x"}, 400, "BAD_PARAMETER"),
    ({"favorite": 1}, 400, "BAD_PARAMETER"),
    ({"favorite": "true"}, 400, "BAD_PARAMETER"),
    ({"rating": 6}, 400, "BAD_PARAMETER"),
    ({"rating": -1}, 400, "BAD_PARAMETER"),
    ({"rating": 2.5}, 400, "BAD_PARAMETER"),
    ({"rating": True}, 400, "BAD_PARAMETER"),
    ({"rating": [1]}, 400, "BAD_PARAMETER"),
    ({"rating": 2**80}, 400, "BAD_PARAMETER"),
    ({"note": 1}, 400, "BAD_PARAMETER"),
    ({"note": "x" * 10_001}, 400, "FIELD_TOO_LONG"),
    ({"tags": "a"}, 400, "BAD_PARAMETER"),
    ({"tags": [1]}, 400, "BAD_PARAMETER"),
    ({"tags": {"a": 1}}, 400, "BAD_PARAMETER"),
    ({"tags": ["\u0000"]}, 400, "BAD_PARAMETER"),
    ({"tags": ["x" * 101]}, 400, "FIELD_TOO_LONG"),
    ({"add_tags": [f"t{n}" for n in range(101)]}, 400, "FIELD_TOO_LONG"),
    ({"remove_tags": None, "add_tags": 5}, 400, "BAD_PARAMETER"),
]


@pytest.mark.parametrize(("patch", "status", "code"), BAD_PATCHES)
async def test_bad_patches_change_nothing(guest: Client, patch: Any, status: int, code: str) -> None:
    before = await guest.add(1)
    assert (await guest.patch(f"{LIST}/{before['id']}", json=patch)).refusal == (status, code)
    assert await guest.record(before["id"]) == before


async def test_a_rating_of_a_whole_float_is_kept_as_a_number(guest: Client) -> None:
    image = (await guest.add(1))["id"]
    answer = await guest.patch(f"{LIST}/{image}", json={"rating": 3.0})
    assert answer.refusal == (400, "BAD_PARAMETER")


async def test_tags_over_the_limit_by_adding_are_refused(guest: Client) -> None:
    image = (await guest.add(1, tags=[f"t{n}" for n in range(100)]))["id"]
    answer = await guest.patch(f"{LIST}/{image}", json={"add_tags": ["one more"]})
    assert answer.refusal == (400, "FIELD_TOO_LONG")


async def test_row_81_if_match(guest: Client) -> None:
    record = await guest.add(1)
    address, rev = f"{LIST}/{record['id']}", record["rev"]
    for stale in (f'"{rev + 1}"', "0", '"x"', 'W/"a"', '"1", "2"', "-1", "9" * 40):
        answer = await guest.as_(If_Match=stale).patch(address, json={"favorite": True})
        assert answer.refusal == (412, "PRECONDITION_FAILED"), stale
    assert await guest.record(record["id"]) == record
    changed = await guest.as_(If_Match=f'"{rev}"').patch(address, json={"favorite": True})
    assert changed.status == 200 and changed.json["rev"] > rev
    again = await guest.as_(If_Match=str(rev)).patch(address, json={"favorite": False})
    assert again.refusal == (412, "PRECONDITION_FAILED") and again.json["rev"] == changed.json["rev"]
    assert (await guest.as_(If_Match="*").patch(address, json={"favorite": False})).status == 200


async def test_delete_and_restore_are_idempotent(guest: Client, served: Served) -> None:
    record = await guest.add(1)
    address, before = f"{LIST}/{record['id']}", served.users()
    deleted = (await guest.post(f"{address}/delete")).json
    assert (deleted["changed"], deleted["image"]["status"]) == (1, "trash")
    assert deleted["image"]["trashed_at"] and deleted["seq"] == deleted["image"]["rev"]
    again = await guest.post(f"{address}/delete")
    assert (again.status, again.json) == (200, {"changed": 0, "seq": None, "image": deleted["image"]})
    assert (await guest.listed(), await guest.listed("?status=trash")) == ([], [record["id"]])
    restored = (await guest.post(f"{address}/restore")).json
    assert restored["changed"] == 1
    assert restored["image"] == {**record, "rev": restored["seq"]}
    again = await guest.post(f"{address}/restore")
    assert (again.status, again.json) == (200, {"changed": 0, "seq": None, "image": restored["image"]})
    assert served.users() == before


async def test_what_is_trashed_can_still_be_edited_and_seen(guest: Client) -> None:
    record = await guest.add(1)
    await guest.post(f"{LIST}/{record['id']}/delete")
    assert (await guest.patch(f"{LIST}/{record['id']}", json={"rating": 2})).json["status"] == "trash"
    for address in (record["url"], record["thumb_url"], f"{LIST}/{record['id']}/file"):
        assert (await guest.get(address)).status == 200


# --- bulk ------------------------------------------------------------------------------------------------


async def bulk(guest: Client, action: str, **wish: Any) -> Answer:
    return await guest.post(BULK, json={"action": action, **wish})


async def test_every_action_by_ids_as_one_line(guest: Client) -> None:
    ids = [(await guest.add(seed))["id"] for seed in range(3)]
    checks: list[tuple[str, dict[str, Any], str, Any]] = [
        ("favorite", {}, "favorite", True),
        ("unfavorite", {}, "favorite", False),
        ("tag", {"tags": ["x", "y"]}, "tags", ["x", "y"]),
        ("untag", {"tags": ["X"]}, "tags", ["y"]),
        ("delete", {}, "status", "trash"),
        ("restore", {}, "status", "active"),
    ]
    for action, more, field, value in checks:
        answer = (await bulk(guest, action, ids=[*ids[:2], ids[0]], **more)).json
        assert (answer["changed"], answer["failed"]) == (2, [])
        found = [(await guest.record(image))[field] for image in ids]
        assert found == [value, value, {"favorite": False, "tags": [], "status": "active"}[field]]
        head = (await guest.get("/api/v1/history?size=1")).json["items"][0]
        assert (head["seq"], head["count"]) == (answer["seq"], 2)
        again = (await bulk(guest, action, ids=ids[:2], **more)).json
        assert again == {"changed": 0, "seq": None, "failed": []}


async def test_row_72_own_and_foreign_ids_together(clients: Clients) -> None:
    guest, other = clients.guest(), clients.guest()
    own, foreign = (await guest.add(1))["id"], await other.add(2)
    strangers = [foreign["id"], "f" * 32, "../../x", ""]
    answer = (await bulk(guest, "delete", ids=[own, *strangers])).json
    assert answer["changed"] == 1
    assert [(one["id"], one["code"]) for one in answer["failed"]] == [(one, "NOT_FOUND") for one in strangers]
    details = {one["detail"] for one in answer["failed"]}
    assert len(details) == 1
    assert await other.record(foreign["id"]) == foreign


async def test_a_selection_with_exceptions_as_of_then(guest: Client) -> None:
    ids = [(await guest.add(seed, tags=["x"] if seed < 4 else []))["id"] for seed in range(5)]
    as_of = (await guest.get(LIST)).json["as_of"]
    late = (await guest.add(9, tags=["x"]))["id"]
    select = {"tag": "x", "except": [ids[0]], "as_of": as_of}
    answer = (await bulk(guest, "delete", select=select, expect=3)).json
    assert answer["changed"] == 3
    assert {*await guest.listed("?status=trash")} == {*ids[1:4]}
    assert {*await guest.listed()} == {ids[0], ids[4], late}
    back = (await bulk(guest, "restore", select={"status": "trash"})).json
    assert back["changed"] == 3


async def test_a_selection_takes_all_filters_of_the_list(guest: Client) -> None:
    await guest.add(1, tags=["a", "b"], workflow_id="w", aspect_ratio="1:1", prompt="sea", kind="control")
    await guest.add(2)
    select = {
        "status": "active", "kind": "control", "q": "SEA", "tag": ["a", "b"], "workflow_id": "w",
        "aspect_ratio": "1:1", "favorite": False, "from": "2020-01-01", "to": "2099-01-01",
        "tz": "Asia/Seoul", "order": "oldest",
    }  # fmt: skip
    assert (await bulk(guest, "favorite", select=select, expect=1)).json["changed"] == 1


async def test_a_selection_that_changed_is_left_alone(guest: Client) -> None:
    await guest.add(1)
    answer = await bulk(guest, "delete", select={}, expect=2)
    assert answer.refusal == (409, "SELECTION_CHANGED") and answer.json["count"] == 1
    assert len(await guest.listed()) == 1


BAD_BULKS: list[Any] = [
    [],
    {},
    {"action": "delete"},
    {"action": "purge", "ids": []},
    {"action": ["delete"], "ids": []},
    {"action": "delete", "ids": [], "select": {}},
    {"action": "delete", "ids": "x"},
    {"action": "delete", "ids": [1]},
    {"action": "delete", "ids": None},
    {"action": "delete", "select": []},
    {"action": "delete", "select": {"unknown": 1}},
    {"action": "delete", "select": {"size": 5}},
    {"action": "delete", "select": {"status": "gone"}},
    {"action": "delete", "select": {"q": 5}},
    {"action": "delete", "select": {"tag": [1]}},
    {"action": "delete", "select": {"order": ["newest", "oldest"]}},
    {"action": "delete", "select": {"except": "x"}},
    {"action": "delete", "select": {"as_of": -1}},
    {"action": "delete", "select": {"as_of": True}},
    {"action": "delete", "select": {"as_of": 1e30}},
    {"action": "delete", "select": {"as_of": 2**63}},
    {"action": "delete", "select": {}, "expect": "1"},
    {"action": "delete", "select": {}, "expect": True},
    {"action": "tag", "ids": []},
    {"action": "tag", "ids": [], "tags": []},
    {"action": "tag", "ids": [], "tags": [" "]},
    {"action": "delete", "ids": [], "extra": 1},
]


@pytest.mark.parametrize("wish", BAD_BULKS)
async def test_bad_bulks_change_nothing(guest: Client, wish: Any) -> None:
    before = await guest.add(1)
    assert (await guest.post(BULK, json=wish)).refusal == (400, "BAD_PARAMETER")
    assert await guest.record(before["id"]) == before


async def test_more_ids_than_a_call_takes(guest: Client) -> None:
    answer = await bulk(guest, "delete", ids=[f"{n:x}" for n in range(200_001)])
    assert answer.refusal == (400, "FIELD_TOO_LONG") and answer.json["limit"] == 200_000
    few = await bulk(guest, "delete", ids=[])
    assert few.json == {"changed": 0, "seq": None, "failed": []}


async def test_bulk_makes_nobody_over_the_tag_limit(guest: Client) -> None:
    full = await guest.add(1, tags=[f"t{n}" for n in range(100)])
    answer = await bulk(guest, "tag", ids=[full["id"]], tags=["more"])
    assert answer.refusal == (400, "FIELD_TOO_LONG")
    assert await guest.record(full["id"]) == full
