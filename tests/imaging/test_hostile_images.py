"""Hostile files get exactly the answer they deserve, and the child that looked at them lives on."""

import io
import os
import random
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from imagehist.imaging import sniffing
from imagehist.imaging.container import Limits
from imagehist.imaging.pool import WorkerPool
from imagehist.model.faults import (
    FormatNotAllowed,
    ImageCorrupt,
    ProcessingTimeout,
    TooManyFrames,
    TooManyPixels,
)
from imagehist.model.records import Inspection
from tests import pictures
from tests.imaging import hostile

Inspect = Callable[[bytes], Inspection]


pytestmark = pytest.mark.usefixtures("same_child")


@pytest.mark.parametrize("name", hostile.FOREIGN)
def test_other_formats_are_refused_whatever_their_name(inspect: Inspect, name: str):
    with pytest.raises(FormatNotAllowed):
        inspect(hostile.FOREIGN[name])


BOMBS = {
    "png of one-bit pixels": hostile.raw_png(65_535, 65_535, zlib.compress(b"\0" * 9000), depth=1, colour=0),
    "png, one side": hostile.raw_png(1, 2_000_000_000, zlib.compress(b"\0" * 99), colour=0),
    "webp": hostile.webp_canvas(16_383, 16_383),
    "jpeg": hostile.jpeg_size(65_500, 65_500),
    "gif": hostile.gif_size(65_535, 65_535),
    "avif": hostile.avif_size(65_000, 65_000),
    "just over": hostile.raw_png(10_001, 10_000, zlib.compress(b"\0" * 99)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_pixel_bombs_are_refused_from_the_header(inspect: Inspect, name: str):
    began = time.monotonic()
    with pytest.raises(TooManyPixels):
        inspect(BOMBS[name])
    assert time.monotonic() - began < 0.5


def test_a_gif_frame_outside_a_small_screen_is_measured_too(inspect: Inspect):
    data = bytearray(pictures.gif(16, 16))
    at = data.rindex(b"\x2c\0\0\0\0\x10\0\x10\0")
    data[at + 5 : at + 9] = struct.pack("<HH", 65_000, 65_000)
    with pytest.raises(TooManyPixels):
        inspect(bytes(data))


EMPTY = {
    "png width": hostile.raw_png(0, 10, zlib.compress(b"")),
    "png height": hostile.raw_png(10, 0, zlib.compress(b"")),
    "png impossible": hostile.raw_png(1, 4_000_000_000, zlib.compress(b"")),
    "jpeg": hostile.jpeg_size(0, 10),
    "jpeg height": hostile.jpeg_size(10, 0),
    "gif": hostile.gif_size(0, 0),
}


@pytest.mark.parametrize("name", EMPTY)
def test_sizes_that_cannot_be_are_corrupt(inspect: Inspect, name: str):
    with pytest.raises(ImageCorrupt):
        inspect(EMPTY[name])


FRAMES = {
    "gif": hostile.gif_frames(100_000),
    "apng that announces one": hostile.apng_frames(100_000),
    "apng that announces many": hostile.good_png(extra=hostile.chunk(b"acTL", struct.pack(">II", 10**6, 0))),
    "webp": hostile.webp_frames(1_001),
}


@pytest.mark.parametrize("name", FRAMES)
def test_too_many_frames_are_refused_quickly(inspect: Inspect, name: str):
    began = time.monotonic()
    with pytest.raises(TooManyFrames):
        inspect(FRAMES[name])
    assert time.monotonic() - began < 1.0


def test_limits_are_the_pools(tmp_path: Path):
    pool = WorkerPool(1, 30.0, max_pixels=64 * 48 - 1, max_frames=2)
    path = tmp_path / "image"
    try:
        path.write_bytes(pictures.png())
        with pytest.raises(TooManyPixels):
            pool.inspect(str(path))
        path.write_bytes(pictures.gif(16, 16, frames=3))
        with pytest.raises(TooManyFrames):
            pool.thumb(str(path))
    finally:
        pool.close()


PACKED = zlib.compress(hostile.rows(30, 20))
DAMAGED = {
    "checksum of the header": bytes([*hostile.good_png()[:31], 0, *hostile.good_png()[32:]]),
    "checksum of a text": pictures.png(text={"Title": "words"}).replace(b"words", b"wards"),
    "checksum of the pixels": hostile.good_png().replace(PACKED, PACKED[:-9] + b"x" + PACKED[-8:]),
    "adler": hostile.raw_png(30, 20, PACKED[:-4] + b"abcd"),
    "no adler": hostile.raw_png(30, 20, PACKED[:-4]),
    "huffman": hostile.raw_png(30, 20, PACKED[:8] + b"\xff\xff\xff" + PACKED[11:]),
    "rows missing": hostile.raw_png(30, 20, zlib.compress(hostile.rows(30, 19))),
    "unknown filter": hostile.raw_png(30, 20, zlib.compress(b"\x09" + hostile.rows(30, 20)[1:])),
    "no pixels": hostile.good_png().replace(hostile.chunk(b"IDAT", PACKED), b""),
    "no palette": hostile.raw_png(30, 20, zlib.compress((b"\0" + b"\1" * 30) * 20), colour=3),
    "depth": hostile.raw_png(30, 20, PACKED, depth=3),
    "webp pixels": hostile.overwritten(pictures.webp(64, 64, lossless=True), 60, 80),
    "webp without pixels": b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0" + b"\0" * 10,
    "jpeg without a scan": pictures.jpeg(16, 16).replace(b"\xff\xda", b"\xff\xfe"),
    "gif without a frame": b"GIF89a\1\0\1\0\0\0\0;",
    "gif pixels": hostile.gif_frames(1).replace(b"\x02\x02\x44\x01\x00", b"\x0c\x02\xff\xff\x00"),
    "avif whose pixels are elsewhere": hostile.avif_elsewhere(9_000),
    "avif without its header": pictures.avif(16, 16).replace(b"meta", b"free"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_found(inspect: Inspect, name: str):
    with pytest.raises(ImageCorrupt):
        inspect(DAMAGED[name])


def test_a_jpeg_of_thousands_of_scans_is_refused_at_once(inspect: Inspect):
    began = time.monotonic()
    with pytest.raises(ProcessingTimeout):
        inspect(hostile.many_scans(3_000))
    assert time.monotonic() - began < 3
    assert inspect(pictures.jpeg(640, 480, progressive=True)).width == 640


def test_a_jpeg_whose_scan_ends_early_is_corrupt_where_libvips_decodes(tmp_path: Path):
    pool = WorkerPool(1, 30.0)
    data = pictures.jpeg(256, 256, noise=True)
    path = tmp_path / "half.jpg"
    path.write_bytes(data[: len(data) // 2] + b"\xff\xd9")
    try:
        with pytest.raises(ImageCorrupt):
            pool.inspect(str(path))
    finally:
        pool.close()


def test_trailing_data_and_polyglots_are_taken_as_they_are(inspect: Inspect):
    makers = (pictures.png, pictures.jpeg, pictures.webp, pictures.avif, pictures.gif)
    tail = b"<script>alert(1)</script>PK\5\6" + b"\0" * 30
    for make in makers:
        clean, found = inspect(make()), inspect(make() + tail)
        assert found == clean
        assert b"script" not in found.thumb


def test_fifty_megabytes_of_trailing_data(inspect: Inspect):
    assert inspect(pictures.png() + os.urandom(1 << 20) * 50).width == 64


METADATA = {
    "packed text": (b"zTXt", b"parameters\0\0" + zlib.compress(b"a" * (50 << 20))),
    "international text": (b"iTXt", b"parameters\0\1\0\0\0" + zlib.compress(b"a" * (50 << 20))),
    "colour profile": (b"iCCP", b"icc\0\0" + zlib.compress(b"a" * (50 << 20))),
    "broken text": (b"zTXt", b"parameters\0\0not packed at all"),
    "broken profile": (b"iCCP", b"icc\0\0not packed at all"),
    "long keyword": (b"tEXt", b"k" * 90 + b"\0text"),
}


@pytest.mark.parametrize("name", METADATA)
def test_metadata_bombs_are_dropped_with_a_warning(inspect: Inspect, name: str):
    kind, body = METADATA[name]
    found = inspect(hostile.with_chunk(pictures.png(), kind, body))
    assert found.width == 64
    assert found.generation.prompt is None
    assert any(warning.startswith("metadata dropped") for warning in found.warnings)


def test_a_metadata_bomb_is_never_unpacked():
    data = hostile.with_chunk(pictures.png(), *METADATA["packed text"])
    tracemalloc.start()
    try:
        sniffing.walk(data, Limits())
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


TEXTS = {
    "script": "<script>alert('x')</script>",
    "lines": "one\r\nSet-Cookie: x=1\r\n\r\n",
    "nul": "a\0b",
    "long": "word " * 200_000,
    "not json": "{not json",
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_texts_never_fail_the_upload(inspect: Inspect, name: str):
    text = TEXTS[name]
    for key in ("parameters", "prompt", "workflow", "Comment"):
        found = inspect(pictures.png(text={key: text}, compressed_text=True))
        assert found.width == 64
        assert "\0" not in str(found.generation.prompt)
    assert inspect(pictures.jpeg(exif_comment=text[:20_000])).width == 64


def test_texts_that_are_no_utf8_are_read_as_latin(inspect: Inspect):
    data = hostile.with_chunk(pictures.png(), b"tEXt", b"parameters\0caf\xe9\nSteps: 5, Seed: 3")
    assert inspect(data).generation.prompt == "café"


def test_broken_exif_is_ignored(inspect: Inspect):
    whole = pictures.exif_block("words\nSteps: 5, Seed: 3", 6)
    chance = random.Random(3)
    for _ in range(40):
        block = bytearray(whole)
        for _ in range(6):
            block[chance.randrange(len(block))] = chance.randrange(256)
        found = inspect(hostile.with_chunk(pictures.png(8, 6), b"eXIf", bytes(block)))
        assert sorted((found.width, found.height)) == [6, 8]
    for length in range(0, len(whole), 7):
        assert inspect(hostile.with_chunk(pictures.png(8, 6), b"eXIf", whole[:length])).width in (6, 8)


def test_an_mpo_is_its_first_frame_as_jpeg(inspect: Inspect):
    target = io.BytesIO()
    first, second = pictures.picture(40, 30), pictures.picture(40, 30, seed=5)
    first.save(target, "MPO", save_all=True, append_images=[second])
    assert Image.open(io.BytesIO(target.getvalue())).format == "MPO"
    found = inspect(target.getvalue())
    assert (found.format, found.mime, found.extension, found.frames) == ("jpeg", "image/jpeg", "jpg", 1)
