"""Queries: what matches, and in which order, as the one definition says it."""

from typing import Any

import msgspec
import pytest

from imagehist.model.queries import Query, fold_text, matches, searched_text, sort_value
from imagehist.model.records import ImageRecord
from imagehist.model.times import to_micros
from tests.model.examples import FACTS

RECORD = ImageRecord(
    **FACTS, tags=["Sea", "나무"], workflow_id="w", aspect_ratio="1:1", favorite=True, prompt="A cat", bytes=7
)
AT = to_micros(RECORD.created_at)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, True),
        ({"owner": "somebody"}, False),
        ({"status": "trash"}, False),
        ({"kinds": ("input",)}, False),
        ({"kinds": ("input", "output")}, True),
        ({"kinds": ()}, False),
        ({"tags": ("sea",)}, True),
        ({"tags": ("SEA", "나무".encode().decode())}, True),
        ({"tags": ("sea", "none")}, False),
        ({"tags": ("se",)}, False),
        ({"workflow_id": "w"}, True),
        ({"workflow_id": "W"}, False),
        ({"workflow_id": ""}, False),
        ({"aspect_ratio": "1:1"}, True),
        ({"aspect_ratio": "2:1"}, False),
        ({"favorite": True}, True),
        ({"favorite": False}, False),
        ({"since": AT}, True),
        ({"since": AT + 1}, False),
        ({"until": AT}, False),
        ({"until": AT + 1}, True),
        ({"text": "CAT"}, True),
        ({"text": "sea"}, True),
        ({"text": "a c"}, True),
        ({"text": "dog"}, False),
        ({"text": ""}, True),
        ({"text": "%"}, False),
    ],
)
def test_matches(asked: dict[str, Any], expected: bool) -> None:
    assert matches(RECORD, Query(**{"owner": "mina"} | asked)) == expected


def test_decomposed_letters_are_found() -> None:
    assert fold_text("e\u0301") == fold_text("É") == "é"
    assert fold_text("\u1112\u1161\u11ab") == "한"
    assert matches(RECORD, Query(owner="mina", tags=("\u1102\u1161\u1106\u116e",)))


@pytest.mark.parametrize(
    "field", ["prompt", "negative_prompt", "model", "workflow_id", "seed", "original_filename", "note"]
)
def test_words_of_a_record_are_searched(field: str) -> None:
    assert "needle" in searched_text(msgspec.structs.replace(RECORD, **{field: "a NEEDLE here"}))


@pytest.mark.parametrize("field", ["tags", "loras", "texts"])
def test_lists_of_a_record_are_searched(field: str) -> None:
    record = msgspec.structs.replace(RECORD, **{field: ["one", "NEEDLE"]})
    assert "needle" in searched_text(record)
    assert "oneneedle" not in searched_text(record)


def test_orders() -> None:
    gone = msgspec.structs.replace(RECORD, status="trash", trashed_at="2026-04-01T00:00:00.000000Z")
    assert [sort_value(RECORD, order) for order in ("newest", "oldest", "largest", "trashed")] == [
        AT,
        AT,
        7,
        AT,
    ]
    assert sort_value(gone, "trashed") == to_micros("2026-04-01T00:00:00Z")
    assert sort_value(gone, "newest") == AT
    assert sort_value(msgspec.structs.replace(gone, trashed_at=None), "trashed") == AT
    assert sort_value(msgspec.structs.replace(gone, status="active"), "trashed") == AT
