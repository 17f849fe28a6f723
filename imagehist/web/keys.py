"""The typed keys under which the application and a request carry what handlers need."""

from __future__ import annotations

from aiohttp import web

from ..following import Follower
from ..library import Library
from ..settings import Settings
from .background import Background
from .caches import ByteCache
from .identity import Identity, Signer
from .lanes import Lanes
from .threads import Threads

SETTINGS = web.AppKey("settings", Settings)
LIBRARY = web.AppKey("library", Library)
LANES = web.AppKey("lanes", Lanes)
FOLLOWER = web.AppKey("follower", Follower)
SIGNER = web.AppKey("signer", Signer)
THREADS = web.AppKey("threads", Threads)
BACKGROUND = web.AppKey("background", Background)
PAGES = web.AppKey("pages", ByteCache)
THUMBS = web.AppKey("thumbs", ByteCache)

RECOVERY_OWED = web.AppKey("recovery_owed", bool)

IDENTITY = web.RequestKey("identity", Identity)
