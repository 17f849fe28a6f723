"""Lines: what goes in comes out, every damage shows, whatever a newer version wrote survives."""

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagehist.model.entries import (
    Entry,
    decode_line,
    encode_line,
    encode_sidecar,
    has_good_seal,
    raw_record,
    seal_json,
    values_for,
)
from imagehist.model.records import ImageRecord, decode_record
from imagehist.model.sidecars import read_sidecar
from tests.model.examples import FACTS, fields, plain, text

entries = st.builds(
    Entry,
    seq=st.integers(0, 2**53),
    at=text,
    by=text,
    op=st.sampled_from(["set", "undo", "purge", "relink", "something new"]),
    ids=st.lists(text, max_size=3),
    to=fields | st.lists(fields, max_size=3),
    was=fields | st.lists(fields, max_size=3),
    revs=st.lists(st.integers(0, 2**53), max_size=3),
    part=st.none() | st.tuples(st.integers(1, 9), st.integers(1, 9)),
    undoes=st.none() | st.integers(0, 2**53),
    key=st.none() | text,
    detail=fields,
)


@given(entries)
def test_an_entry_comes_back_as_it_was(entry: Entry) -> None:
    line = encode_line(entry)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_line(line[:-1]) == entry
    loaded = orjson.loads(line)
    assert list(loaded)[-1] == "crc"
    assert (loaded["seq"], loaded["op"]) == (entry.seq, entry.op)


@given(entries, st.data())
def test_no_damage_goes_unnoticed(entry: Entry, data: st.DataObject) -> None:
    line = encode_line(entry)[:-1]
    place = data.draw(st.integers(0, len(line) - 1))
    assert decode_line(line[:place]) is None
    assert decode_line(line[place + 1 :]) is None
    changed = data.draw(st.integers(0, 255).filter(lambda byte: byte != line[place]))
    assert decode_line(line[:place] + bytes([changed]) + line[place + 1 :]) is None
    assert decode_line(line + b" ") is None
    assert decode_line(b"\0" * place + line[place:]) in ((None,) if place else (entry,))


def test_a_good_sum_over_something_else_is_no_entry() -> None:
    for body in (b"[]", b"{}", b'{"seq":"1"}', b'{"seq":1,"at":"","by":"","op":1}', b'{"seq":1'):
        assert decode_line(seal_json(body)[:-1]) is None
    for line in (b"", b"{}", b',"crc":"00000000"}'):
        assert decode_line(line) is None


def test_the_sum_is_over_the_bytes_before_it() -> None:
    assert seal_json(b'{"a":1}') == b'{"a":1,"crc":"a702fc6e"}\n'
    assert seal_json(b"{}") == b'{"crc":"15d54739"}\n'
    assert not has_good_seal(seal_json(b'{"a":1}')[:-1].replace(b"a702fc6e", b"A702FC6E"))


def test_keys_of_a_newer_version_do_not_make_a_line_rotten() -> None:
    line = seal_json(b'{"seq":4,"at":"t","by":"b","op":"share","ids":["x"],"link":{"a":[1]}}')[:-1]
    entry = decode_line(line)
    assert entry is not None
    assert (entry.seq, entry.op, entry.ids) == (4, "share", ["x"])


@given(text, fields, plain)
def test_a_record_is_carried_whole(prompt: str, extra: dict[str, Any], workflow: Any) -> None:
    known = set(ImageRecord.__struct_fields__)
    extra = {name: value for name, value in extra.items() if name not in known and name != "crc"}
    record = ImageRecord(**FACTS, prompt=prompt, workflow=workflow, extra=extra, tags=[prompt])
    line = encode_line(Entry(seq=1, at="", by="", op="add", record=raw_record(record)))
    entry = decode_line(line[:-1])
    assert entry is not None
    assert decode_record(entry.record) == record
    assert read_sidecar(encode_sidecar(record)) == ("good", record)


@pytest.mark.parametrize(("part", "last"), [(None, True), ((1, 1), True), ((1, 2), False), ((2, 2), True)])
def test_only_the_last_part_counts(part: tuple[int, int] | None, last: bool) -> None:
    assert Entry(seq=1, at="", by="", op="set", part=part).is_last_part == last


def test_values_are_one_for_all_or_one_each() -> None:
    assert values_for({"a": 1}, 7) == {"a": 1}
    assert values_for([{"a": 1}, {"a": 2}], 1) == {"a": 2}


def test_lines_leave_out_what_is_not_said() -> None:
    line = encode_line(Entry(seq=1, at="t", by="b", op="set", ids=["x"], to={"note": ""}))
    assert orjson.loads(line).keys() == {"seq", "at", "by", "op", "ids", "to", "crc"}
    assert msgspec.json.decode(line)["to"] == {"note": ""}
