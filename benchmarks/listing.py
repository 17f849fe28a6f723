"""Lists: the newest page against ready-made bytes, pages anywhere, filters, totals, depth of paging."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from random import Random
from urllib.parse import quote

from . import words
from .figures import Figure, at_least, at_most, note, percentile
from .generator import YEARS, owner_name
from .libraries import Place
from .loading import Connection, by_turns, load, raw
from .running import Process, bare, server

LIST = "/api/v1/images"
OWNER = owner_name(0)


def measure(place: Place) -> Iterator[Figure]:
    """All figures of lists."""
    with server(place.small()) as process:
        small = _first_page(process, place)
        small_plain = _walked_page(process, place)
    with server(place.one()) as process:
        yield from _newest(process, place, small)
        walked = _walked_page(process, place)
        yield at_most(
            "newest page past the cache, cost at all images / at 1,000", walked / small_plain, "x", 1.3
        )
        yield from _pages(process, place)
        yield from _totals(process, place)
    with server(place.many()) as process:
        yield from _many(process, place)


def _newest(process: Process, place: Place, small: float) -> Iterator[Figure]:
    path = place.fresh("ready")
    Path(path).mkdir()
    Path(path, "page").write_bytes(Connection(process.port).ask(raw(LIST, OWNER))[1])
    with bare(path) as base:
        ours, theirs = by_turns(place, [(process, [raw(LIST, OWNER)]), (base, [raw("/memory/page")])])
    yield at_least("newest page, 32 connections / ready-made bytes", ours.rate / theirs.rate, "x", 0.5)
    yield note("  pages a second", ours.rate, "/s", ours.told())
    yield note("  ready-made answers a second", theirs.rate, "/s", theirs.told())
    first = _first_page(process, place)
    yield at_most("newest page, one connection, p50", first * 1e3, "ms", 1)
    yield at_most("newest page, p50 at all images / at 1,000", first / small, "x", 1.3)


def _first_page(process: Process, place: Place) -> float:
    connection = Connection(process.port)
    return percentile([connection.seconds(raw(LIST, OWNER)) for _ in range(place.times(2_000))], 0.5)


def _walked_page(process: Process, place: Place) -> float:
    """The newest page when its bytes are not ready."""
    random, connection = Random(6), Connection(process.port)
    asked = {f"{LIST}?total=false&{_spelling(random)}" for _ in range(place.times(1_000))}
    return percentile([connection.seconds(raw(one, OWNER)) for one in asked], 0.5)


def _pages(process: Process, place: Place) -> Iterator[Figure]:
    """Pages by cursor from anywhere, by number far back, and under every filter and pair of filters."""
    random, connection = Random(7), Connection(process.port)
    last = place.images * 9 // 10 // 60
    starts = [
        raw(f"{LIST}?total=false&page={random.randint(1, last)}", OWNER) for _ in range(place.times(300))
    ]
    cursors = [json.loads(connection.ask(start)[1])["next_cursor"] for start in starts]
    times = [connection.seconds(raw(f"{LIST}?total=false&cursor={one}", OWNER)) for one in cursors]
    yield from _both("page by cursor, anywhere", times)
    worst: list[tuple[float, float, str]] = []
    for names, queries in _filters(place, random):
        times = [connection.seconds(raw(f"{LIST}?total=false&{one}", OWNER)) for one in queries]
        worst.append((percentile(times, 0.5), percentile(times, 0.99), names))
    yield at_most(
        "page by one or two filters, p50, slowest kind", max(worst)[0] * 1e3, "ms", 2, max(worst)[2]
    )
    slow = max(worst, key=lambda one: one[1])
    yield at_most("page by one or two filters, p99, slowest kind", slow[1] * 1e3, "ms", 10, slow[2])
    number = min(5_000, last)
    deep = [raw(f"{LIST}?total=false&page={number - n}", OWNER) for n in range(place.times(100))]
    yield at_most(f"page {number:,} by number, p50", _median(connection, deep), "ms", 5)


def _median(connection: Connection, requests: list[bytes]) -> float:
    return percentile([connection.seconds(one) for one in requests], 0.5) * 1e3


def _both(what: str, times: list[float]) -> Iterator[Figure]:
    yield at_most(f"{what}, p50", percentile(times, 0.5) * 1e3, "ms", 2)
    yield at_most(f"{what}, p99", percentile(times, 0.99) * 1e3, "ms", 10)


def _filters(place: Place, random: Random, size: int = 60) -> Iterator[tuple[str, list[str]]]:
    """Every filter and every pair of filters with differing values; no address is asked twice."""
    kinds = ("tag", "workflow", "ratio", "day", "favorite")
    pairs = [(one,) for one in kinds] + list(combinations(kinds, 2)) + [("tag", "tag")]
    asked: set[str] = set()
    for names in pairs:
        queries: list[str] = []
        while len(queries) < place.times(200):
            query = "&".join([*(_value(name, random) for name in names), _spelling(random, size)])
            if query not in asked:
                asked.add(query)
                queries.append(query)
        yield " and ".join(names), queries


def _value(name: str, random: Random) -> str:
    day = datetime.now(UTC).date() - timedelta(days=random.randint(1, YEARS * 365))
    return {
        "tag": f"tag={quote(random.choice(words.tags(random) or [words.TAGS[-1]]))}",
        "workflow": f"workflow_id={random.choice(words.WORKFLOWS)}",
        "ratio": f"aspect_ratio={quote(random.choice(words.RATIOS)[0])}",
        "day": f"from={day}&to={day}",
        "favorite": "favorite=true",
    }[name]


def _spelling(random: Random, size: int = 60) -> str:
    """The first page of that size, spelled in one of thousands of ways: no bytes are ready for it."""
    zeros = f"size={size:0{random.randint(3, 12)}}&page={1:0{random.randint(1, 12)}}"
    return zeros + "&" * random.randint(0, 40)


def _totals(process: Process, place: Place) -> Iterator[Figure]:
    """Exact totals, each with a page of one image."""
    random, connection = Random(8), Connection(process.port)
    single, several = [raw(f"{LIST}?{_spelling(random, 1)}", OWNER) for _ in range(60)], []
    for names, queries in _filters(place, random, 1):
        asked = [raw(f"{LIST}?{one}", OWNER) for one in queries]
        if " and " in names:
            several += asked
        else:
            single += asked
    yield at_most("exact total of no or one filter, p50", _median(connection, single), "ms", 2)
    times = [connection.seconds(one) * 1e3 for one in several]
    yield at_most("exact total of two filters, p99", percentile(times, 0.99), "ms", 100)


def _many(process: Process, place: Place) -> Iterator[Figure]:
    """A thousand owners in turn: most pages are no longer, or not yet, kept ready."""
    asked = [raw(LIST, owner_name(number)) for number in range(1_000)]
    found = load(process, asked, 32, place.seconds(5))
    yield note("newest page over 1,000 owners in turn, 32 connections", found.rate, "/s", found.told())
    connection = Connection(process.port)
    times = [connection.seconds(raw(f"{LIST}?total=false", owner_name(n))) for n in range(place.times(1_000))]
    yield from _both("newest page of an owner not met before", times)
