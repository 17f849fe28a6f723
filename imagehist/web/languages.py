"""The language a page speaks: asked for, remembered, the browser's or the fallback; and its catalogue."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from aiohttp import web
from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES: Mapping[str, str] = {"en": "English", "ko": "한국어"}
"""The languages of the pages, each under its own name."""

COOKIE = "lang"
_LOCALES = {"en": "en_GB", "ko": "ko_KR"}
_CATALOGUES = Path(__file__).parent.parent / "locale"


@cache
def locale_of(language: str) -> Locale:
    """How numbers, dates and plurals are written in a language."""
    return Locale.parse(_LOCALES[language])


@cache
def catalogue_of(language: str) -> Translations:
    """The messages of a language, compiled in memory from its .po file."""
    compiled = io.BytesIO()
    with (_CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def language_of(request: web.Request, fallback: str) -> str:
    """The language of a request's page."""
    wishes = [request.query.get("lang", ""), request.cookies.get(COOKIE, "")]
    wishes += accepted(request.headers.get("Accept-Language", ""))
    return next((wish for wish in wishes if wish in LANGUAGES), fallback if fallback in LANGUAGES else "en")


def accepted(header: str) -> list[str]:
    """The primary tags of an Accept-Language header, the most wanted first; q=0 is left out."""
    weighed = []
    for part in header.split(",")[:20]:
        tag, _, quality = part.partition(";q=")
        weight = _weight(quality)
        if weight > 0:
            weighed.append((weight, tag.strip().partition("-")[0].lower()))
    return [tag for _, tag in sorted(weighed, key=lambda pair: -pair[0])]


def _weight(text: str) -> float:
    try:
        return float(text or "1")
    except ValueError:
        return 0.0
