"""The pages' own files in memory: styles, scripts and the icon, under an address that names their content."""

from __future__ import annotations

import gzip
import hashlib
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from aiohttp import hdrs, web

from ..model.faults import NotFound
from .serving import not_modified

FOLDER = Path(__file__).parent.parent.parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_STEP = 1.02
_WIDEST = 72
_FOREVER = "public, max-age=31536000, immutable"


class Asset(NamedTuple):
    """One file: its type, its bytes as they are and compressed, and its tag."""

    mime: str
    data: bytes
    packed: bytes
    etag: str


@cache
def assets() -> Mapping[str, Asset]:
    """Every servable file below static/ by its path, and the sheet of ratios."""
    files = {
        file.relative_to(FOLDER).as_posix(): file.read_bytes()
        for file in sorted(FOLDER.rglob("*"))
        if file.suffix in _TYPES and file.is_file()
    }
    files["css/ratios.css"] = ratio_sheet().encode()
    return {path: _asset(path, data) for path, data in files.items()}


def _asset(path: str, data: bytes) -> Asset:
    packed = gzip.compress(data, 9, mtime=0)
    return Asset(_TYPES["." + path.rpartition(".")[2]], data, packed, hashlib.sha256(data).hexdigest()[:16])


@cache
def version() -> str:
    """A name for the content of all together, so that scripts may import each other by relative path."""
    told = "".join(path + asset.etag for path, asset in assets().items())
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def address(path: str) -> str:
    """Where a page finds a file. Raises KeyError when there is none."""
    assets()[path]
    return f"/static/{version()}/{path}"


def ratio_class(width: int, height: int) -> str:
    """The class that gives a tile the shape of its picture, within one per cent."""
    step = round(math.log(max(width, 1) / max(height, 1), _STEP))
    step = max(-_WIDEST, min(_WIDEST, step))
    return f"r{step}" if step >= 0 else f"s{-step}"


def ratio_sheet() -> str:
    """The rules behind `ratio_class`: a page may not carry styles of its own."""
    rules = (
        f".{'r' if step >= 0 else 's'}{abs(step)}{{--r:{_STEP**step:.4f}}}"
        for step in range(-_WIDEST, _WIDEST + 1)
    )
    return "\n".join(rules) + "\n"


async def serve_asset(request: web.Request) -> web.Response:
    """GET /static/<version>/<path>: kept for ever under the right version, asked again under another."""
    asset = assets().get(request.match_info["path"])
    if asset is None:
        raise NotFound("There is nothing at this address.")
    headers = {
        hdrs.ETAG: f'"{asset.etag}"',
        hdrs.CACHE_CONTROL: _FOREVER if request.match_info["version"] == version() else "no-cache",
        hdrs.VARY: "Accept-Encoding",
        hdrs.CONTENT_TYPE: asset.mime,
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if not_modified(request, asset.etag):
        return web.Response(status=304, headers=headers)
    if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        return web.Response(body=asset.packed, headers=headers | {hdrs.CONTENT_ENCODING: "gzip"})
    return web.Response(body=asset.data, headers=headers)


async def serve_icon(request: web.Request) -> web.Response:
    """GET /favicon.ico: the mark of the house."""
    asset = assets()["favicon.svg"]
    headers = {hdrs.CACHE_CONTROL: "public, max-age=86400", hdrs.CONTENT_TYPE: asset.mime}
    return web.Response(body=asset.data, headers=headers)
