"""JSON answers, and what a record looks like in them."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from ..model.records import ImageRecord, record_to_dict


def json_reply(value: object, status: int = 200) -> web.Response:
    """A JSON answer."""
    return bytes_reply(orjson.dumps(value), status)


def bytes_reply(body: bytes, status: int = 200) -> web.Response:
    """An answer whose JSON is ready."""
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


def with_urls(data: dict[str, Any]) -> dict[str, Any]:
    """A record's JSON with the addresses of its bytes."""
    thumb, version = data.get("thumb"), data.get("thumb_crc32") or ""
    data["url"] = f"/outputs/{data['key']}"
    data["thumb_url"] = f"/outputs/{thumb}?v={version}" if thumb else None
    data["preview_url"] = f"/api/v1/images/{data['id']}/preview"
    return data


def record_reply(record: ImageRecord, missing: bool = False) -> dict[str, Any]:
    """A whole record as answered; `missing` marks a ghost."""
    data = with_urls(record_to_dict(record))
    return data | {"missing": True} if missing else data
