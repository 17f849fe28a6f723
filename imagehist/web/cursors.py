"""Page cursors as clients carry them: signed, bound to their filters, never expiring."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import NamedTuple

import orjson

from ..model.faults import BadCursor
from ..model.queries import Place, Query

_SIGNATURE = 12


class Page(NamedTuple):
    """Where to go on: behind `place`, on page `number`, with the total counted on the first page."""

    place: Place
    number: int
    total: int | None


class Cursors:
    """Makes and reads cursors; the first secret signs, all are accepted."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._keys = [hashlib.sha256(b"imagehist.cursor" + secret.encode()).digest() for secret in secrets]

    def write(self, query: Query, page: Page) -> str:
        """The cursor for the page behind `page.place`."""
        body = orjson.dumps([page.place.value, page.place.id, page.number, page.total])
        return base64.urlsafe_b64encode(_sign(self._keys[0], query, body) + body).decode().rstrip("=")

    def read(self, query: Query, text: str) -> Page:
        """The page a cursor stands for. Raises BadCursor when it is not ours or for another query."""
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise BadCursor("This is no cursor.") from None
        signature, body = data[:_SIGNATURE], data[_SIGNATURE:]
        if not any(hmac.compare_digest(signature, _sign(key, query, body)) for key in self._keys):
            raise BadCursor("This cursor is not for this list.")
        value, image, number, total = orjson.loads(body)
        return Page(Place(value, image), number, total)


def _sign(key: bytes, query: Query, body: bytes) -> bytes:
    return hmac.digest(key, repr(query).encode() + body, "sha256")[:_SIGNATURE]
