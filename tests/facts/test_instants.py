"""Instants and durations are whole microseconds, and their text says exactly which."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.errors import SmaltiError
from smalti.facts import (
    DAY,
    FOREVER_AGO,
    HOUR,
    LONGEST,
    MICROSECOND,
    MINUTE,
    SECOND,
    WEEK,
    YEAR,
    format_duration,
    format_instant,
    parse_duration,
    parse_instant,
    to_datetime,
)

LAST = parse_instant("9999-12-31T23:59:59.999999Z")
instants = st.integers(FOREVER_AGO, LAST)


@given(instants)
def test_an_instant_is_read_back_as_it_was_written(instant):
    assert parse_instant(format_instant(instant)) == instant


@given(instants)
def test_an_instant_is_read_back_from_any_offset(instant):
    text = to_datetime(min(max(instant, FOREVER_AGO + DAY), LAST - DAY))
    there = text.astimezone(ZoneInfo("Asia/Kolkata"))
    assert parse_instant(there.isoformat()) == parse_instant(text.isoformat())


@given(instants, instants)
def test_instants_are_ordered_as_their_dates(one, two):
    assert (one < two) == (to_datetime(one) < to_datetime(two))
    assert to_datetime(two) - to_datetime(one) == timedelta(microseconds=two - one)


@given(instants.filter(lambda instant: instant % DAY))
def test_a_written_instant_with_a_time_says_that_it_is_utc(instant):
    assert format_instant(instant).endswith("Z")


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_datetime_is_one_instant(moment):
    assert to_datetime(parse_instant(moment.isoformat())) == moment


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2026-06-30", "UTC", "2026-06-30T00:00:00"),
        (" 2026-06-30 ", "UTC", "2026-06-30T00:00:00"),
        ("2026-06-30", "America/New_York", "2026-06-30T04:00:00"),
        ("2026-06-30 12:30", "Europe/London", "2026-06-30T11:30:00"),
        ("2026-01-30 12:30", "Europe/London", "2026-01-30T12:30:00"),
        ("2026-06-30T12:30:00.000001+02:00", "America/New_York", "2026-06-30T10:30:00.000001"),
        ("1969-12-31T23:59:59.999999Z", "UTC", "1969-12-31T23:59:59.999999"),
        ("2024-02-29", "UTC", "2024-02-29T00:00:00"),
    ],
)
def test_a_date_without_an_offset_is_read_in_its_time_zone(text, zone, utc):
    assert to_datetime(parse_instant(text, zone)) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_a_day_of_the_clock_is_not_always_a_day_of_time():
    midnights = [parse_instant(f"2026-03-{day}", "Europe/London") for day in (28, 29, 30)]
    assert [later - sooner for sooner, later in pairwise(midnights)] == [DAY, 23 * HOUR]


@pytest.mark.parametrize("text", ["", "soon", "30/06/2026", "2026-02-30", "2026-13-01", "25:00", "2026-06-30T24:61"])
def test_what_is_no_instant_is_told(text):
    with pytest.raises(SmaltiError, match=f"not an instant: found '{text}', wanted a date such as 2026-06-30"):
        parse_instant(text)


@given(st.integers(0, LONGEST))
def test_a_duration_is_read_back_as_it_was_written(duration):
    assert parse_duration(format_duration(duration)) == duration


@given(st.integers(0, 500_000), st.sampled_from(["microsecond", "second", "minute", "hour", "day", "week"]))
def test_a_duration_is_a_count_of_its_unit(count, unit):
    units = {"microsecond": MICROSECOND, "second": SECOND, "minute": MINUTE, "hour": HOUR, "day": DAY, "week": WEEK}
    for text in (f"{count} {unit}s", f"{count}{unit}", f"  {count} {unit.upper()}S "):
        assert parse_duration(text) == count * units[unit]


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (0, "0 days"),
        (1, "1 microsecond"),
        (999_999, "999999 microseconds"),
        (SECOND, "1 second"),
        (61 * SECOND, "61 seconds"),
        (60 * MINUTE, "1 hour"),
        (36 * HOUR, "36 hours"),
        (2 * WEEK, "14 days"),
        (YEAR, "8766 hours"),
    ],
)
def test_a_duration_is_written_in_the_largest_unit_that_divides_it(duration, text):
    assert format_duration(duration) == text


@pytest.mark.parametrize("text", ["3652501 days", f"{LONGEST + 1} microseconds", "9" * 5000 + " days"])
def test_a_duration_longer_than_all_of_time_is_told(text):
    with pytest.raises(SmaltiError, match=r"too long: found '.*', wanted at most 10,000 years"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_beyond_the_calendar_is_told(text):
    with pytest.raises(SmaltiError, match="beyond the calendar"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["", "days", "30", "1.5 days", "-1 days", "30 days ago"])
def test_what_is_no_duration_is_told(text):
    with pytest.raises(SmaltiError, match=f"not a duration: found '{text}', wanted a whole number and a unit"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "hint"), [("3 dais", "days"), ("3 hurs", "hours"), ("3 wekes", "weeks")])
def test_an_unknown_unit_gets_its_nearest_name(text, hint):
    with pytest.raises(SmaltiError, match=f"unknown unit of time: .*wanted one of .*; did you mean '{hint}'"):
        parse_duration(text)


def test_calendar_units_are_no_durations():
    with pytest.raises(SmaltiError, match="unknown unit of time: found 'fortnights', wanted one of microseconds, sec"):
        parse_duration("2 fortnights")
