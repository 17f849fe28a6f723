"""The end of a server, and two of them on one library: nothing under way is lost, nothing stays unseen."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from imagehist.imaging.pool import WorkerPool
from tests import pictures
from tests.web.calling import Client, clients_of
from tests.web.running import QUICK, process, running

PNG = pictures.png(64, 48, noise=True)
LIST = "/api/v1/images"


async def dripping(pieces: int, seconds: float, started: asyncio.Event) -> AsyncIterator[bytes]:
    """The image in pieces with pauses."""
    step = len(PNG) // pieces + 1
    for start in range(0, len(PNG), step):
        yield PNG[start : start + step]
        started.set()
        await asyncio.sleep(seconds / pieces)


async def test_row_104_uploads_under_way_finish(tmp_path: Path) -> None:
    """SIGTERM in the middle of a body: the rest is still taken, and the image is there afterwards."""
    async with process(tmp_path / "o") as server, clients_of(server) as clients:
        guest, started = clients.guest(), asyncio.Event()
        upload = asyncio.create_task(
            guest.post(LIST, data=dripping(6, 1.2, started), headers={"Content-Type": "image/png"})
        )
        await started.wait()
        await asyncio.sleep(0.1)
        server.handle.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", server.port)
        answer = await upload
        assert answer.status == 201
        assert await asyncio.to_thread(server.handle.wait, 10) == 0
    async with process(tmp_path / "o") as server, clients_of(server) as clients:
        assert await clients.guest(guest.owner).listed() == [answer.json["items"][0]["id"]]


async def test_row_104_the_rest_of_a_body_is_taken_while_stopping(tmp_path: Path, pool: WorkerPool) -> None:
    running_one = running(tmp_path / "o", pool)
    served = await running_one.__aenter__()
    async with clients_of(served) as clients:
        started = asyncio.Event()
        sent = {"data": dripping(6, 0.6, started), "headers": {"Content-Type": "image/png"}}
        upload = asyncio.create_task(clients.guest().post(LIST, **sent))
        await started.wait()
        await asyncio.sleep(0.1)
        await running_one.__aexit__(None, None, None)
        [answer] = await asyncio.gather(upload, return_exceptions=True)
        assert getattr(answer, "status", answer) == 201
    assert served.staging() == []


@pytest.mark.slow
async def test_an_idle_server_stops_at_once(tmp_path: Path) -> None:
    async with process(tmp_path / "o") as server, clients_of(server) as clients:
        await clients.guest().add(1)
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        begun = time.monotonic()
        server.handle.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.handle.wait, 10) == 0
        assert time.monotonic() - begun < 3
        writer.close()


async def test_what_arrived_whole_is_kept_when_the_server_stops(tmp_path: Path, pool: WorkerPool) -> None:
    """The client is gone, the image is still being decoded, the server stops: it is finished."""
    async with running(tmp_path / "o", pool) as served, clients_of(served) as clients:
        guest = clients.guest()
        lost = asyncio.create_task(guest.send(PNG))
        while not served.staging():
            await asyncio.sleep(0)
        await asyncio.sleep(0.02)
        lost.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await lost
    async with running(tmp_path / "o", pool) as served, clients_of(served) as clients:
        listed = await clients.guest(guest.owner).listed()
        originals = [key for key in served.users() if key.endswith(".png")]
        assert len(listed) == len(originals)
        assert served.staging() == []


@pytest.mark.slow
async def test_a_stop_waits_only_so_long(tmp_path: Path, pool: WorkerPool) -> None:
    running_one = running(tmp_path / "o", pool, QUICK._replace(stopping=1.0))
    served = await running_one.__aenter__()
    async with clients_of(served) as clients:
        started = asyncio.Event()
        sent = {"data": dripping(100, 500, started), "headers": {"Content-Type": "image/png"}}
        upload = asyncio.create_task(clients.guest().post(LIST, **sent))
        await started.wait()
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        await running_one.__aexit__(None, None, None)
        assert 0.9 < time.monotonic() - begun < 5
        with pytest.raises(aiohttp.ClientError):
            await upload
    assert served.staging() == []


async def test_a_server_takes_all_the_handles_it_may_have(tmp_path: Path) -> None:
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), most))
    try:
        async with process(tmp_path / "o") as server:
            limits = Path(f"/proc/{server.handle.pid}/limits").read_text()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))
    assert int(limits.split("Max open files")[1].split()[0]) == min(most, 65_536)


# --- two servers on one library --------------------------------------------------------------------------


async def see(one: Client, other: Client) -> None:
    """Every kind of change through one server shows at once through the other, in every query."""
    record = await one.add(1, tags=["x"])
    assert await other.record(record["id"]) == record
    assert await other.listed() == [record["id"]]
    assert (await other.get(record["url"])).body == (await one.get(record["url"])).body
    changed = (await other.patch(f"{LIST}/{record['id']}", json={"favorite": True})).json
    assert await one.listed("?favorite=true") == [record["id"]]
    assert await one.record(record["id"]) == changed
    seq = (await one.post(f"{LIST}/{record['id']}/delete")).json["seq"]
    assert (await other.listed("?status=trash&order=trashed"))[0] == record["id"]
    assert (await other.get("/api/v1/me")).json == (await one.get("/api/v1/me")).json
    assert await other.listed() == []
    assert (await other.get("/api/v1/history")).json["items"][0]["seq"] == seq
    assert (await other.post(f"/api/v1/history/{seq}/undo")).json["changed"] == 1
    assert await one.listed() == [record["id"]]


async def test_two_servers_in_one_process(tmp_path: Path, pool: WorkerPool) -> None:
    async with running(tmp_path / "o", pool) as first, running(tmp_path / "o", pool) as second:
        async with clients_of(first) as some, clients_of(second) as others:
            guest = some.guest()
            for _ in range(3):
                await see(guest, others.guest(guest.owner))
                await guest.post(f"{LIST}/bulk", json={"action": "delete", "select": {}})


@pytest.mark.slow
async def test_two_server_processes(tmp_path: Path) -> None:
    async with process(tmp_path / "o") as first, process(tmp_path / "o") as second:
        async with clients_of(first) as some, clients_of(second) as others:
            guest = some.guest()
            await see(guest, others.guest(guest.owner))


async def test_a_key_repeated_at_another_server_makes_nothing_twice(tmp_path: Path, pool: WorkerPool) -> None:
    async with running(tmp_path / "o", pool) as first, running(tmp_path / "o", pool) as second:
        async with clients_of(first) as some, clients_of(second) as others:
            guest = some.guest()
            made = await guest.send(PNG, Idempotency_Key="k")
            again = await others.guest(guest.owner).send(PNG, Idempotency_Key="k")
            assert again.json == made.json


async def test_changes_through_two_servers_at_once_all_hold(tmp_path: Path, pool: WorkerPool) -> None:
    async with running(tmp_path / "o", pool) as first, running(tmp_path / "o", pool) as second:
        async with clients_of(first) as some, clients_of(second) as others:
            one = some.guest()
            two = others.guest(one.owner)
            image = (await one.add(1))["id"]
            work = [
                client.patch(f"{LIST}/{image}", json={"add_tags": [f"{place}-{number}"]})
                for number in range(10)
                for place, client in enumerate((one, two))
            ]
            answers = await asyncio.gather(*work)
            assert {answer.status for answer in answers} == {200}
            assert len((await one.record(image))["tags"]) == 20
            assert await one.record(image) == await two.record(image)
            assert (await one.get("/api/v1/history")).json["total"] == 21
