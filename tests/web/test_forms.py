"""Forms as a browser without scripts sends them: what they change, the way back, the notice and its undo."""

from __future__ import annotations

import re

import aiohttp
import pytest
from yarl import URL

from tests import pictures
from tests.web.calling import Client, Clients
from tests.web.reading import read, submit, with_images


async def test_rating_tags_and_note_are_edited_by_form(guest: Client) -> None:
    image = (await guest.add(1))["id"]
    page = await read(guest, f"/image/{image}")
    page = await submit(guest, page.form(f"/image/{image}", do="rate"), ("rating", "4"))
    form = page.form(f"/image/{image}", do="tag")
    form.fields = [(name, value) for name, value in form.fields if name != "tag"]
    page = await submit(guest, form, ("tag", " birds, grey heron ,"))
    page = await submit(guest, page.form(f"/image/{image}", do="untag"), ("tag", "birds"))
    form = page.form(f"/image/{image}", do="note")
    form.fields = [(name, value) for name, value in form.fields if name != "note"]
    page = await submit(guest, form, ("note", "line one\r\nline two"))
    record = await guest.record(image)
    assert (record["rating"], record["tags"], record["note"]) == (4, ["grey heron"], "line one\nline two")
    assert "Note of 1 image saved" in page.text
    assert page.html.count("line one\nline two</textarea>") == 1


async def test_upload_by_form_leads_to_the_list_with_an_undo(guest: Client) -> None:
    form = aiohttp.FormData()
    form.add_field("file", pictures.png(seed=1), filename="one.png")
    form.add_field("file", pictures.png(seed=2), filename="two.png")
    form.add_field("file", b"no image", filename="three.png")
    answer = await read(guest, "/", "POST", form)
    assert answer.status == 303
    page = await read(guest, answer.headers["Location"])
    assert (
        "2 images added" in page.text and "1 file not added: Not an image this library can read" in page.text
    )
    assert len(page.images()) == 2
    page = await submit(guest, page.form("/history", do="undo"))
    assert "Undone for 2 images" in page.text
    assert (await read(guest, "/trash")).images() != [] and (await guest.listed()) == []


async def test_upload_on_the_inputs_page_stays_there(guest: Client) -> None:
    page = await read(guest, "/inputs")
    form = aiohttp.FormData()
    form.add_field("file", pictures.png(seed=1), filename="one.png")
    for name, value in next(
        form for form in page.forms if form.action == "/" and form.method == "post"
    ).fields:
        if name != "file":
            form.add_field(name, value)
    answer = await read(guest, "/", "POST", form)
    assert URL(answer.headers["Location"]).path == "/inputs"
    assert len((await read(guest, "/inputs")).images()) == 1


async def test_trash_undo_and_restore_by_form(guest: Client) -> None:
    one, two, three = await with_images(guest)
    page = await read(guest, "/")
    page = await submit(guest, page.form("/trash"), ("id", one), ("id", three), ("do", "trash"))
    assert page.images() == [two] and "2 images moved to trash" in page.text
    page = await submit(guest, page.form("/history", do="undo"))
    assert page.images() == [one, two, three]
    page = await submit(guest, page.form("/trash"), ("id", one), ("id", two), ("do", "trash"))
    trash = await read(guest, "/trash")
    page = await submit(guest, trash.form("/trash", do="restore"))
    assert "2 images restored" in page.text and page.images() == []
    assert await guest.listed() == [one, two, three]


async def test_every_form_word_of_a_list_does_its_work(guest: Client) -> None:
    one, two = await with_images(guest, 2)
    for do, tag in (("favorite", ""), ("tag", "red, Green"), ("untag", "red"), ("unfavorite", "")):
        page = await read(guest, "/trash", "POST", [("id", one), ("do", do), ("tag", tag)])
        assert page.status == 303
    record = await guest.record(one)
    assert (record["favorite"], record["tags"]) == (False, ["Green"])
    assert (await guest.record(two))["rev"] == 1


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/api/v1/me",
        "/image/x",
        "/trash\r\nX-A: b",
    ],
)
async def test_the_way_back_never_leaves_the_gallery(guest: Client, back: str) -> None:
    [one] = await with_images(guest, 1)
    page = await read(guest, "/trash", "POST", [("id", one), ("do", "trash"), ("back", back)])
    assert page.status == 303
    assert re.fullmatch(r"/\?done=trashed&n=1&seq=2", page.headers["Location"])


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/trash", [("do", "purge")]),
        ("/trash", []),
        ("/trash", [("do", "restore"), ("all", "true"), ("shelf", "everything")]),
        ("/history", [("do", "undo")]),
        ("/history", [("do", "undo"), ("seq", "x")]),
        ("/history", [("do", "redo"), ("seq", "1")]),
        ("/image/{id}", [("do", "rate"), ("rating", "6")]),
        ("/image/{id}", [("do", "note"), ("note", "x" * 10_001)]),
        ("/image/{id}", [("do", "tag"), ("tag", "x" * 101)]),
        ("/trash", [("id", "0")] * 1_600),
    ],
)
async def test_a_form_that_asks_for_nonsense_is_refused_as_a_page(
    guest: Client, path: str, fields: list[tuple[str, str]]
) -> None:
    [one] = await with_images(guest, 1)
    page = await read(guest, path.format(id=one), "POST", fields)
    assert page.status == 400 and page.all("h1")
    assert (await guest.record(one))["rev"] == 1


async def test_forms_of_other_sites_other_types_and_other_people_change_nothing(
    guest: Client, clients: Clients
) -> None:
    [one] = await with_images(guest, 1)
    fields = [("id", one), ("do", "trash")]
    page = await read(guest.as_(Sec_Fetch_Site="cross-site"), "/trash", "POST", fields)
    assert page.status == 403 and "This was refused" in page.text
    assert (await read(guest, "/trash", "POST", b"{}", Content_Type="application/json")).status == 415
    assert (
        await read(guest, "/trash", "POST", b"do=%ff", Content_Type="application/x-www-form-urlencoded")
    ).status == 400
    stranger = clients.guest()
    page = await read(stranger, "/trash", "POST", fields)
    assert URL(page.headers["Location"]).query["n"] == "0"
    assert (await read(stranger, f"/image/{one}", "POST", [("do", "trash")])).status == 404
    assert (await read(stranger, f"/image/{one}")).status == 404
    assert (await read(stranger, f"/image/{one}/workflow.json")).status == 404
    assert (await guest.record(one))["status"] == "active"


async def test_what_cannot_be_undone_says_so(guest: Client) -> None:
    [one] = await with_images(guest, 1)
    await guest.patch(f"/api/v1/images/{one}", json={"rating": 3})
    answer = await read(guest, "/history", "POST", [("do", "undo"), ("seq", "1")])
    page = await read(guest, answer.headers["Location"])
    assert "This was changed since and cannot be undone" in page.text


@pytest.mark.parametrize(
    "notice", ["done=hacked", "done=trashed&n=-1", "done=added&n=1&seq=x&bad=2&why=<b>", "done="]
)
async def test_a_notice_that_we_did_not_write_says_nothing_strange(guest: Client, notice: str) -> None:
    page = await read(guest, f"/?{notice}")
    assert page.status == 200
    toast = page.html.partition('id="floats"')[2]
    assert "hacked" not in page.text and "<b>" not in toast and "-1" not in toast
