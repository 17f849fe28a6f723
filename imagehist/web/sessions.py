"""What a person sees when the browser's key to its library is damaged."""

from __future__ import annotations

from aiohttp import web

from ..model.faults import BadSession, Fault


def explain_bad_session(request: web.Request, fault: Fault) -> web.Response | None:
    """The page for a bad session where a page was asked for; None for the API."""
    if not isinstance(fault, BadSession) or request.path.startswith(("/api/", "/outputs/")):
        return None
    return None
