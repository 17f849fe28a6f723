"""Rebuilding: the index from manifests, manifests from sidecars, and lists meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from .figures import Figure, at_least, at_most, note, percentile
from .generator import owner_name
from .libraries import Place
from .loading import Connection, raw
from .running import Process, server, start_server

OWNER = owner_name(0)


def measure(place: Place) -> Iterator[Figure]:
    """All figures of rebuilding."""
    yield from _lost_index(place)
    root = place.whole()
    with server(root) as process:
        yield from _reindexed(process, root, "everything there", 40_000)
        for file in [*Path(root).glob("users/*/manifest*.jsonl"), *Path(root).glob(".imagehist/cursors/*")]:
            file.unlink()
        yield from _reindexed(process, root, "from sidecars", 25_000)


def _lost_index(place: Place) -> Iterator[Figure]:
    """The server starts without its index and makes it from the manifests before it answers."""
    for file in Path(place.one(), ".imagehist").glob("index.sqlite*"):
        file.unlink()
    process = start_server(place.one())
    process.end()
    rate = place.images / process.ready_seconds
    what = f"index of {place.images:,} records from the manifest, records a second"
    yield at_least(what, rate, "/s", 40_000, f"{process.ready_seconds:.1f} s")


def _reindexed(process: Process, root: str, what: str, bar: float) -> Iterator[Figure]:
    waits, done = list[float](), threading.Event()
    lister = threading.Thread(target=_list, args=(process, waits, done))
    lister.start()
    start = time.perf_counter()
    command = [
        sys.executable,
        "-P",
        "-m",
        "manifest_tools",
        "reindex",
        "--execute",
        "--json",
        "--outputs",
        root,
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    done.set()
    lister.join()
    if said.returncode not in (0, 1):
        raise SystemExit(f"reindex failed: {said.stderr}")
    report = json.loads(said.stdout)
    rate = report["records"] / seconds
    yield at_least(
        f"reindex, {what}, records a second", rate, "/s", bar, f"{seconds:.1f} s, {report['totals']}"
    )
    yield at_most("  list p99 meanwhile", percentile(waits, 0.99) * 1e3, "ms", 50)
    yield note("  list, slowest meanwhile", max(waits) * 1e3, "ms", f"{len(waits)} lists")


def _list(process: Process, waits: list[float], done: threading.Event) -> None:
    """A page every 10 ms, now the ready one, now one that asks the index."""
    connection = Connection(process.port)
    while not done.is_set():
        query = "" if len(waits) % 2 else f"?total=false&page={len(waits) % 100 + 1}"
        waits.append(connection.seconds(raw(f"/api/v1/images{query}", OWNER)))
        time.sleep(0.01)
