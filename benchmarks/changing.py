"""Changes: favourite, trash and restore, durable, against bare appends that wait for the disk; bulk."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .figures import Figure, at_least, at_most, note, percentile
from .generator import owner_name
from .libraries import Place
from .loading import Connection, load, raw
from .running import Process, server

LIST = "/api/v1/images"
OWNER = owner_name(0)
LINE = b'{"seq":1000001,"at":"2026-01-01T00:00:00.000000Z","by":"guest","op":"set"}\n' * 5


def measure(place: Place) -> Iterator[Figure]:
    """All figures of changes."""
    with server(place.one()) as process:
        ids = some_ids(process, OWNER, 480)
        for name in ("favorite", "trash and restore"):
            for clients in (1, 32):
                yield from _against_bare(process, place, name, _changes(name, OWNER, ids), clients)
        yield from _bulk(process, place)
    with server(place.many()) as process:
        requests = []
        for number in range(32):
            owner = owner_name(number)
            requests += _changes("favorite", owner, some_ids(process, owner, 15))
        spread = requests[::15] + [one for n in range(1, 15) for one in requests[n::15]]
        yield from _against_bare(process, place, "favorite, each client its own library", spread, 32)


def some_ids(process: Process, owner: str, count: int) -> list[str]:
    """Ids of the newest images."""
    asked = raw(f"{LIST}?size={count}&total=false", owner)
    return [item["id"] for item in json.loads(Connection(process.port).ask(asked)[1])["items"]]


def _changes(name: str, owner: str, ids: Sequence[str]) -> list[bytes]:
    """Requests that each change something, over and over."""
    if name == "favorite":
        bodies = [b'{"favorite":true}', b'{"favorite":false}']
        return [raw(f"{LIST}/{one}", owner, "PATCH", body) for body in bodies for one in ids]
    ways = ("delete", "restore")
    return [raw(f"{LIST}/{one}/{way}", owner, "POST") for way in ways for one in ids]


def _against_bare(
    process: Process, place: Place, name: str, requests: list[bytes], clients: int
) -> Iterator[Figure]:
    """Three turns each; the bare side appends lines of the same length to one file a client or to one."""
    seconds, several = place.seconds(4), "own" in name
    ours, theirs = [], []
    for _ in range(1 if place.quick else 3):
        theirs.append(appends(place.folder, clients, clients if several else 1, seconds))
        ours.append(load(process, requests, clients, seconds))
    found, base = sorted(ours, key=lambda one: one.rate)[len(ours) // 2], sorted(theirs)[len(theirs) // 2]
    if any(one.refused for one in ours):
        raise SystemExit(f"{found.refused} changes were refused")
    what = f"{name}, {clients} client{'s' if clients > 1 else ''} / bare append + fdatasync"
    yield at_least(
        what, found.rate / base, "x", 0.5, f"{found.rate:.0f}/s beside {base:.0f}/s, {found.told()}"
    )


def appends(folder: str, threads: int, files: int, seconds: float) -> float:
    """Appends a second that this many threads make durable, each before its next."""
    handles = [
        os.open(f"{folder}/append-{n}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) for n in range(files)
    ]
    done, end = [0] * threads, time.perf_counter() + seconds

    def work(number: int) -> None:
        while time.perf_counter() < end:
            os.write(handles[number % files], LINE)
            os.fdatasync(handles[number % files])
            done[number] += 1

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for number, handle in enumerate(handles):
        os.close(handle)
        Path(f"{folder}/append-{number}").unlink()
    return sum(done) / seconds


def _bulk(process: Process, place: Place) -> Iterator[Figure]:
    """Everything of about 53 days into the trash and back, by query and by ids."""
    connection, today = Connection(process.port), datetime.now(UTC).date()
    wanted = min(48_000, place.images // 3)
    span = round(wanted * 3 * 365 / place.images / 0.98)
    select = {"from": str(today - timedelta(days=200 + span)), "to": str(today - timedelta(days=201))}
    body = json.dumps({"action": "delete", "select": select}).encode()
    times, changed, undone = [], 0, 0.0
    for _ in range(place.times(3)):
        start = time.perf_counter()
        _, said = connection.ask(raw(f"{LIST}/bulk", OWNER, "POST", body))
        times.append(time.perf_counter() - start)
        answer = json.loads(said)
        changed = answer["changed"]
        start = time.perf_counter()
        connection.seconds(raw(f"/api/v1/history/{answer['seq']}/undo", OWNER, "POST"))
        undone = time.perf_counter() - start
        time.sleep(place.seconds(6))
    yield at_most(f"bulk trash of {changed:,} by query", percentile(times, 0.5), "s", 1)
    yield note(f"undo of that, {changed:,} images", undone, "s")
