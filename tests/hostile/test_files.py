"""Group B: files that lie, burst or carry more than a picture; each test names its row."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable, Sequence

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests import pictures
from tests.hostile.wire import untouched
from tests.imaging.hostile import (
    FOREIGN,
    apng_frames,
    chunk,
    gif_frames,
    gif_size,
    good_png,
    overwritten,
    raw_png,
    webp_canvas,
    webp_frames,
    with_chunk,
)
from tests.web.calling import Client, Clients
from tests.web.running import Served

LIST = "/api/v1/images"
PNG = pictures.png(32, 24, noise=True)
JPEG = pictures.jpeg(32, 24, noise=True)


@pytest.mark.parametrize("name", FOREIGN)
async def test_rows_29_to_32_what_is_no_image_of_ours(guest: Client, served: Served, name: str) -> None:
    for way in (guest.send(FOREIGN[name], filename="x.png"), guest.send_form([("x.png", FOREIGN[name])])):
        assert (await way).refusal == (415, "FORMAT_NOT_ALLOWED")
    assert await untouched(served, guest)


async def test_row_33_mpo_is_its_first_jpeg(guest: Client) -> None:
    target = io.BytesIO()
    shots = [pictures.picture(32, 24, seed=seed) for seed in range(2)]
    shots[0].save(target, "MPO", save_all=True, append_images=shots[1:])
    record = (await guest.send(target.getvalue())).json["items"][0]
    assert (record["mime"], record["width"], record["height"]) == ("image/jpeg", 32, 24)


POLYGLOTS = {
    "PNG and HTML": PNG + b"<script>alert(1)</script>",
    "PNG with HTML inside": with_chunk(PNG, b"tEXt", b"Comment\0<script>alert(1)</script>"),
    "GIF and JAR": pictures.gif(16, 16) + b"PK\3\4" + b"\0" * 40,
    "JPEG and ZIP": JPEG + b"PK\3\4" + b"\0" * 40 + b"PK\5\6" + b"\0" * 18,
    "JPEG and script": JPEG[:2] + b"\xff\xfe\0\x1c/*=alert(document.domain);" + JPEG[2:],
    "row 35 PNG and two megabytes": PNG + os.urandom(2_000_000),
}


@pytest.mark.parametrize("name", POLYGLOTS)
async def test_rows_34_and_35_two_in_one(guest: Client, name: str) -> None:
    data = POLYGLOTS[name]
    answer = await guest.send(data, filename="x.html")
    assert answer.status == 201
    record = answer.json["items"][0]
    original = await guest.get(record["url"])
    assert original.body == data
    assert original.headers["Content-Type"] == record["mime"] and record["mime"].startswith("image/")
    assert original.headers["X-Content-Type-Options"] == "nosniff"
    assert original.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    for address in (record["thumb_url"], f"{LIST}/{record['id']}/preview?w=640"):
        made = await guest.get(address)
        assert made.headers["Content-Type"] == "image/webp"
        assert b"script" not in made.body and b"PK\3\4" not in made.body


ROWS = zlib.compress(b"\0" * 200)
REFUSED: dict[str, tuple[bytes, set[str]]] = {
    "row 36 PNG 65535²": (raw_png(65_535, 65_535, ROWS, depth=1, colour=0), {"TOO_MANY_PIXELS"}),
    "row 36 WebP 16383²": (webp_canvas(16_383, 16_383), {"TOO_MANY_PIXELS"}),
    "row 36 GIF 65535²": (gif_size(65_535, 65_535), {"TOO_MANY_PIXELS"}),
    "row 37 no width": (raw_png(0, 10, ROWS), {"IMAGE_CORRUPT"}),
    "row 37 no height": (raw_png(10, 0, ROWS), {"IMAGE_CORRUPT"}),
    "row 37 one by four thousand million": (
        raw_png(1, 4_000_000_000, ROWS), {"TOO_MANY_PIXELS", "IMAGE_CORRUPT"}
    ),
    "row 38 GIF of 100,000": (gif_frames(100_000), {"TOO_MANY_FRAMES"}),
    "row 38 APNG of 100,000": (apng_frames(100_000), {"TOO_MANY_FRAMES", "IMAGE_CORRUPT"}),
    "row 38 WebP of 20,000": (webp_frames(20_000), {"TOO_MANY_FRAMES", "IMAGE_CORRUPT"}),
    "row 40 wrong CRC": (PNG[:29] + b"\0\0\0\0" + PNG[33:], {"IMAGE_CORRUPT"}),
    "row 40 wrong Adler": (raw_png(4, 4, zlib.compress(b"\0" * 52)[:-4] + b"\0\0\0\1"), {"IMAGE_CORRUPT"}),
    "row 40 wrong deflate": (raw_png(4, 4, b"\x78\x9c" + b"\xff" * 40), {"IMAGE_CORRUPT"}),
    "row 40 wrong WebP": (overwritten(pictures.webp(64, 48), 60, 40), {"IMAGE_CORRUPT"}),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_rows_36_to_40_images_that_burst_or_are_broken(
    guest: Client, served: Served, name: str
) -> None:
    data, codes = REFUSED[name]
    answer = await guest.send(data)
    assert answer.status == 422 and answer.code in codes
    assert await untouched(served, guest)


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "gif", "avif"])
async def test_row_39_images_cut_off(
    guest: Client, served: Served, sample: Callable[[str, Sequence[int], int], list[int]], form: str
) -> None:
    whole = getattr(pictures, form)(48, 32)
    cuts = sample("cuts", [len(whole) * part // 24 for part in range(1, 24)], 5)
    answer = await guest.send_form([(str(cut), whole[:cut]) for cut in cuts])
    assert answer.refusal == (422, "NOTHING_ACCEPTED")
    assert {one["code"] for one in answer.json["rejected"]} <= {"IMAGE_CORRUPT", "FORMAT_NOT_ALLOWED"}
    assert "IMAGE_CORRUPT" in {one["code"] for one in answer.json["rejected"]}
    assert await untouched(served, guest)


async def test_row_41_bombs_in_texts(guest: Client) -> None:
    packed = zlib.compress(b"A" * 80_000_000, 9)
    for name, extra in {
        "zTXt": chunk(b"zTXt", b"parameters\0\0" + packed),
        "iTXt": chunk(b"iTXt", b"parameters\0\1\0\0\0" + packed),
        "iCCP": chunk(b"iCCP", b"profile\0\0" + packed),
    }.items():
        answer = await guest.send(good_png(extra=extra))
        assert answer.status in (201, 422), name
        if answer.status == 201:
            assert len(answer.body) < 2_000_000, name


async def test_row_45_what_a_picture_tells_of_its_owner_stays_in_the_original(guest: Client) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0xA430] = "SECRET-DESCRIPTION", "SECRET-OWNER"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 29.0)
    target = io.BytesIO()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET-XMP</x:xmpmeta>"
    pictures.picture(800, 600).save(target, "JPEG", exif=exif.tobytes(), xmp=xmp, comment=b"SECRET-COMMENT")
    data = target.getvalue()
    record = (await guest.send(data)).json["items"][0]
    assert data.count(b"SECRET") == 4 and (await guest.get(record["url"])).body == data
    for address in (record["thumb_url"], f"{LIST}/{record['id']}/preview?w=640"):
        made = (await guest.get(address)).body
        assert b"SECRET" not in made and b"Exif" not in made
        assert not Image.open(io.BytesIO(made)).getexif()


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_row_46_orientation(guest: Client, orientation: int) -> None:
    data = pictures.jpeg(80, 40, orientation=orientation)
    record = (await guest.send(data)).json["items"][0]
    size = (40, 80) if orientation > 4 else (80, 40)
    assert (record["width"], record["height"]) == size
    thumb = Image.open(io.BytesIO((await guest.get(record["thumb_url"])).body))
    assert thumb.size == size


NASTY = [
    "<script>alert(1)</script>",
    "a\r\nSet-Cookie: x=y\r\n\r\n<html>",
    "a\x00b",
    "\x1b[31mred",
    "\u202ecod.exe",
]


@pytest.mark.parametrize("text", [*NASTY, "x" * 1_000_000], ids=lambda text: ascii(text[:20]))
async def test_row_47_texts_in_a_picture_are_only_text(guest: Client, text: str) -> None:
    info = PngInfo()
    info.add_itxt("parameters", f"{text}\nSteps: 20, Sampler: Euler, Seed: 5, Size: 32x24")
    target = io.BytesIO()
    pictures.picture(32, 24).save(target, "PNG", pnginfo=info)
    answer = await guest.send(target.getvalue())
    assert answer.status == 201
    image = answer.json["items"][0]["id"]
    for address in (f"{LIST}/{image}", LIST, "/api/v1/history"):
        told = await guest.get(address)
        assert told.status == 200 and told.headers["Content-Type"].startswith("application/json")
        assert "x" not in (told.cookie("x") or "")
    page = await guest.get(f"/image/{image}", headers={"Accept": "text/html"})
    assert page.status == 200 and b"<script>alert" not in page.body


async def test_row_47_a_chunk_that_is_no_text_never_fails_the_upload(guest: Client) -> None:
    for body in (b"parameters\0\xff\xfe\xfd", b"parameters", b"", b"\0" * 50, b"workflow\0{" + b"[" * 90_000):
        answer = await guest.send(with_chunk(PNG, b"tEXt", body))
        assert answer.status == 201, body[:20]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
async def test_row_48_every_kind_of_pixel(guest: Client, mode: str) -> None:
    target = io.BytesIO()
    form = "JPEG" if mode == "CMYK" else "PNG"
    base = pictures.picture(32, 24)
    image = Image.new("I;16", (32, 24), 40_000) if mode == "I;16" else base.convert(mode)
    image.save(target, form, icc_profile=b"not a profile" if mode == "RGB" else None)
    answer = await guest.send(target.getvalue())
    assert answer.status == 201
    assert (await guest.get(answer.json["items"][0]["thumb_url"])).status == 200


async def test_generators_get_the_same_answers(clients: Clients) -> None:
    generator = clients.generator("studio")
    assert (await generator.send(FOREIGN["svg"])).refusal == (415, "FORMAT_NOT_ALLOWED")
    assert (await generator.send(PNG[:-20])).refusal == (422, "IMAGE_CORRUPT")
