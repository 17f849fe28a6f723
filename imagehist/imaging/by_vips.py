"""Decodes and shrinks still PNG, JPEG and WebP with libvips, faster than Pillow, where it is installed."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from PIL import Image

from ..model.faults import Fault, ProcessingFailed
from .container import Container, corrupt

_LOADERS = {"png": "pngload_buffer", "jpeg": "jpegload_buffer", "webp": "webpload_buffer"}
_DAMAGE = ("premature end", "bad huffman", "bad arithmetic", "broken", "corrupt jpeg data: bad")


def load() -> ModuleType | None:
    """libvips, set to one thread, no cache and no loader of foreign formats; None when it is not there."""
    try:
        vips = importlib.import_module("pyvips")
    except (ImportError, OSError):
        return None
    vips.vips_lib.vips_block_untrusted_set(1)
    vips.vips_lib.vips_concurrency_set(1)
    vips.cache_set_max(0)
    return vips


def handles(container: Container) -> bool:
    """Whether a file of this kind is decoded here; the others are Pillow's."""
    return container.format in _LOADERS and container.frames == 1


def shrunk(
    vips: Any, data: bytes, container: Container, box: tuple[int, int], *, hasty: bool = False
) -> Image.Image:
    """The picture, at most as large as `box`, as stored (not turned), RGB or RGBA in sRGB.

    Every pixel is decoded, but for a JPEG that is `hasty`. Raises ImageCorrupt, and
    ProcessingFailed for want of memory.
    """
    try:
        return _decoded(vips, data, container, box, "error" if hasty else "warning", hasty)
    except vips.Error as error:
        if container.format != "jpeg" or any(word in str(error).lower() for word in _DAMAGE):
            raise _fault(error) from error
    try:
        return _decoded(vips, data, container, box, "error", hasty)
    except vips.Error as error:
        raise _fault(error) from error


def _fault(error: Exception) -> Fault:
    if "memory" in str(error).lower().removeprefix("unable to copy to memory"):
        return ProcessingFailed("Decoding needs more memory than allowed.")
    return corrupt("its pixels cannot be decoded")


def _decoded(
    vips: Any, data: bytes, container: Container, box: tuple[int, int], strictness: str, hasty: bool
) -> Image.Image:
    vips.vips_lib.vips_error_clear()
    loader = getattr(vips.Image, _LOADERS[container.format])
    image = loader(data, access="sequential", fail_on=strictness)
    if (image.width, image.height) != (container.width, container.height):
        raise corrupt("its size is not the one it says")
    factor = _factor(container, box)
    if container.format == "webp" and factor > 1:
        # The decoder goes through every pixel all the same, but needs room for the small picture only.
        image = loader(data, access="sequential", fail_on=strictness, scale=1 / factor)
    if container.format == "jpeg" and hasty:
        image = loader(data, access="sequential", fail_on=strictness, shrink=_power_of_two(factor))
    return _as_pillow(_srgb(vips, image, box))


def _as_pillow(small: Any) -> Image.Image:
    mode = "RGBA" if small.bands == 4 else "RGB"
    return Image.frombytes(mode, (small.width, small.height), small.write_to_memory())


def _factor(container: Container, box: tuple[int, int]) -> int:
    """How much a decoder itself may shrink: twice the wanted size is left for a good filter."""
    return max(1, int(max(container.width / box[0], container.height / box[1]) / 2))


def _power_of_two(factor: int) -> int:
    """What a JPEG decoder can do of a factor: 1, 2, 4 or 8."""
    return next(power for power in (8, 4, 2, 1) if factor >= power)


def _srgb(vips: Any, image: Any, box: tuple[int, int]) -> Any:
    """Colours are converted after the shrink: on the whole picture that would cost as much as decoding it."""
    small = image.thumbnail_image(box[0], height=box[1], size="down", no_rotate=True)
    if small.get_typeof("icc-profile-data"):
        try:
            return small.icc_transform("srgb", embedded=True, depth=8).copy_memory()
        except vips.Error:
            small = small.copy()
            small.remove("icc-profile-data")
    return small.colourspace("srgb").cast("uchar").copy_memory()
