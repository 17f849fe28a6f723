"""Finds the `<lora:name:weight>` tags that prompts carry."""

from __future__ import annotations

import re

_TAG = re.compile(r"<(?:lora|lyco):([^:<>\n]{1,200})(?::[^<>\n]{0,60})?>", re.IGNORECASE)
_MOST = 100


def in_text(text: str) -> list[str]:
    """The names in order of appearance, each once, at most a hundred."""
    return list(dict.fromkeys(name.strip() for name in _TAG.findall(text)))[:_MOST]
