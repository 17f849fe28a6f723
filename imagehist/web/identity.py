"""Who is asking: a guest by signed cookie, a generator or the admin by bearer token."""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict, deque
from typing import NamedTuple

from aiohttp import web
from itsdangerous import BadSignature, TimestampSigner

from ..model.faults import AmbiguousCookie, BadOwner, BadSession, BadToken, TooManyGuests, TooManyTries
from ..model.names import is_guest, may_be_member, new_guest

COOKIE = "anon_id"
MAX_AGE = 400 * 86_400
_RENEW_AFTER = 30 * 86_400
_CLOCK_SLACK = 60
"""A clock that was set back by seconds makes nobody a stranger."""
_REMEMBERED = 10_000
_MAX_TRIES = 10


class Identity(NamedTuple):
    """A caller: `role` is guest, generator or admin; `renew` asks for a fresh cookie."""

    role: str
    owner: str | None
    renew: bool = False
    new: bool = False


class Signer:
    """Signs and checks guest cookies; the first secret signs, all are accepted."""

    def __init__(self, secrets: tuple[str, ...], admin_token: str, ingest_token: str) -> None:
        self._signer = TimestampSigner(list(reversed(secrets)), salt="imagehist.guest")
        self._newest = TimestampSigner(secrets[0], salt="imagehist.guest")
        self._tokens = (admin_token.encode(), ingest_token.encode())
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def cookie(self, owner: str) -> str:
        """The cookie's value for a guest."""
        return self._newest.sign(owner).decode()

    def owner_of(self, cookie: str) -> tuple[str, bool]:
        """The guest a cookie proves, and whether it should be renewed. Raises BadSession."""
        known = self._known.get(cookie)
        if known is not None and time.time() < known[1]:
            return known[0], False
        owner, age = self._check(cookie)
        if age > _RENEW_AFTER or not self._is_newest(cookie):
            return owner, True
        self._known[cookie] = (owner, time.time() + _RENEW_AFTER - age)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return owner, False

    def _check(self, cookie: str) -> tuple[str, float]:
        try:
            value, moment = self._signer.unsign(cookie, return_timestamp=True)
        except (BadSignature, UnicodeEncodeError):
            raise BadSession("This browser's key to its library is not valid.") from None
        owner = value.decode("utf-8", "replace")
        age = time.time() - moment.timestamp()
        if not is_guest(owner) or not -_CLOCK_SLACK <= age <= MAX_AGE:
            raise BadSession("This browser's key to its library is not valid.")
        return owner, age

    def _is_newest(self, cookie: str) -> bool:
        try:
            self._newest.unsign(cookie)
        except BadSignature:
            return False
        return True

    def role_of(self, token: str) -> str | None:
        """`admin`, `generator`, or None for a token that is neither."""
        given = token.encode("utf-8", "surrogateescape")
        admin, ingest = (hmac.compare_digest(given, known) for known in self._tokens)
        return "admin" if admin else "generator" if ingest else None


class Rates:
    """Counts of events a minute and address, bounded in memory."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._events: OrderedDict[str, deque[float]] = OrderedDict()

    def full(self, address: str) -> bool:
        """Whether the address used up its minute."""
        events = self._events.get(address)
        while events and events[0] < time.monotonic() - 60:
            events.popleft()
        return bool(events) and len(events or ()) >= self._limit

    def note(self, address: str) -> None:
        """Count one event."""
        self._events.setdefault(address, deque()).append(time.monotonic())
        self._events.move_to_end(address)
        if len(self._events) > _REMEMBERED:
            self._events.popitem(last=False)


class Gate:
    """Turns a request's headers into an identity."""

    def __init__(self, signer: Signer, new_guests: int) -> None:
        self._signer = signer
        self._guests = Rates(new_guests)
        self._tries = Rates(_MAX_TRIES)

    def identify(self, request: web.Request, address: str) -> Identity:
        """The caller. Raises BadToken, TooManyTries, BadOwner, AmbiguousCookie, BadSession, TooManyGuests."""
        token = bearer_of(request)
        if token is not None:
            return self._by_token(request, token, address)
        cookie = cookie_of(request)
        if cookie is not None:
            owner, renew = self._signer.owner_of(cookie)
            return Identity("guest", owner, renew)
        if self._guests.full(address):
            raise TooManyGuests("Too many new libraries from this address.", retry_after=60)
        self._guests.note(address)
        return Identity("guest", new_guest(), renew=True, new=True)

    def _by_token(self, request: web.Request, token: str, address: str) -> Identity:
        if self._tries.full(address):
            raise TooManyTries("Too many wrong tokens.", retry_after=60)
        role = self._signer.role_of(token)
        if role is None:
            self._tries.note(address)
            raise BadToken("This token is not known here.")
        owner = request.headers.get("X-Owner")
        if owner is not None and not may_be_member(owner):
            raise BadOwner("X-Owner is no owner's name.")
        return Identity(role, owner)


def bearer_of(request: web.Request) -> str | None:
    """The bearer token of a request; other schemes are for a proxy in front, not for this server."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def cookie_of(request: web.Request) -> str | None:
    """The one identity cookie. Raises AmbiguousCookie when it came twice."""
    headers = request.headers.getall("Cookie", [])
    if not headers:
        return None
    found = [part.strip() for header in headers for part in header.split(";")]
    ours = [part[len(COOKIE) + 1 :] for part in found if part.startswith(f"{COOKIE}=")]
    if len(ours) > 1:
        raise AmbiguousCookie("The identity cookie came twice.")
    return ours[0].strip('"') if ours else None
