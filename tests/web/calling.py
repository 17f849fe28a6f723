"""A client that looks at every answer: problems in their one form, no trace of the server's inside."""

from __future__ import annotations

import io
import json as json_module
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
from multidict import CIMultiDict
from yarl import URL

from imagehist.model.names import new_guest
from imagehist.web.identity import Signer
from imagehist.web.problems import PROBLEMS
from tests import pictures
from tests.web.running import ADMIN, INGEST, SECRET, Served

CODES = {problem_type.code: problem.status for problem_type, problem in PROBLEMS.items()}
INSIDE = re.compile(
    rb"Traceback|\.py\b|site-packages|imagehist/|/tmp/|/dev/shm|\.imagehist|0x[0-9a-f]{8}|Errno"
)
SIGNER = Signer((SECRET,), ADMIN, INGEST)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a problem; none where there is no problem."""
        is_problem = self.headers.get("Content-Type", "").startswith("application/problem+json")
        return str(self.json["code"]) if is_problem else ""

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and code of a problem."""
        return self.status, self.code

    def cookie(self, name: str) -> str | None:
        """The value a Set-Cookie header gives."""
        found = re.search(rf"(?:^|\n){name}=([^;]*)", self.headers.get("Set-Cookie", ""))
        return found[1] if found else None


def checked(answer: Answer) -> Answer:
    """The answer, after a look at what every answer promises."""
    assert answer.status < 200 or answer.headers["Server"] == "imagehist", answer
    if answer.status < 400:
        return answer
    assert answer.headers["X-Content-Type-Options"] == "nosniff", answer
    assert not INSIDE.search(answer.body), answer.body[:500]
    assert answer.headers.get("Content-Type", "").startswith("application/problem+json"), answer
    problem = answer.json
    assert {"type", "title", "status", "detail", "code"} <= problem.keys(), problem
    assert CODES.get(problem["code"]) == problem["status"] == answer.status, problem
    if answer.status in (429, 503):
        assert answer.headers["Retry-After"].isdigit() == ("retry_after" in problem)
    return answer


@dataclass(frozen=True, slots=True)
class Client:
    """One caller of a server: a guest with a cookie, a token, or nobody."""

    session: aiohttp.ClientSession
    url: str
    headers: Mapping[str, str]
    owner: str = ""

    def as_(self, **headers: str) -> Client:
        """The same caller with more headers; `_` stands for `-`."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return Client(self.session, self.url, {**self.headers, **more}, self.owner)

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: Any = None,
        params: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request; the path goes out as it is written."""
        sent = {**self.headers, **(headers or {})}
        if json is not None:
            data, sent = json_of(json), {"Content-Type": "application/json", **sent}
        if isinstance(data, str | bytes):
            data = io.BytesIO(data.encode() if isinstance(data, str) else data)
        url = URL(self.url + path, encoded=True)
        if params is not None:
            url = url.with_query(params)
        async with self.session.request(
            method, url, data=data, headers=sent, allow_redirects=False
        ) as response:
            found = {name: "\n".join(response.headers.getall(name)) for name in response.headers}
            joined = CIMultiDict(found)
            return checked(Answer(response.status, joined, await response.read()))

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.call("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Answer:
        return await self.call("POST", path, **options)

    async def patch(self, path: str, **options: Any) -> Answer:
        return await self.call("PATCH", path, **options)

    async def send(
        self, data: bytes, meta: Any = None, filename: str | None = None, **headers: str
    ) -> Answer:
        """Upload one bare image."""
        sent = {"Content-Type": "image/png", **{name.replace("_", "-"): v for name, v in headers.items()}}
        if meta is not None:
            sent["X-Meta"] = json_of(meta)
        params = None if filename is None else {"filename": filename}
        return await self.post("/api/v1/images", data=data, headers=sent, params=params)

    async def send_form(self, files: Sequence[tuple[str, bytes]], meta: Any = None, **headers: str) -> Answer:
        """Upload several files as a form."""
        form = aiohttp.FormData()
        for name, data in files:
            form.add_field("file", data, filename=name, content_type="application/octet-stream")
        if meta is not None:
            form.add_field("meta", json_of(meta))
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.post("/api/v1/images", data=form, headers=sent)

    async def add(self, seed: int = 0, **meta: Any) -> dict[str, Any]:
        """A new small image; its record."""
        answer = await self.send(pictures.png(16, 12, seed=seed), meta or None, f"{seed}.png")
        assert answer.status == 201, answer.body
        return answer.json["items"][0]

    async def record(self, image: str) -> dict[str, Any]:
        """The record of an image."""
        answer = await self.get(f"/api/v1/images/{image}")
        assert answer.status == 200, answer.body
        return answer.json

    async def listed(self, query: str = "") -> list[str]:
        """The ids of a list."""
        answer = await self.get(f"/api/v1/images{query}")
        assert answer.status == 200, answer.body
        return [item["id"] for item in answer.json["items"]]


def json_of(value: Any) -> str:
    """JSON as programs write it, with numbers of any size."""
    return json_module.dumps(value)


class Clients:
    """Makes callers of every kind for one server."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    def nobody(self) -> Client:
        """A script without cookie or token."""
        return Client(self.session, self.url, {})

    def guest(self, owner: str | None = None) -> Client:
        """A browser with a library of its own."""
        owner = owner or new_guest()
        return self.with_cookie(SIGNER.cookie(owner), owner)

    def with_cookie(self, cookie: str, owner: str = "") -> Client:
        """A browser with this cookie."""
        headers = {"Cookie": f"anon_id={cookie}", "Sec-Fetch-Site": "same-origin"}
        return Client(self.session, self.url, headers, owner)

    def bearer(self, token: str, owner: str | None = None) -> Client:
        """A program with a token."""
        headers = {"Authorization": f"Bearer {token}"}
        return Client(
            self.session, self.url, headers if owner is None else {**headers, "X-Owner": owner}, owner or ""
        )

    def generator(self, owner: str | None = None) -> Client:
        return self.bearer(INGEST, owner)

    def admin(self, owner: str | None = None) -> Client:
        return self.bearer(ADMIN, owner)


@asynccontextmanager
async def clients_of(served: Served | Any) -> AsyncIterator[Clients]:
    """Callers of a running server."""
    timeout = aiohttp.ClientTimeout(total=60)
    connector = aiohttp.TCPConnector(limit=0)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(timeout=timeout, connector=connector, cookie_jar=jar) as session:
        yield Clients(session, served.url)
