"""Group A: bodies too large, broken off, too slow, encoded; each test names its row."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import pictures
from tests.hostile.wire import drip, exchange, head, untouched, wire
from tests.web.calling import Client, clients_of
from tests.web.running import Served, process

LIST = "/api/v1/images"
BULK = f"{LIST}/bulk"
PNG = pictures.png(64, 48, noise=True)
IMAGE = {"Content-Type": "image/png"}
FORM = "multipart/form-data; boundary=B"
PART = 'Content-Disposition: form-data; name="file"; filename="x.png"\r\n'
NAMED = 'Content-Disposition: form-data; name="{}"\r\n'


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """A body without a length."""
    for part in parts:
        yield part


@pytest.mark.parametrize("way", ["bare", "form"])
async def test_row_1_zero_bytes(guest: Client, served: Served, way: str) -> None:
    answer = await (guest.send(b"") if way == "bare" else guest.send_form([("x.png", b"")]))
    assert answer.refusal == (400, "EMPTY_FILE")
    assert await untouched(served, guest)


@pytest.mark.parametrize(("kind", "code"), [("image/png", "FILE_TOO_LARGE"), (FORM, "REQUEST_TOO_LARGE")])
async def test_row_2_too_large_by_its_own_words_is_refused_unread(
    strict: Served, kind: str, code: str
) -> None:
    async with wire(strict.port) as one:
        await one.say(head("POST", LIST, f"Content-Type: {kind}", "Content-Length: 999999999"))
        answer = await one.hear(2)
        assert answer and answer.refusal == (413, code)
        assert answer.headers["Connection"] == "close"
    assert strict.staging() == []


async def test_row_3_too_large_in_chunks_is_refused_on_the_way(strict: Served) -> None:
    async with clients_of(strict) as clients:
        guest = clients.guest()
        answer = await guest.post(LIST, data=pieces(*[b"x" * 20_000] * 20), headers=IMAGE)
        assert answer.refusal == (413, "FILE_TOO_LARGE")
        start = b'--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        body = pieces(start, *[b"x" * 20_000] * 20)
        answer = await guest.post(LIST, data=body, headers={"Content-Type": FORM})
        assert answer.refusal == (413, "REQUEST_TOO_LARGE")
        assert await untouched(strict, guest)


@pytest.mark.slow
@pytest.mark.parametrize("rudely", [False, True])
@pytest.mark.parametrize("way", ["bare", "form"])
async def test_row_4_the_client_vanishes_at_every_tenth(
    guest: Client, served: Served, way: str, rudely: bool
) -> None:
    start = b'--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    body = PNG if way == "bare" else start + PNG + b"\r\n" + start + PNG + b"\r\n--B--\r\n"
    kind = "image/png" if way == "bare" else FORM
    lines = [f"Content-Type: {kind}", f"Content-Length: {len(body)}", f"Cookie: {guest.headers['Cookie']}"]
    for tenth in range(10):
        async with wire(served.port) as one:
            await one.say(head("POST", LIST, *lines, "Sec-Fetch-Site: same-origin"))
            await one.say(body[: len(body) * tenth // 10])
            await asyncio.sleep(0.02)
            await one.hang_up(rudely)
    for _ in range(100):
        if not served.staging():
            break
        await asyncio.sleep(0.02)
    assert await untouched(served, guest)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "x", "gzip, identity", "GZIP"])
async def test_row_14_encoded_bodies(guest: Client, served: Served, coding: str) -> None:
    for data in (b"garbage", gzip.compress(PNG), zlib.compress(PNG)):
        answer = await guest.post(LIST, data=data, headers={**IMAGE, "Content-Encoding": coding})
        assert answer.refusal == (415, "ENCODING_NOT_SUPPORTED")
    packed = gzip.compress(b'{"action":"delete","ids":[]}')
    sent = {"Content-Type": "application/json", "Content-Encoding": coding}
    assert (await guest.post(BULK, data=packed, headers=sent)).refusal == (415, "ENCODING_NOT_SUPPORTED")
    assert await untouched(served, guest)


@pytest.mark.slow
async def test_row_15_a_gzip_bomb_is_never_unpacked(guest: Client, served: Served) -> None:
    bomb = gzip.compress(b"\0" * 100_000_000, 1)
    answer = await guest.post(LIST, data=bomb, headers={**IMAGE, "Content-Encoding": "gzip"})
    assert answer.refusal == (415, "ENCODING_NOT_SUPPORTED")
    plain = await guest.post(LIST, data=bomb, headers=IMAGE)
    assert plain.refusal == (415, "FORMAT_NOT_ALLOWED")


@pytest.mark.slow
async def test_row_19_a_body_drop_by_drop(strict: Served) -> None:
    """Every piece comes in time, and all of them never."""
    async with wire(strict.port) as one:
        await one.say(head("POST", LIST, "Content-Type: image/png", f"Content-Length: {len(PNG)}"))
        begun = time.monotonic()
        dripping = asyncio.create_task(drip(one, PNG))
        answer = await one.hear()
        dripping.cancel()
        assert answer and answer.refusal == (408, "SLOW_CLIENT")
        assert 0.9 < time.monotonic() - begun < 4
        assert await one.ended(3)
    assert strict.staging() == []


SLOW_STARTS = {
    "json": ("application/json", b"{"),
    "before the first part": (FORM, b"preamble"),
    "in a part's head": (FORM, b"--B\r\nContent-Disp"),
    "in a part": (FORM, f"--B\r\n{PART}\r\n".encode() + PNG[:50]),
    "after a part": (FORM, f"--B\r\n{PART}\r\n".encode() + PNG + b"\r\n--B\r\n"),
    "in meta": (FORM, f"--B\r\n{NAMED.format('meta')}\r\n{{".encode()),
}


@pytest.mark.parametrize("place", SLOW_STARTS)
async def test_row_19_a_body_that_stands_still_anywhere(strict: Served, place: str) -> None:
    kind, start = SLOW_STARTS[place]
    path = BULK if kind == "application/json" else LIST
    answer = await exchange(
        strict.port, head("POST", path, f"Content-Type: {kind}", "Content-Length: 90000") + start
    )
    assert answer and answer.refusal == (408, "SLOW_CLIENT")
    assert strict.staging() == []


# --- memory ----------------------------------------------------------------------------------------------


async def flood(port: int, lines: list[str], piece: bytes, count: int) -> None:
    """Send far more than is wanted, whether or not somebody listens."""
    async with wire(port) as one:
        await one.say(head("POST", LIST, *lines))
        for _ in range(count):
            await one.say(piece)
            if one.reader.at_eof():
                break
        await one.hear()


@pytest.mark.slow
async def test_memory_stays_flat_under_bodies_that_are_refused(tmp_path: Path) -> None:
    """Rows 2, 3, 13, 15: 200 MB each, by every way in."""
    mega = b"x" * 1_000_000
    form = f"Content-Type: {FORM}"
    chunk = b"f4240\r\n" + mega + b"\r\n"
    part = f"--B\r\n{PART}\r\n".encode()
    async with process(tmp_path / "o") as server, clients_of(server) as clients:
        guest = clients.guest()
        await guest.add(1)
        before = server.memory()
        for lines, piece in (
            (["Content-Type: image/png", "Content-Length: 200000000"], mega),
            (["Content-Type: image/png", "Transfer-Encoding: chunked"], chunk),
            ([form, "Content-Length: 600000000"], mega),
            ([form, "Content-Length: 200000000"], mega),
            ([form, "Content-Length: 200000000"], part + mega),
            (["Content-Type: application/json", "Content-Length: 200000000"], mega),
        ):
            try:
                await flood(server.port, lines, piece, 200)
            except ConnectionError:
                pass
        assert server.peak() - before < 40_000_000
        assert await guest.listed()
