"""JSON from strangers: one value, and everything that two readers could understand differently refused."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson

from ..model.faults import BadEncoding, BadJson

MAX_DEPTH = 64


def strict_json(data: bytes) -> Any:
    """JSON in UTF-8 without NaN, repeated names, lone surrogates or abysses. Raises BadJson, BadEncoding."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise BadEncoding("JSON is UTF-8.") from None
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if "surrogate" in str(error):
            raise BadEncoding("JSON text has half a character.") from None
        raise BadJson("The body is not JSON.") from None
    _check(value, 0)
    if text.count(":") > 1:
        json.loads(text, object_pairs_hook=_object)
    return value


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadJson("The JSON is nested too deeply.")
    if isinstance(value, float) and not math.isfinite(value):
        raise BadJson("A number is out of range.")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check(inner, depth + 1)


def _object(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise BadJson("A name comes twice in an object.")
