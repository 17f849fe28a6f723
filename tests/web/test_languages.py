"""Both languages whole: every visible word translated, plurals included, the choice remembered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from imagehist.web.languages import LANGUAGES, accepted
from tests import pictures
from tests.web.calling import Client
from tests.web.reading import read

ROOT = Path(__file__).parent.parent.parent
KEYWORDS = DEFAULT_KEYWORDS | {"told": (1, 2), "plural": (2, 3), "n": (1, 2)}
PLACE = re.compile(r"%\(\w+\)s|\{\w+\}")
NAMES = set(
    re.findall(
        r"\w+",
        "imagehist sha lora ctrl del enter esc curl authorization bearer token owner file image png api http "
        "x h f r v z a cfg ingest utc kb b mb imagehist_hosts en ko comfyui",
    )
)
"""Names and keys that read the same everywhere."""


def said() -> set[str | tuple[str, ...]]:
    """Every message that pages and scripts can say, found in the code."""
    rooms = ((ROOT / "imagehist" / "web", "**.py", "python"), (ROOT / "templates", "**.html", "jinja2"))
    options = {"**.html": {"silent": "false", "trimmed": "true"}}
    return {
        message if isinstance(message, str) else tuple(message)
        for folder, files, method in rooms
        for _, _, message, _, _ in extract_from_dir(folder, [(files, method)], options, KEYWORDS)
    }


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_catalogue_is_complete_and_holds_nothing_else(language: str) -> None:
    with (ROOT / "imagehist" / "locale" / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    kept = {message.id: message for message in catalogue if message.id}
    assert set(kept) == said()
    for message in kept.values():
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        asked = message.id if isinstance(message.id, str) else message.id[1]
        assert all(forms), message.id
        assert not message.fuzzy
        assert len(forms) == (catalogue.num_plurals if message.pluralizable else 1)
        assert set(PLACE.findall(asked)) == set(PLACE.findall(forms[-1])), message.id


def test_templates_hold_no_words_of_their_own() -> None:
    for path in set((ROOT / "templates").glob("*.html")) - {ROOT / "templates" / "api_docs.html"}:
        text = path.read_text()
        text = re.sub(r"\{% block kind %\}.*?\{% endblock %\}", " ", text)
        for inside in (
            r"\{#.*?#\}",
            r"\{% trans.*?endtrans %\}",
            r"\{%.*?%\}",
            r"\{\{.*?\}\}",
            r"<kbd.*?</kbd>",
            r"<code.*?</code>",
        ):
            text = re.sub(inside, " ", text, flags=re.DOTALL)
        spoken = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', text)
        text = re.sub(r"<[^>]*>", " ", text)
        words = set(re.findall(r"[^\W\d_]{2,}", " ".join([text, *spoken]).lower()))
        assert words <= NAMES, (path.name, words - NAMES)


def test_scripts_hold_no_sentences_of_their_own() -> None:
    for path in (ROOT / "static" / "js").glob("*.js"):
        for literal in re.findall(r'textContent\s*[=:]\s*["`]([^"`]*)', path.read_text()):
            assert not re.search(r"[a-zA-Z]{2,}", re.sub(r"\$\{[^}]*\}", "", literal)), (path.name, literal)
    words = set(
        re.findall(
            r"\bwords\.(?!js)(\w+)", " ".join(p.read_text() for p in (ROOT / "static" / "js").glob("*.js"))
        )
    )
    from imagehist.web.page_texts import words as told

    assert words == set(told("en"))


@pytest.mark.parametrize(
    "path",
    ["/", "/?q=%EC%96%BC", "/favorites", "/inputs", "/controls", "/trash", "/history", "/image/", "/no"],
)
async def test_a_korean_page_speaks_only_korean(guest: Client, path: str) -> None:
    if path != "/":
        answer = await guest.send(
            pictures.png(), {"tags": ["풍경"], "prompt": "호수", "workflow_id": "산"}, "그림.png"
        )
        path = f"/image/{answer.json['items'][0]['id']}" if path == "/image/" else path
    page = await read(guest, path, Accept_Language="ko-KR,ko;q=0.9,en;q=0.5")
    assert page.all("html", lang="ko")
    found = re.sub(
        r"\b[0-9a-f/.-]{8,}\S*|users/\S+|http\S+|https?:\S+|anon-\w+|X-Owner|image\.\w+",
        " ",
        " ".join([*page.texts, *page.spoken]),
    )
    words = {word.lower() for word in re.findall(r"[A-Za-z_]+", found)} - {
        "png",
        "english",
        "error",
        "not",
        "found",
        "not_found",
    }
    assert words <= NAMES, words - NAMES


async def test_counts_have_their_plurals(guest: Client) -> None:
    await guest.add(1)
    assert "1 image" in (await read(guest, "/")).texts
    await guest.add(2)
    assert "2 images" in (await read(guest, "/")).texts
    assert "2장" in (await read(guest, "/", Accept_Language="ko")).texts


async def test_the_choice_is_asked_remembered_and_may_be_changed(guest: Client) -> None:
    page = await read(guest, "/?lang=ko", Accept_Language="en")
    assert page.all("html", lang="ko")
    assert "lang=ko" in page.headers["Set-Cookie"]
    [other] = page.all("a", hreflang="en")
    assert other["href"] == "/?lang=en"
    remembered = guest.as_(Cookie=f"{guest.headers['Cookie']}; lang=ko")
    assert (await read(remembered, "/trash", Accept_Language="en")).all("html", lang="ko")
    assert (await read(guest, "/?lang=xx", Accept_Language="fr")).all("html", lang="en")


def test_the_most_wanted_language_comes_first() -> None:
    assert accepted("fr;q=0.3, ko-KR, en;q=0.8, de;q=0, *;q=x") == ["ko", "en", "fr"]
