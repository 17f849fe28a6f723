"""Reads a page as its visitor does: visible text, links, forms and what it loads."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from multidict import CIMultiDict
from yarl import URL

from tests.web.calling import Client

VOID = frozenset({"meta", "link", "img", "input", "path", "rect", "circle", "use", "br", "option"})
SPOKEN = ("aria-label", "title", "placeholder", "alt")


@dataclass
class Form:
    """A form: where it goes and what it sends."""

    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """One page, taken apart."""

    def __init__(self, status: int, headers: CIMultiDict[str], text: str) -> None:
        super().__init__()
        self.status, self.headers, self.html = status, headers, text
        self.texts: list[str] = []
        self.spoken: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.forms: list[Form] = []
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        self.spoken += [found[name] for name in SPOKEN if found.get(name)]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "form":
            self.forms.append(Form(found.get("method", "get"), found.get("action", "")))
        elif self.forms and "name" in found and tag == "button":
            self.forms[-1].buttons.append((found["name"], found.get("value", "")))
        elif self.forms and "name" in found and found.get("type") != "checkbox":
            self.forms[-1].fields.append((found["name"], found.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            continue

    def handle_data(self, data: str) -> None:
        if data.strip() and not {"script", "style", "title"} & set(self._open):
            self.texts.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        """Everything that is read."""
        return " ".join(self.texts)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """The elements with these attributes; `_` stands for `-`."""
        wanted = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            found
            for name, found in self.elements
            if name == tag and all(found.get(key) == value for key, value in wanted.items())
        ]

    def images(self) -> list[str]:
        """The ids of the list's images, in order."""
        return [found["data-id"] for found in self.all("li") if "data-id" in found]

    def form(self, action: str, **fields: str) -> Form:
        """The first form to an address that sends these fields."""
        for form in self.forms:
            if form.action == action and fields.items() <= dict(form.fields).items():
                return form
        raise AssertionError(f"no form to {action} with {fields}")


async def read(client: Client, path: str, method: str = "GET", data: Any = None, **headers: str) -> Page:
    """Open a page as a browser does, without following where it leads."""
    sent = {
        "Accept": "text/html,*/*;q=0.8",
        **client.headers,
        **{n.replace("_", "-"): v for n, v in headers.items()},
    }
    url = URL(client.url + path, encoded=True)
    async with client.session.request(
        method, url, data=data, headers=sent, allow_redirects=False
    ) as response:
        return Page(response.status, CIMultiDict(response.headers), await response.text())


async def submit(client: Client, form: Form, *more: tuple[str, str]) -> Page:
    """Send a form, then open the page it leads to."""
    assert form.method == "post"
    answer = await read(client, form.action, "POST", [*form.fields, *more])
    assert answer.status == 303, answer.html
    return await read(client, answer.headers["Location"])


async def with_images(guest: Client, count: int = 3) -> list[str]:
    """A library of so many images; the newest first."""
    return [(await guest.add(seed))["id"] for seed in range(count)][::-1]
