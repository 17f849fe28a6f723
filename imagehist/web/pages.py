"""What every page shares: language, zone, the counts beside the places, the notice of the last change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from aiohttp import web

from ..model.faults import BadParameter
from ..model.queries import ALL_KINDS, Query
from .callers import owner_of
from .keys import FOLLOWER, LIBRARY, SETTINGS, THREADS
from .languages import language_of
from .page_notices import notice_of
from .parameters import zone_of
from .templating import page_response, remember_language, render


class Viewer(NamedTuple):
    """Who looks, and how: owner, language, the zone of their days and the moment in it."""

    owner: str
    language: str
    zone: tzinfo
    now: datetime


Gather = Callable[[web.Request, Viewer], Mapping[str, Any]]


async def shown(request: web.Request, template: str, gather: Gather) -> web.Response:
    """A page: `gather` reads what it shows in a thread, where the template is filled too."""
    html = await request.app[THREADS].read(_filled, request, template, gather)
    response = page_response(html)
    remember_language(request, response)
    return response


def _filled(request: web.Request, template: str, gather: Gather) -> str:
    viewer = viewer_of(request)
    request.app[FOLLOWER].refresh(viewer.owner)
    values = {
        **frame(request, viewer.language),
        "viewer": viewer,
        "counts": counts(request, viewer.owner),
        "notice": notice_of(request.query, viewer.language),
        **gather(request, viewer),
    }
    return render(viewer.language, template, values)


def viewer_of(request: web.Request) -> Viewer:
    """The person a request stands for."""
    zone = zone_of_browser(request)
    return Viewer(owner_of(request), page_language(request), zone, datetime.now(zone))


def page_language(request: web.Request) -> str:
    """The language of a request's page."""
    return language_of(request, request.app[SETTINGS].fallback_language)


def zone_of_browser(request: web.Request) -> tzinfo:
    """The zone the address names, else the one the scripts remembered, else UTC."""
    if "tz" in request.query:
        return zone_of(request.query)
    try:
        return zone_of({"tz": request.cookies.get("tz", "UTC")})
    except BadParameter:
        return UTC


def frame(request: web.Request, language: str) -> dict[str, Any]:
    """What the frame around every page needs, error pages included."""
    elsewhere = {code: str(request.rel_url.update_query(lang=code)) for code in ("en", "ko")}
    here = request.rel_url.without_query_params("lang", "done", "n", "seq", "bad", "why")
    return {"lang": language, "here": str(here), "elsewhere": elsewhere, "origin": origin_of(request)}


def origin_of(request: web.Request) -> str:
    """The address people use, as they typed it or as the settings say."""
    return request.app[SETTINGS].public_url or f"{request.scheme}://{request.host}"


def counts(request: web.Request, owner: str) -> dict[str, int]:
    """How many images each place holds."""
    count = request.app[LIBRARY].index.count
    return {
        "gallery": count(Query(owner=owner)),
        "favorites": count(Query(owner=owner, kinds=ALL_KINDS, favorite=True)),
        "inputs": count(Query(owner=owner, kinds=("input",))),
        "controls": count(Query(owner=owner, kinds=("control",))),
        "trash": count(Query(owner=owner, kinds=ALL_KINDS, status="trash")),
    }
