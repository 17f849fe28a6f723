"""Reads the graph that ComfyUI's editor stores into the form that runs, where its widgets can be named."""

from __future__ import annotations

from typing import Any

from .graph import Graph, Node

_AFTER_SEED = {"fixed", "increment", "decrement", "randomize"}
_SEEDS = {"seed", "noise_seed"}
_MUTED, _BYPASSED = 2, 4
_SAMPLING = ("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise")
_WIDGETS: dict[str, tuple[str, ...]] = {
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "CheckpointLoader": ("config_name", "ckpt_name"),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "CFGGuider": ("cfg",),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl", "guidance"),
    "DiffusersLoader": ("model_path",),
    "FluxGuidance": ("guidance",),
    "KSampler": _SAMPLING,
    "KSampler (Efficient)": _SAMPLING,
    "KSamplerAdvanced": ("add_noise", "noise_seed", *_SAMPLING[1:5], "start_at_step", "end_at_step"),
    "KSamplerSelect": ("sampler_name",),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "PrimitiveNode": ("value",),
    "PrimitiveString": ("value",),
    "PrimitiveStringMultiline": ("value",),
    "RandomNoise": ("noise_seed",),
    "SamplerCustom": ("add_noise", "noise_seed", "cfg"),
    "UNETLoader": ("unet_name", "weight_dtype"),
    "UnetLoaderGGUF": ("unet_name",),
}


def from_workflow(value: Any) -> Graph:
    """The graph of the editor's form: `{nodes: […], links: […]}`. Raises ValueError for another form."""
    if not isinstance(value, dict) or not isinstance(value.get("nodes"), list):
        raise ValueError("not a workflow")
    links = _links(value.get("links"))
    nodes = {}
    for entry in value["nodes"]:
        if isinstance(entry, dict) and isinstance(entry.get("type"), str) and entry.get("mode") != _MUTED:
            number = str(entry.get("id"))
            nodes[number] = Node(number, entry["type"], _inputs(entry, links))
    if not nodes:
        raise ValueError("not a workflow")
    return Graph(nodes)


def _links(value: Any) -> dict[Any, list[Any]]:
    """Link id -> `[source node, slot]`."""
    rows = value if isinstance(value, list) else []
    found = {}
    for entry in rows:
        row = entry
        if isinstance(entry, dict):
            row = [entry.get("id"), entry.get("origin_id"), entry.get("origin_slot")]
        if isinstance(row, list) and len(row) >= 3 and isinstance(row[0], int):
            found[row[0]] = [str(row[1]), row[2]]
    return found


def _inputs(entry: dict[str, Any], links: dict[Any, list[Any]]) -> dict[str, Any]:
    slots = [slot for slot in entry.get("inputs") or [] if isinstance(slot, dict)]
    found = {} if entry.get("mode") == _BYPASSED else _widgets(entry, slots)
    for slot in slots:
        link = slot.get("link")
        if isinstance(link, int) and link in links:
            found[str(slot.get("name"))] = links[link]
    return found


def _widgets(entry: dict[str, Any], slots: list[dict[str, Any]]) -> dict[str, Any]:
    values = entry.get("widgets_values")
    if isinstance(values, dict):
        return {str(name): value for name, value in values.items() if not isinstance(value, list)}
    if not isinstance(values, list):
        return {}
    names = _WIDGETS.get(entry["type"]) or _named(slots)
    return _paired(names, values) if names else _unnamed(values)


def _named(slots: list[dict[str, Any]]) -> tuple[str, ...]:
    widgets = [slot["widget"] for slot in slots if isinstance(slot.get("widget"), dict)]
    return tuple(str(widget.get("name")) for widget in widgets)


def _paired(names: tuple[str, ...], values: list[Any]) -> dict[str, Any]:
    """Names to values in order; the editor puts a value of its own after every seed."""
    found: dict[str, Any] = {}
    rest = iter(values)
    for name in names:
        value = next(rest, None)
        if isinstance(value, str) and value in _AFTER_SEED and _SEEDS & found.keys():
            value = next(rest, None)
        found[name] = value
    return {name: value for name, value in found.items() if not isinstance(value, list)}


def _unnamed(values: list[Any]) -> dict[str, Any]:
    texts = [value for value in values if isinstance(value, str)]
    return {"text": texts[0]} if len(texts) == 1 else {}
