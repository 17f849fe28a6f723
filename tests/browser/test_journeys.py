"""Whole journeys: dropping, without scripts, by keyboard alone, through a long list, on a phone."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Page, expect

from tests import pictures
from tests.browser.conftest import NAME, TOKEN, Visitor, Visits

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DROP = """([kind, files]) => {
  const transfer = new DataTransfer();
  for (const [name, data] of files) {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: "image/png" }));
  }
  const init = { bubbles: true, cancelable: true };
  const event = kind === "paste" ? new ClipboardEvent(kind, { ...init, clipboardData: transfer })
    : new DragEvent(kind, { ...init, dataTransfer: transfer });
  document.querySelector("main").dispatchEvent(event);
}"""


def bring(page: Page, kind: str, *files: tuple[str, bytes]) -> None:
    """Drag, drop or paste files."""
    given = [[name, base64.b64encode(data).decode()] for name, data in files]
    page.evaluate(DROP, [kind, given])


def test_files_dropped_anywhere_are_added_and_refusals_explained(visitor: Visitor) -> None:
    page = visitor.go()
    good, bad = pictures.a1111_png("a heron"), b"\x89PNG nothing"
    bring(page, "dragenter", ("a.png", good))
    expect(page.locator("#dropping")).to_be_visible()
    bring(page, "drop", ("heron.png", good), ("broken.png", bad), ("two.png", pictures.png(seed=2)))
    expect(page.locator("#dropping")).to_be_hidden()
    expect(page.locator(".tile")).to_have_count(2)
    tray = page.locator("#tray")
    expect(tray.get_by_role("heading")).to_have_text("2 of 3 uploaded")
    expect(tray.locator("li.bad")).to_contain_text("broken.png")
    expect(tray.locator("li.bad small")).to_have_text("Not an image this library can read")
    tray.get_by_role("button", name="Retry").click()
    expect(tray.locator("li.bad")).to_have_count(1)
    visitor.shoot("upload")
    tray.get_by_role("button", name="Close").click()
    expect(tray).to_be_hidden()
    page.keyboard.press("z")
    expect(page.locator(".tile")).to_have_count(0)
    assert visitor.active() == []


def test_a_pasted_picture_lands_in_the_list_that_is_open(visitor: Visitor) -> None:
    page = visitor.go("/inputs")
    bring(page, "paste", ("pasted.png", pictures.png()))
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.locator(".rail [data-count=inputs]")).to_have_text("1")
    assert visitor.active() == []


def test_everything_works_without_scripts(visits: Visits) -> None:
    visitor = visits(js=False)
    page = visitor.go()
    expect(page.locator(".send")).to_be_hidden()
    visitor.choose(("one.png", pictures.comfyui_png("a lighthouse")), ("two.png", pictures.png(seed=2)))
    page.locator(".send").click()
    expect(page.locator(".toast")).to_contain_text("2 images added")
    expect(page.locator(".tile img").first).to_be_visible()
    page.locator("#search").fill("lighthouse")
    page.keyboard.press("Enter")
    expect(page.locator(".tile")).to_have_count(1)
    page.locator(".chip").click()
    expect(page.locator(".selbar")).to_be_hidden()
    for box in page.locator(".pick input").all():
        box.check()
    expect(page.locator(".selbar")).to_be_visible()
    tally = page.locator(".tally").evaluate("(span) => getComputedStyle(span, '::before').content")
    assert tally == "counter(picked)"
    visitor.shoot("without-scripts")
    page.locator(".selbar [value=trash]").click()
    expect(page.locator(".toast")).to_contain_text("2 images moved to trash")
    expect(page.locator(".tile")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tile")).to_have_count(2)
    page.locator(".tile a").last.click()
    page.get_by_role("button", name="4 stars").click()
    expect(page.locator(".stars .on")).to_have_count(4)
    page.get_by_label("Add tags").fill("sea, night")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".info .chip")).to_have_text([re.compile("sea"), re.compile("night")])
    page.get_by_role("button", name="Move to trash").click()
    visitor.go("/trash")
    page.get_by_role("button", name="Restore it").click()
    expect(page.locator(".tile")).to_have_count(0)
    visitor.go("/history")
    expect(page.locator(".log li").first).to_contain_text("1 image restored")


def test_the_keyboard_alone_is_enough(visitor: Visitor) -> None:
    ids = visitor.fill(7)
    page, press = visitor.go(), visitor.page.keyboard.press
    focused = "document.activeElement.closest('.tile')?.dataset.id"
    press("ArrowRight")
    assert page.evaluate(focused) == ids[0]
    press("ArrowRight")
    press("f")
    expect(page.locator(f"[data-id='{ids[1]}'][data-favorite]")).to_have_count(1)
    expect(page.locator(".toast")).to_contain_text("1 image added to favourites")
    press("End")
    assert page.evaluate(focused) == ids[-1]
    press("x")
    press("ArrowLeft")
    press("x")
    expect(page.locator(".tally")).to_have_attribute("data-n", "2")
    press("Delete")
    expect(page.locator(".tile")).to_have_count(5)
    expect(page.locator(".toast")).to_contain_text("2 images moved to trash")
    assert page.evaluate(focused) is not None
    press("Control+z")
    expect(page.locator(".tile")).to_have_count(7)
    assert visitor.shown() == ids
    press("Control+a")
    expect(page.locator(".tally")).to_have_attribute("data-n", "7")
    press("Escape")
    expect(page.locator(".selbar")).to_be_hidden()
    press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    press("Home")
    press("Enter")
    expect(page).to_have_url(re.compile(f"/image/{ids[0]}"))
    press("ArrowRight")
    expect(page).to_have_url(re.compile(f"/image/{ids[1]}"))
    press("f")
    expect(page.locator("[data-do=favorite]")).to_be_visible()
    press("Escape")
    expect(page).to_have_url(re.compile(r"/$"))
    press("/")
    page.keyboard.type("zxf?")
    expect(page.locator("#search")).to_have_value("zxf?")


def test_the_grid_is_one_stop_of_the_tab_key(visitor: Visitor) -> None:
    visitor.fill(5)
    page = visitor.go()
    stops = page.locator(".tile a, .tile input").evaluate_all(
        "all => all.filter((one) => one.tabIndex === 0).length"
    )
    assert stops == 1


def test_keys_of_an_input_method_are_left_alone(visitor: Visitor) -> None:
    ids = visitor.fill(2)
    page = visitor.go()
    page.locator(".tile a").first.focus()
    page.evaluate(
        "for (const key of ['f', 'x', 'Delete', 'z']) document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', { key, bubbles: true, isComposing: true }))"
    )
    page.wait_for_timeout(200)
    assert visitor.active() == ids
    expect(page.locator(".pick :checked")).to_have_count(0)


def test_a_long_list_arrives_while_one_scrolls_and_nothing_jumps(visitor: Visitor) -> None:
    ids = visitor.fill(150)
    page = visitor.page
    page.add_init_script(
        "window.jumps = 0; new PerformanceObserver((list) => { for (const one of list.getEntries())"
        " window.jumps += one.value; }).observe({ type: 'layout-shift', buffered: true });"
    )
    visitor.go()
    for _ in range(60):
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(40)
        if len(visitor.shown()) == 150:
            break
    assert visitor.shown() == ids
    expect(page.locator("#more a")).to_have_count(0)
    assert page.evaluate("window.jumps") < 0.02


def test_all_that_match_can_be_chosen_however_few_are_loaded(visitor: Visitor) -> None:
    visitor.fill(140)
    page = visitor.go()
    page.keyboard.press("Control+a")
    loaded = len(visitor.shown())
    assert loaded < 140
    page.get_by_role("button", name="Select all 140").click()
    expect(page.locator(".tally")).to_have_attribute("data-n", "140")
    page.locator(".pick input").first.uncheck(force=True)
    expect(page.locator(".tally")).to_have_attribute("data-n", "139")
    page.locator(".selbar [value=trash]").click()
    expect(page.locator(".toast")).to_contain_text("139 images moved to trash")
    assert len(visitor.active()) == 1
    expect(page.locator(".tile")).to_have_count(1)
    page.keyboard.press("u")
    expect(page.locator("#count")).to_have_text("140 images")


def test_images_that_others_add_appear_by_themselves(visitor: Visitor) -> None:
    visitor.fill(1)
    page = visitor.go()
    owner = visitor.call("GET", "/api/v1/me").json()["user_id"]
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Owner": owner, "Content-Type": "image/png"}
    page.wait_for_timeout(300)
    answer = page.context.request.fetch(
        f"{visitor.base}/api/v1/images",
        method="POST",
        headers=headers,
        data=pictures.comfyui_png("from outside"),
    )
    assert answer.status == 201
    expect(page.get_by_role("img", name="from outside")).to_be_visible(timeout=8_000)


def test_an_undo_waits_under_the_pointer_and_goes_after_ten_seconds(visitor: Visitor) -> None:
    visitor.fill(2)
    visitor.page.clock.install()
    page = visitor.go()
    page.locator(".tile a").first.focus()
    page.keyboard.press("Delete")
    toast = page.locator(".toast")
    expect(toast).to_be_visible()
    toast.hover()
    page.clock.run_for(30_000)
    expect(toast).to_be_visible()
    page.mouse.move(5, 300)
    page.clock.run_for(10_500)
    expect(toast).to_have_count(0)


def test_plain_http_under_a_name_is_enough(visits: Visits, server: str) -> None:
    visitor = visits(base=server.replace("127.0.0.1", NAME))
    page = visitor.go()
    assert page.evaluate("window.isSecureContext") is False
    visitor.choose(("one.png", pictures.comfyui_png("a lighthouse")))
    page.get_by_role("img", name="a lighthouse").click()
    page.get_by_role("button", name="Copy the prompt").click()
    expect(page.locator(".toast")).to_contain_text("Copied")


def test_the_original_opens_in_its_own_size_and_closes(visitor: Visitor) -> None:
    image = visitor.add(pictures.png(3000, 2000, noise=True))
    page = visitor.go(f"/image/{image['id']}")
    picture = page.locator("#picture .over")
    assert "preview" in picture.evaluate("(img) => img.currentSrc")
    page.locator("#picture").click()
    expect(picture).to_have_js_property("naturalWidth", 3000)
    assert picture.bounding_box()["width"] == 3000  # type: ignore[index]
    page.keyboard.press("Escape")
    assert picture.bounding_box()["width"] < 1440  # type: ignore[index]


def test_a_filter_by_date_means_days_of_the_browser(visitor: Visitor) -> None:
    visitor.add(pictures.png(seed=1), created_at="2024-03-01T20:00:00Z")
    page = visitor.go()
    expect(page.locator(".day h2")).to_have_text("Saturday, 2 March 2024")
    page.locator(".filters summary").click()
    page.get_by_label("From", exact=True).fill("2024-03-02")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".tile")).to_have_count(1)
    assert "tz=Asia" in page.url and "q=" not in page.url


def test_a_phone_selects_by_a_long_press(visits: Visits) -> None:
    visitor = visits(390, 844, phone=True)
    visitor.fill(4)
    page = visitor.go()
    tile = page.locator(".tile").first
    tile.dispatch_event("pointerdown", {"pointerType": "touch"})
    expect(page.locator(".selbar")).to_be_visible()
    tile.dispatch_event("pointerup", {"pointerType": "touch"})
    page.locator(".tile a").nth(1).tap()
    expect(page.locator(".tally")).to_have_attribute("data-n", "2")
    page.locator(".selbar [value=favorite]").tap()
    expect(page.locator("[data-favorite]")).to_have_count(2)
