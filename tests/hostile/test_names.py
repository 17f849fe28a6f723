"""Group C: names and texts come back exactly, come back cleaned, or are refused; each test names its row."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from urllib.parse import quote

import pytest

from tests import pictures
from tests.hostile.nasty import NASTY
from tests.hostile.wire import exchange, head
from tests.web.calling import Client
from tests.web.running import INGEST, Served

LIST = "/api/v1/images"
PNG = pictures.png(16, 12)
Sampler = Callable[[str, Sequence[str], int], list[str]]


async def test_row_57_texts_round_trip_exactly_or_are_refused(guest: Client, sample: Sampler) -> None:
    image = (await guest.add(1))["id"]
    for text in sample("nasty texts", NASTY, 20):
        noted = await guest.patch(f"{LIST}/{image}", json={"note": text})
        assert noted.status == 200 and (await guest.record(image))["note"] == text, ascii(text)
        meta = {"prompt": text, "negative_prompt": text, "workflow_id": text, "workflow": {text: [text]}}
        record = (await guest.send(PNG, meta)).json["items"][0]
        assert {name: record[name] for name in meta} == meta, ascii(text)
        assert await guest.record(record["id"]) == record
        page = await guest.get(f"/image/{record['id']}", headers={"Accept": "text/html"})
        assert page.status == 200
        for mark in (b"<script>alert", b"<img src=x", b"<svg/onload"):
            assert mark not in page.body, ascii(text)


async def test_row_57_tags_are_cleaned_or_refused(guest: Client, sample: Sampler) -> None:
    image = (await guest.add(1))["id"]
    for text in sample("nasty tags", NASTY, 20):
        answer = await guest.patch(f"{LIST}/{image}", json={"tags": [text]})
        clean = " ".join(unicodedata.normalize("NFC", text).split())
        if answer.status == 400:
            assert answer.code in ("BAD_PARAMETER", "FIELD_TOO_LONG"), ascii(text)
            assert not clean or len(clean) > 100 or not clean.isprintable(), ascii(text)
            continue
        assert answer.json["tags"] == [clean], ascii(text)
        assert await guest.listed(f"?tag={quote(text, safe='')}") == [image], ascii(text)
        listed = await guest.get(f"/?tag={quote(text, safe='')}", headers={"Accept": "text/html"})
        assert listed.status == 200 and b"<script>alert" not in listed.body


async def test_row_57_searches_find_what_they_say(guest: Client, sample: Sampler) -> None:
    texts = sample("nasty searches", [text for text in NASTY if text.strip()], 20)
    made = {}
    for text in texts:
        made[text] = (await guest.send(PNG, {"prompt": f"before {text} after"})).json["items"][0]["id"]
    for text in texts:
        answer = await guest.get(f"{LIST}?size=500&q={quote(text, safe='')}")
        assert answer.status == 200, ascii(text)
        assert made[text] in {item["id"] for item in answer.json["items"]}, ascii(text)


@pytest.mark.parametrize("place", ["tz", "from", "order", "cursor", "status", "favorite", "size", "nonsense"])
async def test_row_57_parameters_are_refused_not_tripped_over(
    guest: Client, sample: Sampler, place: str
) -> None:
    for text in sample("nasty parameters", NASTY, 12):
        answer = await guest.get(f"{LIST}?{place}={quote(text, safe='')}")
        good = (place, text) == ("favorite", "true")
        assert answer.status == (200 if good else 400), ascii(text)


async def test_row_57_ids_and_keys_are_not_found(guest: Client, sample: Sampler) -> None:
    for text in sample("nasty ids", [text for text in NASTY if text], 20):
        name = quote(text, safe="")
        for path in (f"{LIST}/{name}", f"{LIST}/{name}/file", f"/outputs/{name}", f"/outputs/users/{name}"):
            answer = await guest.get(path)
            assert answer.status in (404, 405), (path, answer.status)
        bulk = await guest.post(f"{LIST}/bulk", json={"action": "delete", "ids": [text]})
        assert [one["code"] for one in bulk.json["failed"]] == ["NOT_FOUND"]
        undone = await guest.post(f"/api/v1/history/{name}/undo")
        assert undone.status in (404, 405)


PATHS = [
    "../../etc/cron.d/x",
    "C:\\a\\b",
    "/abs",
    "....//x",
    "..",
    "a/../../b.png",
    "\\\\host\\share\\x",
    "~/x",
]
ODD = [
    "\x00a",
    "a\r\nb",
    "\x1b[31m",
    "a\u202egnp",
    "\u200ba",
    "CON",
    "nul.png",
    "x.",
    " x ",
    ".",
    "",
    "x" * 5_000,
]
ODD += [
    "가" * 5_000 + ".png",
    "🎨" * 300,
    "\ue000",
    "a\u2028b",
    "%2e%2e%2f",
    "<b>.png",
    '";x="',
    "a;b",
    "e\u0301.png",
]


def is_shown(name: str | None) -> bool:
    """Whether a kept name is fit to be shown: one part, printable, short, in one form."""
    if name is None:
        return True
    fit = unicodedata.is_normalized("NFC", name) and len(name.encode()) <= 200 and name.strip(" .") == name
    bad = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    return fit and not {"/", "\\"} & {*name} and not bad & {unicodedata.category(one) for one in name}


@pytest.mark.parametrize("name", [*PATHS, *ODD], ids=lambda name: ascii(name[:20]))
async def test_rows_53_to_55_names_are_only_text(guest: Client, served: Served, name: str) -> None:
    outside = sorted(path.name for path in served.outputs.parent.iterdir())
    asked = quote(name, safe="")
    if len(asked) < 7_000:
        answers = [
            await guest.post(f"{LIST}?filename={asked}", data=PNG, headers={"Content-Type": "image/png"})
        ]
    else:
        answers = []
    answers.append(await guest.send(PNG, {"original_filename": name[:1_000]}))
    quoted = name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    form = f'--B\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n\r\n'.encode()
    if "\x00" not in name and "\x1b" not in name and len(form) < 8_000:
        kind = {"Content-Type": "multipart/form-data; boundary=B"}
        answers.append(await guest.post(LIST, data=form + PNG + b"\r\n--B--\r\n", headers=kind))
    for answer in answers:
        assert answer.status == 201
        record = answer.json["items"][0]
        assert is_shown(record["original_filename"]), ascii(record["original_filename"])
        got = await guest.get(record["url"])
        assert "\n" not in got.headers["Content-Disposition"]
        assert got.headers["Content-Disposition"].startswith("inline; filename*=UTF-8''")
        assert got.headers["Content-Disposition"].isascii()
    assert sorted(path.name for path in served.outputs.parent.iterdir()) == outside
    for key in served.users():
        assert ".." not in key and key.startswith(f"users/{guest.owner}/"), key


async def test_row_54_half_characters_in_names(guest: Client, served: Served) -> None:
    raw = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a\xff\xed\xa0\x80b.png"\r\n\r\n'
    body = raw + PNG + b"\r\n--B--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=B"}
    answer = await guest.post(LIST, data=body, headers=kind)
    assert answer.status == 201 and is_shown(answer.json["items"][0]["original_filename"])
    other = raw.replace(b'name="file"', b'name="\xff\xfe"').replace(
        b'; filename="a\xff\xed\xa0\x80b.png"', b""
    )
    answer = await guest.post(LIST, data=other + PNG + b"\r\n--B--\r\n", headers=kind)
    assert answer.refusal == (400, "BAD_PARAMETER")
    refused = await guest.post(LIST, data=raw + b"\r\n--B--\r\n", headers=kind)
    assert refused.refusal == (400, "EMPTY_FILE")


@pytest.mark.parametrize(
    "header", ["X-Meta", "Idempotency-Key", "X-Owner", "If-None-Match", "Range", "Origin"]
)
async def test_row_54_half_characters_in_headers(served: Served, header: str) -> None:
    lines = head("POST", LIST, "Content-Type: image/png", f"Content-Length: {len(PNG)}")[:-2]
    for value in (b"\xff\xfe", b"\xed\xa0\x80", b"caf\xe9", "가".encode()):
        answer = await exchange(served.port, lines + header.encode() + b": " + value + b"\r\n\r\n" + PNG)
        assert answer and answer.status in (201, 400, 403), (header, value)
    for token in (b"\xff", "가".encode(), b""):
        raw = head("GET", LIST)[:-2] + b"Authorization: Bearer " + token + b"\r\n\r\n"
        answer = await exchange(served.port, raw)
        assert answer and answer.refusal == (401, "BAD_TOKEN")
    for cookie in (b"\xff", "가".encode(), b"\xed\xa0\x80"):
        raw = head("GET", LIST)[:-2] + b"Cookie: anon_id=" + cookie + b"\r\n\r\n"
        answer = await exchange(served.port, raw)
        assert answer and answer.refusal == (401, "BAD_SESSION")


async def test_row_56_one_name_in_two_forms(guest: Client) -> None:
    names = ["caf\u00e9.png", "cafe\u0301.png", "A.png", "a.png"]
    records = [(await guest.send(PNG, filename=name)).json["items"][0] for name in names]
    kept = [record["original_filename"] for record in records]
    assert kept == ["caf\u00e9.png", "caf\u00e9.png", "A.png", "a.png"]
    assert len({record["key"] for record in records}) == 4


@pytest.mark.parametrize(
    "owner", ["../x", "a/../b", "\x00", "x" * 10_000, "anon-" + "0" * 31, "anon-../../x", "users"]
)
async def test_row_63_owners_that_are_paths(served: Served, owner: str) -> None:
    lines = [f"Authorization: Bearer {INGEST}", "Content-Type: image/png", f"Content-Length: {len(PNG)}"]
    answer = await exchange(served.port, head("POST", LIST, *lines, f"X-Owner: {owner}") + PNG)
    assert answer
    if owner == "users":
        assert answer.status == 201 and served.users()
        return
    assert answer.refusal in ((400, "BAD_OWNER"), (400, "BAD_REQUEST"))
    assert served.users() == []
