"""Tells the five allowed formats by their first bytes and sends each to its own walker."""

from __future__ import annotations

from collections.abc import Callable

from ..model.faults import FormatNotAllowed
from . import avif, exif, gif, jpeg, png, webp
from .container import Container, Data, Limits, corrupt

_SIGNATURES: tuple[tuple[bytes, Callable[[Data, Limits], Container]], ...] = (
    (png.SIGNATURE, png.walk),
    (jpeg.SIGNATURE, jpeg.walk),
    (b"GIF87a", gif.walk),
    (b"GIF89a", gif.walk),
)


def walk(data: Data, limits: Limits) -> Container:
    """The structure of an image file, whole to its end, its turn included.

    Raises FormatNotAllowed for anything but PNG, JPEG, WebP, AVIF and GIF, whatever its name;
    ImageCorrupt, TooManyPixels and TooManyFrames from the walker.
    """
    container = _walker(data)(data, limits)
    # The prefix belongs to JPEG alone, but writers put it before the block everywhere.
    container = container._replace(exif=container.exif.removeprefix(b"Exif\0\0"))
    if container.orientation is None:
        return container._replace(orientation=exif.orientation(container.exif))
    return container


def _walker(data: Data) -> Callable[[Data, Limits], Container]:
    head = data[:16]
    for signature, walker in _SIGNATURES:
        if head.startswith(signature):
            return walker
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return webp.walk
    if avif.is_avif(data):
        return avif.walk
    if _cut_in_signature(head):
        raise corrupt("it ends within its first bytes")
    raise FormatNotAllowed("Not a PNG, JPEG, WebP, AVIF or GIF image.")


def _cut_in_signature(head: bytes) -> bool:
    if not 0 < len(head) < 16:
        return False
    riff = head.startswith(b"RIFF") and b"WEBP".startswith(head[8:])
    box = b"\0\0\0".startswith(head[:3]) and b"ftyp".startswith(head[4:8]) and b"avi".startswith(head[8:11])
    return riff or box or any(signature.startswith(head) for signature in (*dict(_SIGNATURES), b"RIFF"))
