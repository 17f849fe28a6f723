"""Restarts: from exec to the first accepted connection, after an orderly end and after kill -9 under load."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

from .changing import some_ids
from .figures import Figure, at_most, note, percentile
from .generator import owner_name
from .libraries import Place
from .loading import Connection, raw
from .pictures import encoded, photo
from .running import Process, start_server

LIST = "/api/v1/images"


def measure(place: Place) -> Iterator[Figure]:
    """All figures of restarts."""
    for name, root, owners in (("one library", place.one(), 1), ("1,000 libraries", place.many(), 1_000)):
        times = []
        start_server(root).end()  # an index of another version, or none, would be made anew in this one
        for _ in range(3):
            process = start_server(root)
            times.append(process.ready_seconds)
            process.end()
        what = f"restart to ready, {place.images:,} images, {name}"
        yield at_most(f"{what}, median of 3", percentile(times, 0.5), "s", 1)
        killed, acknowledged = [], 0
        for _ in range(3):
            process = start_server(root)
            acknowledged += _killed_under_load(process, owners)
            process = start_server(root)
            killed.append(process.ready_seconds)
            process.end()
        yield at_most(f"{what}, after kill -9 under load, slowest of 3", max(killed), "s", 2)
        yield note("  changes acknowledged before the kills", acknowledged, "")


def _killed_under_load(process: Process, owners: int) -> int:
    """Four clients upload and change until the server is killed under them."""
    done, picture = [0] * 4, encoded(photo(1), "PNG")

    def work(client: int) -> None:
        owner = owner_name(client % owners)
        connection, ids = Connection(process.port), some_ids(process, owner, 15)
        asked = [raw(f"{LIST}/{one}", owner, "PATCH", b'{"favorite":true}') for one in ids]
        asked += [raw(LIST, owner, "POST", picture, Content_Type="image/png")]
        try:
            while True:
                for one in asked:
                    connection.ask(one)
                    done[client] += 1
        except OSError:
            return

    clients = [threading.Thread(target=work, args=(client,)) for client in range(4)]
    for client in clients:
        client.start()
    time.sleep(3)
    process.end(signal.SIGKILL)
    for client in clients:
        client.join()
    return sum(done)
