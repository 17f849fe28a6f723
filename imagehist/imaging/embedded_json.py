"""Reads the JSON that generators embed, which is often not quite JSON."""

from __future__ import annotations

import json
from typing import Any

import orjson

MAX_TEXT = 2 << 20


def read(text: str) -> Any:
    """The value of a JSON text; `NaN` becomes null, lone surrogates become question marks.

    Raises ValueError when it is no JSON, over 2 MiB, or too deep.
    """
    if len(text) > MAX_TEXT:
        raise ValueError("too long")
    try:
        return orjson.loads(text)
    except ValueError:
        return _leniently(text)


def _leniently(text: str) -> Any:
    try:
        value = json.loads(text, parse_constant=lambda _: None)
        return orjson.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError as error:
        raise ValueError("too deep") from error
