"""From the identity of a request to the owner it may act for."""

from __future__ import annotations

from aiohttp import web

from ..model.faults import BadOwner, BadToken
from ..model.records import ImageRecord
from .keys import FOLLOWER, IDENTITY, LIBRARY, THREADS


def owner_of(request: web.Request) -> str:
    """The owner a guest is, or that an admin names. Raises BadToken or BadOwner."""
    identity = request[IDENTITY]
    if identity.role == "generator":
        raise BadToken("This token may only add images.")
    return _named(identity.owner)


def adding_owner_of(request: web.Request) -> str:
    """The owner images are added for; generators may too."""
    return _named(request[IDENTITY].owner)


def _named(owner: str | None) -> str:
    if owner is None:
        raise BadOwner("Name the owner in the X-Owner header.")
    return owner


def actor_of(request: web.Request) -> str:
    """Who history will say it was."""
    return request[IDENTITY].role


async def record_of(request: web.Request, owner: str, image: str) -> ImageRecord | None:
    """One record of an owner, as fresh as the manifest."""
    return await request.app[THREADS].read(_record, request, owner, image)


def _record(request: web.Request, owner: str, image: str) -> ImageRecord | None:
    request.app[FOLLOWER].refresh(owner)
    return request.app[LIBRARY].index.records(owner, [image]).get(image)
