"""The application: its routes in one table, its resources from start to stop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import NamedTuple

from aiohttp import web

from ..actions.rendering import trim_previews
from ..following import Follower
from ..opening import Opened
from ..settings import Settings
from . import (
    forms,
    health,
    history,
    images,
    keys,
    lists,
    me,
    openapi,
    openapi_page,
    outputs,
    page_assets,
    page_history,
    page_image,
    sessions,
    uploads,
)
from .background import Background
from .bodies import not_yet
from .caches import ByteCache
from .cursors import Cursors
from .guards import Guards
from .identity import Signer
from .lanes import Lanes
from .page_lists import list_page
from .threads import Threads
from .turns import Turns

PAGE_CACHE_BYTES = 8 << 20
PREVIEW_PAUSE = 300.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Route(NamedTuple):
    """One address: method, path and what answers."""

    method: str
    path: str
    handler: Handler


ROUTES: tuple[Route, ...] = (
    Route("GET", "/health", health.health),
    Route("GET", "/api/v1/images", lists.list_images),
    Route("POST", "/api/v1/images", uploads.post_images),
    Route("POST", "/api/v1/images/bulk", images.bulk),
    Route("GET", "/api/v1/images/{id}", images.get_image),
    Route("PATCH", "/api/v1/images/{id}", images.patch_image),
    Route("POST", "/api/v1/images/{id}/delete", images.delete_image),
    Route("POST", "/api/v1/images/{id}/restore", images.restore_image),
    Route("GET", "/api/v1/images/{id}/file", outputs.by_id),
    Route("GET", "/api/v1/images/{id}/thumb", outputs.by_id),
    Route("GET", "/api/v1/images/{id}/preview", outputs.by_id),
    Route("GET", "/api/v1/history", history.list_history),
    Route("GET", "/api/v1/history/at", history.library_then),
    Route("POST", "/api/v1/history/{seq}/undo", history.undo_entry),
    Route("GET", "/api/v1/me", me.get_me),
    Route("GET", "/api/v1/openapi.json", openapi.describe),
    Route("GET", "/api/docs", openapi_page.show),
    Route("GET", "/outputs/{key:.+}", outputs.by_key),
    Route("GET", "/", list_page("gallery")),
    Route("POST", "/", forms.upload_form),
    Route("GET", "/favorites", list_page("favorites")),
    Route("GET", "/inputs", list_page("inputs")),
    Route("GET", "/controls", list_page("controls")),
    Route("GET", "/trash", list_page("trash")),
    Route("POST", "/trash", forms.list_form),
    Route("GET", "/history", page_history.history_page),
    Route("POST", "/history", forms.history_form),
    Route("GET", "/image/{id}", page_image.image_page),
    Route("POST", "/image/{id}", forms.image_form),
    Route("GET", "/image/{id}/workflow.json", page_image.workflow_file),
    Route("POST", "/session", sessions.start_anew),
    Route("GET", "/static/{version}/{path:.+}", page_assets.serve_asset),
    Route("GET", "/favicon.ico", page_assets.serve_icon),
)


def make_app(opened: Opened, settings: Settings, recovered: bool = True) -> web.Application:
    """The application over an open library; one that could not be recovered yet is recovered later."""
    signer = Signer(opened.secrets, opened.admin_token, opened.ingest_token)
    app = web.Application(middlewares=[Guards(settings, signer).middleware], client_max_size=1 << 16)
    app[keys.SETTINGS], app[keys.LIBRARY], app[keys.SIGNER] = settings, opened.library, signer
    app[keys.FOLLOWER], app[keys.RECOVERY_OWED] = Follower(opened.library), not recovered
    app[keys.PAGES], app[keys.THUMBS] = ByteCache(PAGE_CACHE_BYTES), ByteCache(settings.thumb_cache_bytes)
    app[lists.CURSORS], app[uploads.TURNS] = Cursors(opened.secrets), Turns()
    app[openapi.DESCRIPTION] = openapi.description(ROUTES)
    for route in ROUTES:
        for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
            app.router.add_route(method, route.path, route.handler, expect_handler=not_yet)
    app.cleanup_ctx.append(_running)
    return app


async def _trim_previews(app: web.Application) -> None:
    await app[keys.THREADS].write(trim_previews, app[keys.LIBRARY], app[keys.SETTINGS].preview_cache_bytes)


async def _running(app: web.Application) -> AsyncIterator[None]:
    """Threads, lanes and background work; at the end everything under way is finished and check-pointed."""
    threads = app[keys.THREADS] = Threads(app[keys.SETTINGS].imaging_processes)
    lanes = app[keys.LANES] = Lanes(app[keys.LIBRARY], threads)
    lanes.recovery_owed = app[keys.RECOVERY_OWED]
    background = app[keys.BACKGROUND] = Background()
    background.every("checkpoints", 5.0, lanes.checkpoint_due)
    background.every("recovery", 10.0, lanes.recover_broken)
    background.every("previews", PREVIEW_PAUSE, partial(_trim_previews, app))
    yield
    await background.close()
    await lanes.close()
    threads.close()
