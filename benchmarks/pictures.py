"""Test pictures that compress like photographs, made from a number, and the files of a folder."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy
from PIL import Image

_OPTIONS = {"PNG": {"compress_level": 4}, "JPEG": {"quality": 92}, "WEBP": {"quality": 80}}
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


def photo(number: int, width: int = 1024, height: int = 1024) -> Image.Image:
    """A picture with soft ground, edges at every scale and grain."""
    random = numpy.random.default_rng(number)
    layers = numpy.zeros((height, width, 3), numpy.float32)
    for cells in (4, 12, 40, 130):
        coarse = Image.fromarray(random.integers(0, 256, (cells, cells, 3), numpy.uint8))
        layers += (
            numpy.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), numpy.float32) / cells
        )
    layers += 25 * (numpy.sin(layers * 0.4) > 0.4)
    layers += random.normal(0, 1.5, layers.shape)
    low, high = layers.min(), layers.max()
    return Image.fromarray(((layers - low) * (255 / (high - low))).astype(numpy.uint8))


def encoded(image: Image.Image, form: str) -> bytes:
    """A picture's bytes as PNG, JPEG or WebP."""
    target = io.BytesIO()
    image.save(target, form, **_OPTIONS[form])
    return target.getvalue()


def samples(count: int, folder: str | None) -> Iterator[tuple[str, bytes]]:
    """PNG and JPEG files by name: those of `folder`, or `count` made ones."""
    if folder is None:
        yield from ((f"made-{n}.png", encoded(photo(n), "PNG")) for n in range(count))
        return
    for path in sorted(Path(folder).iterdir())[:count]:
        if path.suffix.lower() in FORMATS:
            yield path.name, path.read_bytes()
