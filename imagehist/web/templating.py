"""From a template and its values to a page: escaped, in one language, with headers that keep it shut."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import hdrs, web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import page_texts
from .languages import COOKIE, LANGUAGES, catalogue_of
from .page_assets import address, ratio_class

TEMPLATES = Path(__file__).parent.parent.parent / "templates"
POLICY = (
    "default-src 'none'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    hdrs.CACHE_CONTROL: "private, no-cache",
    hdrs.VARY: "Accept-Language, Cookie",
}
_YEAR = 365 * 86_400


@cache
def environment(language: str) -> Environment:
    """The templates as they read in one language."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue = catalogue_of(language)
    made.install_gettext_callables(catalogue.gettext, catalogue.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {"asset": address, "ratio_class": ratio_class, "language": language}
    made.globals |= {"languages": LANGUAGES, "words": page_texts.words(language)}
    made.filters |= page_texts.filters(language)
    return made


def render(language: str, template: str, values: Mapping[str, Any]) -> str:
    """The page's HTML."""
    return environment(language).get_template(template).render(values)


def page_response(html: str, status: int = 200) -> web.Response:
    """HTML as an answer that runs and loads nothing but our own."""
    return web.Response(text=html, status=status, content_type="text/html", headers=_HEADERS)


def remember_language(request: web.Request, response: web.Response) -> None:
    """Keep a language that was asked for in the address."""
    asked = request.query.get("lang", "")
    if asked in LANGUAGES:
        response.set_cookie(COOKIE, asked, max_age=_YEAR, samesite="Lax", path="/")
