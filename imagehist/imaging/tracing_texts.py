"""Traces a ComfyUI prompt from a sampler through conditionings, switches and string nodes to its words."""

from __future__ import annotations

import re
from typing import Any

from .graph import MAX_DEPTH, Graph, Node, chosen, only_link

MAX_PROMPT = 64 << 10
_OTHER = {"positive": "negative", "negative": "positive"}
_TWO_SIDED_OUTPUTS = re.compile(r"ControlNet|Conditioning|Inpaint|ToVideo|Pix2Pix|Apply", re.IGNORECASE)
_CONDITIONINGS = re.compile(r"cond(itioning)?([_ ]?(\d+|to|from|[ab]))?", re.IGNORECASE)
_BUNDLES = re.compile(r"guider|.*pipe|.*ctx|context|text_embeds|cond_pair|.*settings", re.IGNORECASE)
_ENCODED = (
    *("populated_text", "wildcard_text", "text", "prompt", "text_g", "text_l", "clip_g", "clip_l", "t5xxl"),
    *("llama", "caption", "user_prompt"),
)
_WORDS = re.compile(
    r"(populated_text|wildcard_text|multiline_text|text|texts|string|str|prompt|value|wildcard|content|input|any|"
    r"anything|source|positive)([_ ]?([a-z]|\d{1,2}))?",
    re.IGNORECASE,
)
_JOINS = re.compile(r"concat|join|combine|append|merge", re.IGNORECASE)
_DELIMITERS = ("delimiter", "separator")
_NAMED_DELIMITERS = {"\\n": "\n", "newline": "\n", "comma": ", ", "space": " ", "None": "", "none": ""}


def words(graph: Graph, sampler: Node, side: str) -> str | None:
    """The `positive` or `negative` words that reach a sampler, None when they cannot be found."""
    found = _at_node(graph, (sampler, 0), side, set())
    return "\n".join(dict.fromkeys(text.strip() for text in found if text.strip()))[:MAX_PROMPT] or None


def _conditioned(graph: Graph, value: Any, side: str, seen: set[str]) -> list[str]:
    if isinstance(value, str):
        return [value]
    source = graph.follow(value)
    if source is None or source[0].id in seen or len(seen) > MAX_DEPTH:
        return []
    return _at_node(graph, source, side, seen)


def _at_node(graph: Graph, source: tuple[Node, int], side: str, seen: set[str]) -> list[str]:
    node, slot = source
    seen = seen | {node.id}
    inputs = node.inputs
    if node.kind == "ConditioningZeroOut":
        return []
    side = _side_of_slot(node, slot, side)
    if side in inputs and (_OTHER[side] in inputs or side == "negative"):
        return _conditioned(graph, inputs[side], side, seen)
    if f"{side}_prompt" in inputs:
        return _one(_text(graph, inputs[f"{side}_prompt"], side, 0))
    if "clip" in inputs or "encode" in node.kind.lower():
        return _encoded(graph, node, side)
    if side == "negative" and "Guider" in node.kind:
        return []
    return _passed_on(graph, node, slot, side, seen)


def _side_of_slot(node: Node, slot: int, side: str) -> str:
    """Nodes that take both sides and give both: what leaves by the second output is the negative."""
    both = "positive" in node.inputs and "negative" in node.inputs
    if both and slot < 2 and _TWO_SIDED_OUTPUTS.search(node.kind) and not _BUNDLES.search(node.kind):
        return ("positive", "negative")[slot]
    return side


def _passed_on(graph: Graph, node: Node, slot: int, side: str, seen: set[str]) -> list[str]:
    for names in (_CONDITIONINGS, _BUNDLES):
        linked = [
            value for name, value in node.inputs.items() if names.fullmatch(name) and graph.follow(value)
        ]
        if linked and chosen(graph, node) is None:
            return [text for value in linked for text in _conditioned(graph, value, side, seen)]
    through = chosen(graph, node)
    if through is None:
        through = only_link(graph, node)
    found = _conditioned(graph, through, side, seen)
    return found or _one(_node_text(graph, (node, slot), side, 0))


def _encoded(graph: Graph, node: Node, side: str) -> list[str]:
    found = [_text(graph, node.inputs[key], side, 0) for key in _ENCODED if key in node.inputs]
    if node.inputs.keys() >= {"populated_text", "wildcard_text"}:
        found = found[:1]
    return [text for text in found if text]


def _text(graph: Graph, value: Any, side: str, depth: int) -> str | None:
    """The string a value stands for, through any string nodes."""
    if isinstance(value, str):
        return value
    source = graph.follow(value)
    if source is None or depth > MAX_DEPTH:
        return None
    return _node_text(graph, source, side, depth + 1)


def _node_text(graph: Graph, source: tuple[Node, int], side: str, depth: int) -> str | None:
    node, slot = source
    styled = _styled(node, slot, side)
    if styled is not None:
        return _text(graph, styled, side, depth)
    through = chosen(graph, node)
    if through is not None:
        return _text(graph, through, side, depth)
    parts = {name: value for name, value in node.inputs.items() if _WORDS.fullmatch(name)}
    if len(parts) > 1 and (_JOINS.search(node.kind) or any(key in node.inputs for key in _DELIMITERS)):
        return _joined(graph, node, list(parts.values()), side, depth)
    found = (_text(graph, parts[name], side, depth) for name in _by_rank(parts))
    text = next((text for text in found if text), None)
    return text if text is not None else _text(graph, only_link(graph, node), side, depth)


def _styled(node: Node, slot: int, side: str) -> Any:
    """The side of a node that gives positive words by its first output and negative ones by its second."""
    names = ("text_positive", "text_negative")
    if all(name in node.inputs for name in names):
        return node.inputs[names[min(slot, 1)]]
    if "positive" in node.inputs and "negative" in node.inputs:
        return node.inputs[side]
    return None


def _by_rank(parts: dict[str, Any]) -> list[str]:
    """What was filled in at the run comes first, then links and texts in the node's own order."""
    return sorted(parts, key=lambda name: name != "populated_text")


def _joined(graph: Graph, node: Node, parts: list[Any], side: str, depth: int) -> str | None:
    delimiter = next((node.inputs[key] for key in _DELIMITERS if isinstance(node.inputs.get(key), str)), " ")
    texts = [_text(graph, part, side, depth) for part in parts]
    joined = _NAMED_DELIMITERS.get(delimiter, delimiter).join(text for text in texts if text)
    return joined[:MAX_PROMPT] or None


def _one(text: str | None) -> list[str]:
    return [text] if text else []
