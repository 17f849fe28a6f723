"""Names: what may be one, and that every key can be read back into what it was made of."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagehist.model.names import (
    EXTENSIONS,
    KINDS,
    clean_filename,
    folder_of,
    is_guest,
    is_id,
    is_owner,
    may_be_member,
    new_guest,
    new_id,
    original_key,
    parse_key,
    sidecar_key,
    thumb_key,
)
from imagehist.model.times import to_text

micros = st.integers(0, 4_000_000_000_000_000)
owners = st.sampled_from(["mina", "a", "unassigned", "a.b-c_d", "0" * 64, new_guest()])


@given(owners, st.sampled_from(KINDS), micros, st.uuids(), st.sampled_from(sorted(EXTENSIONS)))
def test_a_key_tells_what_it_was_made_of(
    owner: str, kind: str, at: int, image: object, extension: str
) -> None:
    name, created_at = image.hex, to_text(at)  # type: ignore[attr-defined]
    key = original_key(owner, kind, created_at, name, extension)
    day = created_at[:10].replace("-", "/")
    assert parse_key(key) == (owner, kind, day, False, name, extension)
    assert parse_key(sidecar_key(key)) == (owner, kind, day, False, name, "json")
    assert parse_key(thumb_key(key, "webp")) == (owner, kind, day, True, name, "webp")
    assert folder_of(sidecar_key(key)) == folder_of(key)
    assert folder_of(thumb_key(key, "webp")) == f"{folder_of(key)}/thumb"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "users/mina/manifest.jsonl",
        "users/system/2026/01/01/" + "0" * 32 + ".png",
        "users/../2026/01/01/" + "0" * 32 + ".png",
        "users/mina/2026/1/01/" + "0" * 32 + ".png",
        "users/mina/2026/01/01/" + "0" * 31 + ".png",
        "users/mina/2026/01/01/" + "0" * 32 + ".png\n",
        "users/mina/2026/01/01/" + "A" * 32 + ".png",
        "users/mina/2026/01/01/" + "0" * 32 + ".png/x",
        "users/mina/2026/01/01/" + "0" * 32 + ".png.tmp",
        "users/mina/٢٠٢٦/01/01/" + "0" * 32 + ".png",
        "/users/mina/2026/01/01/" + "0" * 32 + ".png",
    ],
)
def test_nothing_else_is_a_key(key: str) -> None:
    assert parse_key(key) is None


@pytest.mark.parametrize("name", ["mina", "a", "0", "a.b", "unassigned", "x" * 64, "anon-" + "0" * 32])
def test_owners(name: str) -> None:
    assert is_owner(name)
    assert may_be_member(name) == (name != "unassigned")


@pytest.mark.parametrize(
    "name",
    ["", "system", "anon-1", "anon-" + "A" * 32, "anon-" + "0" * 33, "Mina", "-a", ".a", "a..b", "x" * 65,
     "a/b", "a b", "민아", "mina\n", "..", "a\0"],
)  # fmt: skip
def test_no_owners(name: str) -> None:
    assert not is_owner(name)
    assert not may_be_member(name)


def test_fresh_names_are_names() -> None:
    assert is_id(new_id())
    assert is_owner(new_guest())
    assert is_guest(new_guest())
    assert not is_guest("mina")
    assert len({new_id() for _ in range(100)}) == 100
    for text in ("", "0" * 31, "0" * 33, "A" * 32, "0" * 32 + "\n", "g" * 32):
        assert not is_id(text)


@given(st.text() | st.text(alphabet='aé나🌄. /\\\u202e\u200b\x00\n"', max_size=300))
def test_a_clean_filename_can_be_shown_anywhere(name: str) -> None:
    clean = clean_filename(name)
    if clean is None:
        return
    assert 0 < len(clean.encode()) <= 200
    assert not set(clean) & set("/\\")
    assert not {unicodedata.category(c) for c in clean} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert clean == clean.strip(" .")
    assert unicodedata.is_normalized("NFC", clean)
    assert clean_filename(clean) == clean


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("cat.png", "cat.png"),
        ("C:\\Bilder\\고양이.png", "고양이.png"),
        ("../../etc/passwd", "passwd"),
        ("gpj\u202egnp.exe", "gpjgnp.exe"),
        ("e\u0301.png", "é.png"),
        ("...", None),
        ("", None),
        ("\ud800", "?"),
        ("나" * 100 + ".png", "나" * 65 + ".png"),
        ("a" * 300, "a" * 200),
    ],
)
def test_clean_filenames(name: str, clean: str | None) -> None:
    assert clean_filename(name) == clean
