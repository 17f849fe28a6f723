"""Who the caller is and what the library holds."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .callers import owner_of
from .keys import FOLLOWER, IDENTITY, LIBRARY, THREADS
from .replies import json_reply


async def get_me(request: web.Request) -> web.Response:
    """The caller's owner name, role, usage and trash."""
    return json_reply(await request.app[THREADS].read(_about, request, owner_of(request)))


def _about(request: web.Request, owner: str) -> dict[str, Any]:
    request.app[FOLLOWER].refresh(owner)
    usage = request.app[LIBRARY].index.usage(owner)
    return {
        "user_id": owner,
        "role": request[IDENTITY].role,
        "usage": {"bytes": usage.bytes, "count": usage.images},
        "quota": {"bytes": None, "count": None},
        "trash": {"count": usage.trash_images, "bytes": usage.trash_bytes, "retention_days": 30},
    }
