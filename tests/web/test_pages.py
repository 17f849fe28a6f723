"""The pages as a browser without scripts has them: lists, filters, one image, history, errors."""

from __future__ import annotations

import pytest

from tests import pictures
from tests.web.calling import Client, Clients
from tests.web.reading import Page, read, submit, with_images

LISTS = ("/", "/favorites", "/inputs", "/controls", "/trash", "/history")


# --- what every page promises ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*LISTS, "/nowhere"])
async def test_every_page_is_shut_and_loads_only_ours(guest: Client, path: str) -> None:
    await with_images(guest, 1)
    page = await read(guest, path)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert not [
        found for _, found in page.elements if "style" in found or any(n.startswith("on") for n in found)
    ]
    assert not page.all("style")
    assert all(found.get("src") for found in page.all("script"))
    for found in [*page.all("script"), *page.all("link")]:
        address = found.get("src") or found["href"]
        assert address.startswith("/static/")
        answer = await guest.get(address)
        assert answer.status == 200 and "immutable" in answer.headers["Cache-Control"], address
    assert len(page.all("h1")) == 1 or path == "/nowhere"


async def test_a_page_that_nobody_owns_yet_leaves_nothing_on_the_disk(
    clients: Clients, served: object
) -> None:
    page = await read(clients.nobody(), "/")
    assert page.status == 200
    assert "anon_id=" in page.headers["Set-Cookie"]
    assert served.users() == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "path", ["x", "../server.py", "js/../../server.py", "css/ratios.css/", "js%2f..%2fmain.js"]
)
async def test_static_files_are_only_those_that_are_there(guest: Client, path: str) -> None:
    assert (await guest.get(f"/static/any/{path}")).refusal == (404, "NOT_FOUND")


async def test_static_files_are_asked_again_under_another_version(guest: Client) -> None:
    answer = await guest.get("/static/old/css/tokens.css")
    assert answer.headers["Cache-Control"] == "no-cache"
    again = await guest.get("/static/old/css/tokens.css", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


# --- lists -------------------------------------------------------------------------------------------------


async def test_the_gallery_shows_images_by_day_with_prompt_and_size(guest: Client) -> None:
    old = await guest.add(1, created_at="2024-02-29T12:00:00Z", prompt="a heron <b>at dawn</b>")
    new = await guest.add(2)
    page = await read(guest, "/")
    assert page.images() == [new["id"], old["id"]]
    assert "2 images" in page.text and "Today" in page.text and "Thursday, 29 February 2024" in page.text
    assert "<b>at dawn" not in page.html
    [picture] = page.all("img", alt="a heron <b>at dawn</b>")
    assert (picture["width"], picture["height"]) == ("16", "12")
    assert (await guest.get(picture["src"])).status == 200
    assert page.all("a", href=f"/image/{old['id']}")


async def test_days_are_those_of_the_viewer(guest: Client) -> None:
    await guest.add(1, created_at="2024-03-01T20:00:00Z")
    assert "Friday, 1 March 2024" in (await read(guest, "/")).text
    assert "Saturday, 2 March 2024" in (await read(guest, "/?tz=Asia/Seoul")).text
    seoul = guest.as_(Cookie=f"{guest.headers['Cookie']}; tz=Asia/Seoul")
    assert "Saturday, 2 March 2024" in (await read(seoul, "/")).text
    assert (await read(guest.as_(Cookie=f"{guest.headers['Cookie']}; tz=../etc"), "/")).status == 200


async def test_older_images_are_one_link_away(guest: Client) -> None:
    ids = await with_images(guest, 63)
    first = await read(guest, "/")
    [more] = first.all("a", rel="next")
    second = await read(guest, more["href"])
    assert first.images() + second.images() == ids
    assert not second.all("a", rel="next")
    assert "63 images" in second.text


async def test_every_place_shows_its_own(guest: Client) -> None:
    plain, loved, source, mask, gone = (
        await guest.add(1),
        await guest.add(2),
        await guest.add(3, kind="input"),
        await guest.add(4, kind="control"),
        await guest.add(5),
    )
    await guest.post("/api/v1/images/bulk", json={"action": "favorite", "ids": [loved["id"]]})
    await guest.post(f"/api/v1/images/{gone['id']}/delete")
    shown = {path: (await read(guest, path)).images() for path in LISTS[:-1]}
    assert shown == {
        "/": [loved["id"], plain["id"]],
        "/favorites": [loved["id"]],
        "/inputs": [source["id"]],
        "/controls": [mask["id"]],
        "/trash": [gone["id"]],
    }


async def test_filters_combine_and_each_has_a_chip_that_takes_it_away(guest: Client) -> None:
    heron = await guest.add(1, prompt="grey heron", tags=["birds", "wallpaper"], workflow_id="flux")
    other = await guest.add(2, prompt="grey wolf", tags=["wallpaper"])
    page = await read(guest, "/?q=grey&tag=wallpaper&tag=birds&workflow_id=&from=&order=newest")
    assert page.images() == [heron["id"]]
    assert "1 of 2 images" in page.text
    chips = [found["href"] for found in page.all("a", class_="chip")]
    assert len(chips) == 3
    left = [set((await read(guest, chip)).images()) for chip in chips]
    assert sorted(map(len, left)) == [1, 1, 2]
    assert {heron["id"], other["id"]} in left
    assert dict(page.form("/").fields)["tag"] in ("birds", "wallpaper")


async def test_nothing_found_says_how_to_widen(guest: Client) -> None:
    await with_images(guest, 1)
    page = await read(guest, "/?q=zebra")
    assert page.images() == [] and "0 of 1 images" in page.text
    assert "Nothing fits these filters" in page.text and page.all("a", class_="btn primary", href="/")


async def test_an_empty_library_shows_ways_in_with_its_own_name(guest: Client) -> None:
    page = await read(guest, "/")
    assert "Every image you make stays here" in page.text
    assert f"X-Owner: {guest.owner}" in page.text
    assert f"{guest.url}/api/v1/images" in page.text


@pytest.mark.parametrize("query", ["from=yesterday", "tz=Moon", "cursor=abc", "favorite=2", "order=random"])
async def test_a_broken_filter_is_a_page_that_says_so(guest: Client, query: str) -> None:
    page = await read(guest, f"/?{query}")
    assert page.status == 400 and "This address cannot be understood" in page.text


# --- one image ---------------------------------------------------------------------------------------------


async def test_an_image_page_tells_its_story(guest: Client) -> None:
    answer = await guest.send(
        pictures.comfyui_png("a lighthouse at dusk"), {"seed": 77, "tags": ["sea"]}, "light.png"
    )
    image = answer.json["items"][0]
    page = await read(guest, f"/image/{image['id']}")
    for told in (
        "a lighthouse at dusk",
        "77",
        "sd_xl_base_1.0.safetensors",
        "light.png",
        image["sha256"],
        "sea",
    ):
        assert told in page.text, told
    assert "sent" in page.texts and "guess" in page.texts and "Added" in page.texts
    workflow = await guest.get(f"/image/{image['id']}/workflow.json")
    assert "attachment" in workflow.headers["Content-Disposition"]
    assert workflow.json["nodes"]


async def test_previous_and_next_stay_within_the_filters(guest: Client) -> None:
    tagged = [(await guest.add(seed, tags=["red"] if seed % 2 else ["blue"]))["id"] for seed in range(6)]
    page = await read(guest, f"/image/{tagged[3]}?tag=red")
    [newer], [older] = page.all("a", rel="prev"), page.all("a", rel="next")
    assert newer["href"] == f"/image/{tagged[5]}?tag=red"
    assert older["href"] == f"/image/{tagged[1]}?tag=red"
    assert page.all("a", id="back")[0]["href"] == "/?tag=red"
    assert not (await read(guest, newer["href"])).all("a", rel="prev")


async def test_in_the_trash_previous_and_next_follow_the_trash(guest: Client) -> None:
    ids = await with_images(guest, 4)
    for image in (ids[2], ids[0], ids[3]):
        await guest.post(f"/api/v1/images/{image}/delete")
    page = await read(guest, f"/image/{ids[0]}?in=trash")
    assert page.all("a", rel="prev")[0]["href"] == f"/image/{ids[3]}?in=trash"
    assert page.all("a", rel="next")[0]["href"] == f"/image/{ids[2]}?in=trash"


async def test_a_ghost_says_which_file_is_missing(guest: Client, served: object) -> None:
    image = await guest.add(1)
    (served.outputs / image["key"]).unlink()  # type: ignore[attr-defined]
    page = await read(guest, f"/image/{image['id']}")
    assert page.status == 200 and "The original is gone" in page.text and image["key"] in page.text


# --- history and errors ------------------------------------------------------------------------------------


async def test_history_tells_what_happened_and_undoes_it(guest: Client) -> None:
    one, two, _ = await with_images(guest)
    await guest.post("/api/v1/images/bulk", json={"action": "delete", "ids": [one, two]})
    page = await read(guest, "/history")
    assert "2 images moved to trash" in page.text and "3 images added" in page.text and "by you" in page.text
    page = await submit(guest, page.form("/history", do="undo"))
    assert "Undone for 2 images" in page.text and "Undone" in page.texts
    assert len(await guest.listed()) == 3


async def test_long_histories_come_in_pages(guest: Client) -> None:
    [one] = await with_images(guest, 1)
    for turn in range(62):
        await guest.patch(f"/api/v1/images/{one}", json={"rating": turn % 2 + 1})
    page = await read(guest, "/history")
    [earlier] = page.all("a", rel="next")
    assert "1 image added" not in page.text
    assert "1 image added" in (await read(guest, earlier["href"])).text


async def test_a_browser_gets_a_page_and_a_program_a_problem(guest: Client) -> None:
    page = await read(guest, "/nowhere")
    assert page.status == 404 and "There is nothing here" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert (await guest.get("/nowhere")).refusal == (404, "NOT_FOUND")
    for path in ("/api/v1/nothing", "/outputs/nothing", "/static/x/y"):
        assert (await read(guest, path)).headers["Content-Type"].startswith("application/problem+json")
    assert {"GET", "POST"} <= set((await read(guest, "/trash", "DELETE")).headers["Allow"].split(", "))


async def test_a_damaged_key_is_explained_and_never_replaced_unasked(guest: Client, clients: Clients) -> None:
    await with_images(guest, 1)
    broken = clients.with_cookie(guest.headers["Cookie"].removeprefix("anon_id=")[:-1] + "!")
    page: Page = await read(broken, "/")
    assert page.status == 401 and "lost the key" in page.text
    assert "Set-Cookie" not in page.headers
    answer = await read(broken, "/session", "POST", [])
    assert answer.status == 303 and answer.headers["Location"] == "/"
    assert 'anon_id=""' in answer.headers["Set-Cookie"] and "Max-Age=0" in answer.headers["Set-Cookie"]
    assert (await read(broken.as_(Sec_Fetch_Site="cross-site"), "/session", "POST", [])).status == 403


async def test_a_program_has_no_pages(clients: Clients) -> None:
    assert (await clients.generator("somebody").get("/")).refusal == (401, "BAD_TOKEN")
