"""What every request passes before its handler: host, origin, encoding, identity; and what leaves."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable
from urllib.parse import unquote_to_bytes, urlsplit

from aiohttp import HttpVersion10, HttpVersion11, web

from ..model.faults import BadEncoding, BadHost, BadRequest, CrossSite, EncodingNotSupported, MethodNotAllowed
from ..settings import Settings
from .identity import COOKIE, MAX_AGE, Gate, Signer, bearer_of
from .keys import IDENTITY
from .page_errors import as_page
from .problems import BASICS, told

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SAFE = frozenset({"GET", "HEAD"})
METHODS = SAFE | {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
ANONYMOUS = ("/health", "/api/v1/openapi.json", "/api/docs", "/static/", "/favicon.ico", "/session")
"""Paths that need nobody: no identity is read and none is given out."""

_VERSIONS = (HttpVersion10, HttpVersion11)
_CONTINUE = "100-continue"
_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9._-]{1,253}))(?::\d{1,5})?")


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
        response = as_page(request, await told(request, self._pass(request, handler)))
        return self._leave(request, response)

    async def _pass(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._check(request)
        if not request.path.startswith(ANONYMOUS):
            request[IDENTITY] = self._gate.identify(request, self.address(request))
        return await handler(request)

    def _check(self, request: web.Request) -> None:
        if request.method not in METHODS:
            raise MethodNotAllowed("There is no such method here.", allow="GET, HEAD, POST")
        if request.version not in _VERSIONS or request.headers.get("Expect", _CONTINUE).lower() != _CONTINUE:
            raise BadRequest("This server speaks HTTP/1.1 and expects nothing but 100-continue.")
        self._check_host(request.headers.get("Host", ""))
        if not request.raw_path.startswith("/"):
            self._check_host(request.host)
        _check_query(request.raw_path)
        if request.method not in SAFE:
            self._check_site(request)
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise EncodingNotSupported("Bodies are taken without Content-Encoding.")

    def _check_host(self, host: str) -> None:
        if host in self._known_hosts:
            return
        match = _HOST.fullmatch(host)
        name = "" if match is None else (match["six"] or match["name"]).lower()
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
            if _host_of(origin) not in (headers.get("Host", "").lower(), self._public):
                raise CrossSite("The request comes from another origin.")
        elif site is None and bearer_of(request) is None and f"{COOKIE}=" in _all_cookies(request):
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
        for name, value in BASICS.items():
            response.headers.setdefault(name, value)
        if not request.content.is_eof():
            response.force_close()
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


def _check_query(address: str) -> None:
    """The text of a query is UTF-8; what is not would be searched for as something else."""
    query = address.partition("?")[2]
    try:
        unquote_to_bytes(query).decode() if "%" in query else None
    except UnicodeDecodeError:
        raise BadEncoding("The query of the address is not UTF-8.") from None


def _host_of(origin: str) -> str | None:
    """The host and port of an origin, None where it has none, as `null` does."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _all_cookies(request: web.Request) -> str:
    return ";".join(request.headers.getall("Cookie", []))


def _gives_cookie(request: web.Request, response: web.StreamResponse) -> bool:
    return response.status < 400 and not request.path.startswith("/outputs/")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
