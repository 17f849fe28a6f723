"""A real browser before a real server: every test is a new visitor with a library of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Browser, BrowserContext, Page, sync_playwright

from tests import pictures

ROOT = Path(__file__).parent.parent.parent
SHOTS = ROOT / "build" / "screenshots"
NAME = "gallery.test"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {NAME} 127.0.0.1",
)
TOKEN = "ingest-token-of-the-browser-tests"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server."""
    outputs = tmp_path_factory.mktemp("browser") / "outputs"
    command = [sys.executable, "-P", str(ROOT / "server.py"), "--port", "0", "--outputs", str(outputs)]
    options = ["--ingest-token", TOKEN, "--hosts", NAME, "--imaging-processes", "2"]
    limits = ["--new-guests-per-minute", "10000"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [*command, *options, *limits], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    try:
        ready = process.stdout.readline()
        assert ready.startswith("imagehist listening on "), ready
        yield ready.rsplit(" ", 1)[1].strip()
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


@pytest.fixture(scope="module")
def browser(browser_path: str) -> Iterator[Browser]:
    """The browser, gone before the next module: its event loop would stand in the way of other tests'."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser_path, headless=True, args=list(FLAGS))
        yield running
        running.close()


@dataclass
class Visitor:
    """One person with a browser: a page, a library, and what went wrong meanwhile."""

    context: BrowserContext
    page: Page
    base: str
    troubles: list[str]

    def go(self, path: str = "/") -> Page:
        """Open a page of the gallery."""
        self.page.goto(self.base + path)
        return self.page

    def call(self, method: str, path: str, **options: Any) -> APIResponse:
        """Call the API as this visitor."""
        headers = {"Origin": self.base, **options.pop("headers", {})}
        return self.context.request.fetch(self.base + path, method=method, headers=headers, **options)

    def add(self, data: bytes, name: str = "image.png", **meta: Any) -> dict[str, Any]:
        """Upload an image beside the page; its record."""
        headers = {"Content-Type": "image/png", "X-Meta": json.dumps(meta)}
        answer = self.call("POST", f"/api/v1/images?filename={name}", headers=headers, data=data)
        assert answer.status == 201, answer.text()
        return answer.json()["items"][0]

    def fill(self, count: int, **meta: Any) -> list[str]:
        """Add small images; their ids, the newest first."""
        data = [pictures.png(48 + number % 3 * 24, 48, seed=number) for number in range(count)]
        return [self.add(png, f"{number}.png", **meta)["id"] for number, png in enumerate(data)][::-1]

    def active(self) -> list[str]:
        """The ids of the active images, as the API has them."""
        return [item["id"] for item in self.call("GET", "/api/v1/images?size=500").json()["items"]]

    def shown(self) -> list[str]:
        """The ids of the tiles on the screen."""
        return self.page.locator("#list .tile").evaluate_all("tiles => tiles.map((tile) => tile.dataset.id)")

    def choose(self, *files: tuple[str, bytes]) -> None:
        """Choose files in the upload field."""
        given = [{"name": name, "mimeType": "image/png", "buffer": data} for name, data in files]
        self.page.locator("#files").set_input_files(given)

    def shoot(self, name: str, full: bool = False) -> None:
        """Keep a screenshot for people to look at."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=full)


Visits = Callable[..., Visitor]


@pytest.fixture
def visits(browser: Browser, server: str) -> Iterator[Visits]:
    """`visits(width=390, dark=True, lang="ko", js=False, phone=True)`; a script error or a load that our
    policy stops fails the test."""
    made: list[Visitor] = []

    def visit(
        width: int = 1440, height: int = 900, *, lang: str = "en", dark: bool = False, js: bool = True,
        phone: bool = False, base: str = server, zone: str = "Asia/Seoul",
    ) -> Visitor:  # fmt: skip
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale={"en": "en-GB", "ko": "ko-KR"}[lang],
            color_scheme="dark" if dark else "light",
            java_script_enabled=js,
            timezone_id=zone,
            has_touch=phone,
            is_mobile=phone,
        )
        context.set_default_timeout(5_000)
        page, troubles = context.new_page(), list[str]()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "console", lambda told: troubles.append(told.text) if is_trouble(told.type, told.text) else None
        )
        page.on("request", lambda asked: None if is_ours(asked.url, base) else troubles.append(asked.url))
        made.append(Visitor(context, page, base, troubles))
        return made[-1]

    yield visit
    for visitor in made:
        visitor.context.close()
    assert [visitor.troubles for visitor in made] == [[] for _ in made]


def is_trouble(kind: str, text: str) -> bool:
    """Whether the console told of something we did wrong; a refused call is shown there too."""
    return kind in ("error", "warning") and "the server responded with a status of 4" not in text


def is_ours(url: str, base: str) -> bool:
    return url.startswith((base, "blob:", "data:"))


@pytest.fixture
def visitor(visits: Visits) -> Visitor:
    """A visitor at a desk."""
    return visits()
