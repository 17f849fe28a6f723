"""The libraries a run measures on, made when they are first needed and kept when asked."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import NamedTuple

from .generator import Wish, make


class Place(NamedTuple):
    """Where a run works and how large: `images` in all, `quick` for short samples."""

    folder: str
    images: int
    quick: bool
    pictures: str | None = None

    def seconds(self, whole: float) -> float:
        """How long one load lasts."""
        return 1 if self.quick else whole

    def times(self, whole: int) -> int:
        """How often something is repeated."""
        return max(3, whole // 10) if self.quick else whole

    def one(self) -> str:
        """All images in one library."""
        return self._made("one", Wish(1, self.images, thumbs=2_000, originals=60))

    def small(self) -> str:
        """A thousand images in one library."""
        return self._made("small", Wish(1, 1_000, thumbs=1_000, originals=20))

    def many(self) -> str:
        """The same number of images, a thousandth in each of a thousand libraries."""
        return self._made("many", Wish(1_000, max(1, self.images // 1_000), thumbs=20, originals=2))

    def whole(self) -> str:
        """Fewer images with all their sidecars, and something in the place of each original."""
        return self._made("whole", Wish(1, max(1_000, self.images // 10), sidecars=True, hollow=True))

    def fresh(self, name: str) -> str:
        """An empty place that is made anew for every run."""
        root = f"{self.folder}/{name}"
        shutil.rmtree(root, ignore_errors=True)
        return root

    def _made(self, name: str, wish: Wish) -> str:
        root = f"{self.folder}/{name}"
        if not os.path.exists(f"{root}.made"):
            print(f"making {wish.owners:,} x {wish.images:,} images", file=sys.stderr)
            start = time.perf_counter()
            make(self.fresh(name), wish)
            with open(f"{root}.made", "w", encoding="ascii") as mark:
                mark.write(f"{wish}\n")
            print(f"made in {time.perf_counter() - start:.0f} s", file=sys.stderr)
        return root
