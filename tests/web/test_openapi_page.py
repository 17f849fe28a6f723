"""The page of the API holds everything the description holds, and loads nothing from elsewhere."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from imagehist.opening import open_library
from imagehist.settings import Settings
from imagehist.web import openapi
from imagehist.web.app import ROUTES, make_app
from imagehist.web.openapi_page import GROUPS, described, kind_of


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[TestClient[Any, Any]]:
    settings = Settings(outputs=str(tmp_path), imaging_processes=1)
    opened = open_library(settings, create=True)
    async with TestClient(TestServer(make_app(opened, settings))) as made:
        yield made
    opened.close()


class Page(HTMLParser):
    """The ids, the inner links and the addresses of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.ids, self.links, self.addresses = set[str](), list[str](), set[str](), set[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        values = {name: value or "" for name, value in attributes}
        assert not values.keys() & {"style", "onclick", "onload"}
        if "id" in values:
            self.ids.append(values["id"])
        for address in (values.get("href"), values.get("src")):
            if address is not None:
                (self.links if address.startswith("#") else self.addresses).add(address)


async def test_the_page_shows_every_address_and_shape_and_stays_at_home(client: TestClient[Any, Any]) -> None:
    answer = await client.get("/api/docs")
    html, page = await answer.text(), Page(await answer.text())
    assert answer.status == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Set-Cookie" not in answer.headers
    document = openapi.description(ROUTES)
    wanted = {one["operationId"] for methods in document["paths"].values() for one in methods.values()}
    wanted |= {f"shape-{name}" for name in document["components"]["schemas"]}
    assert wanted <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert not page.tags & {"script", "style", "iframe"}
    assert all(address.startswith("/") and not address.startswith("//") for address in page.addresses)
    assert not re.search(r"{{|}}|\bUndefined\b", html)
    for address in page.addresses:
        assert (await client.get(address)).status == 200, address


def test_every_operation_stands_in_a_group() -> None:
    document = openapi.description(ROUTES)
    shown = {one.operation["operationId"] for group in GROUPS for one in described(document, group)}
    assert shown == {one["operationId"] for methods in document["paths"].values() for one in methods.values()}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 500}, "integer from 1 to 500"),
        ({"type": "integer", "minimum": 0}, "integer"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Image"}}, "list of Image"),
        ({"enum": ["a", "b"]}, "a | b"),
        ({}, "bytes"),
    ],
)
def test_schemas_in_words(schema: dict[str, Any], words: str) -> None:
    assert kind_of(schema) == words
