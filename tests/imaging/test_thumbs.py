"""Thumbs and previews are upright, small, in true colours, and the thumbhash is the standard one."""

import base64
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from imagehist.imaging import rendering, sniffing, thumbhash
from imagehist.imaging.container import Limits, needed
from imagehist.imaging.pool import WorkerPool
from imagehist.model.records import Inspection
from tests import pictures
from tests.imaging import hostile

Inspect = Callable[[bytes], Inspection]


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def distance(left: Image.Image, right: Image.Image) -> float:
    """Mean difference of two pictures, in steps of 255."""
    pairs = [np.asarray(image.convert("RGBA").resize((64, 64)), float) for image in (left, right)]
    return float(np.abs(pairs[0] - pairs[1]).mean())


MAKERS = {
    "png": pictures.png,
    "jpeg": pictures.jpeg,
    "webp": pictures.webp,
    "avif": pictures.avif,
    "gif": pictures.gif,
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_thumb_shows_the_picture_at_384(inspect: Inspect, name: str):
    data = MAKERS[name](700, 500)
    found = inspect(data)
    thumb = opened(found.thumb)
    assert (found.width, found.height) == (700, 500)
    assert (thumb.format, thumb.size, found.thumb_extension) == ("WEBP", (384, 274), "webp")
    assert distance(thumb, opened(data)) < 6
    assert "icc_profile" not in thumb.info
    assert "exif" not in thumb.info


@pytest.mark.parametrize("make", [pictures.png, pictures.jpeg, pictures.webp])
def test_large_pictures_shrink_without_seams(inspect: Inspect, make: Callable[..., bytes]):
    thumb = opened(inspect(make(2000, 2900)).thumb)
    assert thumb.size == (265, 384)
    assert distance(thumb, pictures.picture(2000, 2900)) < 4


@pytest.mark.slow
def test_the_largest_pictures_fit_into_the_memory_of_a_child(inspect: Inspect):
    row = b"\0" + b"\x40\x80\xc0\xff" * 10_000
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(row) for _ in range(10_000)) + packer.flush()
    assert inspect(hostile.raw_png(10_000, 10_000, packed, colour=6)).width == 10_000
    assert inspect(pictures.webp(8_000, 6_000)).width == 8_000


def test_small_pictures_are_not_enlarged(inspect: Inspect):
    assert opened(inspect(pictures.png(20, 10)).thumb).size == (20, 10)


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (385, 384)])
def test_extreme_shapes_have_thumbs(inspect: Inspect, size: tuple[int, int]):
    thumb = opened(inspect(pictures.png(*size)).thumb)
    assert max(thumb.size) <= 384
    assert min(thumb.size) >= 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("make", [pictures.jpeg, pictures.webp, pictures.avif])
def test_thumbs_are_upright(inspect: Inspect, make: Callable[..., bytes], orientation: int):
    found = inspect(make(40, 20, orientation=orientation))
    upright = pictures.picture(40, 20)
    upright.getexif()[pictures.ORIENTATION] = orientation
    expected = ImageOps.exif_transpose(upright)
    assert (found.width, found.height) == expected.size
    assert opened(found.thumb).size == expected.size
    assert distance(opened(found.thumb), expected) < 9


def test_a_png_is_turned_by_its_exif_chunk(inspect: Inspect):
    block = pictures.exif_block(None, 6)
    found = inspect(hostile.with_chunk(pictures.png(40, 20), b"eXIf", block))
    assert (found.width, found.height) == (20, 40)
    assert opened(found.thumb).size == (20, 40)


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def sixteen_bit(colour: int, pixel: tuple[int, ...]) -> bytes:
    row = b"\0" + struct.pack(f">{len(pixel)}H", *pixel) * 40
    return hostile.raw_png(40, 30, zlib.compress(row * 30), depth=16, colour=colour)


COLOURS: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "16-bit grey": (sixteen_bit(0, (40_000,)), (156, 156, 156, 255)),
    "16-bit colour": (sixteen_bit(2, (60_000, 30_000, 100)), (234, 117, 0, 255)),
    "16-bit alpha": (sixteen_bit(6, (60_000, 30_000, 100, 30_000)), (234, 117, 0, 117)),
}


@pytest.mark.parametrize("name", COLOURS)
def test_deep_colours_come_out_right(inspect: Inspect, name: str):
    data, expected = COLOURS[name]
    found = opened(inspect(data).thumb).convert("RGBA").getpixel((20, 15))
    assert all(abs(a - b) <= 8 for a, b in zip(found, expected, strict=True)), found


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA"])
def test_every_mode_of_png_has_a_true_thumb(inspect: Inspect, mode: str):
    data = pictures.png(200, 150, mode=mode)
    assert distance(opened(inspect(data).thumb), opened(data)) < (30 if mode == "1" else 9)


def test_transparency_is_kept(inspect: Inspect):
    for make in (pictures.png, pictures.webp, pictures.avif):
        thumb = opened(inspect(make(200, 150, mode="RGBA")).thumb)
        assert thumb.mode == "RGBA"
        assert thumb.getchannel("A").getextrema()[0] < 10
    palette = pictures.picture(64, 48, mode="P")
    palette.paste(7, (0, 0, 32, 48))
    target = io.BytesIO()
    palette.save(target, "PNG", transparency=7)
    assert opened(inspect(target.getvalue()).thumb).convert("RGBA").getpixel((5, 5))[3] < 10


def test_cmyk_becomes_rgb(inspect: Inspect):
    thumb = opened(inspect(pictures.jpeg(200, 150, mode="CMYK")).thumb)
    assert thumb.mode == "RGB"
    assert distance(thumb, pictures.picture(200, 150)) < 45


@pytest.mark.parametrize("profile", [srgb_profile(), b"x" * 500, b"\0" * 128, srgb_profile()[:300]])
def test_good_and_bad_profiles_are_survived(inspect: Inspect, profile: bytes):
    for make in (pictures.png, pictures.jpeg):
        thumb = opened(inspect(make(200, 150, icc_profile=profile)).thumb)
        assert distance(thumb, pictures.picture(200, 150)) < 6


def test_wide_colours_are_brought_to_srgb(inspect: Inspect):
    """A profile whose red and blue are swapped shows whether it is obeyed."""
    profile = bytearray(srgb_profile())
    red, blue = (profile.index(tag, 128) for tag in (b"rXYZ", b"bXYZ"))
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    red_picture = Image.new("RGB", (64, 48), (250, 10, 10))
    target = io.BytesIO()
    red_picture.save(target, "PNG", icc_profile=bytes(profile))
    found = opened(inspect(target.getvalue()).thumb).convert("RGB").getpixel((30, 20))
    assert found[2] > 200
    assert found[0] < 60


@pytest.mark.parametrize(
    "make", [pictures.gif, pictures.animated_webp, pictures.animated_png, pictures.animated_avif]
)
def test_moving_pictures_show_their_first_frame(inspect: Inspect, make: Callable[..., bytes]):
    data = make(64, 48, frames=4)
    found = inspect(data)
    assert found.frames == 4
    assert distance(opened(found.thumb), pictures.picture(64, 48, seed=0)) < 9
    assert getattr(opened(found.thumb), "n_frames", 1) == 1


def test_previews_have_the_width_asked_for(pool: WorkerPool, tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(pictures.jpeg(900, 600, orientation=6))
    assert opened(pool.resize(str(path), 300)).size == (300, 450)
    assert opened(pool.resize(str(path), 2048)).size == (600, 900)
    assert opened(pool.resize(str(path), 300)).format == "WEBP"
    path.write_bytes(pictures.png(50, 2000))
    assert opened(pool.resize(str(path), 640)).size == (50, 2000)
    path.write_bytes(pictures.jpeg(4000, 2000))
    assert distance(opened(pool.resize(str(path), 300)), pictures.picture(4000, 2000)) < 6
    path.write_bytes(pictures.png(50, 2000))
    thumb, extension = pool.thumb(str(path))
    assert (opened(thumb).size, extension) == ((10, 384), "webp")


def test_without_webp_the_thumb_is_a_jpeg_on_white():
    engine = rendering.Engine(None, webp=False)
    data = pictures.png(60, 40, mode="RGBA")
    container = sniffing.walk(data, Limits())
    found = rendering.rendered(engine, needed(data, container), container)
    thumb = opened(found.thumb)
    assert (thumb.format, thumb.mode, found.extension) == ("JPEG", "RGB", "jpg")
    faintest = pictures.picture(60, 40, mode="RGBA").getchannel("A").point(lambda alpha: 255 * (alpha < 8))
    assert min(thumb.getpixel(faintest.getbbox()[:2])) > 220


# Made by the format's own encoder from the same pixels.
STANDARD = {
    "photograph": ("3/cBDYJxhnis6ndGj4mHdvfatDof", pictures.picture(48, 36, noise=True, seed=1)),
    "portrait": ("3vcBDAI1/InmeG1S43eKid/3iQ==", pictures.picture(30, 48, noise=True, seed=2)),
    "gradient": ("JfYJNZqAd4dwiHd3iHd4iFCCCfh3", pictures.picture(48, 32)),
    "alpha": ("4liGGow40oewh3mjsDf7dHB3eIiHiHc=", pictures.picture(48, 20, mode="RGBA", seed=3)),
    "grey": ("IQgOBYB0doeAZ4eId2eHdwAAAAAA", pictures.picture(100, 75, mode="L", seed=4)),
    "tall": ("3vcBAQCMaoiaaqn7b50twLg=", pictures.picture(5, 90, noise=True, seed=5)),
    "clear": ("AAiCA4AAAAAAAAAAAAAAAAAAAAAAAAA=", Image.new("RGBA", (20, 10), (9, 9, 9, 0))),
}


@pytest.mark.parametrize("name", STANDARD)
def test_thumbhashes_are_the_standard_ones(name: str):
    expected, picture = STANDARD[name]
    made = thumbhash.encode(*picture.size, picture.convert("RGBA").tobytes())
    assert base64.b64encode(made).decode() == expected


def test_a_thumbhash_takes_no_large_picture():
    with pytest.raises(ValueError, match="larger"):
        thumbhash.encode(101, 1, bytes(404))


@pytest.mark.parametrize("engine", ["auto", "pillow"])
def test_a_worker_stays_small_at_twelve_megapixels(engine: str, tmp_path: Path):
    pool = WorkerPool(1, 30.0, engine=engine)
    path = tmp_path / "big"
    try:
        for make in (pictures.png, pictures.jpeg):
            path.write_bytes(make(4000, 3000))
            pool.inspect(str(path))
        status = Path(f"/proc/{pool.pids()[0]}/status").read_text()
    finally:
        pool.close()
    assert int(status.partition("VmHWM:")[2].split()[0]) <= 300 * 1024
