"""Whole journeys: dropping, without scripts, on plain http."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Page, expect

from tests import pictures
from tests.browser.conftest import NAME, Visitor, Visits

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
