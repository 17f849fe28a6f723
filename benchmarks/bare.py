"""The baseline: an aiohttp application that answers ready-made bytes and checks nothing."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aiohttp import web


def make_app(folder: Path) -> web.Application:
    """`/memory/NAME` from memory, `/file/NAME` by FileResponse, `/304` bare."""
    ready = {file.name: file.read_bytes() for file in folder.iterdir()}
    kinds = {name: "image/webp" if name.endswith(".webp") else "application/json" for name in ready}

    async def memory(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return web.Response(body=ready[name], content_type=kinds[name])

    async def file(request: web.Request) -> web.FileResponse:
        return web.FileResponse(folder / request.match_info["name"])

    async def not_modified(_: web.Request) -> web.Response:
        return web.Response(status=304)

    app = web.Application()
    app.router.add_get("/memory/{name}", memory)
    app.router.add_get("/file/{name}", file)
    app.router.add_get("/304", not_modified)
    return app


async def serve(folder: Path) -> None:
    """Serve until the process is ended."""
    runner = web.AppRunner(make_app(folder), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    port = runner.addresses[0][1]
    print(f"bare listening on http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
