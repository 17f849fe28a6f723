"""The shortest way through: an image arrives with its prompt, goes to the trash and comes back."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from tests import pictures
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser


def test_an_image_arrives_goes_and_comes_back(visitor: Visitor) -> None:
    page = visitor.go()
    expect(page.get_by_role("heading", name="Every image you make stays here")).to_be_visible()
    began = time.monotonic()
    visitor.choose(
        ("ComfyUI_00001_.png", pictures.comfyui_png("a lighthouse at dusk", width=512, height=384))
    )
    tile = page.get_by_role("img", name="a lighthouse at dusk")
    expect(tile).to_be_visible()
    assert time.monotonic() - began < 2.5
    expect(page.locator(".toast")).to_contain_text("1 image added")
    tile.click()
    expect(page.locator("#prompt")).to_have_text("a lighthouse at dusk")
    page.keyboard.press("Escape")
    page.locator(".tile a").focus()
    page.keyboard.press("Delete")
    expect(page.locator(".toast")).to_contain_text("1 image moved to trash")
    expect(page.locator(".tile")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(tile).to_be_visible()
    page.locator(".tile a").focus()
    page.keyboard.press("Delete")
    expect(page.locator(".tile")).to_have_count(0)
    visitor.go("/trash")
    page.get_by_role("button", name="Restore it").click()
    expect(page.locator(".toast")).to_contain_text("1 image restored")
    visitor.go("/")
    expect(tile).to_be_visible()
