"""Work in threads, lanes and turns: who is cancelled leaves late, who fails stops nobody else."""

from __future__ import annotations

import asyncio
import threading

import pytest

from imagehist.committing import Draft, View
from imagehist.model.faults import NotFound
from imagehist.web.background import Background
from imagehist.web.keys import LANES
from imagehist.web.threads import Threads
from imagehist.web.turns import Turns
from tests.web.calling import Clients
from tests.web.running import Served


@pytest.fixture
async def threads() -> Threads:
    return Threads(1)


async def test_a_cancelled_caller_leaves_when_its_job_has_let_go(threads: Threads) -> None:
    """Else a file would be closed under a thread that writes to it, and its number given to another."""
    begun, go_on, done = threading.Event(), threading.Event(), []

    def job() -> None:
        begun.set()
        go_on.wait(5)
        done.append(True)

    caller = asyncio.create_task(threads.write(job))
    await asyncio.to_thread(begun.wait, 5)
    for _ in range(3):
        caller.cancel()
        await asyncio.sleep(0.02)
        assert not caller.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert done == [True]


async def test_a_job_that_has_not_begun_never_does(threads: Threads) -> None:
    begun, go_on, done = threading.Event(), threading.Event(), []

    def first() -> None:
        begun.set()
        go_on.wait(5)

    one = asyncio.create_task(threads.decode(first))
    two = asyncio.create_task(threads.decode(done.append, True))
    await asyncio.to_thread(begun.wait, 5)
    two.cancel()
    with pytest.raises(asyncio.CancelledError):
        await two
    go_on.set()
    await one
    assert done == []


async def test_what_nobody_waits_for_any_more_is_given_back(threads: Threads) -> None:
    begun, go_on, back = threading.Event(), threading.Event(), []

    def opened() -> int:
        begun.set()
        go_on.wait(5)
        return 7

    caller = asyncio.create_task(threads.acquire(opened, back.append))
    await asyncio.to_thread(begun.wait, 5)
    caller.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert back == [7]
    assert await threads.acquire(opened, back.append) == 7
    assert back == [7]


async def test_a_lane_goes_on_after_any_failure(clients: Clients, served: Served) -> None:
    guest, lanes = clients.guest(), served.app[LANES]
    await guest.add(1)

    def odd(_: View) -> Draft | None:
        raise ZeroDivisionError

    def refused(_: View) -> Draft | None:
        raise NotFound("no")

    with pytest.raises(ZeroDivisionError):
        await lanes.commit(guest.owner, odd, "guest")
    with pytest.raises(NotFound):
        await lanes.commit(guest.owner, refused, "guest")
    async with asyncio.timeout(5):
        await guest.add(2)
    assert len(await guest.listed()) == 2


async def test_one_refusal_in_a_group_is_nobody_elses(clients: Clients, served: Served) -> None:
    guest, lanes = clients.guest(), served.app[LANES]

    def refused(_: View) -> Draft | None:
        raise NotFound("no")

    found = await asyncio.gather(
        *(guest.add(seed) for seed in range(3)),
        *(lanes.commit(guest.owner, refused, "guest") for _ in range(3)),
        return_exceptions=True,
    )
    assert [type(one) for one in found[3:]] == [NotFound] * 3
    assert len(await guest.listed()) == 3


async def test_turns_are_taken_one_after_another() -> None:
    turns, inside, most = Turns(), 0, 0

    async def act(name: str) -> None:
        nonlocal inside, most
        async with turns.turn(name):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(act("same") for _ in range(10)))
    assert most == 1
    await asyncio.gather(*(act(str(number)) for number in range(10)))
    assert most == 10


async def test_the_end_waits_for_what_lasts_and_stops_what_repeats() -> None:
    background, done = Background(), []

    async def lasting() -> None:
        await asyncio.sleep(0.05)
        done.append("lasting")

    async def failing() -> None:
        done.append("failing")
        raise RuntimeError

    background.every("failing", 0.001, failing)
    background.lasting(lasting())
    await asyncio.sleep(0.02)
    assert background.failures == {"failing": "RuntimeError"}
    await background.close()
    assert done == ["failing", "lasting"]


async def test_an_owner_who_is_held_stops_nobody_else(clients: Clients, served: Served) -> None:
    """Another process has the owner's lock: its changes wait, everybody else's do not."""
    held, other = clients.guest(), clients.guest()
    first = await held.add(1)
    with served.library.manifest.hold(held.owner):
        waiting = [
            asyncio.create_task(held.patch(f"/api/v1/images/{first['id']}", json={"rating": n}))
            for n in (1, 2)
        ]
        async with asyncio.timeout(10):
            await other.add(2)
            assert await held.listed() == [first["id"]]
        assert not any(task.done() for task in waiting)
    assert [answer.status for answer in await asyncio.gather(*waiting)] == [200, 200]
