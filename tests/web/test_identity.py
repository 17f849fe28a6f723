"""Who is asking: cookies that are given, renewed and never replaced silently; tokens; rates; proxies."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from itsdangerous import TimestampSigner

from imagehist.imaging.pool import WorkerPool
from imagehist.model.names import is_guest, new_guest
from imagehist.web.identity import MAX_AGE, Signer
from tests import pictures
from tests.web.calling import SIGNER, Client, Clients, clients_of
from tests.web.running import ADMIN, INGEST, SECRET, Served, running

ME = "/api/v1/me"
DAY = 86_400


def signed(owner: str, age: float = 0, secret: str = SECRET, salt: str = "imagehist.guest") -> str:
    """A cookie of that age."""

    class Dated(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time() - age)

    return Dated(secret, salt=salt).sign(owner).decode()


async def test_first_contact_gives_a_library(clients: Clients, served: Served) -> None:
    answer = await clients.nobody().get(ME)
    cookie = answer.cookie("anon_id")
    assert answer.status == 200 and cookie
    assert is_guest(answer.json["user_id"]) and cookie.startswith(answer.json["user_id"] + ".")
    text = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={MAX_AGE}"} <= set(text.split("; "))
    assert "Secure" not in text and "Domain" not in text
    again = await clients.with_cookie(cookie).get(ME)
    assert again.json["user_id"] == answer.json["user_id"] and "Set-Cookie" not in again.headers
    assert served.users() == [], "a guest who owns nothing is not on the disk"


async def test_an_unsafe_first_contact_gives_one_too(clients: Clients) -> None:
    answer = await clients.nobody().send(pictures.png())
    assert answer.status == 201
    guest = clients.with_cookie(answer.cookie("anon_id") or "")
    assert await guest.listed() == [answer.json["items"][0]["id"]]


async def test_nothing_is_given_with_a_refusal_or_with_bytes(clients: Clients) -> None:
    nobody = clients.nobody()
    for address in ("/api/v1/images/x", "/outputs/users/x", "/nowhere", "/api/v1/images?size=0"):
        assert "Set-Cookie" not in (await nobody.get(address)).headers, address


async def test_row_59_a_forged_cookie_is_never_a_new_guest(clients: Clients) -> None:
    owner = new_guest()
    good = SIGNER.cookie(owner)
    name, stamp, signature = good.rsplit(".", 2)
    turned = signature[:-2] + ("A" if signature[-2] != "A" else "B") + signature[-1]
    forged = [
        "", "x", owner, f"{owner}.", good[:-1], good + "x", f"{name}.{stamp}.{turned}", f"{name}.{stamp}.",
        f"{new_guest()}.{stamp}.{signature}", f"{name}.AAAAAA.{signature}", good.upper(),
        good.replace(".", ".."),
        signed(owner, secret="another"), signed(owner, salt="another"), signed(owner, secret=""),
        signed("studio"), signed("unassigned"), signed("anon-../../x"), signed("admin"), "a" * 7000,
    ]  # fmt: skip
    bodies = set()
    for cookie in forged:
        answer = await clients.with_cookie(cookie).get(ME)
        assert answer.refusal == (401, "BAD_SESSION"), cookie
        assert "Set-Cookie" not in answer.headers
        bodies.add(answer.body)
    assert len(bodies) == 1, "every forgery gets the same answer"


async def test_row_59_every_bit_of_a_cookie_counts(clients: Clients) -> None:
    good = SIGNER.cookie(new_guest())
    for place in range(len(good) - 1):  # the last letter of base64 has bits that mean nothing
        turned = good[:place] + chr(ord(good[place]) ^ 1) + good[place + 1 :]
        if turned[place] in ';", \\' or not turned[place].isprintable():
            continue
        assert (await clients.with_cookie(turned).get(ME)).refusal == (401, "BAD_SESSION"), place


async def test_row_60_rotated_secrets(tmp_path: Path, pool: WorkerPool) -> None:
    async with running(tmp_path / "o", pool, secret=("new", SECRET)) as served, clients_of(served) as clients:
        owner = new_guest()
        answer = await clients.with_cookie(signed(owner)).get(ME)
        renewed = answer.cookie("anon_id")
        assert answer.json["user_id"] == owner and renewed
        assert Signer(("new",), ADMIN, INGEST).owner_of(renewed) == (owner, False)
        assert "Set-Cookie" not in (await clients.with_cookie(renewed).get(ME)).headers
    async with running(tmp_path / "o", pool, secret=("new",)) as served, clients_of(served) as clients:
        assert (await clients.with_cookie(renewed).get(ME)).json["user_id"] == owner
        assert (await clients.with_cookie(signed(owner)).get(ME)).refusal == (401, "BAD_SESSION")


@pytest.mark.parametrize(
    ("age", "status", "renewed"),
    [(0, 200, False), (29 * DAY, 200, False), (31 * DAY, 200, True), (399 * DAY, 200, True),
     (401 * DAY, 401, False), (-30, 200, False), (-120, 401, False), (-DAY * 365, 401, False)],
)  # fmt: skip
async def test_row_61_age(clients: Clients, age: float, status: int, renewed: bool) -> None:
    owner = new_guest()
    answer = await clients.with_cookie(signed(owner, age)).get(ME)
    assert answer.status == status
    assert (answer.cookie("anon_id") is not None) == renewed
    if renewed:
        assert (answer.cookie("anon_id") or "").startswith(owner)


async def test_row_62_two_cookies(clients: Clients) -> None:
    one, two = SIGNER.cookie(new_guest()), SIGNER.cookie(new_guest())
    for cookies in (
        f"anon_id={one}; anon_id={two}",
        f"anon_id={one}; a=b;anon_id={one}",
        "anon_id=; anon_id=",
    ):
        answer = await clients.nobody().as_(Cookie=cookies).get(ME)
        assert answer.refusal == (400, "AMBIGUOUS_COOKIE")


async def test_other_cookies_do_not_matter(clients: Clients) -> None:
    guest = clients.guest()
    cookie = SIGNER.cookie(guest.owner)
    for cookies in (f"a=b; anon_id={cookie}; c", f'anon_id="{cookie}"', f"xanon_id=1; anon_id={cookie}; =;;"):
        assert (await clients.nobody().as_(Cookie=cookies).get(ME)).json["user_id"] == guest.owner


async def test_new_guests_are_counted(tmp_path: Path, pool: WorkerPool) -> None:
    async with (
        running(tmp_path / "o", pool, new_guests_per_minute=5) as served,
        clients_of(served) as clients,
    ):
        known = clients.guest()
        assert [(await clients.nobody().get(ME)).status for _ in range(5)] == [200] * 5
        answer = await clients.nobody().get(ME)
        assert answer.refusal == (429, "TOO_MANY_GUESTS")
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        assert (await clients.nobody().send(pictures.png())).refusal == (429, "TOO_MANY_GUESTS")
        assert (await known.get(ME)).status == 200
        assert (await clients.nobody().get("/health")).status == 200


async def test_the_usual_limit_of_new_guests_is_sixty(clients: Clients) -> None:
    found = [(await clients.nobody().get(ME)).status for _ in range(61)]
    assert found == [200] * 60 + [429]


async def test_row_68_forwarded_addresses_of_strangers_are_ignored(tmp_path: Path, pool: WorkerPool) -> None:
    async with (
        running(tmp_path / "o", pool, new_guests_per_minute=3) as served,
        clients_of(served) as clients,
    ):
        found = [
            (
                await clients.nobody().as_(X_Forwarded_For=f"10.0.0.{n}", X_Real_IP=f"10.0.1.{n}").get(ME)
            ).status
            for n in range(4)
        ]
        assert found == [200, 200, 200, 429]
        answer = await clients.guest().as_(X_Forwarded_Proto="https", X_Forwarded_Host="evil").get(ME)
        assert answer.status == 200


async def test_forwarded_addresses_of_a_trusted_proxy_are_believed(tmp_path: Path, pool: WorkerPool) -> None:
    options = {"new_guests_per_minute": 2, "trusted_proxies": ("127.0.0.1",)}
    async with running(tmp_path / "o", pool, **options) as served, clients_of(served) as clients:
        first, second = ({"X_Forwarded_For": f"6.6.6.6, 10.0.0.{n}"} for n in (1, 2))
        found = [(await clients.nobody().as_(**first).get(ME)).status for _ in range(3)]
        assert found == [200, 200, 429]
        answer = await clients.nobody().as_(**second, X_Forwarded_Proto="https").get(ME)
        assert answer.status == 200 and "Secure" in answer.headers["Set-Cookie"]


async def test_cookies_are_secure_under_a_public_https_address(tmp_path: Path, pool: WorkerPool) -> None:
    async with running(tmp_path / "o", pool, public_url="https://pics.example") as served:
        async with clients_of(served) as clients:
            answer = await clients.nobody().as_(Host="pics.example").get(ME)
            assert "Secure" in answer.headers["Set-Cookie"]


# --- tokens ----------------------------------------------------------------------------------------------


async def test_row_69_wrong_tokens(clients: Clients) -> None:
    for token in ("", "wrong", ADMIN[:-1], ADMIN + "x", INGEST.upper(), f"{ADMIN} {ADMIN}", "\u00e9", SECRET):
        assert (await clients.bearer(token).get(ME)).refusal == (401, "BAD_TOKEN"), token
    for _ in range(2):
        assert (await clients.bearer("again").get(ME)).status == 401
    for token in ("wrong", ADMIN):
        answer = await clients.bearer(token, "studio").get(ME)
        assert answer.refusal == (429, "TOO_MANY_TRIES")
        assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert (await clients.guest().get(ME)).status == 200


async def test_a_wrong_token_beside_a_good_cookie_is_wrong(clients: Clients) -> None:
    assert (await clients.guest().as_(Authorization="Bearer wrong").get(ME)).refusal == (401, "BAD_TOKEN")


async def test_other_schemes_are_for_a_proxy_in_front(clients: Clients) -> None:
    guest = clients.guest()
    for text in ("Basic YTpi", "Digest x", "Bearer", "nonsense", ""):
        expected = 401 if text == "Bearer" else 200
        assert (await guest.as_(Authorization=text).get(ME)).status == expected, text
    without = guest.as_(Authorization="Basic YTpi")
    cross = Client(
        without.session, without.url, {k: v for k, v in without.headers.items() if "Site" not in k}
    )
    assert (await cross.send(pictures.png())).refusal == (403, "CROSS_SITE")


async def test_an_admin_acts_for_whom_it_names(clients: Clients, guest: Client) -> None:
    record = await guest.add(1)
    admin = clients.admin(guest.owner)
    assert await admin.listed() == [record["id"]]
    assert (await admin.get(ME)).json == {**(await guest.get(ME)).json, "role": "admin"}
    assert (await admin.post(f"/api/v1/images/{record['id']}/delete")).json["changed"] == 1
    assert (await guest.get("/api/v1/history")).json["items"][0]["by"] == "admin"
    assert (await clients.admin().get(record["url"])).status == 200
    assert (await clients.admin().get("/api/v1/images")).refusal == (400, "BAD_OWNER")
    assert (await clients.admin("system").get("/api/v1/images")).refusal == (400, "BAD_OWNER")


async def test_tokens_never_get_cookies(clients: Clients) -> None:
    for client in (clients.admin("studio"), clients.generator("studio")):
        assert "Set-Cookie" not in (await client.get(ME)).headers


async def test_many_guests_at_once_stay_apart(clients: Clients) -> None:
    guests = [clients.guest() for _ in range(20)]
    records = await asyncio.gather(*(guest.add(seed) for seed, guest in enumerate(guests)))
    for guest, record in zip(guests, records, strict=True):
        assert await guest.listed() == [record["id"]]
        assert record["owner"] == guest.owner


async def test_a_made_secret_and_made_tokens_are_for_the_owner_of_the_files_alone(
    tmp_path: Path, pool: WorkerPool
) -> None:
    made = {"secret": (), "admin_token": "", "ingest_token": ""}
    async with running(tmp_path / "o", pool, **made) as served:
        for name in ("secret", "admin-token", "ingest-token"):
            place = tmp_path / "o" / ".imagehist" / name
            assert place.stat().st_mode & 0o777 == 0o600
            assert len(place.read_text().strip()) >= 40
        async with clients_of(served) as clients:
            cookie = (await clients.nobody().get(ME)).cookie("anon_id") or ""
            token = (tmp_path / "o" / ".imagehist" / "admin-token").read_text().strip()
            assert (await clients.bearer(token, "studio").get(ME)).json["role"] == "admin"
            assert (await clients.bearer("", "studio").get(ME)).status == 401
    async with running(tmp_path / "o", pool, **made) as served, clients_of(served) as clients:
        assert cookie.startswith((await clients.with_cookie(cookie).get(ME)).json["user_id"])
