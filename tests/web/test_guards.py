"""What every request passes: hosts, sites, methods, and the headers that leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagehist.imaging.pool import WorkerPool
from tests import pictures
from tests.web.calling import SIGNER, Client, Clients, clients_of
from tests.web.running import Served, running

LIST = "/api/v1/images"
PNG = pictures.png(16, 12)


def bare(guest: Client, **headers: str) -> Client:
    """A caller with the guest's cookie and only these headers."""
    cookie = {"Cookie": guest.headers["Cookie"]}
    return Client(guest.session, guest.url, cookie, guest.owner).as_(**headers)


CROSS = [
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Sec_Fetch_Site": "cross-site", "Origin": "{own}"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://evil.example"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "{own}.evil.example"},
    {"Origin": "http://[::1"},
    {"Origin": "file://"},
    {"Origin": "chrome-extension://abc"},
    {"Sec_Fetch_Site": "same-origin", "Origin": "http://evil.example"},
    {"Sec_Fetch_Site": "none", "Origin": "null"},
    {},
    {"Referer": "{own}/"},
]
SAME = [
    {"Sec_Fetch_Site": "same-origin"},
    {"Sec_Fetch_Site": "none"},
    {"Origin": "{own}"},
    {"Sec_Fetch_Site": "same-origin", "Origin": "{own}"},
]


@pytest.mark.parametrize("headers", CROSS, ids=str)
async def test_row_64_other_sites_change_nothing(guest: Client, headers: dict[str, str]) -> None:
    record = await guest.add(1)
    sent = {name: text.replace("{own}", guest.url) for name, text in headers.items()}
    other = bare(guest, **sent)
    image = f"{LIST}/{record['id']}"
    for answer in (
        await other.post(f"{image}/delete"),
        await other.post(f"{image}/restore"),
        await other.patch(image, json={"rating": 1}),
        await other.post(f"{LIST}/bulk", json={"action": "delete", "ids": [record["id"]]}),
        await other.post(f"/api/v1/history/{record['rev']}/undo"),
        await other.send(PNG),
        await other.post("/nowhere"),
    ):
        assert answer.refusal == (403, "CROSS_SITE")
    assert await guest.record(record["id"]) == record
    assert await guest.listed() == [record["id"]]


@pytest.mark.parametrize("headers", SAME, ids=str)
async def test_row_64_the_sites_own_pages_may(guest: Client, headers: dict[str, str]) -> None:
    sent = {name: text.replace("{own}", guest.url) for name, text in headers.items()}
    assert (await bare(guest, **sent).send(PNG)).status == 201


async def test_row_64_scripts_need_no_site(clients: Clients) -> None:
    assert (await clients.nobody().send(PNG)).status == 201
    assert (await clients.generator("studio").send(PNG)).status == 201
    assert (await clients.generator("studio").as_(Cookie="anon_id=x; anon_id=y").send(PNG)).status == 201
    second = {"Cookie": f"a=b; anon_id={SIGNER.cookie(clients.guest().owner)}"}
    assert (await clients.nobody().as_(**second).send(PNG)).refusal == (403, "CROSS_SITE")


async def test_reading_is_not_asked_for_its_site(guest: Client) -> None:
    for headers in CROSS:
        sent = {name: text.replace("{own}", guest.url) for name, text in headers.items()}
        answer = await bare(guest, **sent).get(LIST)
        assert answer.status == 200
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


async def test_the_public_address_is_an_origin_of_ours(tmp_path: Path, pool: WorkerPool) -> None:
    async with running(tmp_path / "o", pool, public_url="https://pics.example:8443") as served:
        async with clients_of(served) as clients:
            guest = clients.guest()
            assert (await bare(guest, Origin="https://pics.example:8443").send(PNG)).status == 201
            for other in ("https://pics.example", "https://pics.example:1", "https://x.pics.example:8443"):
                assert (await bare(guest, Origin=other).send(PNG)).refusal == (403, "CROSS_SITE")


async def test_row_66_preflights_get_no_permission(clients: Clients) -> None:
    for path in (LIST, f"{LIST}/bulk", "/api/v1/me"):
        asked = {"Origin": "http://evil.example", "Access_Control_Request_Method": "POST"}
        answer = await clients.nobody().as_(**asked).call("OPTIONS", path)
        assert answer.refusal == (403, "CROSS_SITE")
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


GOOD_HOSTS = ["127.0.0.1", "127.0.0.1:8080", "localhost", "LOCALHOST:1", "10.1.2.3", "[::1]", "[::1]:80"]
GOOD_HOSTS += ["[fe80::1]", "pics.lan", "Pics.LAN:8080", "public.example"]
BAD_HOSTS = [
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example:80",
    "",
    "-",
    ".",
]
BAD_HOSTS += [
    "user@localhost",
    "localhost@evil.example",
    "localhost:80:80",
    "localhost:x",
    "localhost/",
    "[::1",
]
BAD_HOSTS += [
    "localhost,evil.example",
    "localhost.",
    "xlocalhost",
    "1.2.3",
    "0x7f.1",
    "[::1].evil",
    "[localhost]",
]
BAD_HOSTS += ["localhost#", "lo\u0441alhost"]


@pytest.mark.parametrize("good", [True, False])
async def test_row_67_hosts(tmp_path: Path, pool: WorkerPool, good: bool) -> None:
    options = {"hosts": ("Pics.lan",), "public_url": "https://public.example"}
    async with running(tmp_path / "o", pool, **options) as served, clients_of(served) as clients:
        for host in GOOD_HOSTS if good else BAD_HOSTS:
            answer = await clients.guest().as_(Host=host).get(LIST)
            if good:
                assert answer.status == 200, host
            else:
                assert answer.refusal == (421, "BAD_HOST"), host
                assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PROPFIND", "PURGE", "LINK"])
async def test_row_23_methods(guest: Client, method: str) -> None:
    answer = await guest.call(method, LIST)
    assert answer.refusal == (405, "METHOD_NOT_ALLOWED")
    assert {"GET", "POST"} <= {*answer.headers["Allow"].split(", ")}


CHANGING = [
    f"{LIST}/bulk",
    f"{LIST}/{'0' * 32}/delete",
    f"{LIST}/{'0' * 32}/restore",
    "/api/v1/history/1/undo",
]


@pytest.mark.parametrize("path", CHANGING)
async def test_row_65_reading_changes_nothing(guest: Client, path: str) -> None:
    for method in ("GET", "HEAD"):
        response = await guest.session.request(method, guest.url + path, headers=dict(guest.headers))
        assert response.status == (404 if path.endswith("bulk") else 405), (method, path)
        response.release()


async def test_every_answer_says_what_it_is(guest: Client) -> None:
    for path in (LIST, "/api/v1/me", "/api/v1/history", "/nowhere", f"{LIST}?size=0"):
        answer = await guest.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_row_70_there_is_no_admin_for_guests(clients: Clients, served: Served) -> None:
    for path in ("/api/v1/admin/users", "/api/v1/admin/purge-trash", "/api/v1/admin", "/admin/users"):
        for client in (clients.guest(), clients.generator("studio")):
            assert (await client.get(path)).refusal == (404, "NOT_FOUND")
            assert (await client.post(path, json={})).refusal == (404, "NOT_FOUND")
