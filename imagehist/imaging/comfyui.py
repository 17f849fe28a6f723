"""Reads ComfyUI's embedded graphs: what a trace finds, and every string where the trace finds no prompt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..model.records import Generation
from . import embedded_json, loras, tracing, tracing_texts
from .graph import Graph, TooTangled, from_api
from .workflow_graph import from_workflow

MAX_TEXTS = 64 << 10
_MAX_NESTING = 100


def read(prompt: str | None, workflow: str | None) -> tuple[Generation, list[str]]:
    """What the two embedded texts say, and warnings. Every traced value is a guess and marked so."""
    warnings: list[str] = []
    values = [_value(text, name, warnings) for name, text in (("prompt", prompt), ("workflow", workflow))]
    graph = _graph(values)
    found = _traced(graph) if graph is not None else {}
    story = values[1] if isinstance(values[1], dict) else None
    provenance = dict.fromkeys(found, "traced")
    if story is not None:
        provenance["workflow"] = "embedded"
    texts = [] if "prompt" in found else _bounded(_strings(values, [prompt, workflow]))
    return Generation(tool="comfyui", workflow=story, texts=texts, provenance=provenance, **found), warnings


def _value(text: str | None, name: str, warnings: list[str]) -> Any:
    if not text:
        return None
    try:
        value = embedded_json.read(text)
    except ValueError:
        warnings.append(f"metadata dropped: {name} is not readable")
        return None
    if _nesting_over(value, _MAX_NESTING):
        warnings.append(f"metadata dropped: {name} is nested too deep")
        return None
    return value


def _nesting_over(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _graph(values: list[Any]) -> Graph | None:
    """The graph that ran, wherever it was put; else the editor's."""
    for reader in (from_api, from_workflow):
        for value in values:
            try:
                return reader(value)
            except ValueError:
                continue
    return None


def _traced(graph: Graph) -> dict[str, Any]:
    try:
        found = _from_samplers(graph)
    except (TooTangled, RecursionError):
        return {}
    return {field: value for field, value in found.items() if value not in (None, [])}


def _from_samplers(graph: Graph) -> dict[str, Any]:
    chain = tracing.samplers(graph)
    if not chain:
        return {}
    sampler = chain[0]
    prompt = tracing_texts.words(graph, sampler, "positive")
    tagged = loras.in_text(prompt or "")
    return {
        "prompt": prompt,
        "negative_prompt": tracing_texts.words(graph, sampler, "negative"),
        "model": tracing.model(graph, sampler),
        "sampler": tracing.sampler_name(graph, sampler),
        "scheduler": tracing.scheduler(graph, sampler),
        "seed": tracing.seed(graph, chain),
        "steps": tracing.steps(graph, sampler),
        "cfg": tracing.cfg(graph, sampler),
        "loras": list(dict.fromkeys([*tracing.loras(graph, sampler), *tagged])),
    }


def _strings(values: list[Any], raw: list[str | None]) -> Iterator[str]:
    """Every string value of the first graph that can be read, else the texts as they are."""
    value = next((value for value in values if isinstance(value, dict)), None)
    if value is None:
        yield from (text for text in raw if text)
        return
    waiting: list[Any] = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, str):
            yield inner
        waiting.extend(reversed(list(_written(inner))))


def _written(value: Any) -> Iterator[Any]:
    """What people wrote into a part of a graph: not the names of classes and slots, not the links."""
    if isinstance(value, dict) and "class_type" in value:
        yield value.get("inputs")
    elif isinstance(value, dict) and "widgets_values" in value:
        yield value["widgets_values"]
    elif not (isinstance(value, list) and len(value) == 2 and isinstance(value[1], int)):
        yield from _inside(value)


def _bounded(strings: Iterator[str]) -> list[str]:
    found: dict[str, None] = {}
    room = MAX_TEXTS
    for text in strings:
        if text.strip() and text not in found:
            kept = text.encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
            found[kept] = None
            room -= len(kept.encode())
        if room <= 0:
            break
    return list(found)
