"""The filters of a list as its address holds them: the query behind it and the chips above it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from multidict import MultiDict, MultiMapping
from yarl import URL

from ..model.queries import Query
from .languages import catalogue_of
from .parameters import list_query

NAMES = ("q", "tag", "workflow_id", "aspect_ratio", "favorite", "from", "to", "order", "tz")
RATIOS = ("1:1", "5:4", "4:3", "3:2", "16:10", "16:9", "21:9", "4:5", "3:4", "2:3", "10:16", "9:16")


class Shelf(NamedTuple):
    """A place with images: its name, its address, and what of a library stands there."""

    name: str
    path: str
    fixed: Mapping[str, str]


SHELVES = {
    shelf.name: shelf
    for shelf in (
        Shelf("gallery", "/", {}),
        Shelf("favorites", "/favorites", {"kind": "all", "favorite": "true"}),
        Shelf("inputs", "/inputs", {"kind": "input"}),
        Shelf("controls", "/controls", {"kind": "control"}),
        Shelf("trash", "/trash", {"kind": "all", "status": "trash"}),
    )
}


class Chip(NamedTuple):
    """A filter that is on: what it is about, its value, and the address without it."""

    label: str
    value: str
    without: str


def given_filters(query: MultiMapping[str], shelf: Shelf) -> MultiDict[str]:
    """The filters of an address without those left empty and those the shelf decides itself."""
    found = MultiDict[str]()
    for name, value in query.items():
        if name in NAMES and value.strip() and name not in shelf.fixed:
            found.add(name, value.strip())
    return found


def query_of(owner: str, given: MultiDict[str], shelf: Shelf, zone: str) -> Query:
    """The query of a shelf under its filters. Raises BadParameter or FieldTooLong."""
    values = MultiDict(given)
    values.update(shelf.fixed)
    values.setdefault("tz", zone)
    if shelf.name == "trash":
        values.setdefault("order", "trashed")
    return list_query(owner, values)


def selecting(given: MultiDict[str], shelf: Shelf, zone: str) -> dict[str, object]:
    """The same filters in the words of a bulk call."""
    values: dict[str, object] = {name: value for name, value in given.items() if name not in ("tag", "order")}
    if "tag" in given:
        values["tag"] = given.getall("tag")
    return values | {"tz": given.get("tz", zone)} | dict(shelf.fixed)


def chips(given: MultiDict[str], shelf: Shelf, language: str) -> list[Chip]:
    """One chip a filter, in the order of the address."""
    labels = _labels(language)
    found = []
    for position, (name, value) in enumerate(given.items()):
        if name not in labels:
            continue
        rest = [pair for other, pair in enumerate(given.items()) if other != position]
        label, shown = labels[name], "" if name == "favorite" else value
        found.append(Chip(label, shown, address(shelf, MultiDict(rest))))
    return found


def _labels(language: str) -> dict[str, str]:
    gettext = catalogue_of(language).gettext
    return {
        "q": gettext("Search"),
        "tag": gettext("Tag"),
        "workflow_id": gettext("Workflow"),
        "aspect_ratio": gettext("Shape"),
        "favorite": gettext("Favourites"),
        "from": gettext("From"),
        "to": gettext("To"),
    }


def address(shelf: Shelf, given: MultiDict[str], **more: str) -> str:
    """The address of a shelf under filters."""
    values = MultiDict(given)
    values.update(more)
    return str(URL(shelf.path).with_query(values))


def image_address(shelf: Shelf, given: MultiDict[str], image: str) -> str:
    """The address of an image as one of this list, so that previous and next stay within it."""
    values = MultiDict(given)
    if shelf.name != "gallery":
        values["in"] = shelf.name
    return str(URL(f"/image/{image}").with_query(values))
