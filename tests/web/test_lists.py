"""GET /images: pages, cursors, totals, every filter alone and with every other, every order."""

from __future__ import annotations

import itertools
from typing import Any
from urllib.parse import quote

import pytest

from tests import pictures
from tests.web.calling import Client, Clients
from tests.web.running import Served

LIST = "/api/v1/images"


async def filled(guest: Client) -> list[dict[str, Any]]:
    """Twelve images that differ in everything a list can ask for; the records, oldest first."""
    made = []
    for number in range(12):
        meta = {
            "tags": [f"t{number % 2}", *(["sea"] if number % 3 == 0 else [])],
            "workflow_id": f"w{number % 3}",
            "aspect_ratio": ("1:1", "4:3")[number % 2],
            "prompt": ("lighthouse", "등대 그림")[number % 2],
            "created_at": f"2024-05-{10 + number // 4:02}T{23 - number % 4:02}:30:00Z",
            "kind": "control" if number == 11 else "output",
        }
        data = pictures.png(8 + number * 3 % 7, 8, seed=number)
        made.append((await guest.send(data, meta)).json["items"][0])
    await guest.post(
        f"{LIST}/bulk", json={"action": "favorite", "ids": [made[n]["id"] for n in (0, 3, 5, 8)]}
    )
    await guest.post(f"{LIST}/bulk", json={"action": "delete", "ids": [made[n]["id"] for n in (1, 3)]})
    return [await guest.record(record["id"]) for record in made]


KEEPS = {
    "tag=t0": lambda r: "t0" in r["tags"],
    "tag=sea": lambda r: "sea" in r["tags"],
    "workflow_id=w2": lambda r: r["workflow_id"] == "w2",
    "aspect_ratio=4:3": lambda r: r["aspect_ratio"] == "4:3",
    "favorite=true": lambda r: r["favorite"],
    "favorite=false": lambda r: not r["favorite"],
    "from=2024-05-11": lambda r: r["created_at"][:10] >= "2024-05-11",
    "to=2024-05-11": lambda r: r["created_at"][:10] <= "2024-05-11",
    f"q={quote('등대')}": lambda r: "등대" in r["prompt"],
    "q=LIGHT": lambda r: "light" in r["prompt"],
}
ORDERS = {
    "newest": lambda r: r["created_at"],
    "oldest": lambda r: r["created_at"],
    "largest": lambda r: r["bytes"],
    "trashed": lambda r: r["trashed_at"],
}


async def test_every_two_filters_in_every_list(guest: Client) -> None:
    records = await filled(guest)
    for status, kind in itertools.product(("active", "trash"), ("output", "control", "input", "all")):
        for pair in itertools.chain([()], itertools.combinations(KEEPS, 1), itertools.combinations(KEEPS, 2)):
            if [name.partition("=")[0] for name in pair] in (["favorite"] * 2, ["q"] * 2):
                continue
            wanted = {
                record["id"]
                for record in records
                if record["status"] == status
                and kind in (record["kind"], "all")
                and all(KEEPS[name](record) for name in pair)
            }
            asked = "&".join((f"status={status}", f"kind={kind}", *pair))
            answer = (await guest.get(f"{LIST}?{asked}")).json
            assert ({item["id"] for item in answer["items"]}, answer["total"]) == (wanted, len(wanted)), asked


@pytest.mark.parametrize("order", ORDERS)
async def test_orders(guest: Client, order: str) -> None:
    await filled(guest)
    status = "trash" if order == "trashed" else "active"
    items = (await guest.get(f"{LIST}?kind=all&order={order}&status={status}")).json["items"]
    found = [ORDERS[order](item) for item in items]
    assert found == sorted(found, reverse=order != "oldest") and len(found) > 1


async def test_tags_are_asked_for_together(guest: Client) -> None:
    records = await filled(guest)
    wanted = {r["id"] for r in records if {"t0", "sea"} <= {*r["tags"]} and r["status"] == "active"}
    assert wanted
    assert {*await guest.listed("?kind=all&tag=t0&tag=SEA")} == wanted


@pytest.mark.parametrize("size", [1, 2, 3, 7, 500])
@pytest.mark.parametrize("query", ["kind=all", "kind=all&order=largest", "kind=all&tag=t0&order=oldest"])
async def test_cursors_walk_the_whole_list_once(guest: Client, query: str, size: int) -> None:
    await filled(guest)
    whole = (await guest.get(f"{LIST}?{query}&size=500")).json
    walked, page, cursor = [], 0, ""
    while True:
        answer = (await guest.get(f"{LIST}?{query}&size={size}{cursor}")).json
        page += 1
        assert (answer["page"], answer["size"], answer["total"]) == (page, size, whole["total"])
        assert len(answer["items"]) == min(size, whole["total"] - len(walked))
        walked += answer["items"]
        if answer["next_cursor"] is None:
            break
        assert answer["next_cursor"].replace("-", "").replace("_", "").isalnum()
        cursor = f"&cursor={answer['next_cursor']}"
    assert walked == whole["items"]


async def test_numbered_pages_are_the_same_pages(guest: Client) -> None:
    await filled(guest)
    whole = await guest.listed("?kind=all")
    for page in range(1, 5):
        answer = (await guest.get(f"{LIST}?kind=all&page={page}&size=4")).json
        assert [item["id"] for item in answer["items"]] == whole[(page - 1) * 4 : page * 4]
        assert answer["page"] == page
    assert (await guest.get(f"{LIST}?kind=all&page=4&size=4")).json["next_cursor"] is None


async def test_a_cursor_stays_in_its_place_while_images_come_and_go(guest: Client) -> None:
    await filled(guest)
    whole = await guest.listed()
    first = (await guest.get(f"{LIST}?size=3")).json
    await guest.post(f"{LIST}/{whole[2]}/delete")
    await guest.add(77)
    rest = (await guest.get(f"{LIST}?size=500&cursor={first['next_cursor']}")).json
    assert [item["id"] for item in rest["items"]] == whole[3:]
    assert rest["total"] == first["total"]


async def test_the_total_is_left_out_when_nobody_wants_it(guest: Client) -> None:
    await guest.add(1)
    await guest.add(2)
    answer = (await guest.get(f"{LIST}?total=false&size=1")).json
    assert answer["total"] is None and answer["next_cursor"]
    following = (await guest.get(f"{LIST}?total=false&size=1&cursor={answer['next_cursor']}")).json
    assert following["total"] is None and len(following["items"]) == 1
    counted = (await guest.get(f"{LIST}?size=1&cursor={answer['next_cursor']}")).json
    assert counted["total"] == 2


async def test_as_of_is_the_last_line(guest: Client) -> None:
    assert (await guest.get(LIST)).json["as_of"] == 0
    rev = (await guest.add(1))["rev"]
    assert (await guest.get(LIST)).json["as_of"] == rev


async def test_an_empty_library_has_an_empty_list(guest: Client) -> None:
    empty = {"items": [], "page": 1, "size": 60, "total": 0, "next_cursor": None, "as_of": 0}
    assert (await guest.get(LIST)).json == empty


async def test_days_are_days_of_the_zone(guest: Client) -> None:
    record = (await guest.send(pictures.png(), {"created_at": "2024-03-10T20:00:00Z"})).json["items"][0]
    for zone, day in (
        ("UTC", "2024-03-10"),
        ("Asia/Seoul", "2024-03-11"),
        ("America/New_York", "2024-03-10"),
    ):
        assert await guest.listed(f"?from={day}&to={day}&tz={zone}") == [record["id"]]
        other = "2024-03-11" if day.endswith("10") else "2024-03-10"
        assert await guest.listed(f"?from={other}&to={other}&tz={zone}") == []


async def test_a_ready_page_is_never_an_old_page(guest: Client) -> None:
    first = await guest.add(1)
    assert await guest.listed() == [first["id"]] == await guest.listed()
    second = await guest.add(2)
    assert await guest.listed() == [second["id"], first["id"]]


async def test_heavy_fields_are_left_to_the_record(guest: Client) -> None:
    record = (await guest.send(pictures.comfyui_png())).json["items"][0]
    item = (await guest.get(LIST)).json["items"][0]
    assert record["workflow"]
    assert not {"workflow", "texts"} & item.keys()
    assert item == {name: value for name, value in record.items() if name in item}


# --- cursors nobody gave out -----------------------------------------------------------------------------


async def test_a_cursor_with_any_bit_turned_is_refused(guest: Client) -> None:
    for seed in range(2):
        await guest.add(seed)
    cursor = (await guest.get(f"{LIST}?size=1")).json["next_cursor"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place, letter in enumerate(cursor[:-1]):
        turned = cursor[:place] + alphabet[alphabet.index(letter) ^ 1] + cursor[place + 1 :]
        assert (await guest.get(f"{LIST}?size=1&cursor={turned}")).refusal == (400, "BAD_CURSOR"), place


async def test_a_cursor_belongs_to_its_list_and_its_owner(clients: Clients) -> None:
    guest, other = clients.guest(), clients.guest()
    for seed in range(2):
        await guest.add(seed, tags=["x"])
    cursor = (await guest.get(f"{LIST}?size=1")).json["next_cursor"]
    assert (await guest.get(f"{LIST}?size=1&cursor={cursor}")).status == 200
    for more in ("&tag=x", "&order=oldest", "&kind=all", "&status=trash", "&q=x", "&from=2020-01-01"):
        assert (await guest.get(f"{LIST}?size=1&cursor={cursor}{more}")).refusal == (400, "BAD_CURSOR"), more
    assert (await other.get(f"{LIST}?size=1&cursor={cursor}")).refusal == (400, "BAD_CURSOR")


@pytest.mark.parametrize("cursor", ["", "A", "AAAA", "%00", "..", "A" * 4000, "e30", "%EA%B0%80"])
async def test_nonsense_is_no_cursor(guest: Client, cursor: str) -> None:
    assert (await guest.get(f"{LIST}?cursor={cursor}")).refusal == (400, "BAD_CURSOR")


# --- parameters ------------------------------------------------------------------------------------------

BAD_PARAMETERS = [
    *(f"size={value}" for value in ("0", "-1", "501", "1000000000", "abc", "1.5", "", "%D9%A1", "9" * 5000)),
    *(f"page={value}" for value in ("0", "-1", "abc", "1e3", "99999999")),
    *(f"{name}={value}" for name in ("favorite", "total") for value in ("yes", "1", "TRUE", "")),
    *(
        f"{name}={value}"
        for name in ("status", "kind", "order")
        for value in ("x", "__class__", "Active", "")
    ),
    *(f"tz={value}" for value in ("Mars/Base", "", "../../etc/passwd", "/etc/localtime", "%00", "A" * 999)),
    *(f"from={value}" for value in ("2024-13-01", "2024-1-1", "yesterday", "0001-01-01", "9999-12-31", "")),
    *(f"to={value}" for value in ("2024-02-30", "20240101", "2024-W01-1")),
    "tag=",
    "tag=%00",
    "sort=__class__",
    "limit=5",
    "SIZE=5",
    "order=newest&order=oldest",
    "cursor=x&cursor=y",
]


@pytest.mark.parametrize("query", BAD_PARAMETERS, ids=lambda query: query[:40])
async def test_row_82_bad_parameters(guest: Client, query: str) -> None:
    answer = await guest.get(f"{LIST}?{query}")
    assert answer.refusal == (400, "BAD_PARAMETER")
    assert answer.json["field"]


NOT_UTF_8 = ["%FF=1", "q=%FF", "workflow_id=%ED%A0%80", "tag=%C0%AE", "q=%F4%90%80%80", "cursor=%FF"]


@pytest.mark.parametrize("query", NOT_UTF_8)
async def test_what_is_not_utf_8_is_refused(guest: Client, query: str) -> None:
    assert (await guest.get(f"{LIST}?{query}")).refusal == (400, "BAD_ENCODING")


@pytest.mark.parametrize("name", ["q", "workflow_id", "aspect_ratio", "tag"])
async def test_long_values_are_refused(guest: Client, name: str) -> None:
    assert (await guest.get(f"{LIST}?{name}={'x' * 1001}")).refusal == (400, "FIELD_TOO_LONG")


async def test_sql_is_only_text(guest: Client, served: Served) -> None:
    await guest.add(1, prompt="it's' OR 1=1 -- 100% _x_")
    await guest.add(2, prompt="plain")
    for asked, found in (
        ("' OR 1=1 --", 1),
        ("100% _x_", 1),
        ("%", 1),
        ("_", 1),
        ("'; DROP TABLE image; --", 0),
    ):
        assert len(await guest.listed(f"?q={quote(asked)}")) == found, asked
    for name in ("tag", "workflow_id", "aspect_ratio"):
        assert await guest.listed(f"?{name}={quote(chr(39) + ' OR 1=1 --')}") == []
