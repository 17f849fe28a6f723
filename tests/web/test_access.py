"""Who may do what to which image: every route, every caller, every state; foreign is as unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from imagehist.model.names import new_guest
from imagehist.purging import purge
from imagehist.web import page_assets
from imagehist.web.app import ROUTES
from tests import pictures
from tests.web.calling import SIGNER, Answer, Client, Clients
from tests.web.running import Served

STATES = ("active", "trashed", "purged", "never")
ASIDE = 4_711_000_000


@dataclass(frozen=True)
class Thing:
    """An image of the owner (or the like of one): its id, its key, the entry that made it."""

    id: str
    key: str
    seq: int


Fill = Callable[[Thing], str]


@dataclass(frozen=True)
class Row:
    """What a route is about, how it is called, and what the owner gets by state of the image."""

    about: str
    fill: Fill
    options: Mapping[str, Any]
    answers: Mapping[str, int]


FORM = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}
HERE = {"active": 200, "trashed": 200, "purged": 404, "never": 404}
ALWAYS = dict.fromkeys(STATES, 200)
LED = dict.fromkeys(STATES, 303)


def about_image(template: str, answers: Mapping[str, int] = HERE, **options: Any) -> Row:
    return Row("image", lambda thing: template.replace("{id}", thing.id), options, answers)


def about_list(path: str, answers: Mapping[str, int] = ALWAYS, **options: Any) -> Row:
    return Row("list", lambda _: path, options, answers)


def open_to_all(path: str, status: int = 200, **options: Any) -> Row:
    return Row("open", lambda _: path, options, dict.fromkeys(STATES, status))


def upload() -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("file", pictures.png(8, 8), filename="x.png")
    return form


I = "/api/v1/images"  # noqa: E741
MATRIX: dict[tuple[str, str], Row] = {
    ("GET", "/health"): open_to_all("/health"),
    ("GET", "/api/v1/openapi.json"): open_to_all("/api/v1/openapi.json"),
    ("GET", "/api/docs"): open_to_all("/api/docs"),
    ("GET", "/static/{version}/{path:.+}"): open_to_all(page_assets.address("css/ratios.css")),
    ("GET", "/favicon.ico"): open_to_all("/favicon.ico"),
    ("POST", "/session"): open_to_all("/session", 303),
    ("GET", I): about_list(I),
    ("POST", I): Row("add", lambda _: I, {"data": upload}, dict.fromkeys(STATES, 201)),
    ("POST", f"{I}/bulk"): Row(
        "ids",
        lambda _: f"{I}/bulk",
        {"json": lambda thing: {"action": "favorite", "ids": [thing.id]}},
        ALWAYS,
    ),
    ("GET", I + "/{id}"): about_image(I + "/{id}?history=true"),
    ("PATCH", I + "/{id}"): about_image(I + "/{id}", json=lambda _: {"rating": 3}),
    ("POST", I + "/{id}/delete"): about_image(I + "/{id}/delete"),
    ("POST", I + "/{id}/restore"): about_image(I + "/{id}/restore"),
    ("GET", I + "/{id}/file"): about_image(I + "/{id}/file"),
    ("GET", I + "/{id}/thumb"): about_image(I + "/{id}/thumb"),
    ("GET", I + "/{id}/preview"): about_image(I + "/{id}/preview?w=640"),
    ("GET", "/api/v1/history"): about_list("/api/v1/history"),
    ("GET", "/api/v1/history/at"): about_list("/api/v1/history/at?time=2026-01-01T00:00:00Z"),
    ("POST", "/api/v1/history/{seq}/undo"): Row(
        "image",
        lambda thing: f"/api/v1/history/{thing.seq}/undo",
        {},
        {"active": 200, "trashed": 409, "purged": 409, "never": 404},
    ),
    ("GET", "/api/v1/me"): about_list("/api/v1/me"),
    ("GET", "/outputs/{key:.+}"): Row("bytes", lambda thing: f"/outputs/{thing.key}", {}, HERE),
    ("GET", "/"): about_list("/"),
    ("POST", "/"): Row("add", lambda _: "/", {"data": upload}, LED),
    ("GET", "/favorites"): about_list("/favorites"),
    ("GET", "/inputs"): about_list("/inputs"),
    ("GET", "/controls"): about_list("/controls"),
    ("GET", "/trash"): about_list("/trash"),
    ("POST", "/trash"): Row(
        "ids", lambda _: "/trash", {"data": lambda thing: f"do=favorite&id={thing.id}", **FORM}, LED
    ),
    ("GET", "/history"): about_list("/history"),
    ("POST", "/history"): Row(
        "ids",
        lambda _: "/history",
        {"data": lambda thing: f"do=undo&seq={thing.seq}", **FORM},
        LED,
    ),
    ("GET", "/image/{id}"): about_image("/image/{id}"),
    ("POST", "/image/{id}"): about_image(
        "/image/{id}", {**HERE, "active": 303, "trashed": 303}, data=lambda _: "do=favorite", **FORM
    ),
    ("GET", "/image/{id}/workflow.json"): about_image("/image/{id}/workflow.json"),
}
CALLERS = (
    "nobody", "owner", "other", "bad signature", "generator", "other generator", "admin", "other admin",
    "admin of nobody",
)  # fmt: skip


def expected(row: Row, caller: str, state: str) -> int:
    """The status a caller gets, by the access rule alone."""
    if row.about == "open" or caller == "owner":
        return row.answers[state]
    if caller == "bad signature":
        return 401
    if row.about == "bytes":
        return row.answers[state] if "admin" in caller else 404
    if row.about == "add":
        return 400 if caller == "admin of nobody" else row.answers[state]
    if "generator" in caller:
        return 401
    if caller == "admin of nobody":
        return 400
    return row.answers[state if caller == "admin" else "never"]


def caller_of(clients: Clients, name: str, owner: str) -> Client:
    return {
        "nobody": clients.nobody,
        "owner": lambda: clients.guest(owner),
        "other": clients.guest,
        "bad signature": lambda: clients.with_cookie(SIGNER.cookie(owner)[:-3] + "abc"),
        "generator": lambda: clients.generator(owner),
        "other generator": lambda: clients.generator("studio"),
        "admin": lambda: clients.admin(owner),
        "other admin": lambda: clients.admin("studio"),
        "admin of nobody": clients.admin,
    }[name]()


async def things(owner: Client, served: Served) -> dict[str, Thing]:
    """One image of each state."""
    found = {}
    for seed, state in enumerate(STATES[:3]):
        data = pictures.comfyui_png("p", width=16, height=12, picture_seed=seed)
        record = (await owner.send(data)).json["items"][0]
        found[state] = Thing(record["id"], record["key"], record["rev"])
        if state != "active":
            await owner.post(f"{I}/{record['id']}/delete")
    purge(served.library, owner.owner, [found["purged"].id], "admin")
    unknown = new_guest().removeprefix("anon-")
    key = found["active"].key.replace(found["active"].id, unknown)
    return {**found, "never": Thing(unknown, key, ASIDE)}


async def ask(client: Client, method: str, row: Row, thing: Thing) -> Answer:
    options = dict(row.options)
    for name in ("json", "data"):
        if callable(options.get(name)):
            make = options[name]
            options[name] = make() if make is upload else make(thing)
    return await client.call(method, row.fill(thing), **options)


def test_every_route_has_its_row() -> None:
    assert {(route.method, route.path) for route in ROUTES} == MATRIX.keys()


async def test_the_router_holds_nothing_but_the_table(served: Served) -> None:
    found = {(r.method, r.resource.canonical) for r in served.app.router.routes() if r.resource}
    table = {(route.method, route.path.replace(":.+", "")) for route in ROUTES}
    assert found == table | {("HEAD", path) for method, path in table if method == "GET"}


@pytest.mark.parametrize("route", MATRIX, ids=lambda route: " ".join(route))
async def test_every_caller_in_every_state(
    served: Served,
    clients: Clients,
    sample: Callable[[str, Sequence[str], int], list[str]],
    route: tuple[str, str],
) -> None:
    row = MATRIX[route]
    for name in sample("callers", CALLERS, 4):
        owner = clients.guest()
        by_state = await things(owner, served)
        before = [await owner.record(by_state[state].id) for state in ("active", "trashed")]
        caller = caller_of(clients, name, owner.owner)
        for state in STATES if row.about in ("image", "bytes", "ids") else STATES[:1]:
            answer = await ask(caller, route[0], row, by_state[state])
            assert answer.status == expected(row, name, state), (name, state, answer.body[:300])
        if name in ("owner", "admin"):
            continue
        after = [await owner.record(by_state[state].id) for state in ("active", "trashed")]
        assert after == before, name


@pytest.mark.parametrize(
    "route", [r for r in MATRIX if MATRIX[r].about in ("image", "bytes", "ids")], ids=" ".join
)
async def test_row_71_the_foreign_and_the_unknown_are_the_same(
    served: Served, clients: Clients, route: tuple[str, str]
) -> None:
    """Whoever may not see an image cannot tell it from one that never was."""
    row, owner = MATRIX[route], clients.guest()
    by_state = await things(owner, served)
    for name in ("other", "other generator", "other admin"):
        if name == "other admin" and row.about == "bytes":
            continue
        caller = caller_of(clients, name, owner.owner)
        never = by_state["never"]
        told = seen(await ask(caller, route[0], row, never), never)
        for state in STATES[:3]:
            assert seen(await ask(caller, route[0], row, by_state[state]), by_state[state]) == told, (
                name,
                state,
            )


def seen(answer: Answer, thing: Thing) -> tuple[int, bytes, dict[str, str]]:
    """What a caller can tell by; an id it sent itself is no news."""
    headers = {name: text for name, text in answer.headers.items() if name != "Date"}
    body = answer.body.replace(thing.id.encode(), b"<id>")
    return answer.status, body, headers


async def test_a_purged_image_is_gone_for_its_owner_as_one_that_never_was(
    served: Served, clients: Clients
) -> None:
    """Row 73."""
    owner = clients.guest()
    by_state = await things(owner, served)
    for route, row in MATRIX.items():
        if row.about in ("image", "bytes") and "undo" not in route[1]:
            purged, never = by_state["purged"], by_state["never"]
            told = seen(await ask(owner, route[0], row, never), never)
            assert seen(await ask(owner, route[0], row, purged), purged) == told, route


async def test_the_bytes_of_a_purged_image_are_gone_at_every_address(
    served: Served, clients: Clients
) -> None:
    owner = clients.guest()
    record = await owner.add(1)
    sidecar = record["url"].rpartition(".")[0] + ".json"
    addresses = (record["url"], record["thumb_url"], sidecar)
    for address in addresses:
        assert (await owner.get(address)).status == 200
    await owner.post(f"{I}/{record['id']}/delete")
    purge(served.library, owner.owner, [record["id"]], "admin")
    for address in addresses:
        assert (await owner.get(address)).refusal == (404, "NOT_FOUND")


async def test_a_good_key_is_not_given_away(clients: Clients) -> None:
    """POST /session is for a damaged key; a good one stays, whoever presses the button."""
    assert "Set-Cookie" not in (await clients.guest().post("/session")).headers
    damaged = await clients.with_cookie("damaged").post("/session")
    assert damaged.status == 303 and "anon_id=" in damaged.headers["Set-Cookie"]
