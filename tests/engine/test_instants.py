"""ISO 8601 texts: what is taken, what it means, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitseg.clock import to_ms
from bitseg.instants import (
    BAD,
    DATE_TIME,
    NO_INSTANT,
    NO_OFFSET,
    WHOLE_DAY,
    parse_text,
    parse_texts,
    to_instants,
)
from bitseg.zones import DAY, get_zone


def ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


def instant(text: str, timezone: str = "UTC") -> int:
    texts = pa.array([None, text, "x"], pa.large_string())
    found = to_instants(parse_texts(texts), get_zone(timezone)).tolist()
    assert found[0] == found[2] == NO_INSTANT
    return int(found[1])


TAKEN = [
    ("2024-02-29", "2024-02-29T00:00+00:00"),
    ("2000-02-29", "2000-02-29T00:00+00:00"),
    ("0001-01-01", "0001-01-01T00:00+00:00"),
    ("9999-12-31", "9999-12-31T00:00+00:00"),
    ("2024-02-29T10:00", "2024-02-29T10:00+00:00"),
    ("2024-02-29t10:00", "2024-02-29T10:00+00:00"),
    ("2024-02-29 10:00", "2024-02-29T10:00+00:00"),
    ("2024-02-29T10:00:59", "2024-02-29T10:00:59+00:00"),
    ("2024-02-29T10:00:01.5", "2024-02-29T10:00:01.500+00:00"),
    ("2024-02-29T10:00:01.07", "2024-02-29T10:00:01.070+00:00"),
    ("2024-02-29T10:00:01.1239999999999", "2024-02-29T10:00:01.123+00:00"),
    ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999+00:00"),
    ("2024-02-29T10:00Z", "2024-02-29T10:00+00:00"),
    ("2024-02-29T10:00z", "2024-02-29T10:00+00:00"),
    ("2024-02-29T10:00+05", "2024-02-29T05:00+00:00"),
    ("2024-02-29T10:00-05:30", "2024-02-29T15:30+00:00"),
    ("2024-02-29T10:00:00.25-0530", "2024-02-29T15:30:00.250+00:00"),
    ("2024-02-29T10:00-00:00", "2024-02-29T10:00+00:00"),
    ("2024-02-29T10:00+23:59", "2024-02-28T10:01+00:00"),
]


@pytest.mark.parametrize(("text", "meant"), TAKEN, ids=[text for text, _ in TAKEN])
def test_a_text_is_its_instant(text: str, meant: str) -> None:
    assert instant(text) == ms(meant)


LOCAL = [
    pytest.param("Europe/Berlin", "2024-07-01", "2024-06-30T22:00Z", id="date: local midnight"),
    pytest.param("Europe/Berlin", "2024-07-01T10:00", "2024-07-01T08:00Z", id="no offset: local"),
    pytest.param("Europe/Berlin", "2024-07-01T10:00Z", "2024-07-01T10:00Z", id="offset wins"),
    pytest.param("Europe/Berlin", "2024-10-27 02:30", "2024-10-27T00:30Z", id="repeated: first"),
    pytest.param("Europe/Berlin", "2024-03-31 02:30", "2024-03-31T01:30Z", id="skipped: forward"),
    pytest.param("America/Toronto", "1919-03-31", "1919-03-31T04:30Z", id="midnight in a gap"),
    pytest.param("America/Toronto", "1919-03-31T00:00", "1919-03-31T05:00Z", id="time in a gap"),
    pytest.param("Pacific/Apia", "2011-12-30", "2011-12-30T10:00Z", id="day that never was"),
]


@pytest.mark.parametrize(("timezone", "text", "meant"), LOCAL)
def test_without_offset_it_is_the_tenants_time(timezone: str, text: str, meant: str) -> None:
    assert instant(text, timezone) == ms(meant)


REFUSED = [
    "",
    " 2024-02-29",
    "2024-02-29 ",
    "2024-2-29",
    "20240229",
    "2024/02/29",
    "24-02-29",
    "02024-02-29",
    "+2024-02-29",
    "2023-02-29",
    "1900-02-29",
    "2024-00-01",
    "2024-13-01",
    "2024-01-00",
    "2024-01-32",
    "2024-04-31",
    "0000-01-01",
    "2024-02-29T",
    "2024-02-29T10",
    "2024-02-29T10:0",
    "2024-02-29T1000",
    "2024-02-29T24:00",
    "2024-02-29T10:60",
    "2024-02-29T10:00:60",
    "2024-02-29T10:00:0",
    "2024-02-29T10:00:00.",
    "2024-02-29T10:00:00,5",
    "2024-02-29T10:00.5",
    "2024-02-29T10:00 Z",
    "2024-02-29T10:00ZZ",
    "2024-02-29T10:00+1",
    "2024-02-29T10:00+1:00",
    "2024-02-29T10:00+24:00",
    "2024-02-29T10:00+01:60",
    "2024-02-29T10:00+01:00:00",
    "2024-02-29+01:00",
    "2024-02-29Z",
    "2024-W09-4",
    "2024-060",
    "now",
    "today",
    "٢٠٢٤-٠٢-٢٩",
    "2024-02-29T10:00:00Z\0",
    "NaN",
]


@pytest.mark.parametrize("text", REFUSED)
def test_anything_else_is_refused(text: str) -> None:
    assert parse_text(text)[2] == BAD
    assert instant(text) == NO_INSTANT


OUTSIDE = [
    pytest.param("0001-01-01T00:00+00:01", "UTC", id="before year 1 by its offset"),
    pytest.param("9999-12-31T23:59-00:01", "UTC", id="after year 9999 by its offset"),
    pytest.param("0001-01-01", "Asia/Kathmandu", id="before year 1 by the zone"),
    pytest.param("9999-12-31T23:00", "America/New_York", id="after year 9999 by the zone"),
]


@pytest.mark.parametrize(("text", "timezone"), OUTSIDE)
def test_an_instant_outside_the_years_1_to_9999_is_refused(text: str, timezone: str) -> None:
    assert instant(text, timezone) == NO_INSTANT


def test_one_text_says_its_wall_offset_and_kind() -> None:
    assert parse_text("1970-01-02") == (DAY, NO_OFFSET, WHOLE_DAY)
    assert parse_text("1970-01-02T00:00") == (DAY, NO_OFFSET, DATE_TIME)
    assert parse_text("1970-01-02T00:00+01:00") == (DAY, 3_600_000, DATE_TIME)


@given(day=st.dates())
def test_every_date_there_is_is_taken(day: date) -> None:
    assert parse_text(day.isoformat()) == (
        (day.toordinal() - date(1970, 1, 1).toordinal()) * DAY,
        NO_OFFSET,
        WHOLE_DAY,
    )


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_every_instant_that_python_writes_is_taken(moment: datetime) -> None:
    assert instant(moment.isoformat()) == to_ms(moment)


@given(text=st.text("0123456789-:.TZ+ ", max_size=32))
def test_no_text_breaks_it_and_one_is_as_many(text: str) -> None:
    wall, offset, kind = parse_text(text)
    many = parse_texts(pa.array(["2024-01-01", text, "2024-01-02"], pa.large_string()))
    assert (many.walls[1], many.offsets[1], many.kinds[1]) == (wall, offset, kind)
    assert many.kinds[[0, 2]].tolist() == [WHOLE_DAY, WHOLE_DAY]


def test_a_slice_of_a_column_is_read_from_its_own_place() -> None:
    column = pa.array(["x", "1970-01-01", None, "1970-01-02", "y"], pa.large_string())
    parsed = parse_texts(column.slice(1, 3))
    assert parsed.kinds.tolist() == [WHOLE_DAY, BAD, WHOLE_DAY]
    assert parsed.walls[[0, 2]].tolist() == [0, DAY]


def test_an_empty_column_is_read() -> None:
    parsed = parse_texts(pa.array([], pa.large_string()))
    assert to_instants(parsed, get_zone("UTC")).tolist() == []
