"""What went wrong, as a page: for browsers that asked for one, while programs get problem+json."""

from __future__ import annotations

import orjson
from aiohttp import hdrs, web

from .keys import SETTINGS
from .languages import language_of
from .templating import page_response, render

_PROGRAMS = ("/api/", "/outputs/", "/static/", "/health", "/actuator/")
_KEPT = (hdrs.RETRY_AFTER, hdrs.ALLOW)


def as_page(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """A problem turned into the page that explains it, where a browser asked for a page."""
    if response.status < 400 or not isinstance(response, web.Response):
        return response
    if response.content_type != "application/problem+json":
        return response
    if request.path.startswith(_PROGRAMS) or "text/html" not in request.headers.get(hdrs.ACCEPT, ""):
        return response
    language = language_of(request, request.app[SETTINGS].fallback_language)
    problem = orjson.loads(response.body if isinstance(response.body, bytes) else b"{}")
    values = {"lang": language, "status": response.status, "code": problem.get("code", "")}
    page = page_response(render(language, "error.html", values), response.status)
    page.headers[hdrs.CACHE_CONTROL] = "no-store"
    for name in _KEPT:
        if name in response.headers:
            page.headers[name] = response.headers[name]
    return page
