"""Decodes and shrinks with Pillow: every format, and the only way for moving pictures and AVIF."""

from __future__ import annotations

import io

from PIL import AvifImagePlugin, Image, ImageCms

from . import png_pixels
from .container import Container, corrupt

_SRGB = ImageCms.createProfile("sRGB")
_FRAME_BUDGET = 100_000_000
_STRIP = 64
_FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP", "avif": "AVIF", "gif": "GIF"}

AvifImagePlugin.DEFAULT_MAX_THREADS = 1
Image.MAX_IMAGE_PIXELS = None  # our own walkers have refused larger ones before


def shrunk(data: bytes, container: Container, box: tuple[int, int], *, hasty: bool = False) -> Image.Image:
    """The first frame, at most as large as `box`, as stored (not turned), RGB or RGBA in sRGB.

    Every pixel of every frame is decoded unless `hasty`, or unless the frames together are over
    the budget. Raises ImageCorrupt and whatever Pillow raises.
    """
    if container.format == "png" and not hasty:
        png_pixels.check(data)
    with Image.open(io.BytesIO(data), formats=[_FORMATS[container.format]]) as image:
        if hasty:
            image.draft("RGB", (2 * box[0], 2 * box[1]))
        image.load()
        if container.format != "gif" and not hasty and image.size != (container.width, container.height):
            raise corrupt("its size is not the one it says")
        small = _srgb(_fitted(image, box), image.info.get("icc_profile"))
        if not hasty:
            _decode_rest(image, container)
        return small


def _fitted(image: Image.Image, box: tuple[int, int]) -> Image.Image:
    small = _reduced(image, int(max(image.width / box[0], image.height / box[1]) / 2))
    small.thumbnail(box, Image.Resampling.LANCZOS, reducing_gap=None)
    return small


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """A copy shrunk by a whole factor, strip by strip: a second whole copy would be too much memory."""
    if factor < 2:
        return _plain(image)
    strips = []
    for top in range(0, image.height, factor * _STRIP):
        below = min(image.height, top + factor * _STRIP)
        strips.append(_plain(image.crop((0, top, image.width, below))).reduce(factor))
    whole = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    for number, strip in enumerate(strips):
        whole.paste(strip, (0, number * _STRIP))
    return whole


def _plain(image: Image.Image) -> Image.Image:
    """A copy in a mode that can be scaled; CMYK stays as it is, its profile is applied later."""
    if image.mode in ("L", "RGB", "RGBA", "CMYK") and "transparency" not in image.info:
        return image.copy()
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value / 257).convert("L")
    see_through = "transparency" in image.info or image.mode in ("LA", "La", "PA", "RGBa", "RGBA")
    return image.convert("RGBA" if see_through else "RGB")


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    target = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode=target)
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            return converted
    return image.convert(target)


def _decode_rest(image: Image.Image, container: Container) -> None:
    if container.frames * container.width * container.height > _FRAME_BUDGET:
        return
    for number in range(1, getattr(image, "n_frames", 1) if container.frames > 1 else 1):
        image.seek(number)
        image.load()
