"""Whether the server is up."""

from __future__ import annotations

from aiohttp import web


async def health(request: web.Request) -> web.Response:
    """One line for load balancers and people."""
    return web.Response(text="Server is up", content_type="text/plain")
