"""A ComfyUI graph as a bounded thing to walk upstream in: nodes, links, searches."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

MAX_NODES = 5_000
MAX_STEPS = 20_000
MAX_DEPTH = 60
VALUE_KEYS = ("value", "seed", "noise_seed", "int", "float", "number", "Number", "string", "text")


class TooTangled(ValueError):
    """The graph is larger or more tangled than any real one."""


class Node(NamedTuple):
    """One step of the graph: a class name and inputs, which are values or `[node id, slot]` links."""

    id: str
    kind: str
    inputs: dict[str, Any]


class Graph:
    """Nodes by id. Every step of a walk is counted, so that no graph takes long."""

    def __init__(self, nodes: dict[str, Node]) -> None:
        if len(nodes) > MAX_NODES:
            raise TooTangled("too many nodes")
        self.nodes = nodes
        self._steps = 0

    def follow(self, value: Any) -> tuple[Node, int] | None:
        """The node and output slot that a link leads to, None for a plain value. Raises TooTangled."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TooTangled("too many steps")
        if not (isinstance(value, list) and len(value) == 2 and isinstance(value[1], int)):
            return None
        node = self.nodes.get(str(value[0]))
        return None if node is None else (node, value[1])

    def links(self, node: Node) -> Iterator[tuple[str, Node, int]]:
        """Every link into a node: the input's name, where it comes from."""
        for name, value in node.inputs.items():
            source = self.follow(value)
            if source is not None:
                yield name, *source

    def upstream(self, start: Node, via: re.Pattern[str] | None = None) -> Iterator[Node]:
        """`start` and what feeds it, nearest first, each once, through inputs whose name matches `via`."""
        seen, waiting = {start.id}, deque([start])
        while waiting:
            node = waiting.popleft()
            yield node
            for name, source, _ in self.links(node):
                if source.id not in seen and (via is None or via.fullmatch(name)):
                    seen.add(source.id)
                    waiting.append(source)

    def sinks(self) -> list[Node]:
        """Nodes that feed no other."""
        fed = {source.id for node in self.nodes.values() for _, source, _ in self.links(node)}
        return [node for node in self.nodes.values() if node.id not in fed]

    def value(self, value: Any, depth: int = 0) -> Any:
        """A plain value: itself, or the one that a link's primitive node holds; None when there is none."""
        source = self.follow(value)
        if source is None or depth > MAX_DEPTH:
            return value if isinstance(value, str | int | float) else None
        node, _ = source
        held = next((node.inputs[key] for key in VALUE_KEYS if key in node.inputs), None)
        return self.value(held if held is not None else only_link(self, node), depth + 1)


def only_link(graph: Graph, node: Node) -> Any:
    """The value of the single linked input of a node that just passes on, else None."""
    linked = [value for value in node.inputs.values() if graph.follow(value) is not None]
    return linked[0] if len(linked) == 1 else None


def chosen(graph: Graph, node: Node) -> Any:
    """The input that a switch node lets through, else None."""
    inputs = node.inputs
    for key in ("select", "Input", "index", "selected_index"):
        number = graph.value(inputs.get(key))
        if isinstance(number, int) and not isinstance(number, bool):
            return _numbered(inputs, number)
    for key in ("boolean", "switch", "condition", "boolean_value", "cond"):
        side = graph.value(inputs.get(key))
        if isinstance(side, bool):
            names = ("on_true", "true_value", "tt_value") if side else ("on_false", "false_value", "ff_value")
            return next((inputs[name] for name in names if name in inputs), None)
    return None


def _numbered(inputs: dict[str, Any], number: int) -> Any:
    ends = re.compile(
        rf"(input|text|any|value|conditioning|model|positive|negative)[_ ]?0?{number}", re.IGNORECASE
    )
    return next((value for name, value in inputs.items() if ends.fullmatch(name)), None)


def from_api(value: Any) -> Graph:
    """The graph of the form that runs: `{id: {class_type, inputs}}`. Raises ValueError for another form."""
    if not isinstance(value, dict):
        raise ValueError("not a graph")
    nodes = {
        str(key): Node(str(key), entry["class_type"], entry["inputs"])
        for key, entry in value.items()
        if isinstance(entry, dict)
        and isinstance(entry.get("class_type"), str)
        and isinstance(entry.get("inputs"), dict)
    }
    if not nodes:
        raise ValueError("not a graph")
    return Graph(nodes)
