"""A disk in memory that knows what is durable, and every state a power cut may leave of it."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

ROOT = 1


class Half(NamedTuple):
    """One name of one directory that begins or ceases to mean a file; `node` None takes it away."""

    folder: int
    name: str
    node: int | None


@dataclass(slots=True)
class Node:
    """A file or directory: what processes see of it and what the disk has of it."""

    names: dict[str, int] | None = None
    disk_names: dict[str, int] = field(default_factory=dict)
    data: bytes = b""
    disk: bytes = b""
    past: tuple[bytes, ...] = ()
    changed: int = 0
    links: int = 1

    @property
    def is_folder(self) -> bool:
        return self.names is not None

    def variants(self) -> list[bytes]:
        """What a power cut may leave of a file's bytes; first nothing new, last everything."""
        found = [self.disk]
        for seen in (*self.past, self.data):
            base = _common(self.disk, seen)
            new = len(seen) - len(base)
            if new:
                half = new // 2
                found += [base, base + seen[len(base) : len(base) + half], base + bytes(new)]
                found.append(base + bytes(half) + seen[len(base) + half :])
            found.append(seen)
        return [data for data in dict.fromkeys(found) if data != self.data] + [self.data]


Contents = tuple[tuple[int, bytes], ...]


class State(NamedTuple):
    """One outcome of a power cut: which pending halves were kept, which bytes the unsynced files have."""

    kept: frozenset[int]
    contents: Contents


class Disk:
    """Directories and files. `model` says what a sync also makes durable and what stays whole.

    `ext4`: names reach the disk in order and every sync brings along all names before it. `any`: each
    name is kept or dropped on its own until its directory is synced, a rename is one step. `split`:
    the two halves of a rename are on their own as well.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self.nodes: dict[int, Node] = {ROOT: Node(names={})}
        self.pending: list[tuple[Half, ...]] = []
        self.dirty: set[int] = set()
        self.next = ROOT + 1
        self.now = 0

    # --- what processes see ---------------------------------------------------------------------------

    def find(self, key: str) -> int | None:
        at = ROOT
        for part in key.split("/") if key else ():
            names = self.nodes[at].names
            if names is None or part not in names:
                return None
            at = names[part]
        return at

    def folder(self, key: str) -> tuple[int, str]:
        """The directory that holds `key`, and the key's last part."""
        parent, _, name = key.rpartition("/")
        at = self.find(parent)
        if at is None:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), key)
        if not self.nodes[at].is_folder:
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), key)
        return at, name

    def make(self, key: str, is_folder: bool) -> int:
        folder, name = self.folder(key)
        number, self.next = self.next, self.next + 1
        self.nodes[number] = Node(names={} if is_folder else None, changed=self.now)
        self._change(Half(folder, name, number))
        return number

    def link(self, source: str, target: str) -> None:
        folder, name = self.folder(target)
        number = self.find(source)
        assert number is not None
        self.nodes[number].links += 1
        self._change(Half(folder, name, number))

    def unlink(self, key: str) -> None:
        folder, name = self.folder(key)
        number = self.find(key)
        assert number is not None
        self.nodes[number].links -= 1
        self._change(Half(folder, name, None))

    def rename(self, source: str, target: str) -> None:
        number, replaced = self.find(source), self.find(target)
        assert number is not None
        if replaced is not None:
            self.nodes[replaced].links -= 1
        self._change(Half(*self.folder(target), number), Half(*self.folder(source), None))

    def exchange(self, source: str, target: str) -> None:
        one, other = self.find(source), self.find(target)
        assert one is not None
        assert other is not None
        self._change(Half(*self.folder(target), one), Half(*self.folder(source), other))

    def _change(self, *halves: Half) -> None:
        for half in halves:
            names = self.nodes[half.folder].names
            assert names is not None
            self.nodes[half.folder].changed = self.now
            if half.node is None:
                names.pop(half.name, None)
            else:
                names[half.name] = half.node
        if self.model == "split":
            self.pending += [(half,) for half in halves]
        else:
            self.pending.append(halves)

    def set_data(self, number: int, data: bytes) -> None:
        node = self.nodes[number]
        if not data.startswith(node.data):
            node.past = (*node.past, node.data)
        node.data = data
        node.changed = self.now
        self.dirty.add(number)

    # --- what becomes durable -------------------------------------------------------------------------

    def sync(self, number: int) -> None:
        """fsync of one file or directory."""
        if self.model == "ext4":
            self._keep(range(len(self.pending)))
        elif self.nodes[number].is_folder:
            self._keep([i for i, step in enumerate(self.pending) if any(h.folder == number for h in step)])
        self._settle_data(number)

    def sync_all(self) -> None:
        self._keep(range(len(self.pending)))
        for number in list(self.dirty):
            self._settle_data(number)

    def forget_dirty(self) -> None:
        """After a failed sync: pages count as clean though the disk never got them."""
        self.dirty.clear()

    def _settle_data(self, number: int) -> None:
        node = self.nodes[number]
        node.disk, node.past = node.data, ()
        self.dirty.discard(number)

    def _keep(self, places: range | list[int]) -> None:
        """Make these pending steps durable; what came before them for the same name is overtaken."""
        durable: set[tuple[int, str]] = set()
        for place in places:
            for half in self.pending[place]:
                _put(self.nodes[half.folder].disk_names, half)
                durable.add(half[:2])
        last = max(places, default=-1)
        chosen = set(places)
        left = []
        for place, step in enumerate(self.pending):
            if place in chosen:
                continue
            halves = tuple(h for h in step if place > last or h[:2] not in durable)
            if halves:
                left.append(halves)
        self.pending = left

    # --- what a power cut leaves ----------------------------------------------------------------------

    def states(self, chance: random.Random, most: int) -> Iterator[State]:
        """Nothing, everything, each step alone kept or dropped, each damage, random mixtures; up to
        `most` of them, the first two always."""
        count = len(self.pending)
        every = frozenset(range(count))
        dirty = [number for number in sorted(self.dirty) if len(self.nodes[number].variants()) > 1]
        whole = tuple((number, self.nodes[number].data) for number in dirty)
        seen = set()
        for state in (State(frozenset(), ()), State(every, whole)):
            if state not in seen:
                seen.add(state)
                yield state
        singles = self._singles(every, dirty, whole)
        chance.shuffle(singles)
        for turn in range(max(0, most - 2)):
            state = singles.pop() if singles and turn % 2 == 0 else self._random(chance, dirty)
            if state not in seen:
                seen.add(state)
                yield state

    def _singles(self, every: frozenset[int], dirty: list[int], whole: Contents) -> list[State]:
        if self.model == "ext4":
            kept = [frozenset(range(length)) for length in range(len(every) + 1)]
        else:
            kept = [frozenset([one]) for one in every] + [every - {one} for one in every]
        damaged = [
            State(every, (*(pair for pair in whole if pair[0] != number), (number, data)))
            for number in dirty
            for data in self.nodes[number].variants()[:-1]
        ]
        return [State(some, whole) for some in kept] + damaged + [State(every, ())]

    def _random(self, chance: random.Random, dirty: list[int]) -> State:
        count = len(self.pending)
        if self.model == "ext4":
            kept = range(chance.randint(0, count))
        else:
            share = chance.choice((0.1, 0.5, 0.9))
            kept = [one for one in range(count) if chance.random() < share]
        contents = tuple((number, chance.choice(self.nodes[number].variants())) for number in dirty)
        return State(frozenset(kept), contents)

    def after_cut(self, state: State) -> Disk:
        """The disk as the next start finds it: all of it durable."""
        names = {number: dict(node.disk_names) for number, node in self.nodes.items() if node.is_folder}
        for place, step in enumerate(self.pending):
            if place in state.kept:
                for half in step:
                    _put(names[half.folder], half)
        found = Disk(self.model)
        found.next, found.now = self.next, self.now
        contents = dict(state.contents)
        self._copy(found, ROOT, names, contents)
        return found

    def _copy(
        self, found: Disk, number: int, names: dict[int, dict[str, int]], contents: dict[int, bytes]
    ) -> None:
        old = self.nodes[number]
        if number in found.nodes and number != ROOT:
            found.nodes[number].links += 1
            return
        if not old.is_folder:
            data = contents.get(number, old.disk)
            found.nodes[number] = Node(data=data, disk=data, changed=old.changed)
            return
        inside = names[number]
        found.nodes[number] = Node(names=dict(inside), disk_names=dict(inside), changed=old.changed)
        for inner in inside.values():
            self._copy(found, inner, names, contents)


def _common(one: bytes, other: bytes) -> bytes:
    """The longest beginning of both."""
    if other.startswith(one):
        return one
    return next(one[:i] for i in range(len(one) + 1) if one[: i + 1] != other[: i + 1] or i == len(one))


def _put(names: dict[str, int], half: Half) -> None:
    if half.node is None:
        names.pop(half.name, None)
    else:
        names[half.name] = half.node
