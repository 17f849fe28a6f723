"""Records: read from any version, written without losing a key, changed by values alone."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagehist.model.records import (
    EDITABLE,
    FIELDS,
    HEAVY,
    ImageRecord,
    changed,
    decode_record,
    record_from_dict,
    record_to_dict,
    value_of,
)
from tests.model.examples import fields, text

PLAIN = ImageRecord(id="i", owner="o", key="k")


@given(fields)
def test_unknown_keys_survive_every_rewrite(unknown: dict[str, Any]) -> None:
    unknown = {name: value for name, value in unknown.items() if name not in FIELDS and name != "extra"}
    written = orjson.dumps({**record_to_dict(PLAIN), **unknown})
    record = decode_record(written)
    assert record.extra == unknown
    assert record_to_dict(record) == orjson.loads(written)
    edited = changed(record, {"note": "n"}, 2)
    assert edited.extra == unknown
    assert record_from_dict(record_to_dict(edited)) == edited


def test_a_key_named_extra_is_an_unknown_key_like_any_other() -> None:
    written = orjson.dumps({**record_to_dict(PLAIN), "extra": {"a": 1}, "more": 2})
    assert orjson.loads(orjson.dumps(record_to_dict(decode_record(written)))) == orjson.loads(written)
    alone = orjson.dumps({**record_to_dict(PLAIN), "extra": {"a": 1}})
    assert orjson.loads(orjson.dumps(record_to_dict(decode_record(alone)))) == orjson.loads(alone)


def test_missing_keys_have_their_defaults() -> None:
    assert decode_record(b'{"id":"i","owner":"o","key":"k"}') == PLAIN
    assert record_from_dict({"id": "i", "owner": "o", "key": "k"}) == PLAIN


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{", b'{"id":"i"}', b'{"id":1,"owner":"o","key":"k"}',
                                  b'{"id":"i","owner":"o","key":"k","tags":"a"}', b"\xff", b'"\\ud800"',
                                  b'{"id":"i","owner":"o","key":"k","bytes":1.5,"later":1}'])  # fmt: skip
def test_what_is_no_record_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode_record(data)


def test_the_order_of_fields_is_fixed_and_the_heavy_ones_are_last() -> None:
    names = list(record_to_dict(ImageRecord(id="i", owner="o", key="k", extra={"later": 1})))
    assert names[0] == "id"
    assert names[-1] == "later"
    assert set(names[-3:-1]) == HEAVY
    assert set(names[:-1]) == FIELDS
    assert EDITABLE < FIELDS


@given(text, st.integers(1, 9))
def test_a_change_touches_what_it_names_and_the_rev(note: str, rev: int) -> None:
    edited = changed(PLAIN, {"note": note, "later": note}, rev)
    assert (edited.note, edited.rev, edited.extra) == (note, rev, {"later": note})
    assert (value_of(edited, "note"), value_of(edited, "later"), value_of(edited, "never")) == (
        note,
        note,
        None,
    )
    assert changed(edited, {"note": "", "later": None}, 0).extra == {"later": None}
    assert PLAIN.extra == {}
