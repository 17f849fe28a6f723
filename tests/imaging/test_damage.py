"""Half files and rotten ones are found at every byte, by structure before any decoder is asked."""

import random
from collections.abc import Callable

import pytest

from imagehist.imaging import sniffing
from imagehist.imaging.container import Limits
from imagehist.model.faults import Fault, ImageCorrupt, ProcessingFailed, ProcessingTimeout
from imagehist.model.records import Inspection
from tests import pictures
from tests.imaging import hostile

Inspect = Callable[[bytes], Inspection]

WHOLE = {
    "png": pictures.png(16, 12),
    "comfyui": pictures.comfyui_png(width=8, height=8),
    "jpeg": pictures.jpeg(16, 12, exif_comment="x", orientation=6),
    "webp": pictures.webp(16, 12),
    "webp lossless": pictures.webp(16, 12, lossless=True),
    "webp animated": pictures.animated_webp(16, 12),
    "avif": pictures.avif(16, 12),
    "avif animated": pictures.animated_avif(16, 12),
    "gif": pictures.gif(8, 6, frames=2),
}


@pytest.mark.usefixtures("same_child")
@pytest.mark.parametrize("name", WHOLE)
def test_cut_at_every_byte(inspect: Inspect, name: str):
    data = WHOLE[name]
    step = max(1, len(data) // 400)
    for end in (*range(1, len(data) - 16, step), *range(max(1, len(data) - 16), len(data))):
        with pytest.raises(ImageCorrupt):
            inspect(data[:end])
    assert inspect(data).frames >= 1


@pytest.mark.parametrize("name", WHOLE)
def test_the_walk_alone_finds_every_cut(name: str):
    """No decoder is needed to know that a file is cut short."""
    for end in range(1, len(WHOLE[name])):
        with pytest.raises(ImageCorrupt):
            sniffing.walk(WHOLE[name][:end], Limits())


LIES = {
    "gif without a frame": b"GIF89a\1\0\1\0\0\0\0;",
    "webp without pixels": b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0" + b"\0" * 10,
    "jpeg without a scan": pictures.jpeg(16, 16).replace(b"\xff\xda", b"\xff\xfe"),
    "avif whose pixels are elsewhere": hostile.avif_elsewhere(9_000),
    "png without a palette": hostile.raw_png(30, 20, b"", colour=3),
}


@pytest.mark.parametrize("name", LIES)
def test_the_walk_alone_finds_lies(name: str):
    with pytest.raises(ImageCorrupt):
        sniffing.walk(LIES[name], Limits())


def test_an_empty_file_is_corrupt(inspect: Inspect):
    with pytest.raises(ImageCorrupt):
        inspect(b"")


@pytest.mark.usefixtures("same_child")
@pytest.mark.parametrize("name", WHOLE)
def test_flipped_bits_never_cost_more_than_the_image(inspect: Inspect, name: str):
    chance = random.Random(name)
    outcomes = set()
    for _ in range(120):
        data = bytearray(WHOLE[name])
        for _ in range(chance.choice((1, 1, 2, 8))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            inspect(bytes(data))
            outcomes.add("taken")
        except (ProcessingFailed, ProcessingTimeout):
            raise
        except Fault as fault:
            outcomes.add(fault.code)
    assert outcomes <= {"taken", "IMAGE_CORRUPT", "TOO_MANY_PIXELS", "TOO_MANY_FRAMES", "FORMAT_NOT_ALLOWED"}
    assert "IMAGE_CORRUPT" in outcomes
