"""Tags as people write them and as they are kept: trimmed, NFC, no doubles, bounded."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from .faults import BadParameter, FieldTooLong

MAX_TAGS = 100
MAX_LENGTH = 100


def clean_tag(text: object) -> str:
    """One tag. Raises BadParameter for an empty or unprintable one, FieldTooLong for a long one."""
    if not isinstance(text, str):
        raise BadParameter("A tag is text.", field="tags")
    tag = " ".join(unicodedata.normalize("NFC", text).split())
    if not tag or any(unicodedata.category(character) in {"Cc", "Cs"} for character in tag):
        raise BadParameter("A tag needs visible characters.", field="tags")
    if len(tag) > MAX_LENGTH:
        raise FieldTooLong("A tag is too long.", field="tags", limit=MAX_LENGTH)
    return tag


def clean_tags(tags: Iterable[object]) -> list[str]:
    """Tags in their order without doubles (case-insensitive). Raises FieldTooLong for too many."""
    kept: dict[str, str] = {}
    for tag in map(clean_tag, tags):
        kept.setdefault(tag.casefold(), tag)
    cleaned = list(kept.values())
    if len(cleaned) > MAX_TAGS:
        raise FieldTooLong("Too many tags.", field="tags", limit=MAX_TAGS)
    return cleaned


def with_tags(present: list[str], added: Iterable[str]) -> list[str]:
    """Present tags and then the added ones that are not there yet."""
    return clean_tags([*present, *added])


def without_tags(present: list[str], removed: Iterable[str]) -> list[str]:
    """Present tags without the removed ones, compared case-insensitively."""
    folded = {tag.casefold() for tag in removed}
    return [tag for tag in present if tag.casefold() not in folded]
