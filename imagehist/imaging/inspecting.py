"""One image file inspected from its first byte to its last: structure, limits, pixels, story."""

from __future__ import annotations

import mmap
import os

from ..model.faults import ImageCorrupt
from ..model.records import Inspection
from . import prompts, rendering, sniffing
from .container import Container, Data, Limits, needed

_KINDS = {"jpeg": ("image/jpeg", "jpg")}


def inspect(engine: rendering.Engine, path: str, limits: Limits) -> Inspection:
    """Everything a new image's record needs.

    Raises FormatNotAllowed, ImageCorrupt, TooManyPixels, TooManyFrames.
    """
    data = _read(path)
    container = sniffing.walk(data, limits)
    picture = rendering.rendered(engine, needed(data, container), container)
    generation, warnings = prompts.read(container)
    mime, extension = _KINDS.get(container.format, (f"image/{container.format}", container.format))
    width, height = _upright_size(container)
    return Inspection(
        format=container.format,
        mime=mime,
        extension=extension,
        width=width,
        height=height,
        frames=container.frames,
        thumb=picture.thumb,
        thumb_extension=picture.extension,
        thumbhash=picture.thumbhash,
        generation=generation,
        warnings=[*container.warnings, *warnings],
    )


def resize(engine: rendering.Engine, path: str, limits: Limits, width: int) -> bytes:
    """A preview at most `width` pixels across. Raises as `inspect` does."""
    data = _read(path)
    container = sniffing.walk(data, limits)
    return rendering.preview(engine, needed(data, container), container, width)


def thumb(engine: rendering.Engine, path: str, limits: Limits) -> tuple[bytes, str]:
    """A thumb's bytes and extension. Raises as `inspect` does."""
    data = _read(path)
    container = sniffing.walk(data, limits)
    return rendering.thumb_again(engine, needed(data, container), container)


def _read(path: str) -> Data:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        if os.fstat(handle).st_size == 0:
            raise ImageCorrupt("The file is empty.")
        return mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(handle)


def _upright_size(container: Container) -> tuple[int, int]:
    size = (container.width, container.height)
    return size[::-1] if rendering.turned(container) else size
