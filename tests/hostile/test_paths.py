"""Group E: below /outputs only what a record of the caller names is served; each test names its row."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from tests import pictures
from tests.hostile.wire import exchange, head, wire
from tests.web.calling import Client, Clients
from tests.web.running import ADMIN, QUICK, Served

LIST = "/api/v1/images"
PNG = pictures.png(32, 24, noise=True)


def open_files() -> int:
    """How many files this process, and so the server in it, has open."""
    return len(os.listdir("/proc/self/fd"))


async def test_rows_74_and_77_everything_else_below_outputs(
    clients: Clients, guest: Client, served: Served
) -> None:
    record = await guest.add(1)
    owner = f"users/{guest.owner}"
    day = record["key"].rpartition("/")[0]
    names = [
        ".imagehist/root.json", ".imagehist/secret", ".imagehist/admin-token", ".imagehist/index.sqlite",
        ".imagehist/index.sqlite-wal", ".imagehist/staging/x", ".imagehist", ".imagehist/system.jsonl",
        "README.md", "users", "users/", owner, f"{owner}/", f"{owner}/manifest.jsonl", day, f"{day}/",
        f"{day}/thumb", f"{day}/thumb/", f"{owner}/manifest-{'0' * 32}.jsonl", ".staging", ".lost",
        f"{record['key']}/", f"{record['key']}.tmp", f"{record['key']}\n", record["key"].upper(),
        record["key"].replace("/20", "//20"), f"{day}/./{record['id']}.png", f"{day}/../{record['id']}.png",
        record["key"].replace(".png", ".jpg"), record["key"].replace(".png", ""), "manifest.log",
        f"{day}/{record['id']}.html",
        record["thumb"].replace("/thumb/", "/"), record["thumb"].replace(".webp", ".jpg"),
        record["key"].replace(owner, f"{owner}/controls"), f"{day}/thumb/{record['id']}.json",
    ]  # fmt: skip
    admin = clients.admin()
    for name in names:
        for client in (guest, admin):
            answer = await client.get(f"/outputs/{name}".replace("\n", "%0A"))
            assert answer.refusal == (404, "NOT_FOUND"), name
    for name in ("", "/"):
        assert (await guest.get(f"/outputs{name}")).refusal == (404, "NOT_FOUND")


ESCAPES = [
    "%2e%2e/",
    "..%2f",
    "%252e%252e/",
    "..\\",
    "..%5c",
    "%2e%2e%2f",
    "/",
    "//",
    "%00",
    "%c0%ae%c0%ae/",
    "%ff",
]
ESCAPES += ["..%00/", "....//", "..;/", "%2e/", "~root/", "%E2%80%AE", "%0d%0aX:%20y/", "C:/", "file:%2f%2f/"]


@pytest.mark.parametrize("escape", ESCAPES)
async def test_row_75_ways_out(guest: Client, served: Served, escape: str) -> None:
    record = await guest.add(1)
    for path in (
        f"/outputs/{escape * 6}etc/passwd",
        f"/outputs/users/{escape * 8}etc/passwd",
        f"/outputs/users/{guest.owner}/{escape}{guest.owner}/manifest.jsonl",
        record["url"].replace("/users/", f"/users/{escape}"),
        record["url"].replace(".png", f"{escape}.png"),
        f"/static/x/{escape * 6}etc/passwd",
        f"{LIST}/{escape}{record['id']}/file",
    ):
        answer = await exchange(
            served.port, head("GET", path, f"Authorization: Bearer {ADMIN}", f"X-Owner: {guest.owner}")
        )
        assert answer and answer.status in (400, 404), path
        assert b"root:" not in answer.body


@pytest.mark.parametrize("length", [300, 1_000, 7_500])
async def test_row_76_long_paths(guest: Client, length: int) -> None:
    for start in ("/outputs/users/", f"/outputs/users/{guest.owner}/2024/01/01/", f"{LIST}/", "/image/", "/"):
        assert (await guest.get(start + "a" * length)).refusal == (404, "NOT_FOUND")
        assert (await guest.get(start + "a/" * (length // 2))).refusal == (404, "NOT_FOUND")


def link_inside(place: Path, other: Path) -> None:
    place.symlink_to(other)


def link_outside(place: Path, other: Path) -> None:
    place.symlink_to("/etc/passwd")


def loop(place: Path, other: Path) -> None:
    place.symlink_to(place.name)


def hard_link(place: Path, other: Path) -> None:
    os.link(other, place)


def pipe(place: Path, other: Path) -> None:
    os.mkfifo(place)


def device(place: Path, other: Path) -> None:
    place.symlink_to("/dev/zero")


def folder(place: Path, other: Path) -> None:
    place.mkdir()


KINDS = [link_inside, link_outside, loop, hard_link, pipe, device, folder]


@pytest.mark.parametrize("put", KINDS, ids=lambda put: put.__name__)
async def test_row_78_what_is_no_plain_file(
    clients: Clients, guest: Client, served: Served, put: Any
) -> None:
    victim = await clients.guest().add(9)
    record = await guest.add(1)
    image = f"{LIST}/{record['id']}"
    original, thumb = served.outputs / record["key"], served.outputs / record["thumb"]
    sidecar = original.with_suffix(".json")
    for place in (original, thumb, sidecar):
        place.unlink()
        put(place, served.outputs / victim["key"])
    stolen = (served.outputs / victim["key"]).read_bytes()
    for address in (
        record["url"], f"{image}/file", f"{image}/preview", f"{image}/preview?w=640", record["thumb_url"],
        f"{image}/thumb", record["url"].replace(".png", ".json"),
    ):  # fmt: skip
        answer = await asyncio.wait_for(guest.get(address), 5)
        assert answer.refusal == (404, "NOT_FOUND"), address
        assert answer.body != stolen
    assert (await guest.get(image)).status == 200
    assert await guest.listed() == [record["id"]]
    for action in ("delete", "restore"):
        assert (await guest.post(f"{image}/{action}")).status == 200


async def test_row_78_a_day_that_is_a_link(guest: Client, served: Served, tmp_path: Path) -> None:
    record = await guest.add(1)
    day = (served.outputs / record["key"]).parent
    day.rename(tmp_path / "elsewhere")
    day.symlink_to(tmp_path / "elsewhere")
    image = f"{LIST}/{record['id']}"
    for address in (
        record["url"],
        f"{image}/file",
        record["thumb_url"],
        record["url"].replace(".png", ".json"),
    ):
        assert (await guest.get(address)).refusal == (404, "NOT_FOUND"), address


async def test_row_79_a_file_swapped_while_it_is_read(guest: Client, served: Served) -> None:
    """What was opened is what is sent, whatever stands at its name meanwhile."""
    data = PNG + os.urandom(8_000_000)
    record = (await guest.send(data)).json["items"][0]
    place = served.outputs / record["key"]
    async with guest.session.get(guest.url + record["url"], headers=dict(guest.headers)) as response:
        first = await response.content.read(1_000)
        place.unlink()
        place.symlink_to("/etc/passwd")
        assert first + await response.read() == data
    assert (await guest.get(record["url"])).refusal == (404, "NOT_FOUND")


async def test_a_file_cut_short_while_it_is_read_ends_the_connection(guest: Client, served: Served) -> None:
    record = (await guest.send(PNG + os.urandom(8_000_000))).json["items"][0]
    async with guest.session.get(guest.url + record["url"], headers=dict(guest.headers)) as response:
        await response.content.read(1_000)
        os.truncate(served.outputs / record["key"], 5_000)
        with pytest.raises(Exception, match=r"ayload|not completed|Content"):
            await response.read()
    assert (await guest.get("/api/v1/me")).status == 200


@pytest.mark.slow
async def test_a_client_that_does_not_read_is_given_up(guest: Client, served: Served) -> None:
    record = (await guest.send(PNG + os.urandom(20_000_000))).json["items"][0]
    before = open_files()
    lines = [f"Cookie: {guest.headers['Cookie']}"]
    async with wire(served.port) as one:
        one.writer.transport.pause_reading()
        await one.say(head("GET", record["url"], *lines))
        await asyncio.sleep(0.3)
        assert open_files() > before
        for _ in range(100):
            if open_files() <= before + 1:
                break
            await asyncio.sleep(0.05)
        assert open_files() <= before + 1
    assert QUICK.stalled < 5


@pytest.mark.slow
async def test_clients_that_come_and_go_leave_no_file_open(guest: Client, served: Served) -> None:
    record = (await guest.send(PNG + os.urandom(2_000_000))).json["items"][0]
    await asyncio.gather(*(guest.get(record["url"]) for _ in range(20)), *map(guest.add, range(20)))
    before = open_files()
    lines = [f"Cookie: {guest.headers['Cookie']}", "Sec-Fetch-Site: same-origin"]
    upload = [*lines, "Content-Type: image/png", f"Content-Length: {len(PNG)}"]
    for number in range(60):
        async with wire(served.port) as one:
            if number % 2:
                await one.say(head("GET", record["url"], *lines))
            else:
                await one.say(head("POST", LIST, *upload) + PNG[: number * 20])
            await asyncio.sleep(0.001 * (number % 7))
            await one.hang_up(rudely=True)
    for _ in range(100):
        if open_files() <= before and not served.staging():
            break
        await asyncio.sleep(0.05)
    assert open_files() <= before
    assert served.staging() == []
