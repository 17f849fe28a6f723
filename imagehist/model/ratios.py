"""Aspect ratios: the nearest common one within two per cent, else the reduced fraction."""

from __future__ import annotations

from math import gcd

_LANDSCAPE = ("1:1", "5:4", "4:3", "3:2", "16:10", "5:3", "16:9", "2:1", "21:9")


def _value(ratio: str) -> float:
    across, _, down = ratio.partition(":")
    return int(across) / int(down)


COMMON: dict[str, float] = {ratio: _value(ratio) for ratio in _LANDSCAPE}
COMMON |= {":".join(reversed(r.split(":"))): 1 / _value(r) for r in _LANDSCAPE if r != "1:1"}


def aspect_ratio(width: int, height: int) -> str:
    """`W:H` of a size in pixels after orientation."""
    value = width / height
    name, nearest = min(COMMON.items(), key=lambda item: abs(item[1] / value - 1))
    if abs(nearest / value - 1) <= 0.02:
        return name
    divisor = gcd(width, height)
    return f"{width // divisor}:{height // divisor}"
