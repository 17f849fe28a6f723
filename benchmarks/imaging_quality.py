"""Compares our thumbs with a Lanczos reference and with Pillow's default thumb: likeness, bytes, time."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagehist.imaging import rendering, sniffing
from imagehist.imaging.container import Limits, needed

SIDE = rendering.THUMB_SIDE
_WINDOW = 8
Floats = NDArray[np.float64]


class Score(NamedTuple):
    """Means over all pictures: SSIM to the reference, bytes of a thumb, milliseconds of processor time."""

    ssim: float
    size: float
    milliseconds: float


def compare(originals: Iterable[bytes], engine: str = "auto") -> dict[str, Score]:
    """Scores by name: `ours` (with that engine) and `pillow default` (thumbnail, WebP 80)."""
    chosen = rendering.engine(engine)
    makers = {"ours": lambda data: _ours(chosen, data), "pillow default": _pillow_default}
    files = list(originals)
    references = [_reference(data) for data in files]
    return {name: _score(make, files, references) for name, make in makers.items()}


def ssim(left: Image.Image, right: Image.Image) -> float:
    """Structural similarity of two pictures of one size, over luminance in 8 x 8 windows, 1 when equal."""
    x, y = (np.asarray(image.convert("L"), np.float64) for image in (left, right))
    mean_x, mean_y = _means(x), _means(y)
    varied_x, varied_y = _means(x * x) - mean_x**2, _means(y * y) - mean_y**2
    together = _means(x * y) - mean_x * mean_y
    small, smaller = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    above = (2 * mean_x * mean_y + small) * (2 * together + smaller)
    below = (mean_x**2 + mean_y**2 + small) * (varied_x + varied_y + smaller)
    return float(np.mean(above / below))


def _means(values: Floats) -> Floats:
    """The mean of every window, by sums of sums."""
    total = np.pad(values, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    w = _WINDOW
    windows: Floats = total[w:, w:] - total[:-w, w:] - total[w:, :-w] + total[:-w, :-w]
    return windows / (w * w)


def _score(make: Callable[[bytes], bytes], files: list[bytes], references: list[Image.Image]) -> Score:
    began = time.process_time()
    thumbs = [make(data) for data in files]
    spent = (time.process_time() - began) * 1000 / len(files)
    pairs = zip(thumbs, references, strict=True)
    likeness = [
        ssim(Image.open(io.BytesIO(thumb)).resize(reference.size), reference) for thumb, reference in pairs
    ]
    return Score(sum(likeness) / len(files), sum(map(len, thumbs)) / len(files), spent)


def _reference(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=None)
    return image


def _ours(engine: rendering.Engine, data: bytes) -> bytes:
    container = sniffing.walk(data, Limits())
    return rendering.rendered(engine, needed(data, container), container).thumb


def _pillow_default(data: bytes) -> bytes:
    image, target = Image.open(io.BytesIO(data)), io.BytesIO()
    image.thumbnail((SIDE, SIDE))
    image.save(target, "WEBP", quality=80)
    return target.getvalue()


def main(paths: list[str]) -> int:
    """Print the table for the given picture files."""
    files = [Path(path).read_bytes() for path in paths]
    for engine in ("auto", "pillow"):
        for name, score in compare(files, engine).items():
            label = f"{name} ({engine})" if name == "ours" else name
            sys.stdout.write(
                f"{label:16} {score.ssim:.4f} {score.size:9.0f} B {score.milliseconds:7.1f} ms\n"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
