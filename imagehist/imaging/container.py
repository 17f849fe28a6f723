"""What the walk through an image file's structure gives, and the limits it is held to."""

from __future__ import annotations

from mmap import mmap
from typing import NamedTuple

from ..model.faults import ImageCorrupt, TooManyFrames, TooManyPixels

Data = bytes | mmap

MAX_SIDE = 65_535


class Limits(NamedTuple):
    """How large an image may be: pixels of one frame, number of frames."""

    pixels: int = 100_000_000
    frames: int = 1_000


class Container(NamedTuple):
    """One file's facts, before any pixel is decoded.

    `width` and `height` are as stored; `orientation` (EXIF, 1-8) says how to turn them upright.
    `spans` are the byte ranges a decoder needs, in order. `texts` are the keyword texts and comments
    with the place they were found in as key. `exif` is a TIFF block or empty.
    """

    format: str
    width: int
    height: int
    frames: int = 1
    spans: tuple[tuple[int, int], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    exif: bytes = b""
    orientation: int | None = None
    warnings: tuple[str, ...] = ()


def corrupt(what: str) -> ImageCorrupt:
    """The fault for a file whose structure is broken; `what` is for people."""
    return ImageCorrupt(f"The image is damaged or cut short: {what}.")


def check_size(width: int, height: int, limits: Limits) -> None:
    """Refuse a size of zero (ImageCorrupt) or over the limit (TooManyPixels)."""
    if width < 1 or height < 1:
        raise corrupt("its width or height is zero")
    if width > MAX_SIDE or height > MAX_SIDE or width * height > limits.pixels:
        raise TooManyPixels(
            f"{width} x {height} is over the limit of {limits.pixels} pixels.", limit=limits.pixels
        )


def check_frames(frames: int, limits: Limits) -> None:
    """Refuse more frames than the limit with TooManyFrames."""
    if frames > limits.frames:
        raise TooManyFrames(f"More than {limits.frames} frames.", limit=limits.frames)


def needed(data: Data, container: Container) -> bytes:
    """The bytes a decoder needs, without foreign chunks and what stands after the image's end."""
    return b"".join(data[start:end] for start, end in container.spans)
