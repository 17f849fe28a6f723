"""Memory: the server after mixed load over a thousand owners, a worker at twelve megapixels."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .figures import Figure, at_most, note
from .generator import owner_name
from .libraries import Place
from .loading import Connection, load, raw
from .pictures import encoded, photo
from .running import Process, memory, server

LIST = "/api/v1/images"
FILTERS = ("", "?page=2", "?tag=tag-001", "?workflow_id=workflow-03&favorite=true", "?status=trash", "?q=fog")


def measure(place: Place) -> Iterator[Figure]:
    """All figures of memory."""
    with server(place.many()) as process:
        yield note("server just started", memory(process.pid), "MB")
        load(process, _mixed(process), 32, place.seconds(20))
        connection = Connection(process.port)
        for number, picture in enumerate(_large()):
            connection.seconds(raw(LIST, owner_name(number), "POST", picture, Content_Type="image/png"), 201)
        load(process, _mixed(process), 32, place.seconds(5))
        yield at_most("server after mixed load over 1,000 owners", memory(process.pid), "MB", 150)
        yield note("  the most it had", memory(process.pid, "VmHWM"), "MB")
        most = max(memory(pid, "VmHWM") for pid in process.workers())
        yield at_most("worker, the most it had at 12 megapixels", most, "MB", 300)


def _mixed(process: Process) -> list[bytes]:
    """Lists, filters, thumbs and favourites of every owner."""
    asked, connection = list[bytes](), Connection(process.port)
    for number in range(1_000):
        owner = owner_name(number)
        asked += [raw(f"{LIST}{query}", owner) for query in FILTERS]
        if number % 5 == 0:
            items = json.loads(connection.ask(raw(f"{LIST}?size=20&total=false", owner))[1])["items"]
            asked += [raw(item["thumb_url"], owner) for item in items]
            asked += [raw(f"{LIST}/{item['id']}", owner, "PATCH", b'{"favorite":true}') for item in items[:3]]
    return asked


def _large() -> Iterator[bytes]:
    for number in range(2):
        yield encoded(photo(number, 4000, 3000), "PNG" if number else "JPEG")
