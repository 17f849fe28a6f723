"""Getting images in: every way, every refusal, each image once and only once."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import aiohttp
import pytest

from imagehist.imaging.pool import WorkerPool
from tests import pictures
from tests.imaging.hostile import FOREIGN
from tests.web.calling import Client, Clients, clients_of
from tests.web.running import Served, running

PNG = pictures.png(16, 12, seed=1)
OTHER = pictures.png(16, 12, seed=2)
BROKEN = PNG[: len(PNG) // 2]


async def test_one_bare_image(guest: Client, served: Served) -> None:
    data = pictures.comfyui_png("a red barn", width=40, height=30)
    answer = await guest.send(data, filename="a b.png")
    assert answer.status == 201
    [record] = answer.json["items"]
    assert answer.json["rejected"] == []
    assert (record["original_filename"], record["width"], record["height"]) == ("a b.png", 40, 30)
    assert (record["prompt"], record["mime"], record["bytes"]) == ("a red barn", "image/png", len(data))
    assert record["sha256"] == hashlib.sha256(data).hexdigest()
    assert record["url"] == f"/outputs/{record['key']}"
    assert record["thumb_url"] == f"/outputs/{record['thumb']}?v={record['thumb_crc32']}"
    assert record["preview_url"] == f"/api/v1/images/{record['id']}/preview"
    assert (served.outputs / record["key"]).read_bytes() == data
    assert served.staging() == []


async def test_the_answer_of_an_upload_is_what_every_query_shows(guest: Client) -> None:
    record = await guest.add(3)
    assert await guest.record(record["id"]) == record
    assert await guest.listed() == [record["id"]]


async def test_many_files_and_one_meta_for_all(guest: Client) -> None:
    answer = await guest.send_form([("1.png", PNG), ("2.png", OTHER)], {"tags": ["a"], "workflow_id": "w"})
    assert answer.status == 201
    items = answer.json["items"]
    assert [item["original_filename"] for item in items] == ["1.png", "2.png"]
    assert [(item["tags"], item["workflow_id"]) for item in items] == [(["a"], "w")] * 2
    assert [item["sha256"] for item in items] == [hashlib.sha256(one).hexdigest() for one in (PNG, OTHER)]


async def test_meta_by_position(guest: Client) -> None:
    answer = await guest.send_form([("1.png", PNG), ("2.png", OTHER)], [{"seed": 2**64 - 1}, {"seed": "7"}])
    assert [item["seed"] for item in answer.json["items"]] == ["18446744073709551615", "7"]


async def test_meta_before_and_after_the_files_is_the_same(guest: Client) -> None:
    form = aiohttp.FormData()
    form.add_field("meta", '{"prompt":"first"}')
    form.add_field("file", PNG, filename="x.png")
    answer = await guest.post("/api/v1/images", data=form)
    assert answer.json["items"][0]["prompt"] == "first"


META = {
    "workflow_id": "wf 1",
    "aspect_ratio": "7:3",
    "seed": "123",
    "prompt": "프롬프트 'quoted'",
    "negative_prompt": "none",
    "tags": ["  b  ", "a", "B"],
    "created_at": "2024-02-29T23:30:00-05:00",
    "original_filename": "told.png",
    "kind": "control",
    "derived_from": ["0" * 32],
    "workflow": {"nodes": [1, {"deep": None}]},
    "comfy_inputs": ["in.png"],
    "model": "m",
    "steps": 5,
    "cfg": 6.5,
    "loras": ["l"],
}


async def test_every_field_of_meta_is_kept_and_beats_the_bytes(guest: Client, served: Served) -> None:
    data = pictures.comfyui_png("from the bytes", seed=999)
    record = (await guest.send(data, META, "sent.png")).json["items"][0]
    kept = {**META, "tags": ["b", "a"], "created_at": "2024-03-01T04:30:00.000000Z"}
    assert {name: record[name] for name in META} == kept
    assert record["key"].startswith(f"users/{guest.owner}/controls/2024/03/01/")
    assert (served.outputs / record["key"]).exists()
    assert record["provenance"]["prompt"] == "sent"


BAD_META: list[tuple[object, int, str]] = [
    ([{}, {}], 400, "META_MISMATCH"),
    ([], 400, "META_MISMATCH"),
    ("text", 400, "BAD_JSON"),
    ([1], 400, "BAD_JSON"),
    ({"unknown": 1}, 400, "BAD_PARAMETER"),
    ({"kind": "else"}, 400, "BAD_PARAMETER"),
    ({"seed": -1}, 400, "BAD_PARAMETER"),
    ({"seed": 1.5}, 400, "BAD_PARAMETER"),
    ({"seed": True}, 400, "BAD_PARAMETER"),
    ({"seed": 2**70}, 400, "BAD_PARAMETER"),
    ({"tags": "a"}, 400, "BAD_PARAMETER"),
    ({"tags": [""]}, 400, "BAD_PARAMETER"),
    ({"tags": ["x" * 101]}, 400, "FIELD_TOO_LONG"),
    ({"tags": [f"t{n}" for n in range(101)]}, 400, "FIELD_TOO_LONG"),
    ({"created_at": "yesterday"}, 400, "BAD_PARAMETER"),
    ({"created_at": "2024-01-01T00:00:00"}, 400, "BAD_PARAMETER"),
    ({"created_at": "1969-12-31T23:59:59Z"}, 400, "BAD_PARAMETER"),
    ({"created_at": "9999-12-31T23:59:59-23:00"}, 400, "BAD_PARAMETER"),
    ({"derived_from": ["../x"]}, 400, "BAD_PARAMETER"),
    ({"aspect_ratio": "wide"}, 400, "BAD_PARAMETER"),
    ({"prompt": "x" * 100_001}, 400, "FIELD_TOO_LONG"),
    ({"workflow_id": "x" * 1_001}, 400, "FIELD_TOO_LONG"),
]


@pytest.mark.parametrize(("meta", "status", "code"), BAD_META)
async def test_bad_meta_adds_nothing(
    guest: Client, served: Served, meta: object, status: int, code: str
) -> None:
    answer = await guest.send_form([("x.png", PNG)], meta)
    assert answer.refusal == (status, code)
    assert await guest.listed() == []
    assert served.staging() == []
    assert served.users() == []


REFUSED: list[tuple[bytes, int, str]] = [
    (b"", 400, "EMPTY_FILE"),
    (FOREIGN["svg"], 415, "FORMAT_NOT_ALLOWED"),
    (BROKEN, 422, "IMAGE_CORRUPT"),
]


@pytest.mark.parametrize("way", ["bare", "form"])
@pytest.mark.parametrize(("data", "status", "code"), REFUSED)
async def test_one_refused_file_is_refused_for_its_reason(
    guest: Client, served: Served, way: str, data: bytes, status: int, code: str
) -> None:
    answer = await (
        guest.send(data, filename="x.png") if way == "bare" else guest.send_form([("x.png", data)])
    )
    assert answer.refusal == (status, code)
    assert [(one["filename"], one["code"]) for one in answer.json["rejected"]] == [("x.png", code)]
    assert (served.staging(), served.users()) == ([], [])


async def test_the_good_ones_of_many_are_kept(guest: Client, served: Served) -> None:
    files = [("1.png", PNG), ("2.png", b""), ("3.svg", FOREIGN["svg"]), ("4.png", BROKEN), ("5.png", OTHER)]
    answer = await guest.send_form(files)
    assert answer.status == 201
    assert [item["original_filename"] for item in answer.json["items"]] == ["1.png", "5.png"]
    told = [(one["filename"], one["code"]) for one in answer.json["rejected"]]
    assert told == [("2.png", "EMPTY_FILE"), ("3.svg", "FORMAT_NOT_ALLOWED"), ("4.png", "IMAGE_CORRUPT")]
    assert len(await guest.listed()) == 2
    assert served.staging() == []


async def test_several_refused_files_are_nothing_accepted(guest: Client) -> None:
    answer = await guest.send_form([("2.png", b""), ("4.png", BROKEN)])
    assert answer.refusal == (422, "NOTHING_ACCEPTED")
    assert [one["code"] for one in answer.json["rejected"]] == ["EMPTY_FILE", "IMAGE_CORRUPT"]


async def test_the_same_bytes_are_a_new_image_that_names_the_older(guest: Client) -> None:
    first, second = [(await guest.send(PNG)).json["items"][0] for _ in range(2)]
    assert first["duplicate_of"] is None
    assert second["duplicate_of"] == first["id"] != second["id"]


async def test_the_same_bytes_of_somebody_else_are_nobodys_business(clients: Clients) -> None:
    one, other = clients.guest(), clients.guest()
    await one.send(PNG)
    assert (await other.send(PNG)).json["items"][0]["duplicate_of"] is None


# --- generators ------------------------------------------------------------------------------------------


async def test_a_generator_adds_for_its_owner(clients: Clients) -> None:
    answer = await clients.generator("studio").send(PNG, {"seed": 2**63, "prompt": "exact"})
    assert answer.status == 201
    record = answer.json["items"][0]
    assert (record["owner"], record["source"]) == ("studio", "generator")
    assert "Set-Cookie" not in answer.headers
    admin = clients.admin("studio")
    assert await admin.listed() == [record["id"]]
    assert (await admin.get("/api/v1/history")).json["items"][0]["by"] == "generator"


async def test_a_generator_adds_for_a_guest_who_sees_it(clients: Clients, guest: Client) -> None:
    record = (await clients.generator(guest.owner).send(PNG)).json["items"][0]
    assert await guest.listed() == [record["id"]]


async def test_a_generator_names_its_owner(clients: Clients, served: Served) -> None:
    assert (await clients.generator().send(PNG)).refusal == (400, "BAD_OWNER")
    for name in ("unassigned", "system", "anon-1", "../x", "A", "", "a" * 65, "a..b", "a/b", "ü"):
        assert (await clients.generator(name).send(PNG)).refusal == (400, "BAD_OWNER"), name
    assert (served.staging(), served.users()) == ([], [])


# --- limits ----------------------------------------------------------------------------------------------


async def test_limits_of_a_file_and_of_a_request(tmp_path: Path, pool: WorkerPool) -> None:
    limits = {"max_file_bytes": 50_000, "max_request_bytes": 100_000}
    big = pictures.png(180, 140, noise=True)
    assert 50_000 < len(big) < 70_000
    async with running(tmp_path / "o", pool, **limits) as served, clients_of(served) as clients:
        guest = clients.guest()
        bare = await guest.send(big)
        assert bare.refusal == (413, "FILE_TOO_LARGE") and bare.json["limit"] == 50_000
        alone = await guest.send_form([("big.png", big)])
        assert alone.refusal == (413, "FILE_TOO_LARGE") and alone.json["rejected"][0]["limit"] == 50_000
        mixed = await guest.send_form([("big.png", big), ("small.png", PNG)])
        assert mixed.status == 201
        assert [one["code"] for one in mixed.json["rejected"]] == ["FILE_TOO_LARGE"]
        many = await guest.send_form([("big.png", big)] * 2)
        assert many.refusal == (413, "REQUEST_TOO_LARGE") and many.json["limit"] == 100_000
        assert len(await guest.listed()) == 1
        assert served.staging() == []


@pytest.mark.slow
async def test_five_hundred_uploads_at_once_only_queue(guest: Client, served: Served) -> None:
    """Row 51: an owner's own uploads are never refused for being many."""
    small = [pictures.png(8, 8, seed=seed) for seed in range(500)]
    answers = await asyncio.gather(*map(guest.send, small))
    assert {answer.status for answer in answers} == {201}
    assert (await guest.get("/api/v1/images?size=1")).json["total"] == 500
    assert served.staging() == []
