"""Good requests with a few bytes turned, dropped, doubled or cut: any answer but a failure of ours."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

from tests import pictures
from tests.hostile.wire import HOST, wire
from tests.web.calling import SIGNER, Answer, Client
from tests.web.running import Served

PNG = pictures.png(8, 8)
FORM = (
    b'--B\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n'
    b'{"tags":["a","b"],"seed":"5","prompt":"p","created_at":"2024-01-02T03:04:05Z"}\r\n'
    b'--B\r\nContent-Disposition: form-data; name="file"; filename="x.png"\r\nContent-Type: image/png\r\n\r\n'
    + PNG
    + b"\r\n--B--\r\n"
)
BULK = (
    b'{"action":"tag","select":{"q":"x","tag":["a"],"except":["' + b"0" * 32 + b'"],"as_of":5},"tags":["t"]}'
)
PATCH = b'{"tags":["a"],"favorite":true,"rating":3,"note":"\\u00e9\\ud83d\\ude00"}'
PIECES = [
    b"\0",
    b"\xff",
    b"\r\n",
    b'"',
    b"{",
    b"[",
    b"%",
    b"\\u",
    b"--B",
    b":",
    b",",
    b"\xed\xa0\x80",
    b"9" * 30,
]


def requests(image: str, key: str) -> list[tuple[bytes, bytes]]:
    """Head lines and body of good requests."""
    json = b"Content-Type: application/json\r\n"
    return [
        (b"POST /api/v1/images HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=B\r\n", FORM),
        (
            b'POST /api/v1/images?filename=a HTTP/1.1\r\nContent-Type: image/png\r\nX-Meta: {"seed":1}\r\n',
            PNG,
        ),
        (b"POST /api/v1/images/bulk HTTP/1.1\r\n" + json, BULK),
        (f"PATCH /api/v1/images/{image} HTTP/1.1\r\n".encode() + b'If-Match: "1"\r\n' + json, PATCH),
        (f"POST /api/v1/images/{image}/delete HTTP/1.1\r\n".encode(), b""),
        (b"POST /api/v1/history/1/undo HTTP/1.1\r\n", b""),
        (b"GET /api/v1/images?size=5&q=a%20b&tag=x&from=2024-01-01&tz=Asia/Seoul HTTP/1.1\r\n", b""),
        (f"GET /api/v1/images/{image}?history=true HTTP/1.1\r\n".encode(), b""),
        (f"GET /outputs/{key} HTTP/1.1\r\nRange: bytes=0-5\r\nIf-None-Match: x\r\n".encode(), b""),
        (
            f"GET /image/{image} HTTP/1.1\r\nAccept: application/json\r\nAccept-Language: ko,en\r\n".encode(),
            b"",
        ),
        (
            b"POST /trash HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n",
            b"do=trash&id=" + b"0" * 32,
        ),
    ]


def mutant(data: bytes, chance: random.Random) -> bytes:
    """The data with one to three small changes."""
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(data) + 1)
        way = chance.randrange(5)
        if way == 0 and at < len(data):
            data = data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        elif way == 1:
            data = data[:at] + chance.choice(PIECES) + data[at:]
        elif way == 2:
            data = data[:at] + data[at + chance.randint(1, 8) :]
        elif way == 3:
            data = data[:at] + data[at : at + 20] + data[at:]
        else:
            data = data[:at]
    return data


def request_of(seed: int, good: Sequence[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    """A mutant by its number: in the body where there is one, else in the head."""
    chance = random.Random(seed)
    head, body = good[seed % len(good)]
    if body and chance.random() < 0.6:
        return head, mutant(body, chance)
    return mutant(head, chance), body


async def told(port: int, head: bytes, body: bytes, basics: bytes) -> Answer | None:
    """What a server says to a request; nothing where it hangs up, never a failure of its own."""
    raw = head + basics + b"Content-Length: %d\r\n\r\n" % len(body) + body
    async with wire(port) as one:
        await one.say(raw)
        answer = await one.hear()
    assert answer is None or answer.status < 500, raw
    return answer


async def test_mutants_of_good_requests_are_answered_or_dropped(
    guest: Client, strict: Served, sample: Callable[[str, Sequence[int], int], list[int]]
) -> None:
    cookie = SIGNER.cookie(guest.owner)
    owner = Client(guest.session, strict.url, guest.headers, guest.owner)
    record = await owner.add(1)
    good = requests(record["id"], record["key"])
    basics = HOST + b"Sec-Fetch-Site: same-origin\r\nCookie: anon_id=" + cookie.encode() + b"\r\n"
    answered = 0
    seeds = sample("mutants", range(800), 120)
    for start in range(0, len(seeds), 40):
        work = [told(strict.port, *request_of(seed, good), basics) for seed in seeds[start : start + 40]]
        answers = await asyncio.gather(*work)
        answered += sum(answer is not None for answer in answers)
    assert answered > len(seeds) * 0.8
    assert strict.staging() == []
    assert (await owner.get("/api/v1/me")).status == 200
