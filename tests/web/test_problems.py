"""The table of problems: complete, and every code provoked on a real server."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from imagehist.imaging.pool import WorkerPool
from imagehist.model import faults
from imagehist.model.faults import Fault, every_fault
from imagehist.web.problems import NOT_OVER_HTTP, PROBLEMS, problem_table
from tests import pictures
from tests.imaging.hostile import FOREIGN, gif_frames, raw_png
from tests.web.calling import Answer, Clients, clients_of
from tests.web.running import Served, own_pool, running

LIST = "/api/v1/images"
PNG = pictures.png(16, 12)


def test_every_fault_has_its_place() -> None:
    kinds = set(every_fault())
    assert kinds == PROBLEMS.keys() | NOT_OVER_HTTP
    assert not PROBLEMS.keys() & NOT_OVER_HTTP


def test_codes_are_stable_words_and_told_once() -> None:
    codes = [kind.code for kind in every_fault()]
    assert len(codes) == len(set(codes))
    assert all(code == code.upper() and code.replace("_", "").isalpha() for code in codes)
    table = problem_table()
    for kind, problem in PROBLEMS.items():
        assert f"| `{kind.code}` | {problem.status} | {problem.advice} |" in table
        assert 400 <= problem.status < 600 and problem.advice.endswith(".")


class Scene:
    """What a provocation may use: a server, callers, and a way to break what lies below."""

    def __init__(self, served: Served, clients: Clients, patch: pytest.MonkeyPatch) -> None:
        self.served = served
        self.clients = clients
        self.guest = clients.guest()
        self.patch = patch

    def disk_answers(self, call: str, number: int) -> None:
        """From here on a call to the disk fails."""

        def failing(*_: object, **__: object) -> Any:
            raise OSError(number, os.strerror(number))

        self.patch.setattr(self.served.opened.files, call, failing)


Provocation = Callable[[Scene], Awaitable[Answer]]
PROVOKED: dict[type[Fault], Provocation] = {}


def provokes(kind: type[Fault]) -> Callable[[Provocation], Provocation]:
    def keep(provocation: Provocation) -> Provocation:
        PROVOKED[kind] = provocation
        return provocation

    return keep


def plain(kind: type[Fault], method: str, path: str, **options: Any) -> None:
    """A provocation that is one call of a guest."""
    PROVOKED[kind] = lambda scene: scene.guest.call(method, path, **options)


plain(faults.BadRequest, "GET", LIST, headers={"Expect": "a miracle"})
plain(faults.BadParameter, "GET", f"{LIST}?size=0")
plain(faults.BadJson, "POST", f"{LIST}/bulk", data=b"{", headers={"Content-Type": "application/json"})
plain(faults.BadEncoding, "GET", f"{LIST}?q=%FF")
plain(faults.BadMultipart, "POST", LIST, data=b"x", headers={"Content-Type": "multipart/form-data"})
plain(faults.BadCursor, "GET", f"{LIST}?cursor=x")
plain(faults.FieldTooLong, "GET", f"{LIST}?q={'x' * 2000}")
plain(faults.AmbiguousCookie, "GET", LIST, headers={"Cookie": "anon_id=a; anon_id=b"})
plain(faults.BadSession, "GET", LIST, headers={"Cookie": "anon_id=forged"})
plain(faults.BadToken, "GET", LIST, headers={"Authorization": "Bearer wrong"})
plain(faults.CrossSite, "POST", LIST, headers={"Sec-Fetch-Site": "cross-site"})
plain(faults.NotFound, "GET", f"{LIST}/nothing")
plain(faults.MethodNotAllowed, "DELETE", LIST)
plain(faults.UnsupportedMediaType, "POST", LIST, data=b"x", headers={"Content-Type": "text/plain"})
plain(faults.EncodingNotSupported, "POST", LIST, data=b"x", headers={"Content-Encoding": "gzip"})
plain(faults.BadHost, "GET", LIST, headers={"Host": "evil.example"})


@provokes(faults.EmptyFile)
async def empty(scene: Scene) -> Answer:
    return await scene.guest.send(b"")


@provokes(faults.FormatNotAllowed)
async def svg(scene: Scene) -> Answer:
    return await scene.guest.send(FOREIGN["svg"])


@provokes(faults.ImageCorrupt)
async def half(scene: Scene) -> Answer:
    return await scene.guest.send(PNG[: len(PNG) // 2])


@provokes(faults.TooManyPixels)
async def bomb(scene: Scene) -> Answer:
    return await scene.guest.send(raw_png(65_535, 65_535, b"", depth=1, colour=0))


@provokes(faults.TooManyFrames)
async def film(scene: Scene) -> Answer:
    return await scene.guest.send(gif_frames(1_001))


@provokes(faults.NothingAccepted)
async def several(scene: Scene) -> Answer:
    return await scene.guest.send_form([("1", b""), ("2", b"")])


@provokes(faults.MetaMismatch)
async def mismatch(scene: Scene) -> Answer:
    return await scene.guest.send_form([("1", PNG)], [{}, {}])


@provokes(faults.TooManyParts)
async def parts(scene: Scene) -> Answer:
    return await scene.guest.send_form([("1", b"x")] * 502)


@provokes(faults.FileTooLarge)
async def large(scene: Scene) -> Answer:
    return await scene.guest.post(LIST, data=b"x" * 60_001, headers={"Content-Type": "image/png"})


@provokes(faults.RequestTooLarge)
async def larger(scene: Scene) -> Answer:
    return await scene.guest.send_form([("1", b"x" * 50_000)] * 4)


@provokes(faults.BadOwner)
async def no_owner(scene: Scene) -> Answer:
    return await scene.clients.admin().get(LIST)


@provokes(faults.TooManyTries)
async def tries(scene: Scene) -> Answer:
    for _ in range(10):
        await scene.clients.bearer("wrong").get(LIST)
    return await scene.clients.bearer("wrong").get(LIST)


@provokes(faults.TooManyGuests)
async def guests(scene: Scene) -> Answer:
    for _ in range(60):
        await scene.clients.nobody().get(LIST)
    return await scene.clients.nobody().get(LIST)


@provokes(faults.IdempotencyConflict)
async def conflict(scene: Scene) -> Answer:
    await scene.guest.send(PNG, Idempotency_Key="k")
    return await scene.guest.send(pictures.png(8, 8), Idempotency_Key="k")


@provokes(faults.SelectionChanged)
async def selection(scene: Scene) -> Answer:
    return await scene.guest.post(f"{LIST}/bulk", json={"action": "delete", "select": {}, "expect": 9})


@provokes(faults.CannotUndo)
async def twice(scene: Scene) -> Answer:
    rev = (await scene.guest.add(1))["rev"]
    await scene.guest.post(f"/api/v1/history/{rev}/undo")
    return await scene.guest.post(f"/api/v1/history/{rev}/undo")


@provokes(faults.PreconditionFailed)
async def stale(scene: Scene) -> Answer:
    image = (await scene.guest.add(1))["id"]
    return await scene.guest.patch(f"{LIST}/{image}", json={}, headers={"If-Match": '"999"'})


@provokes(faults.RangeNotSatisfiable)
async def outside(scene: Scene) -> Answer:
    url = (await scene.guest.add(1))["url"]
    return await scene.guest.get(url, headers={"Range": "bytes=99999-"})


@provokes(faults.SlowClient)
async def slow(scene: Scene) -> Answer:
    async def standing() -> Any:
        yield PNG[:100]
        await asyncio.Event().wait()

    return await scene.guest.post(LIST, data=standing(), headers={"Content-Type": "image/png"})


@provokes(faults.StorageFull)
async def full(scene: Scene) -> Answer:
    scene.disk_answers("write", errno.ENOSPC)
    return await scene.guest.send(PNG)


@provokes(faults.StorageReadOnly)
async def read_only(scene: Scene) -> Answer:
    scene.disk_answers("create", errno.EROFS)
    return await scene.guest.send(PNG)


@provokes(faults.Busy)
async def out_of_handles(scene: Scene) -> Answer:
    scene.disk_answers("create", errno.EMFILE)
    return await scene.guest.send(PNG)


@provokes(faults.OutcomeUnknown)
async def unknown(scene: Scene) -> Answer:
    image, files = (await scene.guest.add(1))["id"], scene.served.opened.files
    write = files.write

    def last_write(handle: int, data: bytes | memoryview) -> int:
        scene.disk_answers("fdatasync", errno.EIO)
        return write(handle, data)

    scene.patch.setattr(files, "write", last_write)
    return await scene.guest.post(f"{LIST}/{image}/delete")


WITHOUT_A_CAUSE = {faults.BadQuery, faults.QuotaExceeded}
"""Names the contract has for what this version has not: a search grammar, quotas."""


def test_every_code_has_its_provocation() -> None:
    hurt = {faults.ProcessingTimeout, faults.ProcessingFailed}
    assert PROVOKED.keys() | hurt | WITHOUT_A_CAUSE == PROBLEMS.keys()


@pytest.mark.parametrize(
    "kind", [one for one in PROBLEMS if one not in WITHOUT_A_CAUSE], ids=lambda kind: kind.code
)
async def test_every_code_is_provoked(
    kind: type[Fault], tmp_path: Path, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind in (faults.ProcessingTimeout, faults.ProcessingFailed):
        await hurt_decoder(kind, tmp_path)
        return
    limits = {"max_file_bytes": 60_000, "max_request_bytes": 150_000, "body_seconds": 1}
    async with running(tmp_path / "o", pool, **limits) as served, clients_of(served) as clients:
        scene = Scene(served, clients, monkeypatch)
        answer = await PROVOKED[kind](scene)
        monkeypatch.undo()
        assert answer.refusal == (PROBLEMS[kind].status, kind.code)
        assert served.staging() == []
        if PROBLEMS[kind].status != 429:
            assert (await scene.guest.get("/api/v1/me")).status == 200


async def hurt_decoder(kind: type[Fault], tmp_path: Path) -> None:
    """A decoder that stands still is given up, one that dies is told; the next file is well again."""
    with own_pool(0.8) as pool:
        async with (
            running(tmp_path / "o", pool, imaging_processes=1) as served,
            clients_of(served) as clients,
        ):
            guest = clients.guest()
            await guest.add(1)
            [child] = pool.pids()
            os.kill(child, signal.SIGSTOP)
            if kind is faults.ProcessingFailed:
                threading.Timer(0.3, os.kill, (child, signal.SIGKILL)).start()
            answer = await guest.send(PNG)
            assert answer.refusal == (422, kind.code)
            assert served.staging() == []
            assert (await guest.send(PNG)).status == 201
            assert pool.pids() != [child]
