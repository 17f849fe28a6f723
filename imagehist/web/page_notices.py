"""The notice after a change: from what a form did to an address, and from the address to a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from multidict import MultiMapping
from yarl import URL

from ..model.names import is_id
from .page_texts import done_words, number, refusals

LISTS = ("/", "/favorites", "/inputs", "/controls", "/trash", "/history")
_MOST_UNDONE = 60


class Notice(NamedTuple):
    """What is told: a sentence, what it leaves unsaid, and the entries its button undoes."""

    text: str
    aside: str
    seqs: Sequence[int]


class Told(NamedTuple):
    """What a form did: a word of `done_words`, how many images, which entries; files refused and why."""

    done: str
    images: int
    seqs: Sequence[int] = ()
    bad: int = 0
    why: str = ""


def back_to(back: str | None, told: Told, otherwise: str = "/") -> str:
    """The address a form leads to: one of our own pages, with the notice."""
    target = URL(back if back is not None and is_ours(back) else otherwise)
    query = target.query.copy()
    for name in ("done", "n", "seq", "bad", "why"):
        query.popall(name, None)
    query.extend({"done": told.done, "n": str(told.images)})
    query.extend([("seq", str(seq)) for seq in told.seqs[:_MOST_UNDONE]])
    if told.bad:
        query.extend({"bad": str(told.bad), "why": told.why})
    return str(target.with_query(query))


def is_ours(back: str) -> bool:
    """Whether an address is one of this gallery's pages and nothing else."""
    try:
        parts = urlsplit(back)
    except ValueError:
        return False
    if parts.scheme or parts.netloc or "\\" in back or not back.isprintable() or back.startswith("//"):
        return False
    return parts.path in LISTS or (parts.path.startswith("/image/") and is_id(parts.path[7:]))


def notice_of(query: MultiMapping[str], language: str) -> Notice | None:
    """The notice an address carries; None for none, or for one we do not write."""
    done, count, bad = query.get("done", ""), _small(query.get("n")), _small(query.get("bad"))
    sentences = done_words(language)
    reasons = refusals(language)
    why = reasons.get(query.get("why", ""), reasons["OTHER"])
    if done == "failed":
        return Notice(why, "", ())
    if done not in sentences:
        return None
    text = _sentence(sentences[done], count, language) if count or not bad else ""
    refused = f"{_sentence(sentences['refused'], bad, language)}: {why}" if bad else ""
    seqs = [_small(seq) for seq in query.getall("seq", [])[:_MOST_UNDONE]]
    return Notice(text or refused, refused if text else "", [seq for seq in seqs if seq])


def _sentence(forms: dict[str, str], count: int, language: str) -> str:
    return forms["one" if count == 1 else "other"].replace("{n}", number(language, count))


def _small(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 13 else 0
