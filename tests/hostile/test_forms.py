"""Group A: multipart bodies that are none; each test names its row."""

from __future__ import annotations

import pytest

from tests import pictures
from tests.hostile.wire import untouched
from tests.web.calling import Client
from tests.web.running import Served

LIST = "/api/v1/images"
BULK = f"{LIST}/bulk"
PNG = pictures.png(64, 48, noise=True)
IMAGE = {"Content-Type": "image/png"}
FORM = "multipart/form-data; boundary=B"


PART = 'Content-Disposition: form-data; name="file"; filename="x.png"\r\n'
NAMELESS = "Content-Disposition: form-data\r\n"
NAMED = 'Content-Disposition: form-data; name="{}"\r\n'
BAD_FORMS: dict[str, tuple[str, bytes, str]] = {
    "row 6 no boundary": ("multipart/form-data", b"--B--\r\n", "BAD_MULTIPART"),
    "row 6 empty boundary": ("multipart/form-data; boundary=", b"----\r\n", "BAD_PARAMETER"),
    "row 6 long boundary": (f"multipart/form-data; boundary={'B' * 71}", b"x", "BAD_MULTIPART"),
    "row 6 other boundary": (FORM, b"--C\r\n\r\nx\r\n--C--\r\n", "BAD_MULTIPART"),
    "row 6 no body": (FORM, b"", "BAD_MULTIPART"),
    "row 6 no end": (FORM, f"--B\r\n{PART}\r\n".encode() + PNG, "BAD_MULTIPART"),
    "row 6 only the end": (FORM, b"--B--\r\n", "BAD_PARAMETER"),
    "row 7 garbage header": (FORM, b"--B\r\n\x00\xff garbage\r\n\r\nx\r\n--B--\r\n", "BAD_MULTIPART"),
    "row 7 header without colon": (FORM, b"--B\r\nnonsense\r\n\r\nx\r\n--B--\r\n", "BAD_MULTIPART"),
    "row 7 endless header": (FORM, b"--B\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", "BAD_MULTIPART"),
    "row 7 many headers": (FORM, b"--B\r\n" + b"X: 1\r\n" * 300 + b"\r\nx\r\n--B--\r\n", "BAD_MULTIPART"),
    "row 8 nested": (
        FORM,
        b"--B\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\n\r\nx\r\n--C--\r\n--B--\r\n",
        "BAD_MULTIPART",
    ),
    "row 9 no name": (FORM, f"--B\r\n{NAMELESS}\r\nx\r\n--B--\r\n".encode(), "BAD_MULTIPART"),
    "row 9 no header": (FORM, b"--B\r\n\r\nx\r\n--B--\r\n", "BAD_MULTIPART"),
    "row 9 another name": (FORM, f"--B\r\n{NAMED.format('x')}\r\nx\r\n--B--\r\n".encode(), "BAD_PARAMETER"),
    "row 10 charset of a part": (
        FORM,
        f"--B\r\n{NAMED.format('meta')}Content-Type: text/plain; charset=x\r\n\r\n{{}}\r\n--B--\r\n".encode(),
        "BAD_ENCODING",
    ),
    "row 10 charset of all": (
        FORM,
        f"--B\r\n{NAMED.format('_charset_')}\r\nutf-7\r\n--B\r\n{PART}\r\nx\r\n--B--\r\n".encode(),
        "BAD_MULTIPART",
    ),
    "row 10 long charset": (
        FORM,
        f"--B\r\n{NAMED.format('_charset_')}\r\n{'x' * 64}\r\n--B\r\n{PART}\r\nx\r\n--B--\r\n".encode(),
        "BAD_MULTIPART",
    ),
    "row 10 charset that is no text": (
        FORM,
        f"--B\r\n{NAMED.format('_charset_')}\r\n\xff\xfe\r\n--B\r\n{PART}\r\nx\r\n--B--\r\n".encode("latin-1"),
        "BAD_MULTIPART",
    ),
    "row 11 text that is no UTF-8": (
        FORM, f"--B\r\n{NAMED.format('meta')}\r\n\xff\xfe\r\n--B--\r\n".encode("latin-1"), "BAD_ENCODING"
    ),
    "row 12 unknown transfer encoding": (
        FORM, f"--B\r\n{PART}Content-Transfer-Encoding: zip\r\n\r\nx\r\n--B--\r\n".encode(), "BAD_MULTIPART"
    ),
    "row 12 base64": (
        FORM,
        f"--B\r\n{PART}Content-Transfer-Encoding: base64\r\n\r\neA==\r\n--B--\r\n".encode(),
        "BAD_MULTIPART",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_FORMS)
async def test_rows_6_to_12_forms_that_are_none(guest: Client, served: Served, name: str) -> None:
    kind, body, code = BAD_FORMS[name]
    answer = await guest.post(LIST, data=body, headers={"Content-Type": kind})
    assert answer.refusal == (400, code)
    assert await untouched(served, guest)


@pytest.mark.parametrize("cut", range(0, 100, 7))
async def test_rows_6_to_12_a_form_cut_anywhere(guest: Client, served: Served, cut: int) -> None:
    whole = f"--B\r\n{PART}\r\n".encode() + PNG + b"\r\n--B--\r\n"
    answer = await guest.post(LIST, data=whole[: len(whole) * cut // 100], headers={"Content-Type": FORM})
    assert answer.refusal == (400, "BAD_MULTIPART")
    assert await untouched(served, guest)


@pytest.mark.slow
async def test_row_13_thousands_of_parts(guest: Client, served: Served) -> None:
    part = f"--B\r\n{PART}\r\nx\r\n".encode()
    answer = await guest.post(LIST, data=part * 15_000 + b"--B--\r\n", headers={"Content-Type": FORM})
    assert answer.refusal == (413, "TOO_MANY_PARTS") and answer.json["limit"] == 500
    assert await untouched(served, guest)


@pytest.mark.slow
async def test_row_13_five_hundred_files_are_not_too_many(guest: Client) -> None:
    small = [(f"{n}.png", pictures.png(4, 4, seed=n % 50)) for n in range(500)]
    answer = await guest.send_form(small, {"tags": ["x"]})
    assert answer.status == 201 and len(answer.json["items"]) == 500
