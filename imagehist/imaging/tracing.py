"""Finds the sampler that made a ComfyUI image, and the settings, models and LoRAs that feed it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .graph import Graph, Node

_BUNDLES = r"guider|.*pipe|.*ctx|context|.*settings"
_SEEDS = re.compile(rf"noise|seed|{_BUNDLES}")
_SIGMAS = re.compile(rf"sigmas|scheduler|{_BUNDLES}")
_SAMPLERS = re.compile(rf"sampler|{_BUNDLES}")
_GUIDES = re.compile(rf"{_BUNDLES}")
_GUIDANCE = re.compile(rf"positive|conditioning.*|{_BUNDLES}")
_MODELS = re.compile(rf"model.*|unet|lora_stack|.*loras|{_BUNDLES}")
_MODEL_NAMES = (
    "ckpt_name",
    "unet_name",
    "gguf_name",
    "base_ckpt_name",
    "model_name",
    "model_path",
    "checkpoint",
)
_LORA_NAME = re.compile(r"(lora|lora_name|lora_\d+|lora_name_\d+|lora_\d+_name)")
_REFINERS = re.compile(r"detailer|upscale|refine", re.IGNORECASE)
_MAX_LORAS = 100


def samplers(graph: Graph) -> list[Node]:
    """The samplers that feed the saved image, the one that made it first."""
    for sink in sorted(graph.sinks(), key=_sink_rank):
        found = [node for node in graph.upstream(sink) if is_sampler(node)]
        if found:
            return sorted(found, key=lambda node: bool(_REFINERS.search(node.kind)))
    return []


def _sink_rank(node: Node) -> int:
    kind = node.kind.lower()
    return 0 if "save" in kind else 1 if "preview" in kind else 2


def is_sampler(node: Node) -> bool:
    """Whether a node turns conditionings and noise into a picture."""
    names = node.inputs.keys()
    seeded = bool(names & {"seed", "noise_seed", "noise"})
    if {"positive", "negative"} <= names and (seeded or "steps" in names):
        return True
    if "guider" in names and (seeded or "sigmas" in names):
        return True
    return "sampler" in node.kind.lower() and (seeded or "pipe" in names)


def seed(graph: Graph, chain: list[Node]) -> str | None:
    """Digits of the seed of the first sampler that adds noise."""
    for sampler in chain:
        if sampler.inputs.get("add_noise") in ("disable", False):
            continue
        found = _find(graph, sampler, ("seed", "noise_seed"), _SEEDS)
        if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 1 << 64:
            return str(found)
    return None


def steps(graph: Graph, sampler: Node) -> int | None:
    found = _find(graph, sampler, ("steps",), _SIGMAS)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 100_000 else None


def cfg(graph: Graph, sampler: Node) -> float | None:
    """The sampler's or guider's scale, else the guidance that distilled models take."""
    found = _find(graph, sampler, ("cfg", "cfg_scale"), _GUIDES)
    if found is None:
        found = _find(graph, sampler, ("guidance",), _GUIDANCE)
    good = isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found < 1e6
    return float(found) if good else None


def sampler_name(graph: Graph, sampler: Node) -> str | None:
    return _name(_find(graph, sampler, ("sampler_name", "sampler"), _SAMPLERS))


def scheduler(graph: Graph, sampler: Node) -> str | None:
    return _name(_find(graph, sampler, ("scheduler",), _SIGMAS))


def model(graph: Graph, sampler: Node) -> str | None:
    """The file name of the checkpoint or diffusion model at the end of the model's chain."""
    return _name(_find(graph, sampler, _MODEL_NAMES, _MODELS))


def loras(graph: Graph, sampler: Node) -> list[str]:
    """The LoRAs on the model's chain that are switched on, nearest the checkpoint first."""
    chain = list(graph.upstream(sampler, _MODELS))
    found = [name for node in reversed(chain) for name in _loras_of(node)]
    return list(dict.fromkeys(found))[:_MAX_LORAS]


def _loras_of(node: Node) -> Iterator[str]:
    if node.inputs.get("strength_model") == 0 and node.inputs.get("strength_clip", 0) == 0:
        return
    for name, value in node.inputs.items():
        if _LORA_NAME.fullmatch(name) and _switched_on(node, name, value):
            lora = _lora_name(value)
            if lora not in (None, "", "None", "none"):
                yield str(lora)


def _switched_on(node: Node, name: str, value: Any) -> bool:
    number = next(iter(re.findall(r"\d+", name)), "")
    return (
        not (isinstance(value, dict) and value.get("on") is False)
        and node.inputs.get(f"switch_{number}") != "Off"
    )


def _lora_name(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("lora", value.get("content"))
    return value if isinstance(value, str) and len(value) < 1_000 else None


def _find(graph: Graph, start: Node, names: tuple[str, ...], via: re.Pattern[str]) -> Any:
    """The first plain value of an input so named, upstream through the inputs that `via` allows."""
    for node in graph.upstream(start, via):
        for name in names:
            value = node.inputs.get(name)
            if isinstance(value, dict):
                value = value.get("content")
            found = graph.value(value)
            if found is not None:
                return found
    return None


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) < 1_000 else None
