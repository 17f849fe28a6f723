"""A cache of ready bytes, bounded by their sum, the least used going first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple


class Kept(NamedTuple):
    """Bytes, and the mark they are good for."""

    mark: object
    data: bytes


class ByteCache:
    """Keeps at most `limit` bytes of values."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()

    def get(self, key: Hashable, mark: object) -> bytes | None:
        """The bytes kept under `key`, if they were kept with an equal mark."""
        kept = self._kept.get(key)
        if kept is None or kept.mark != mark:
            return None
        self._kept.move_to_end(key)
        return kept.data

    def peek(self, key: Hashable) -> Kept | None:
        """What is kept under `key`, whatever its mark."""
        return self._kept.get(key)

    def put(self, key: Hashable, mark: object, data: bytes) -> None:
        """Keep bytes, pushing out the least used; what is larger than an eighth of all is not kept."""
        if len(data) > self._limit // 8:
            return
        self.drop(key)
        self._kept[key] = Kept(mark, data)
        self._size += len(data)
        while self._size > self._limit:
            _, kept = self._kept.popitem(last=False)
            self._size -= len(kept.data)

    def drop(self, key: Hashable) -> None:
        """Forget one key."""
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._size -= len(kept.data)
