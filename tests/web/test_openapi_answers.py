"""The description is true: documented examples are taken, and every answer is as its schema says."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import jsonschema
import pytest
from aiohttp import ClientResponse, FormData
from aiohttp.test_utils import TestClient, TestServer

from imagehist.model import faults
from imagehist.model.faults import Fault
from imagehist.model.names import new_guest
from imagehist.opening import Opened, open_library
from imagehist.settings import Settings
from imagehist.web.app import make_app
from imagehist.web.openapi_operations import OPERATIONS
from imagehist.web.openapi_parts import EXAMPLE_ID, Operation
from tests import pictures

Key = tuple[str, str]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Opened, Settings]]:
    root = tmp_path_factory.mktemp("library")
    settings = Settings(
        outputs=str(root), imaging_processes=1, ingest_token="generate", admin_token="administer"
    )
    library = open_library(settings, create=True)
    yield library, settings
    library.close()


class Caller(NamedTuple):
    """A client of a running server that holds each answer to the description."""

    client: TestClient[Any, Any]
    document: dict[str, Any]
    checked: set[tuple[str, str, int]]

    async def call(self, key: Key, path: str = "", **options: Any) -> Any:
        """Call an operation, check the answer, give back what it holds."""
        method, template = key
        address = path or template.replace("{id}", str(options.pop("id", "")))
        async with self.client.request(method, address, **options) as answer:
            return await self.check(key, answer)

    async def check(self, key: Key, answer: ClientResponse) -> Any:
        operation = self.document["paths"][key[1]][key[0].lower()]
        told = operation["responses"].get(str(answer.status))
        assert told is not None, (key, answer.status, await answer.text())
        self.checked.add((*key, answer.status))
        if "content" not in told:
            assert await answer.read() == b""
            return None
        media = answer.content_type if answer.content_type in told["content"] else "image/*"
        schema = told["content"][media]["schema"]
        assert media != "image/*" or answer.content_type.startswith("image/")
        if not answer.content_type.endswith("json"):
            return await answer.read()
        body = await answer.json(content_type=None)
        jsonschema.validate(body, schema | {"components": self.document["components"]})
        return body


@pytest.fixture
async def caller(opened: tuple[Opened, Settings]) -> AsyncIterator[Caller]:
    app = make_app(*opened)
    headers = {"Authorization": "Bearer administer", "X-Owner": new_guest()}
    async with TestClient(TestServer(app), headers=headers) as client:
        document = await (await client.get("/api/v1/openapi.json")).json()
        yield Caller(client, document, set())


async def upload(caller: Caller, count: int = 1, seed: int = 0) -> list[dict[str, Any]]:
    form = FormData()
    for number in range(count):
        data = pictures.png(seed=seed * 100 + number)
        form.add_field("file", data, filename=f"{number}.png", content_type="image/png")
    example = caller.document["paths"]["/api/v1/images"]["post"]["requestBody"]["content"]
    form.add_field("meta", json.dumps(example["multipart/form-data"]["example"]["meta"]))
    return list((await caller.call(("POST", "/api/v1/images"), data=form))["items"])


async def test_documented_examples_are_taken_and_every_good_answer_is_as_described(caller: Caller) -> None:
    record, other, _ = await upload(caller, 3)
    await bare_upload(caller)
    for key, operation in OPERATIONS.items():
        if key[0] == "GET":
            await read_examples(caller, key, operation, record)
    await change_examples(caller, record["id"], other["rev"])
    good = {
        (method, path, answer.status)
        for (method, path), operation in OPERATIONS.items()
        for answer in operation.answers
    }
    assert good <= caller.checked


async def bare_upload(caller: Caller) -> None:
    key = ("POST", "/api/v1/images")
    told = OPERATIONS[key].parameters
    headers = {one.name: one.example for one in told if one.place == "header"} | {"Content-Type": "image/png"}
    query = {one.name: one.example for one in told if one.place == "query"}
    added = await caller.call(key, data=pictures.png(seed=9), headers=headers, params=query)
    assert added["items"][0]["original_filename"] == "lighthouse.png"
    assert added["items"][0]["seed"] == "42"


def shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def needed(operation: Operation) -> list[tuple[str, str]]:
    """What the query must hold."""
    parameters = [one for one in operation.parameters if one.place == "query" and one.required]
    return [(one.name, shown(one.example)) for one in parameters]


async def read_examples(caller: Caller, key: Key, operation: Operation, record: dict[str, Any]) -> None:
    """Each documented parameter by itself with its example, and none but those it must have."""
    addresses = [key[1].replace("{id}", record["id"])]
    if key[1] == "/outputs/{key}":
        addresses = [record["url"], record["thumb_url"], record["url"].replace(".png", ".json")]
    for address in addresses:
        answer = await caller.client.get(address, params=needed(operation))
        tag = answer.headers.get("ETag", "")
        await caller.check(key, answer)
        assert answer.status == 200
        if any(one.name == "If-None-Match" for one in operation.parameters):
            await caller.call(key, address, headers={"If-None-Match": tag})
        for one in operation.parameters:
            if one.place == "header":
                await caller.call(key, address, headers={one.name: one.example})
            elif one.place == "query" and one.example is not None:
                values = one.example if isinstance(one.example, list) else [one.example]
                query = dict(needed(operation)) | {one.name: [shown(value) for value in values]}
                await caller.call(key, address, params=query)


async def change_examples(caller: Caller, image: str, seq: int) -> None:
    for key in [key for key in OPERATIONS if key[0] != "GET" and key[1] != "/api/v1/images"]:
        operation = OPERATIONS[key]
        path = key[1].replace("{id}", image).replace("{seq}", str(seq))
        if not operation.bodies:
            await caller.call(key, path)
        for body in operation.bodies:
            data = json.dumps(body.example).replace(EXAMPLE_ID, image)
            await caller.call(key, path, data=data, headers={"Content-Type": body.media})


async def test_pages_follow_their_cursor_and_filters_combine(caller: Caller) -> None:
    await upload(caller, 3, seed=1)
    key = ("GET", "/api/v1/images")
    first = await caller.call(key, params={"size": "2"})
    second = await caller.call(key, params={"size": "2", "cursor": first["next_cursor"]})
    assert [len(first["items"]), len(second["items"]), second["next_cursor"]] == [2, 1, None]
    everything = [
        (one.name, shown(value))
        for one in OPERATIONS[key].parameters
        if one.example is not None
        for value in (one.example if isinstance(one.example, list) else [one.example])
    ]
    await caller.call(key, params=everything)


NONSENSE = "f" * 32
REFUSED: list[tuple[str, str, str, dict[str, Any], type[Fault]]] = [
    ("GET", "/api/v1/images", "?size=0", {}, faults.BadParameter),
    ("GET", "/api/v1/images", "?cursor=nonsense", {}, faults.BadCursor),
    ("GET", "/api/v1/images", "?q=" + "x" * 1001, {}, faults.FieldTooLong),
    ("GET", "/api/v1/images", "", {"headers": {"Authorization": "Bearer no"}}, faults.BadToken),
    ("GET", "/api/v1/images", "", {"headers": {"X-Owner": "No Such"}}, faults.BadOwner),
    ("GET", "/api/v1/images", "", {"headers": {"Host": "elsewhere.example"}}, faults.BadHost),
    ("GET", "/api/v1/images/{id}", "", {"id": NONSENSE}, faults.NotFound),
    ("GET", "/api/v1/images/{id}/preview", "?w=3", {"id": "record"}, faults.BadParameter),
    ("GET", "/api/v1/images/{id}/file", "", {"id": "record", "headers": {"Range": "bytes=9999999-"}},
     faults.RangeNotSatisfiable),
    ("GET", "/outputs/{key}", "", {"path": f"/outputs/users/x/2026/01/01/{NONSENSE}.png"}, faults.NotFound),
    ("PATCH", "/api/v1/images/{id}", "", {"id": "record", "json": {"rating": 6}}, faults.BadParameter),
    ("PATCH", "/api/v1/images/{id}", "", {"id": "record", "json": {}, "headers": {"If-Match": '"0"'}},
     faults.PreconditionFailed),
    ("PATCH", "/api/v1/images/{id}", "", {"id": "record", "data": "{"}, faults.UnsupportedMediaType),
    ("POST", "/api/v1/images/{id}/delete", "", {"id": NONSENSE}, faults.NotFound),
    ("POST", "/api/v1/images/{id}/restore", "", {"id": "record", "headers": {"Origin": "http://evil.test"}},
     faults.CrossSite),
    ("POST", "/api/v1/images/bulk", "",
     {"json": {"action": "favorite", "select": {"kind": "all"}, "expect": 99}}, faults.SelectionChanged),
    ("POST", "/api/v1/images", "", {"data": b"GIF89", "headers": {"Content-Type": "image/gif"}},
     faults.ImageCorrupt),
    ("POST", "/api/v1/images", "", {"data": b"no image", "headers": {"Content-Type": "image/gif"}},
     faults.FormatNotAllowed),
    ("POST", "/api/v1/images", "", {"data": b"", "headers": {"Content-Type": "image/gif"}}, faults.EmptyFile),
    ("POST", "/api/v1/images", "", {"data": b"x", "headers": {"Content-Type": "text/plain"}},
     faults.UnsupportedMediaType),
    ("POST", "/api/v1/history/{seq}/undo", "", {"path": "/api/v1/history/99/undo"}, faults.NotFound),
]  # fmt: skip


async def test_refusals_are_as_described(caller: Caller) -> None:
    record = (await upload(caller, seed=2))[0]["id"]
    for method, template, query, options, kind in REFUSED:
        options = dict(options)
        image = record if options.get("id") == "record" else options.get("id", "")
        options.pop("id", None)
        path = options.pop("path", template.replace("{id}", image)) + query
        body = await caller.call((method, template), path, **options)
        assert body["code"] == kind.code, (method, path, body)


async def test_what_is_required_is_missed(caller: Caller) -> None:
    found = {key: needed(operation) for key, operation in OPERATIONS.items() if needed(operation)}
    assert found
    for key in found:
        assert (await caller.call(key))["code"] == "BAD_PARAMETER"


async def test_what_can_be_read_also_answers_head(caller: Caller) -> None:
    record = (await upload(caller, seed=4))[0]
    for method, path in OPERATIONS:
        address = record["url"] if path == "/outputs/{key}" else path.replace("{id}", record["id"])
        if method == "GET":
            answer = await caller.client.head(address, params=needed(OPERATIONS[method, path]))
            assert (answer.status, await answer.read()) == (200, b""), path


async def test_cannot_undo_twice(caller: Caller) -> None:
    await upload(caller, seed=3)
    key = ("POST", "/api/v1/history/{seq}/undo")
    assert (await caller.call(key, "/api/v1/history/1/undo"))["changed"] == 1
    assert (await caller.call(key, "/api/v1/history/1/undo"))["code"] == "CANNOT_UNDO"
