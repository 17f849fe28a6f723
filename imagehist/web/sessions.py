"""A new library on purpose, for a browser whose key to its old one is damaged."""

from __future__ import annotations

from aiohttp import web

from .identity import COOKIE


async def start_anew(request: web.Request) -> web.Response:
    """POST /session: forget the damaged key; the next page gives out a new one."""
    response = web.Response(status=303, headers={"Location": "/"})
    response.del_cookie(COOKIE, path="/")
    return response
