"""What every request passes before its handler: host, origin, encoding, identity; and what leaves."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from ..model.faults import BadHost, CrossSite, EncodingNotSupported, MethodNotAllowed
from ..settings import Settings
from .identity import COOKIE, MAX_AGE, Gate, Signer
from .keys import IDENTITY
from .problems import told

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SAFE = frozenset({"GET", "HEAD"})
METHODS = SAFE | {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
ANONYMOUS = ("/health", "/api/v1/openapi.json", "/api/docs", "/static/", "/favicon.ico")
"""Paths that need nobody: no identity is read and none is given out."""

API_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


class Guards:
    """The one middleware: checks on the way in, problems and cookies on the way out."""

    def __init__(self, settings: Settings, signer: Signer) -> None:
        self._gate = Gate(signer, settings.new_guests_per_minute)
        self._signer = signer
        self._proxies = frozenset(settings.trusted_proxies)
        public = urlsplit(settings.public_url)
        self._public = public.netloc.lower()
        self._https = public.scheme == "https"
        self._hosts = {"localhost", *(host.lower() for host in settings.hosts)}
        self._hosts |= {public.hostname} if public.hostname else set()
        self._known_hosts: set[str] = set()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Guard one request."""
        response = await told(request, self._pass(request, handler))
        return self._leave(request, response)

    async def _pass(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._check(request)
        if not request.path.startswith(ANONYMOUS):
            request[IDENTITY] = self._gate.identify(request, self.address(request))
        return await handler(request)

    def _check(self, request: web.Request) -> None:
        if request.method not in METHODS:
            raise MethodNotAllowed("There is no such method here.", allow="GET, HEAD, POST")
        self._check_host(request.headers.get("Host", ""))
        if request.method not in SAFE:
            self._check_site(request)
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise EncodingNotSupported("Bodies are taken without Content-Encoding.")

    def _check_host(self, host: str) -> None:
        if host in self._known_hosts:
            return
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            name = ""
        if name not in self._hosts and not _is_address(name):
            raise BadHost("This server does not answer to that host name.")
        if len(self._known_hosts) < 1_000:
            self._known_hosts.add(host)

    def _check_site(self, request: web.Request) -> None:
        headers = request.headers
        site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
        if site in ("cross-site", "same-site"):
            raise CrossSite("Another site's page sent this request.")
        if origin is not None:
            if urlsplit(origin).netloc.lower() not in {headers.get("Host", "").lower(), self._public or None}:
                raise CrossSite("The request comes from another origin.")
        elif site is None and "Authorization" not in headers and f"{COOKIE}=" in headers.get("Cookie", ""):
            raise CrossSite("A call with a cookie needs Origin or Sec-Fetch-Site.")

    def address(self, request: web.Request) -> str:
        """The caller's address; forwarded ones are believed from trusted proxies only."""
        peer = request.remote or ""
        forwarded = request.headers.get("X-Forwarded-For")
        if forwarded is not None and peer in self._proxies:
            return forwarded.rpartition(",")[2].strip()
        return peer

    def _leave(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        if response.prepared:
            return response
        for name, value in API_HEADERS.items():
            response.headers.setdefault(name, value)
        identity = request.get(IDENTITY)
        if identity is not None and identity.renew and identity.owner and _gives_cookie(request, response):
            response.set_cookie(
                COOKIE,
                self._signer.cookie(identity.owner),
                max_age=MAX_AGE,
                httponly=True,
                samesite="Lax",
                secure=self._is_https(request),
                path="/",
            )
        return response

    def _is_https(self, request: web.Request) -> bool:
        forwarded = request.headers.get("X-Forwarded-Proto") == "https"
        return self._https or (forwarded and request.remote in self._proxies)


def _gives_cookie(request: web.Request, response: web.StreamResponse) -> bool:
    return response.status < 400 and not request.path.startswith("/outputs/")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
