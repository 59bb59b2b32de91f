"""Civil time: against zoneinfo at random, and by hand where midnights and days go missing."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitseg.clock import to_ms
from bitseg.errors import FieldError
from bitseg.transitions import read_transitions, zone_keys
from bitseg.zones import DAY, get_zone

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "America/St_Johns",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "Africa/Casablanca",
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


def day(text: str) -> int:
    return ms(f"{text}T00:00Z") // DAY


@cache
def peer(key: str) -> ZoneInfo:
    """Return zoneinfo's zone of the same table, whatever the machine has."""
    data = resources.files("tzdata").joinpath("zoneinfo", *key.split("/")).read_bytes()
    return ZoneInfo.from_file(io.BytesIO(data), key=key)


def peer_wall(key: str, second: int) -> int:
    offset = (EPOCH + second * SECOND).astimezone(peer(key)).utcoffset()
    assert offset is not None
    return second + offset // SECOND


def peer_instant(key: str, wall: int) -> int:
    offset = (EPOCH + wall * SECOND).replace(tzinfo=peer(key)).utcoffset()
    assert offset is not None
    return wall - offset // SECOND


anywhere = st.integers(-62_135_000_000, 253_402_000_000)
lately = st.integers(-3_000_000_000, 5_000_000_000)


@given(key=st.sampled_from(ZONES), second=anywhere | lately)
def test_walls_and_instants_are_those_of_zoneinfo(key: str, second: int) -> None:
    zone = get_zone(key)
    assert zone.wall_at(second * 1_000) == peer_wall(key, second) * 1_000
    assert zone.instant_at(second * 1_000) == peer_instant(key, second) * 1_000


@pytest.mark.parametrize("key", ZONES)
def test_every_transition_is_that_of_zoneinfo(key: str) -> None:
    instants, _ = read_transitions(key)
    near = [at // 1_000 + by for at in instants.tolist() for by in (-1, 0, 1)]
    seconds = [second for second in near if second < 40_000_000_000][:3_000]
    walls = get_zone(key).walls_at(np.array(seconds, np.int64) * 1_000)
    assert walls.tolist() == [peer_wall(key, second) * 1_000 for second in seconds]


@given(key=st.sampled_from(ZONES), seconds=st.lists(anywhere | lately, max_size=20))
def test_many_at_once_are_as_one_by_one(key: str, seconds: list[int]) -> None:
    zone = get_zone(key)
    times = np.array(seconds, np.int64) * 1_000 + 7
    assert zone.walls_at(times).tolist() == [zone.wall_at(time) for time in times.tolist()]
    assert zone.instants_at(times).tolist() == [zone.instant_at(time) for time in times.tolist()]
    days = times // DAY
    assert zone.day_starts(days).tolist() == [zone.day_start(each) for each in days.tolist()]


@given(key=st.sampled_from(ZONES), at=lately)
def test_a_day_starts_where_its_date_is_first_reached(key: str, at: int) -> None:
    zone = get_zone(key)
    wanted = at * 1_000 // DAY
    start = zone.day_start(wanted)
    assert zone.wall_at(start) // DAY >= wanted
    assert zone.wall_at(start - 1) // DAY < wanted


@given(key=st.sampled_from(ZONES), at=lately, by=st.integers(-2 * DAY, 3 * DAY))
def test_dated_holds_exactly_the_instants_of_the_dates(key: str, at: int, by: int) -> None:
    zone = get_zone(key)
    first = at * 1_000 // DAY
    instant = first * DAY + by
    inside = any(low <= instant < high for low, high in zone.dated(first, first + 2))
    assert inside == (first <= zone.wall_at(instant) // DAY < first + 2)


DAY_STARTS = [
    pytest.param("UTC", "2024-02-29", "2024-02-29T00:00Z", id="plain"),
    pytest.param("Asia/Kathmandu", "2024-02-29", "2024-02-28T18:15Z", id="quarter-hour offset"),
    pytest.param("Europe/Berlin", "2024-03-31", "2024-03-30T23:00Z", id="jump later that day"),
    pytest.param("Europe/Berlin", "2024-04-01", "2024-03-31T22:00Z", id="day after the jump"),
    pytest.param("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00Z", id="midnight skipped"),
    pytest.param("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00Z", id="23:00 comes twice"),
    pytest.param("America/Havana", "2024-11-03", "2024-11-03T04:00Z", id="midnight comes twice"),
    pytest.param("Africa/Cairo", "2024-04-26", "2024-04-25T22:00Z", id="Friday without midnight"),
    pytest.param("Australia/Lord_Howe", "2024-04-08", "2024-04-07T13:30Z", id="half-hour change"),
    pytest.param("Pacific/Apia", "2011-12-29", "2011-12-29T10:00Z", id="last day before a gap"),
    pytest.param("Pacific/Apia", "2011-12-30", "2011-12-30T10:00Z", id="day that never was"),
    pytest.param("Pacific/Apia", "2011-12-31", "2011-12-30T10:00Z", id="day behind that"),
    pytest.param("America/Toronto", "1919-03-31", "1919-03-31T04:30Z", id="gap over midnight"),
    pytest.param("America/St_Johns", "2010-11-07", "2010-11-07T02:30Z", id="back over midnight"),
]


@pytest.mark.parametrize(("key", "date", "start"), DAY_STARTS)
def test_a_day_starts_at_its_first_existing_instant(key: str, date: str, start: str) -> None:
    assert get_zone(key).day_start(day(date)) == ms(start)
    assert get_zone(key).day_starts(np.array([day(date)])).tolist() == [ms(start)]


WALLS = [
    pytest.param("Europe/Berlin", "2024-10-27T02:30", "2024-10-27T00:30Z", id="repeated: first"),
    pytest.param("Europe/Berlin", "2024-03-31T02:30", "2024-03-31T01:30Z", id="skipped: forward"),
    pytest.param("Europe/Berlin", "2024-03-31T02:00", "2024-03-31T01:00Z", id="start of the gap"),
    pytest.param("Europe/Berlin", "2024-03-31T03:00", "2024-03-31T01:00Z", id="end of the gap"),
    pytest.param("Europe/Berlin", "2024-10-27T03:00", "2024-10-27T02:00Z", id="repetition over"),
    pytest.param("America/New_York", "2024-11-03T01:59", "2024-11-03T05:59Z", id="New York"),
    pytest.param("Australia/Lord_Howe", "2024-10-06T02:15", "2024-10-05T15:45Z", id="half hour"),
    pytest.param("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T22:00Z", id="a day forward"),
    pytest.param("Europe/Berlin", "2100-07-01T12:00", "2100-07-01T10:00Z", id="far future"),
    pytest.param("Europe/Berlin", "9999-07-01T12:00", "9999-07-01T10:00Z", id="year 9999"),
]


@pytest.mark.parametrize(("key", "wall", "instant"), WALLS)
def test_a_wall_time_is_its_first_instant_or_moves_forward(
    key: str, wall: str, instant: str
) -> None:
    assert get_zone(key).instant_at(ms(f"{wall}Z")) == ms(instant)


def test_a_date_that_comes_twice_is_two_stretches() -> None:
    # St John's, 2010-11-07: at 00:01 clocks went back to 23:01 of the day before.
    assert get_zone("America/St_Johns").dated(day("2010-11-06"), day("2010-11-07")) == [
        (ms("2010-11-06T02:30Z"), ms("2010-11-07T02:30Z")),
        (ms("2010-11-07T02:31Z"), ms("2010-11-07T03:30Z")),
    ]


def test_every_zone_can_be_read_and_its_transitions_ascend() -> None:
    for key in sorted(zone_keys())[::7]:
        instants, offsets = read_transitions(key)
        assert (np.diff(instants) > 0).all(), key
        assert len(offsets) == len(instants) + 1, key


@pytest.mark.parametrize("key", ["", "Berlin", "europe/berlin", "../../etc/passwd", "UTC\0"])
def test_an_unknown_zone_is_refused(key: str) -> None:
    with pytest.raises(FieldError, match="Expected a timezone"):
        get_zone(key)


def test_the_nearest_zone_is_named() -> None:
    with pytest.raises(FieldError, match="Did you mean 'Europe/Berlin'"):
        get_zone("Europe/Berln")
