"""The keyboard alone: focus, selection, favourites, trash, undo, help, search; an input method in peace."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]


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


def test_help_search_and_single_images_answer_the_keyboard_too(visitor: Visitor) -> None:
    ids = visitor.fill(3)
    page, press = visitor.go(), visitor.page.keyboard.press
    press("Control+a")
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
    expect(page.locator("[data-do=unfavorite]")).to_be_visible()
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
