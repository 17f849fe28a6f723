"""Reads the WebUI's settings text (A1111, Forge and those who write the same form)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..model.records import Generation
from .loras import in_text

_NEGATIVE = "Negative prompt:"
_SETTINGS = "Steps: "
_FIELDS = {
    "Steps": "steps",
    "Sampler": "sampler",
    "Schedule type": "scheduler",
    "CFG scale": "cfg",
    "Seed": "seed",
    "Model": "model",
}


def is_settings(text: str) -> bool:
    """Whether a text has the line of settings that only this form has."""
    return text.startswith(_SETTINGS) or f"\n{_SETTINGS}" in text


def parse(text: str) -> Generation:
    """Prompt, negative prompt and settings; all of them are written there as such."""
    prompt, negative, settings = _parts(text)
    pairs = dict(_pairs(settings))
    found: dict[str, Any] = {field: pairs[name] for name, field in _FIELDS.items() if pairs.get(name)}
    found["steps"] = _whole(found.get("steps"))
    found["cfg"] = _decimal(found.get("cfg"))
    found["seed"] = _digits(found.get("seed"))
    found["prompt"], found["negative_prompt"] = prompt, negative
    found = {field: value for field, value in found.items() if value is not None}
    loras = _loras(prompt or "", pairs)
    provenance = dict.fromkeys([*found, *(["loras"] if loras else [])], "embedded")
    return Generation(tool="a1111", loras=loras, provenance=provenance, **found)


def _parts(text: str) -> tuple[str | None, str | None, str]:
    lines = text.strip().replace("\r\n", "\n").split("\n")
    at = max((number for number, line in enumerate(lines) if line.startswith(_SETTINGS)), default=len(lines))
    spoken, settings = lines[:at], "\n".join(lines[at:])
    cut = next((number for number, line in enumerate(spoken) if line.startswith(_NEGATIVE)), len(spoken))
    negative = "\n".join(spoken[cut:]).removeprefix(_NEGATIVE).strip()
    return "\n".join(spoken[:cut]).strip() or None, negative or None, settings


def _pairs(settings: str) -> Iterator[tuple[str, str]]:
    for piece in _pieces(settings):
        name, colon, value = piece.partition(":")
        if colon:
            yield name.strip(), value.strip().strip('"')


def _pieces(settings: str) -> Iterator[str]:
    """The text between commas and line ends that stand outside quotes."""
    piece: list[str] = []
    quoted = False
    for part in settings.replace("\n", ",").split(","):
        piece.append(part)
        quoted ^= (part.count('"') - part.count('\\"')) % 2 == 1
        if not quoted:
            yield ",".join(piece)
            piece = []
    if piece:
        yield ",".join(piece)


def _loras(prompt: str, pairs: dict[str, str]) -> list[str]:
    hashes = pairs.get("Lora hashes", "")
    hashed = [piece.partition(":")[0].strip() for piece in hashes.split(",")]
    return list(dict.fromkeys([*in_text(prompt), *(name for name in hashed if name)]))


def _whole(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 10 else None


def _digits(value: str | None) -> str | None:
    return value if value and value.isascii() and value.isdigit() and len(value) <= 20 else None


def _decimal(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 <= number < 1e6 else None
