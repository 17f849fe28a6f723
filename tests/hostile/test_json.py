"""Group A: JSON that two readers could understand differently; each test names its row."""

from __future__ import annotations

import pytest

from tests import pictures
from tests.hostile.wire import exchange, head
from tests.web.calling import Client

LIST = "/api/v1/images"
BULK = f"{LIST}/bulk"
PNG = pictures.png(64, 48, noise=True)
IMAGE = {"Content-Type": "image/png"}
FORM = "multipart/form-data; boundary=B"


DEEP = b"[" * 100_000
BAD_JSON: list[tuple[bytes, str]] = [
    (DEEP, "BAD_JSON"),
    (DEEP + b"]" * 100_000, "BAD_JSON"),
    (b'{"a":' * 500 + b"1" + b"}" * 500, "BAD_JSON"),
    (b'{"action":NaN}', "BAD_JSON"),
    (b'{"action":Infinity}', "BAD_JSON"),
    (b'{"action":1e999}', "BAD_JSON"),
    (b'{"action":-1e999}', "BAD_JSON"),
    (b'{"action":' + b"1" * 5_000 + b"}", "BAD_JSON"),
    (b'{"action":"delete","action":"restore","ids":[]}', "BAD_JSON"),
    (b'{"action":"delete","select":{"q":"a","q":"b"}}', "BAD_JSON"),
    (b'{"action":"delete","\\u0061ction":"restore","ids":[]}', "BAD_JSON"),
    (b"", "BAD_JSON"),
    (b"{}{}", "BAD_JSON"),
    (b"{'a':1}", "BAD_JSON"),
    (b'{"a":1,}', "BAD_JSON"),
    (b"\xef\xbb\xbf{}", "BAD_JSON"),
    (b'{"a":"\x00"}', "BAD_JSON"),
    (b'{"action":"\\ud800"}', "BAD_ENCODING"),
    (b'{"\\udfff":1}', "BAD_ENCODING"),
    (b'{"action":"\\ud800\\u0041"}', "BAD_ENCODING"),
    (b'{"a":"\xff"}', "BAD_ENCODING"),
    (b'{"a":"\xed\xa0\x80"}', "BAD_ENCODING"),
    ('{"a":1}'.encode("utf-16"), "BAD_ENCODING"),
]


@pytest.mark.parametrize(("body", "code"), BAD_JSON)
async def test_rows_24_to_26_json(guest: Client, body: bytes, code: str) -> None:
    sent = {"Content-Type": "application/json"}
    image = (await guest.add(1))["id"]
    assert (await guest.post(BULK, data=body, headers=sent)).refusal == (400, code)
    assert (await guest.patch(f"{LIST}/{image}", data=body, headers=sent)).refusal == (400, code)
    if b"\r" not in body and b"\n" not in body and b"\0" not in body and 0 < len(body) < 6_000:
        raw = head("POST", LIST, "Content-Type: image/png", f"Content-Length: {len(PNG)}")
        raw = raw[:-2] + b"X-Meta: " + body + b"\r\n\r\n" + PNG
        answer = await exchange(int(guest.url.rpartition(":")[2]), raw)
        assert answer and answer.refusal == (400, code)


async def test_row_27_json_that_is_too_long(guest: Client) -> None:
    sent = {"Content-Type": "application/json"}
    answer = await guest.post(BULK, data=b'{"a":"' + b"x" * 10_000_000 + b'"}', headers=sent)
    assert answer.refusal == (413, "REQUEST_TOO_LARGE")
    image = (await guest.add(1))["id"]
    answer = await guest.patch(f"{LIST}/{image}", json={"note": "x" * 1_000_000})
    assert answer.refusal == (400, "FIELD_TOO_LONG")
    answer = await guest.send_form([("x.png", PNG)], {"prompt": "x" * 1_000_000})
    assert answer.refusal == (400, "FIELD_TOO_LONG")
    meta = (
        b'--B\r\nContent-Disposition: form-data; name="meta"\r\n\r\n"' + b"x" * 5_000_000 + b'"\r\n--B--\r\n'
    )
    answer = await guest.post(LIST, data=meta, headers={"Content-Type": "multipart/form-data; boundary=B"})
    assert answer.refusal == (413, "REQUEST_TOO_LARGE")


KINDS = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=B",
    "text/html",
    "",
]
KINDS += ["application/jsonp", "application/xml", "application", "application/json+x", "*/*"]


@pytest.mark.parametrize("kind", KINDS)
async def test_row_28_json_comes_as_json(guest: Client, kind: str) -> None:
    record = await guest.add(1)
    body = b'{"action":"delete","select":{}}'
    answer = await guest.post(BULK, data=body, headers={"Content-Type": kind})
    assert answer.refusal == (415, "UNSUPPORTED_MEDIA_TYPE")
    answer = await guest.patch(f"{LIST}/{record['id']}", data=b"{}", headers={"Content-Type": kind})
    assert answer.refusal == (415, "UNSUPPORTED_MEDIA_TYPE")
    if not kind.startswith("multipart"):
        answer = await guest.post(LIST, data=PNG, headers={"Content-Type": kind})
        assert answer.refusal == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert await guest.record(record["id"]) == record
