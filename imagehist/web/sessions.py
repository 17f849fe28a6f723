"""A new library on purpose, for a browser whose key to its old one is damaged."""

from __future__ import annotations

from aiohttp import web

from ..model.faults import Fault
from .identity import COOKIE, cookie_of
from .keys import SIGNER


async def start_anew(request: web.Request) -> web.Response:
    """POST /session: forget the damaged key; the next page gives out a new one."""
    response = web.Response(status=303, headers={"Location": "/"})
    if not _is_good(request):
        response.del_cookie(COOKIE, path="/")
    return response


def _is_good(request: web.Request) -> bool:
    """Whether the key still opens its library: then it is not thrown away, whoever asks."""
    try:
        request.app[SIGNER].owner_of(cookie_of(request) or "")
    except Fault:
        return False
    return True
