"""Long lists that change: scrolling, choosing all of them, arrivals, undo in time, days, touch."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import pictures
from tests.browser.conftest import TOKEN, Visitor, Visits

pytestmark = [pytest.mark.browser, pytest.mark.slow]


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
    heights = page.locator(".tile").evaluate_all("tiles => tiles.map((tile) => tile.clientHeight)")
    assert min(heights) > 150
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
