"""Thumbs are as like the original as Pillow's default ones, in no more than a tenth more bytes."""

import pytest

from benchmarks import imaging_quality
from tests import pictures


def test_equal_pictures_are_alike_and_different_ones_are_not():
    left, right = pictures.picture(64, 48, noise=True, seed=1), pictures.picture(64, 48, noise=True, seed=2)
    assert imaging_quality.ssim(left, left) == pytest.approx(1)
    assert imaging_quality.ssim(left, right) < 0.7


@pytest.mark.parametrize("engine", ["auto", "pillow"])
def test_thumbs_are_as_good_as_pillows_default(engine: str):
    originals = [pictures.png(1024, 1024, noise=True, seed=1), pictures.jpeg(1500, 1000, noise=True, seed=2)]
    scores = imaging_quality.compare(originals, engine)
    ours, default = scores["ours"], scores["pillow default"]
    assert ours.ssim >= default.ssim
    assert ours.size <= 1.1 * default.size
