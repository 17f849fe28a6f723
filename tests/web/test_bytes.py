"""Bytes of images: exact, tagged, in ranges, cached as far as their address names their content."""

from __future__ import annotations

import io
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from PIL import Image

from tests import pictures
from tests.web.calling import Client, Clients
from tests.web.running import Served

DATA = pictures.png(64, 48, noise=True)
INERT = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
IMMUTABLE = "private, max-age=31536000, immutable"

Uploaded = Callable[[], Awaitable[dict[str, Any]]]


@pytest.fixture
async def record(guest: Client) -> dict[str, Any]:
    """An image with a name that needs care."""
    return (await guest.send(DATA, filename='caf\u00e9 "1"; x.png')).json["items"][0]


def addresses(record: dict[str, Any]) -> dict[str, str]:
    """Where the bytes of an image can be had."""
    image = f"/api/v1/images/{record['id']}"
    return {
        "file by id": f"{image}/file",
        "file by key": record["url"],
        "thumb by id": f"{image}/thumb",
        "thumb by key": record["thumb_url"],
        "preview": f"{image}/preview?w=640",
        "sidecar": record["url"].rpartition(".")[0] + ".json",
    }


async def test_every_byte_comes_tagged_and_inert(
    guest: Client, served: Served, record: dict[str, Any]
) -> None:
    types = {"file": "image/png", "thumb": "image/webp", "previ": "image/webp", "sidec": "application/json"}
    for name, address in addresses(record).items():
        answer = await guest.get(address)
        assert answer.status == 200, name
        assert {key: answer.headers[key] for key in INERT} == INERT, name
        assert answer.headers["Content-Type"] == types[name.split()[0][:5]], name
        cache = IMMUTABLE if name in ("file by id", "file by key", "thumb by key") else "private, no-cache"
        assert answer.headers["Cache-Control"] == cache, name
        assert answer.headers["ETag"].startswith('"') and "Set-Cookie" not in answer.headers, name
        assert int(answer.headers["Content-Length"]) == len(answer.body) > 0, name
    assert (await guest.get(record["url"])).body == DATA
    thumb = (served.outputs / record["thumb"]).read_bytes()
    assert (await guest.get(record["thumb_url"])).body == thumb
    assert (await guest.get(addresses(record)["sidecar"])).json["id"] == record["id"]


async def test_head_is_get_without_its_body(guest: Client, record: dict[str, Any]) -> None:
    for name, address in {**addresses(record), "list": "/api/v1/images", "me": "/api/v1/me"}.items():
        whole, head = await guest.get(address), await guest.call("HEAD", address)
        assert (head.status, head.body) == (200, b""), name
        for header in ("Content-Length", "Content-Type", "ETag", "Cache-Control"):
            assert head.headers.get(header) == whole.headers.get(header), (name, header)


async def test_what_the_client_has_is_not_sent_again(guest: Client, record: dict[str, Any]) -> None:
    for name, address in addresses(record).items():
        etag = (await guest.get(address)).headers["ETag"]
        for tag in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            answer = await guest.get(address, headers={"If-None-Match": tag})
            assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", etag), (name, tag)
        assert (await guest.get(address, headers={"If-None-Match": '"other"'})).status == 200, name


async def test_tags_follow_the_content(guest: Client, record: dict[str, Any]) -> None:
    sidecar = addresses(record)["sidecar"]
    before = (await guest.get(sidecar)).headers["ETag"]
    await guest.patch(f"/api/v1/images/{record['id']}", json={"rating": 5})
    after = await guest.get(sidecar, headers={"If-None-Match": before})
    assert after.status == 200 and after.json["rating"] == 5 and after.headers["ETag"] != before


async def test_thumbs_are_kept_for_ever_only_under_their_version(
    guest: Client, record: dict[str, Any]
) -> None:
    bare = record["thumb_url"].partition("?")[0]
    for address in (bare, f"{bare}?v=", f"{bare}?v=00000000"):
        for _ in range(2):
            assert (await guest.get(address)).headers["Cache-Control"] == "private, no-cache"


RANGES = [
    ("bytes=0-0", 0, 1),
    ("bytes=0-99", 0, 100),
    ("bytes=100-", 100, None),
    ("bytes=-1", -1, None),
    ("bytes=-100", -100, None),
    ("bytes=-999999999999", 0, None),
    ("bytes=5-999999999999", 5, None),
    (" bytes=1-2", 1, 3),
]


@pytest.mark.parametrize(("header", "start", "end"), RANGES)
async def test_row_80_ranges(
    guest: Client, record: dict[str, Any], header: str, start: int, end: int | None
) -> None:
    answer = await guest.get(record["url"], headers={"Range": header})
    assert (answer.status, answer.body) == (206, DATA[start:end])
    first = start % len(DATA) if start < 0 else start
    span = f"bytes {first}-{first + len(answer.body) - 1}/{len(DATA)}"
    assert (answer.headers["Content-Range"], answer.headers["Accept-Ranges"]) == (span, "bytes")


BAD_RANGES = ["bytes=-0", "bytes=-", "bytes=5-4", "bytes=9999999-", "lines=1-2", "bytes=a-b", "bytes=0-1,3-4"]
BAD_RANGES += [
    "bytes=" + ",".join(f"{n}-{n}" for n in range(1000)),
    "bytes=" + "9" * 30 + "-",
    "bytes=\u0661-",
]


@pytest.mark.parametrize("header", BAD_RANGES, ids=lambda header: header[:20])
async def test_row_80_bad_ranges(guest: Client, record: dict[str, Any], header: str) -> None:
    answer = await guest.get(record["url"], headers={"Range": header})
    assert answer.refusal == (416, "RANGE_NOT_SATISFIABLE")
    assert answer.headers["Content-Range"] == f"bytes */{len(DATA)}"


async def test_if_range_gives_a_part_of_the_same_or_the_whole_of_the_new(
    guest: Client, record: dict[str, Any]
) -> None:
    etag = (await guest.call("HEAD", record["url"])).headers["ETag"]
    for condition, status in ((etag, 206), ('"other"', 200), (f"W/{etag}", 200), ("Wed, 21 Oct 2015", 200)):
        answer = await guest.get(record["url"], headers={"Range": "bytes=0-9", "If-Range": condition})
        assert (answer.status, answer.body) == (status, DATA[:10] if status == 206 else DATA), condition


async def test_any_range_of_random_ones_is_the_slice(guest: Client, record: dict[str, Any]) -> None:
    chance = random.Random(7)
    for _ in range(30):
        first = chance.randrange(len(DATA))
        last = chance.randrange(first, len(DATA) + 50)
        answer = await guest.get(record["url"], headers={"Range": f"bytes={first}-{last}"})
        assert answer.body == DATA[first : last + 1]


async def test_names_travel_whole_and_split_no_header(guest: Client, record: dict[str, Any]) -> None:
    name = "UTF-8''caf%C3%A9%20%221%22%3B%20x.png"
    assert (await guest.get(record["url"])).headers["Content-Disposition"] == f"inline; filename*={name}"
    saved = await guest.get(f"{record['url']}?download")
    assert saved.headers["Content-Disposition"] == f"attachment; filename*={name}"


# --- thumbs and previews that are not there --------------------------------------------------------------


async def test_a_lost_thumb_is_made_again(guest: Client, served: Served, record: dict[str, Any]) -> None:
    place = served.outputs / record["thumb"]
    before = place.read_bytes()
    place.unlink()
    answer = await guest.get(f"/api/v1/images/{record['id']}/thumb")
    assert (answer.status, answer.body) == (200, before)
    assert place.read_bytes() == before


async def test_previews_have_three_widths_and_are_kept(guest: Client, served: Served) -> None:
    record = (await guest.send(pictures.jpeg(1500, 900))).json["items"][0]
    address = f"/api/v1/images/{record['id']}/preview"
    for width in (640, 1280, 2048):
        answer = await guest.get(f"{address}?w={width}")
        image = Image.open(io.BytesIO(answer.body))
        assert (image.format, image.width) == ("WEBP", min(width, 1500))
    assert len(list((served.outputs / ".imagehist" / "cache").rglob("*.webp"))) == 3
    assert (await guest.get(address)).body == (await guest.get(f"{address}?w=1280")).body
    for bad in ("w=641", "w=", "w=abc", "w=-1", "w=640.0"):
        assert (await guest.get(f"{address}?{bad}")).refusal == (400, "BAD_PARAMETER"), bad


async def test_a_ghost_says_so_and_breaks_nothing(
    guest: Client, served: Served, record: dict[str, Any]
) -> None:
    (served.outputs / record["key"]).unlink()
    assert (await guest.record(record["id"]))["missing"] is True
    image = f"/api/v1/images/{record['id']}"
    for address in (record["url"], f"{image}/file", f"{image}/preview"):
        assert (await guest.get(address)).refusal == (404, "NOT_FOUND")
    assert (await guest.get(record["thumb_url"])).status == 200
    (served.outputs / record["thumb"]).unlink()
    assert await guest.listed() == [record["id"]]
    assert (await guest.post(f"{image}/delete")).json["changed"] == 1


async def test_thumbs_are_thumbs(guest: Client) -> None:
    record = (await guest.send(pictures.png(1200, 800))).json["items"][0]
    thumb = Image.open(io.BytesIO((await guest.get(record["thumb_url"])).body))
    assert (thumb.format, max(thumb.size)) == ("WEBP", 384)


async def test_an_empty_thumb_cache_serves_as_well(
    clients: Clients, guest: Client, record: dict[str, Any]
) -> None:
    first = await guest.get(record["thumb_url"])
    await guest.add(1)
    assert (await guest.get(record["thumb_url"])).body == first.body
    assert (await clients.guest().get(record["thumb_url"])).status == 404
