"""Encodes the thumbhash of a small picture: about 25 bytes that paint a blurred placeholder."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

MAX_SIDE = 100
Floats = NDArray[np.float64]


def encode(width: int, height: int, rgba: bytes) -> bytes:
    """The thumbhash of straight (not premultiplied) RGBA pixels, at most 100 on each side.

    Sums run in raster order and halves round up, as in the format's own encoder, so that the
    same pixels give the same bytes everywhere.
    """
    if max(width, height) > MAX_SIDE:
        raise ValueError(f"{width} x {height} is larger than {MAX_SIDE} x {MAX_SIDE}")
    pixels = np.frombuffer(rgba, np.uint8).reshape(-1, 4).astype(np.float64)
    alpha = pixels[:, 3] / 255
    opacity = _total(alpha)
    has_alpha = opacity < width * height
    light, yellow, red = _channels(pixels, alpha, opacity)
    limit = 5 if has_alpha else 7
    across = max(1, _round(limit * width / max(width, height)))
    down = max(1, _round(limit * height / max(width, height)))
    size = (width, height)
    parts = [_transform(light, size, max(3, across), max(3, down))]
    parts += [_transform(channel, size, 3, 3) for channel in (yellow, red)]
    if has_alpha:
        parts.append(_transform(alpha, size, 5, 5))
    return _packed(parts, width > height, down if width > height else across)


def _channels(pixels: Floats, alpha: Floats, opacity: float) -> tuple[Floats, Floats, Floats]:
    """Luminance, yellow-blue and red-green of the picture laid over its own average colour."""
    means = [_total(alpha / 255 * pixels[:, band]) / (opacity or 1) for band in range(3)]
    red, green, blue = (means[band] * (1 - alpha) + alpha / 255 * pixels[:, band] for band in range(3))
    return (red + green + blue) / 3, (red + green) / 2 - blue, red - green


def _transform(channel: Floats, size: tuple[int, int], nx: int, ny: int) -> tuple[float, list[float], float]:
    """The lowest cosine terms: the constant one, the others scaled to 0..1, and that scale."""
    width, height = size
    plane = channel.reshape(height, width)
    waves_x = [_wave(width, cx) for cx in range(nx)]
    waves_y = [_wave(height, cy) for cy in range(ny)]
    terms = [
        _total((plane * waves_x[cx] * waves_y[cy][:, None]).ravel()) / (width * height)
        for cy in range(ny)
        for cx in range(nx)
        if cx * ny < nx * (ny - cy)
    ]
    scale = max((abs(term) for term in terms[1:]), default=0.0)
    varying = [0.5 + 0.5 / scale * term for term in terms[1:]] if scale else terms[1:]
    return terms[0], varying, scale


def _wave(length: int, number: int) -> Floats:
    return np.array([math.cos(math.pi / length * number * (at + 0.5)) for at in range(length)])


def _total(values: Floats) -> float:
    """The sum from first to last; NumPy's own sum adds in another order and rounds differently."""
    return float(np.add.accumulate(values)[-1])


def _round(value: float) -> int:
    return math.floor(value + 0.5)


def _packed(parts: list[tuple[float, list[float], float]], landscape: bool, short_side: int) -> bytes:
    (l_dc, _, l_scale), (p_dc, _, p_scale), (q_dc, _, q_scale) = parts[:3]
    head = _round(63 * l_dc) | _round(31.5 + 31.5 * p_dc) << 6 | _round(31.5 + 31.5 * q_dc) << 12
    head |= _round(31 * l_scale) << 18 | (len(parts) > 3) << 23
    rest = short_side | _round(63 * p_scale) << 3 | _round(63 * q_scale) << 9 | landscape << 15
    packed = bytearray(head.to_bytes(3, "little") + rest.to_bytes(2, "little"))
    if len(parts) > 3:
        packed.append(_round(15 * parts[3][0]) | _round(15 * parts[3][2]) << 4)
    nibbles = [_round(15 * term) for _, varying, _ in parts for term in varying]
    nibbles += [0] * (len(nibbles) % 2)
    packed += bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    return bytes(packed)
