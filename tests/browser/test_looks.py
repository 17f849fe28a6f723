"""How it looks: contrast, nothing beyond the edge, targets large enough, and pictures of it for people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visits
from tests.browser.scenery import painted_png

ROOT = Path(__file__).parent.parent.parent
SURFACES = ("bg", "surface", "sunken", "raised", "hover")
PAIRS = [
    *((ink, ground) for ink in ("text", "muted", "faint") for ground in SURFACES[:4]),
    *((ink, "hover") for ink in ("text", "muted")),
    *(("accent", ground) for ground in ("bg", "surface", "raised")),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-accent-soft", "accent-soft"),
    ("warn", "surface"),
    ("warn", "raised"),
    ("on-warn-soft", "warn-soft"),
    ("on-toast", "toast"),
    ("toast-accent", "toast"),
    ("muted", "stage"),
    ("text", "stage"),
]


TOO_SMALL = """all => all.filter((one) => one.checkVisibility())
  .map((one) => [one.className, one.getBoundingClientRect()])
  .filter(([, box]) => box.width > 0 && (box.height < 39.5 || box.width < 35.5))
  .map(([name, box]) => `${name} ${box.width} x ${box.height}`)"""


def told(number: int) -> dict[str, object]:
    """What is sent with a scene: a day, and tags with every second."""
    tags = ["풍경", "a rather long tag to look at"] if number % 2 else []
    return {"created_at": f"2026-0{9 - number // 4}-02T10:0{number % 4}:00Z", "tags": tags}


def tokens(dark: bool) -> dict[str, str]:
    """The colours of a theme by name."""
    sheet = (ROOT / "static" / "css" / "tokens.css").read_text()
    light, _, night = sheet.partition("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", light))
    return found | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", night)) if dark else {})


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_can_be_read(dark: bool) -> None:
    known = tokens(dark)
    weak = {pair: round(contrast(known[pair[0]], known[pair[1]]), 2) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}
    for ground in ("bg", "surface"):
        assert contrast(known["line-strong"], known[ground]) >= 3


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "lang", "dark"),
    [
        (390, "en", False),
        (390, "ko", True),
        (768, "ko", False),
        (1440, "ko", False),
        (1440, "en", True),
        (2560, "en", False),
    ],
)
def test_every_page_fits_and_is_photographed(visits: Visits, width: int, lang: str, dark: bool) -> None:
    visitor = visits(width, 844 if width == 390 else 900, lang=lang, dark=dark, phone=width == 390)
    visitor.go()
    visitor.page.wait_for_timeout(200)
    visitor.shoot(f"welcome-{width}-{lang}")
    records = [
        visitor.add(painted_png(number, scale=0.4), f"scene_{number}.png", **told(number))
        for number in range(9)
    ]
    loved = [records[0]["id"], records[4]["id"]]
    visitor.call("POST", "/api/v1/images/bulk", data={"action": "favorite", "ids": loved})
    visitor.call("POST", f"/api/v1/images/{records[1]['id']}/delete")
    paths = {
        "gallery": "/",
        "filtered": "/?q=light&tag=풍경",
        "nothing": "/?q=zebra",
        "favorites": "/favorites",
        "inputs": "/inputs",
        "trash": "/trash",
        "history": "/history",
        "image": f"/image/{records[0]['id']}",
        "error": "/nowhere",
    }
    for name, path in paths.items():
        page = visitor.go(path)
        page.wait_for_load_state("load")
        page.wait_for_timeout(150)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, (name, over)
        visitor.shoot(f"{name}-{width}-{lang}")


@pytest.mark.browser
@pytest.mark.slow
def test_targets_on_a_phone_are_large_enough(visits: Visits) -> None:
    visitor = visits(390, 844, phone=True)
    [image] = visitor.fill(1, tags=["one"])
    for path in ("/", "/history", f"/image/{image}", "/trash"):
        page = visitor.go(path)
        if path == "/":
            page.locator(".pick input").check(force=True)
            expect(page.locator(".selbar")).to_be_visible()
        targets = page.locator("button, .btn, .iconbtn, .bottombar a, .bottombar label, summary, .chip > a")
        assert targets.evaluate_all(TOO_SMALL) == [], path
