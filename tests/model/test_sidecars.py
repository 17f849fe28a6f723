"""Sidecars: every state a file can be found in, and what it means beside the record of the history."""

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagehist.model.entries import encode_sidecar
from imagehist.model.records import ImageRecord, record_to_dict
from imagehist.model.sidecars import EDITABLE_BY_FILE, edits, judge, read_sidecar
from imagehist.model.soundness import is_sound
from tests.model.examples import FACTS

RECORD = ImageRecord(**FACTS, rev=5, tags=["a"], note="old", prompt="cat", extra={"later": 1})


def with_(**values: Any) -> ImageRecord:
    return msgspec.structs.replace(RECORD, **values)


def typed(record: ImageRecord) -> bytes:
    """The file as an editor leaves it: other values, the old sum."""
    sum_of_old = orjson.loads(encode_sidecar(RECORD))["crc"]
    return orjson.dumps({**record_to_dict(record), "crc": sum_of_old}, option=orjson.OPT_INDENT_2)


@pytest.mark.parametrize(
    ("data", "action"),
    [
        (encode_sidecar(RECORD), "same"),
        (encode_sidecar(RECORD).rstrip(b"\n"), "same"),
        (encode_sidecar(RECORD).replace(b"\n", b"\r\n"), "same"),
        (encode_sidecar(with_(rev=4, note="older")), "rewrite"),
        (encode_sidecar(with_(note="foreign")), "merge"),
        (encode_sidecar(with_(rev=6, note="newer")), "adopt"),
        (typed(with_(note="by hand")), "merge"),
        (typed(with_(note="by hand", rev=999)), "merge"),
        (typed(with_(note="by hand", rev=1)), "merge"),
        (typed(RECORD), "merge"),
        (encode_sidecar(RECORD)[:-30], "keep"),
        (b"\0" * 40 + encode_sidecar(RECORD)[40:], "keep"),
        (typed(RECORD)[:-1], "keep"),
        (b"[1]", "keep"),
        (b'"text"', "keep"),
        (b"\xff\xfe", "keep"),
        (typed(with_(status="gone")), "keep"),
        (typed(with_(trashed_at="yesterday")), "keep"),
        (encode_sidecar(with_(rev=6, created_at="")), "keep"),
        (typed(with_(id="1" * 32)), "keep"),
        (typed(with_(owner="somebody")), "keep"),
        (None, "rewrite"),
        (b"", "rewrite"),
        (b"\0" * 512, "rewrite"),
        (b" \n", "rewrite"),
    ],
)
def test_what_a_file_means(data: bytes | None, action: str) -> None:
    assert judge(data, RECORD).action == action


def test_a_typed_rev_is_only_a_base() -> None:
    assert judge(typed(with_(note="by hand", rev=3)), RECORD).base == 3
    assert judge(encode_sidecar(with_(note="foreign")), RECORD).base == 5


def test_three_ways() -> None:
    base, present = with_(rev=3, note="base", rating=1), with_(note="mine", rating=1, tags=["b"])
    assert edits(with_(rev=3, note="theirs", rating=1), base, present) == {"note": "theirs"}
    assert edits(with_(rev=3, note="base", rating=4), base, present) == {"rating": 4}
    assert edits(base, base, present) == {}
    assert edits(with_(rev=3, note="mine", rating=1), base, present) == {}
    assert edits(with_(rev=3, note="base", rating=1, extra={"later": 2}), base, present) == {"later": 2}


def test_two_ways_without_a_base() -> None:
    assert edits(with_(note="theirs"), None, RECORD) == {"note": "theirs"}
    assert edits(RECORD, None, RECORD) == {}


def test_facts_are_not_edited_by_file() -> None:
    facts: dict[str, Any] = {"sha256": "cd" * 32, "bytes": 9, "width": 9, "mime": "image/gif", "thumb": None}
    facts |= {"created_at": "2020-01-01T00:00:00Z", "kind": "input", "rev": 9, "crc32": "0" * 8}
    assert edits(with_(**facts), RECORD, RECORD) == {}
    assert not EDITABLE_BY_FILE & facts.keys()


UNSOUND: dict[str, list[Any]] = {
    "id": ["", "x", "A" * 32, "0" * 33],
    "owner": ["", "..", "System", "system", "a/b"],
    "key": ["", "k", "users/mina/../../etc/passwd"],
    "kind": ["", "video"],
    "status": ["", "purged", "Active"],
    "created_at": [
        "",
        "now",
        "2026-13-01T00:00:00Z",
        "2026-03-04T05:06:07",
        "20260304T050607Z",
        "2026-W10-3T00:00:00Z",
    ],
    "trashed_at": ["", "2026-03-04"],
    "sha256": ["zz", "AB" * 32, "ab" * 31],
    "rating": [-1, 6],
    "bytes": [-1, 1 << 63],
    "rev": [-1, 10**30],
    "width": [1 << 64],
    "steps": [-1],
}


@pytest.mark.parametrize(
    ("field", "value"), [(name, value) for name, many in UNSOUND.items() for value in many]
)
def test_what_no_part_could_live_with_is_unreadable(field: str, value: Any) -> None:
    assert is_sound(RECORD)
    assert not is_sound(with_(**{field: value}))


@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_no_bytes_are_too_strange(data: bytes) -> None:
    assert read_sidecar(data).state in ("missing", "unreadable")


json_values = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers())
)


@given(st.dictionaries(st.sampled_from(sorted(record_to_dict(RECORD))), json_values, max_size=3))
def test_whatever_is_typed_is_understood_or_kept(values: dict[str, Any]) -> None:
    data = msgspec.json.encode({**record_to_dict(RECORD), **values})
    found = read_sidecar(data)
    assert found.state in ("edited", "unreadable")
    if found.record is not None:
        assert is_sound(found.record)
        encode_sidecar(found.record)
