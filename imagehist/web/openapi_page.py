"""The API's description as a page for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from aiohttp import web

from .openapi import DESCRIPTION
from .templating import page_response, render

GROUPS = {
    "images": "Images",
    "bytes": "Bytes",
    "history": "History",
    "owner": "Who is asking",
    "server": "The server",
}


class Described(NamedTuple):
    """One operation with the address it answers at."""

    method: str
    path: str
    operation: dict[str, Any]


def described(document: dict[str, Any], group: str) -> Iterator[Described]:
    """The operations of one group, in the order of their addresses."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["tags"] == [group]:
                yield Described(method.upper(), path, operation)


def kind_of(schema: dict[str, Any]) -> str:
    """A schema in a few words: `string or null`, `list of Image`, `1 to 500`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(kind_of(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    return str(schema.get("type", "bytes")) + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if high is not None:
        return f" from {low or 0} to {high}"
    return f" from {low}" if low else ""


async def show(request: web.Request) -> web.Response:
    """The description, readable: every address with what it takes, answers and refuses."""
    document = request.app[DESCRIPTION]
    groups = [(title, list(described(document, group))) for group, title in GROUPS.items()]
    values = {
        "info": document["info"],
        "groups": groups,
        "shapes": document["components"]["schemas"],
        "kind_of": kind_of,
    }
    return page_response(render("en", "api_docs.html", values))
