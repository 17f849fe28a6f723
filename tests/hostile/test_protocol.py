"""Group A: what is no HTTP, stands still, or asks first; each test names its row."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests import pictures
from tests.hostile.wire import HOST, drip, exchange, head, wire
from tests.web.calling import Client
from tests.web.running import QUICK, Served

LIST = "/api/v1/images"
BULK = f"{LIST}/bulk"
PNG = pictures.png(64, 48, noise=True)
IMAGE = {"Content-Type": "image/png"}
FORM = "multipart/form-data; boundary=B"


async def test_row_5_a_body_longer_than_it_says_is_no_part_of_the_next_request(served: Served) -> None:
    request = head("POST", BULK, "Content-Type: application/json", "Content-Length: 2") + b"{}"
    for pause in (0, 0.1):
        async with wire(served.port) as one:
            await one.say(request)
            await asyncio.sleep(pause)
            await one.say(b"GET /health HTTP/1.1x\r\n\r\n")
            answers = [await one.hear(), await one.hear()]
            assert [answer.code for answer in answers if answer][-1] == "BAD_REQUEST"
            assert await one.ended(2)


async def test_row_5_a_body_shorter_than_it_says_is_waited_for_only_so_long(strict: Served) -> None:
    lines = ["Content-Type: image/png", f"Content-Length: {len(PNG) + 10}"]
    answer = await exchange(strict.port, head("POST", LIST, *lines) + PNG)
    assert answer and answer.refusal == (408, "SLOW_CLIENT")
    assert strict.staging() == []


POST = f"POST {LIST} HTTP/1.1\r\n".encode()
BROKEN: dict[str, bytes] = {
    "CL and TE": POST + HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "TE and CL": POST + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "two CL": POST + HOST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "two equal CL": POST + HOST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "negative CL": POST + HOST + b"Content-Length: -1\r\n\r\n",
    "signed CL": POST + HOST + b"Content-Length: +3\r\n\r\nabc",
    "huge CL": POST + HOST + b"Content-Length: 99999999999999999999999999\r\n\r\n",
    "unknown TE": POST + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "bad chunk size": POST + HOST + b"Content-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "bare LF": b"GET /health HTTP/1.1\nHost: localhost\n\n",
    "two Host": b"GET /health HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "no Host": b"GET /health HTTP/1.1\r\n\r\n",
    "control in Cookie": b"GET /health HTTP/1.1\r\n" + HOST + b"Cookie: a=\x01\r\n\r\n",
    "NUL in Cookie": b"GET /health HTTP/1.1\r\n" + HOST + b"Cookie: a=\x00\r\n\r\n",
    "space before colon": b"GET /health HTTP/1.1\r\n" + HOST + b"Cookie : a\r\n\r\n",
    "folded header": b"GET /health HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n",
    "row 17 large header": b"GET /health HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 9_000 + b"\r\n\r\n",
    "row 17 large address": b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "row 17 many headers": b"GET /health HTTP/1.1\r\n" + HOST + b"X: 1\r\n" * 200 + b"\r\n",
    "row 18 TLS": bytes.fromhex("16030100c8010000c40303") + b"\x00" * 190,
    "row 18 HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "row 18 HTTP/2 line": b"GET /health HTTP/2.0\r\n" + HOST + b"\r\n",
    "row 18 HTTP/3 line": b"GET /health HTTP/3.0\r\n" + HOST + b"\r\n",
    "not ASCII": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
    "no slash": b"GET health HTTP/1.1\r\n" + HOST + b"\r\n",
    "no version": b"GET /health\r\n\r\n",
    "noise": b"\x00\x01\x02\x03\r\n\r\n",
    "a line of text": b"hello, is anybody there?\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_rows_16_to_18_what_is_no_http(served: Served, name: str) -> None:
    async with wire(served.port) as one:
        await one.say(BROKEN[name])
        answer = await one.hear()
        assert answer and answer.refusal == (400, "BAD_REQUEST")
        assert await one.ended(2)


@pytest.mark.parametrize(
    "start", [b"", b"G", b"GET /health HTTP/1.1\r\n", b"GET /health HTTP/1.1\r\nHost: loc", b"\r\n"]
)
async def test_row_20_silent_connections_are_closed(served: Served, start: bytes) -> None:
    async with wire(served.port) as one:
        begun = time.monotonic()
        await one.say(start)
        assert await one.ended(QUICK.silent * 3)
        assert time.monotonic() - begun > QUICK.silent * 0.8


@pytest.mark.slow
async def test_row_20_a_head_drop_by_drop_has_no_more_time(served: Served) -> None:
    async with wire(served.port) as one:
        dripping = asyncio.create_task(drip(one, head("GET", "/health", "X: " + "a" * 1000)))
        assert await one.ended(QUICK.silent * 3)
        dripping.cancel()


@pytest.mark.slow
async def test_row_20_a_connection_may_be_silent_between_requests_only_so_long(served: Served) -> None:
    async with wire(served.port) as one:
        for _ in range(2):
            await asyncio.sleep(QUICK.silent * 0.5)
            await one.say(head("GET", "/health"))
            answer = await one.hear()
            assert answer and answer.status == 200
        assert await one.ended(QUICK.silent * 3)


@pytest.mark.slow
async def test_row_20_hundreds_of_silent_connections_stop_nobody(guest: Client, served: Served) -> None:
    wires = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(500)]
    for _, writer in wires[:250]:
        writer.write(b"GET /health HTTP/1.1\r\nHo")
    assert (await guest.get("/api/v1/me")).status == 200
    await asyncio.gather(*(asyncio.wait_for(reader.read(), QUICK.silent * 4) for reader, _ in wires))
    for _, writer in wires:
        writer.close()


async def test_row_21_a_thousand_requests_in_one_breath(served: Served) -> None:
    async with wire(served.port) as one:
        await one.say(head("GET", "/health") * 1000)
        for _ in range(1000):
            answer = await one.hear()
            assert answer and (answer.status, answer.body) == (200, b"Server is up")


async def test_row_22_who_asks_before_sending_is_refused_before_the_body(served: Served) -> None:
    asks = ["Content-Type: image/png", "Content-Length: 1000", "Expect: 100-continue"]
    for line, status in (
        ("Cookie: anon_id=forged\r\nSec-Fetch-Site: same-origin", 401),
        ("Sec-Fetch-Site: cross-site", 403),
        ("Authorization: Bearer wrong", 401),
        ("Content-Encoding: gzip", 415),
    ):
        answer = await exchange(served.port, head("POST", LIST, *asks, line))
        assert answer and answer.status == status
    large = [asks[0], "Content-Length: 999999999999", asks[2]]
    answer = await exchange(served.port, head("POST", LIST, *large))
    assert answer and answer.refusal == (413, "FILE_TOO_LARGE")


async def test_row_22_who_may_send_is_told_to_go_on(served: Served) -> None:
    asks = ["Content-Type: image/png", f"Content-Length: {len(PNG)}", "Expect: 100-continue"]
    async with wire(served.port) as one:
        await one.say(head("POST", LIST, *asks))
        told = await one.hear()
        assert told and told.status == 100
        await one.say(PNG)
        answer = await one.hear()
        assert answer and answer.status == 201


async def test_row_22_expectations_nobody_knows(served: Served) -> None:
    for path in (LIST, "/nowhere", "/health"):
        answer = await exchange(served.port, head("GET", path, "Expect: a-miracle"))
        assert answer and answer.refusal == (400, "BAD_REQUEST")


@pytest.mark.parametrize("method", ["FOO", "get", "Delete-It", "M-SEARCH", "CONNECT", "PROPFIND", "TRACE"])
async def test_row_23_methods_nobody_knows(served: Served, method: str) -> None:
    answer = await exchange(served.port, head(method, LIST))
    assert answer and answer.refusal == (405, "METHOD_NOT_ALLOWED")
    assert "GET" in answer.headers["Allow"]
