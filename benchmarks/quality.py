"""Thumb quality: likeness to a Lanczos reference and size, beside Pillow's plain thumbnail."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import numpy
from numpy.typing import NDArray
from PIL import Image

from imagehist.imaging import inspecting, rendering
from imagehist.imaging.container import Limits

from .figures import Figure, at_least, at_most
from .libraries import Place
from .pictures import samples

Plane = NDArray[numpy.float64]
_KERNEL = numpy.exp(-(numpy.arange(-5, 6) ** 2) / (2 * 1.5**2))


def measure(place: Place) -> Iterator[Figure]:
    """All figures of quality, over made pictures or those of a folder."""
    ours, theirs, sizes = list[float](), list[float](), list[float]()
    engine = rendering.engine()
    for _, data in samples(4 if place.quick else 16, place.pictures):
        with tempfile.NamedTemporaryFile() as file:
            Path(file.name).write_bytes(data)
            thumb, _ = inspecting.thumb(engine, file.name, Limits(100_000_000, 1_000))
        plain, reference = _plain(data), _reference(data, thumb)
        ours.append(likeness(_grey(thumb), reference))
        theirs.append(likeness(_grey(plain), reference))
        sizes.append(len(thumb) / len(plain))
    beside = f"mean SSIM {mean(ours):.4f} beside {mean(theirs):.4f}, {len(ours)} pictures"
    yield at_least("thumb likeness / Pillow's thumbnail + WebP 80", mean(ours) / mean(theirs), "x", 1, beside)
    yield at_most("thumb bytes / Pillow's thumbnail + WebP 80", mean(sizes), "x", 1.1)


def likeness(one: Plane, other: Plane) -> float:
    """Structural similarity of two grey pictures, 1 for equal ones, by the usual 11 x 11 Gaussian window."""
    mean_one, mean_other = _blurred(one), _blurred(other)
    spread_one = _blurred(one * one) - mean_one**2
    spread_other = _blurred(other * other) - mean_other**2
    together = _blurred(one * other) - mean_one * mean_other
    light, contrast = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    above = (2 * mean_one * mean_other + light) * (2 * together + contrast)
    below = (mean_one**2 + mean_other**2 + light) * (spread_one + spread_other + contrast)
    return float((above / below).mean())


def _blurred(plane: Plane) -> Plane:
    """Each pixel with its neighbours under the window; the edge without a whole window is cut off."""
    weights = _KERNEL / _KERNEL.sum()
    for axis in (0, 1):
        windows = numpy.lib.stride_tricks.sliding_window_view(plane, len(weights), axis=axis)
        plane = windows @ weights
    return plane


def _grey(data: bytes) -> Plane:
    with Image.open(io.BytesIO(data)) as image:
        return numpy.asarray(image.convert("L"), numpy.float64)


def _plain(data: bytes) -> bytes:
    target = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.thumbnail((rendering.THUMB_SIDE, rendering.THUMB_SIDE))
        image.save(target, "WEBP", quality=80)
    return target.getvalue()


def _reference(data: bytes, thumb: bytes) -> Plane:
    """The original shrunk by Lanczos to the thumb's size, without any loss."""
    with Image.open(io.BytesIO(thumb)) as small, Image.open(io.BytesIO(data)) as image:
        return numpy.asarray(
            image.convert("RGB").resize(small.size, Image.Resampling.LANCZOS).convert("L"), numpy.float64
        )
