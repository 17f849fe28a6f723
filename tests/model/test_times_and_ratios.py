"""Instants and proportions: one written form, days of any zone, the nearest common ratio."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagehist.model.ratios import COMMON, aspect_ratio
from imagehist.model.times import day_bounds, day_of, to_micros, to_text

HOUR = 3_600_000_000


@given(st.integers(-62_000_000_000_000_000, 250_000_000_000_000_000))
def test_an_instant_comes_back(micros: int) -> None:
    text = to_text(micros)
    assert to_micros(text) == micros
    assert len(text) == len("2026-03-04T05:06:07.000008Z")
    assert day_of(text) == text[:10].replace("-", "/")


@given(st.integers(0, 10**16), st.integers(0, 10**16))
def test_written_instants_sort_like_instants(one: int, two: int) -> None:
    assert (to_text(one) < to_text(two)) == (one < two)


@pytest.mark.parametrize(
    "text", ["2026-03-04T05:06:07+09:00", "2026-03-03T20:06:07Z", "2026-03-03T20:06:07.000Z"]
)
def test_other_forms_of_one_instant(text: str) -> None:
    assert to_micros(text) == to_micros("2026-03-03T20:06:07.000000Z")


@pytest.mark.parametrize("text", ["", "now", "2026-03-04", "2026-03-04T05:06:07", "2026-02-30T00:00:00Z"])
def test_what_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError):
        to_micros(text)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("UTC", date(2026, 3, 4), 24),
        ("Asia/Seoul", date(2026, 3, 4), 24),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Asia/Kathmandu", date(2026, 1, 1), 24),
    ],
)
def test_days_of_a_zone(zone: str, day: date, hours: int) -> None:
    start, end = day_bounds(day, ZoneInfo(zone))
    assert end - start == hours * HOUR
    assert day_bounds(date(day.year, day.month, day.day + 1), ZoneInfo(zone))[0] == end


def test_the_day_in_seoul_begins_the_evening_before() -> None:
    assert to_text(day_bounds(date(2026, 3, 4), ZoneInfo("Asia/Seoul"))[0]) == "2026-03-03T15:00:00.000000Z"


@pytest.mark.parametrize(
    ("size", "ratio"),
    [((1024, 1024), "1:1"), ((832, 1216), "13:19"), ((1024, 1536), "2:3"), ((1920, 1080), "16:9"),
     ((1344, 768), "16:9"), ((1080, 1920), "9:16"), ((2560, 1080), "21:9"), ((1000, 1), "1000:1"),
     ((1, 1), "1:1"), ((1300, 1000), "13:10"), ((1920, 1200), "16:10"), ((1000, 1019), "1:1"),
     ((1000, 1025), "40:41")],
)  # fmt: skip
def test_ratios(size: tuple[int, int], ratio: str) -> None:
    assert aspect_ratio(*size) == ratio


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_a_ratio_is_near_and_turns_with_the_image(width: int, height: int) -> None:
    across, down = map(int, aspect_ratio(width, height).split(":"))
    assert abs((across / down) / (width / height) - 1) <= 0.0201
    turned = aspect_ratio(height, width)
    if aspect_ratio(width, height) in COMMON and turned in COMMON:
        assert turned == f"{down}:{across}"
