"""Uploads: durable 1024 x 1024 PNGs by eight clients against the same imaging in a bare pool."""

from __future__ import annotations

import json
import struct
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from imagehist.imaging import inspecting, rendering
from imagehist.imaging.container import Limits

from .figures import Figure, at_least, at_most
from .generator import owner_name
from .libraries import Place
from .loading import Connection, raw
from .pictures import encoded, photo
from .running import Process, server

CLIENTS = 8
LIST = "/api/v1/images"


def measure(place: Place) -> Iterator[Figure]:
    """All figures of uploads."""
    count = 48 if place.quick else 480
    pictures = [encoded(photo(number), "PNG") for number in range(8)]
    bare = _in_bare_pool(place, pictures, count)
    for name, send in (("bare body", _bare_body), ("multipart", _multipart)):
        with server(place.fresh("uploads")) as process:
            _warm(process, pictures)
            worked, start = process.cpu(), time.perf_counter()
            _all_clients(process, send, pictures, count)
            wall, worked = time.perf_counter() - start, (process.cpu() - worked) / count
        beside = f"{worked * 1e3:.1f} ms CPU beside {bare * 1e3:.1f} ms"
        yield at_most(
            f"upload, {name}: CPU of server and workers / bare pool", worked / bare, "x", 1.25, beside
        )
        yield at_least(f"upload, {name}: images a second, clients on the same cores", count / wall, "/s", 45)


def distinct(picture: bytes, number: int) -> bytes:
    """The same PNG with a text chunk of its own."""
    body = b"tEXtComment\0picture %d" % number
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return picture[:-12] + chunk + picture[-12:]


def _in_bare_pool(place: Place, pictures: Sequence[bytes], count: int) -> float:
    """Processor seconds of one inspection in a process that does nothing else."""
    folder = Path(place.fresh("bare-pool"))
    folder.mkdir()
    paths = []
    for number, picture in enumerate(pictures):
        (folder / str(number)).write_bytes(picture)
        paths.append(str(folder / str(number)))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        times = list(pool.map(_inspect, (paths * count)[: count // 2], chunksize=8))
    return sum(times[8:]) / len(times[8:])


def _inspect(path: str) -> float:
    engine, start = rendering.engine(), time.process_time()
    inspecting.inspect(engine, path, Limits(100_000_000, 1_000))
    return time.process_time() - start


def _bare_body(picture: bytes, owner: str) -> bytes:
    return raw(LIST, owner, "POST", picture, Content_Type="image/png")


def _multipart(picture: bytes, owner: str) -> bytes:
    head = b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    kind = "multipart/form-data; boundary=xyz"
    return raw(LIST, owner, "POST", head + picture + b"\r\n--xyz--\r\n", Content_Type=kind)


def _warm(process: Process, pictures: Sequence[bytes]) -> None:
    connection = Connection(process.port)
    for number, picture in enumerate(pictures):
        connection.seconds(_bare_body(distinct(picture, -number), owner_name(0)), 201)


def _all_clients(process: Process, send: object, pictures: Sequence[bytes], count: int) -> None:
    """Every client sends its share, one after the other, and looks at what it was told."""
    problems: list[str] = []

    def work(client: int) -> None:
        connection = Connection(process.port)
        for number in range(client, count, CLIENTS):
            picture = distinct(pictures[number % len(pictures)], number)
            assert callable(send)
            status, body = connection.ask(send(picture, owner_name(client)))
            items = json.loads(body).get("items") or [{}]
            if status != 201 or items[0].get("width") != 1024 or not items[0].get("thumbhash"):
                problems.append(f"{status} {body[:200]!r}")

    clients = [threading.Thread(target=work, args=(client,)) for client in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if problems:
        raise SystemExit(f"{len(problems)} uploads failed: {problems[0]}")
