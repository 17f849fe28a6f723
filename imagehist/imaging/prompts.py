"""Finds out which generator wrote an image's texts and reads them in its dialect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ..model.records import Generation
from . import a1111, comfyui, exif
from .container import Container

_GRAPHS = ("prompt", "workflow")
_VALUES = tuple(
    field for field in Generation.__struct_fields__ if field not in ("tool", "texts", "provenance")
)


def read(container: Container) -> tuple[Generation, list[str]]:
    """What the texts say about how the image was made, and warnings; never raises for what they hold."""
    texts = list(_labelled([*container.texts, *exif.texts(container.exif)]))
    settings = next((text for key, text in texts if _is_settings(key, text)), None)
    graphs: dict[str, str] = {}
    for key, text in texts:
        if key in _GRAPHS and text.lstrip().startswith("{"):
            graphs.setdefault(key, text)
    traced, warnings = comfyui.read(graphs.get("prompt"), graphs.get("workflow")) if graphs else (None, [])
    embedded = a1111.parse(settings) if settings is not None else None
    return _clean(_merged(embedded, traced)), warnings


def _is_settings(key: str, text: str) -> bool:
    """The WebUI's own keyword says enough, unless somebody else's JSON stands there."""
    if key == "parameters":
        return not text.lstrip().startswith("{")
    return key not in _GRAPHS and a1111.is_settings(text)


def _labelled(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """EXIF has no keywords: ComfyUI writes `prompt:{…}` and `workflow:{…}` into whatever tag is free."""
    for key, text in texts:
        name, colon, rest = text.partition(":")
        if key in ("exif", "comment") and colon and name.strip().lower() in _GRAPHS:
            yield name.strip().lower(), rest
        else:
            yield key, text


def _merged(embedded: Generation | None, traced: Generation | None) -> Generation:
    """What was written as such beats what was guessed; the guess fills the gaps."""
    if embedded is None or traced is None:
        return embedded or traced or Generation()
    gaps = [field for field in _VALUES if getattr(embedded, field) in (None, [])]
    filled: dict[str, Any] = {field: getattr(traced, field) for field in gaps}
    provenance = {
        field: how for field, how in traced.provenance.items() if field in gaps
    } | embedded.provenance
    texts = [] if embedded.prompt else traced.texts
    return msgspec.structs.replace(embedded, tool=traced.tool, texts=texts, provenance=provenance, **filled)


def _clean(generation: Generation) -> Generation:
    """Without NUL characters, which databases refuse, and without halves of surrogate pairs."""
    changes: dict[str, Any] = {}
    for field in ("prompt", "negative_prompt", "model", "sampler", "scheduler"):
        value = getattr(generation, field)
        if value is not None:
            changes[field] = _clean_text(value)
    for field in ("loras", "texts"):
        changes[field] = [_clean_text(value) for value in getattr(generation, field)]
    return msgspec.structs.replace(generation, **changes)


def _clean_text(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
