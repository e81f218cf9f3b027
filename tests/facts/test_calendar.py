"""Units of the calendar part time into days, weeks, months, quarters and years, whatever the clocks of a zone do."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.errors import SmaltiError
from smalti.facts import (
    DAY,
    FOREVER_AGO,
    HOUR,
    MINUTE,
    SECOND,
    WEEK,
    calendar,
    format_instant,
    parse_instant,
    to_datetime,
)
from smalti.facts.calendar import (
    PARTS,
    UNITS,
    calendar_days_since,
    civil,
    days_from_civil,
    days_to_anniversary,
    local_day,
    next_start,
    offsets,
    start_of,
    today,
    years_since,
)

ZONES = (
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Manila",
    "Australia/Lord_Howe",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "UTC",
)
NEVER_AT_MIDNIGHT = ("America/New_York", "Australia/Lord_Howe", "Europe/London", "UTC")
EPOCH = date(1970, 1, 1)
FIRST, LAST = parse_instant("1900-01-01"), parse_instant("2100-01-01")
END = parse_instant("9999-12-31T23:59:59.999999Z")
NEAR = (0, 1, SECOND, MINUTE, HOUR, DAY)

zones = st.sampled_from(ZONES)
units = st.sampled_from(UNITS)


@st.composite
def places(draw, low=FOREVER_AGO, high=END):
    """A zone and an instant in it: any, or one at or beside an edge of a unit or a change of the clocks."""
    zone = draw(zones)
    instant = draw(st.integers(low, high))
    kind = draw(st.sampled_from(["any", "change", "unit"]))
    if kind == "change" and len(offsets(zone)[0]) > 1:
        instant = draw(st.sampled_from(offsets(zone)[0][1:]))
    elif kind == "unit":
        instant = draw(st.sampled_from([start_of, next_start]))(draw(units), instant, zone)
    instant += draw(st.sampled_from([-1, 1])) * draw(st.sampled_from(NEAR))
    return min(max(instant, low), high), zone


def clock(instant, zone):
    """What the clocks show, as the standard library knows it."""
    return to_datetime(instant).astimezone(ZoneInfo(zone))


def shown_day(instant, zone):
    return (clock(instant, zone).date() - EPOCH).days


def day_number(text):
    return (date.fromisoformat(text) - EPOCH).days


@pytest.fixture(scope="module", autouse=True)
def tables_are_built_before_anything_is_timed():
    for zone in ZONES:
        offsets(zone)


# offsets


@given(places(FIRST, LAST))
def test_an_offset_is_that_of_the_zone(place):
    instant, zone = place
    starts, found = offsets(zone)
    offset = found[bisect_right(starts, instant) - 1]
    assert timedelta(microseconds=offset) == clock(instant, zone).utcoffset()


@pytest.mark.parametrize("zone", ZONES)
def test_a_table_of_offsets_has_every_change_at_its_microsecond(zone):
    starts, found = offsets(zone)
    assert len(starts) == len(found)
    assert starts[0] == -(2**63)
    assert all(sooner < later for sooner, later in pairwise(starts))
    assert all(before != after for before, after in pairwise(found))
    for start, (before, after) in zip(starts[1:], pairwise(found), strict=True):
        assert FIRST < start <= LAST
        assert clock(start - 1, zone).utcoffset() == timedelta(microseconds=before)
        assert clock(start, zone).utcoffset() == timedelta(microseconds=after)


def test_a_zone_without_changes_has_one_offset():
    assert offsets("UTC") == ((-(2**63),), (0,))


@pytest.mark.slow
def test_no_zone_changes_its_clocks_unseen():
    names = {"Africa/Freetown", *sorted(available_timezones())[::6]}
    for (starts, found), zone in {offsets(zone): zone for zone in sorted(names)}.items():
        rules, instant = ZoneInfo(zone), FIRST
        while instant < LAST:
            shown = to_datetime(instant).astimezone(rules).utcoffset()
            assert shown == timedelta(microseconds=found[bisect_right(starts, instant) - 1]), (zone, instant)
            instant += 101 * HOUR


@given(st.integers(2**63 - 2**60, 2**63 - 1), zones)
def test_outside_its_years_a_table_holds_its_last_and_first_offset(far, zone):
    _, found = offsets(zone)
    assert local_day(far, zone) == (far + found[-1]) // DAY == today(far, zone)
    assert local_day(-far, zone) == (-far + found[0]) // DAY == today(-far, zone)


# dates as numbers


@given(st.dates())
def test_a_date_is_a_count_of_days(one):
    day = (one - EPOCH).days
    assert days_from_civil(one.year, one.month, one.day) == day
    assert civil(day) == (one.year, one.month, one.day)


@given(st.integers(-(10**8), 10**8))
def test_every_count_of_days_is_a_date_and_the_next_is_the_next(day):
    year, month, day_of_month = civil(day)
    assert days_from_civil(year, month, day_of_month) == day
    assert civil(day + 1) in {(year, month, day_of_month + 1), (year, month + 1, 1), (year + 1, 1, 1)}
    assert civil(day + 146_097) == (year + 400, month, day_of_month)


# parts


@given(places(FIRST, LAST))
def test_parts_are_those_the_clocks_show(place):
    instant, zone = place
    shown = clock(instant, zone)
    wanted = {
        "year": shown.year,
        "month": shown.month,
        "day_of_month": shown.day,
        "weekday": shown.isoweekday(),
        "hour": shown.hour,
    }
    assert {name: part(instant, zone) for name, part in PARTS.items()} == wanted
    assert local_day(instant, zone) == (shown.date() - EPOCH).days


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/New_York"])
def test_the_first_and_the_last_year_have_parts(zone):
    edges = [(FOREVER_AGO, {0, 1}), (END, {9999, 10000})]
    for instant, years in edges:
        assert PARTS["year"](instant, zone) in years
        for unit in UNITS:
            assert start_of(unit, instant, zone) <= instant < next_start(unit, instant, zone)
    assert {name: part(FOREVER_AGO, "UTC") for name, part in PARTS.items()} == {
        "year": 1,
        "month": 1,
        "day_of_month": 1,
        "weekday": 1,
        "hour": 0,
    }
    assert next_start("year", END, "UTC") == END + 1
    assert start_of("year", FOREVER_AGO, "UTC") == FOREVER_AGO


# the partition


@given(places(), units)
def test_an_instant_lies_in_one_unit(place, unit):
    instant, zone = place
    start, end = start_of(unit, instant, zone), next_start(unit, instant, zone)
    assert start <= instant < end
    assert start_of(unit, start, zone) == start == start_of(unit, end - 1, zone)
    assert next_start(unit, start, zone) == end == next_start(unit, end - 1, zone)
    assert start_of(unit, end, zone) == end
    assert next_start(unit, start - 1, zone) == start


@given(places(), units, st.integers(0, 2 * WEEK))
def test_units_never_go_back(place, unit, later):
    instant, zone = place
    assert start_of(unit, instant, zone) <= start_of(unit, instant + later, zone)
    assert next_start(unit, instant, zone) <= next_start(unit, instant + later, zone)
    assert today(instant, zone) <= today(instant + later, zone)


@given(places())
def test_longer_units_begin_where_days_begin(place):
    instant, zone = place
    for unit in UNITS:
        start = start_of(unit, instant, zone)
        assert start_of("day", start, zone) == start
    assert start_of("month", start_of("quarter", instant, zone), zone) == start_of("quarter", instant, zone)
    assert start_of("quarter", start_of("year", instant, zone), zone) == start_of("year", instant, zone)


@given(places(), units)
def test_a_unit_holds_the_days_that_its_name_says(place, unit):
    instant, zone = place
    year, month, _ = civil(today(instant, zone))
    day = today(instant, zone)
    quarter = (month - 1) // 3
    named = {
        "day": lambda other: other == day,
        "week": lambda other: (other + 3) // 7 == (day + 3) // 7,
        "month": lambda other: civil(other)[:2] == (year, month),
        "quarter": lambda other: (civil(other)[0], (civil(other)[1] - 1) // 3) == (year, quarter),
        "year": lambda other: civil(other)[0] == year,
    }[unit]
    start, end = start_of(unit, instant, zone), next_start(unit, instant, zone)
    assert named(today(start, zone))
    assert named(today(end - 1, zone))
    assert not named(today(start - 1, zone))
    assert not named(today(end, zone))


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)), st.sampled_from(NEVER_AT_MIDNIGHT))
def test_a_day_begins_at_its_midnight_where_the_clocks_leave_midnight_alone(one, zone):
    midnight = parse_instant(one.isoformat(), zone)
    assert start_of("day", midnight, zone) == midnight
    assert today(midnight, zone) == (one - EPOCH).days == today(midnight - 1, zone) + 1
    monday = parse_instant((one - timedelta(days=one.weekday())).isoformat(), zone)
    assert start_of("week", midnight, zone) == monday
    assert start_of("month", midnight, zone) == parse_instant(one.replace(day=1).isoformat(), zone)
    assert start_of("year", midnight, zone) == parse_instant(one.replace(month=1, day=1).isoformat(), zone)


def begin_by_looking(day, zone):
    """The instant after the last at which the standard library's clock shows a date before `day`."""
    low = day * DAY - 36 * HOUR
    for step, count in ((MINUTE, 72 * 60), (SECOND, 60)):
        low = next(instant for instant in range(low + count * step, low - 1, -step) if shown_day(instant, zone) < day)
    assert shown_day(low + SECOND - 1, zone) < day
    return low + SECOND


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone != "UTC"])
def test_days_begin_after_the_last_look_at_the_date_before(zone):
    changes = [start for start in offsets(zone)[0] if parse_instant("1960-01-01") < start < parse_instant("2025-01-01")]
    across = [start for start in changes if local_day(start - 1, zone) != local_day(start, zone)]
    for start in (across or changes)[-4:]:
        for day in range(today(start, zone) - 1, today(start, zone) + 2):
            begun = begin_by_looking(day, zone)
            assert today(begun, zone) >= day > today(begun - 1, zone)
            assert start_of("day", begun, zone) == begun == next_start("day", begun - 1, zone)


def starts_of_days(first, last, zone):
    instant, found = parse_instant(first, zone), []
    while instant <= parse_instant(last, zone):
        found.append((format_instant(instant), date.fromordinal(today(instant, zone) + EPOCH.toordinal()).isoformat()))
        instant = next_start("day", instant, zone)
    return found


def test_a_day_that_is_skipped_whole_has_no_length():
    assert starts_of_days("2011-12-29", "2012-01-01", "Pacific/Apia") == [
        ("2011-12-29T10:00:00Z", "2011-12-29"),
        ("2011-12-30T10:00:00Z", "2011-12-31"),
        ("2011-12-31T10:00:00Z", "2012-01-01"),
    ]


def test_a_day_whose_midnight_is_skipped_begins_at_the_jump():
    assert starts_of_days("2018-11-03", "2018-11-05", "America/Sao_Paulo") == [
        ("2018-11-03T03:00:00Z", "2018-11-03"),
        ("2018-11-04T03:00:00Z", "2018-11-04"),
        ("2018-11-05T02:00:00Z", "2018-11-05"),
    ]


def test_a_day_that_is_shown_twice_begins_once():
    zone = "America/St_Johns"
    assert starts_of_days("2006-10-28", "2006-10-30", zone) == [
        ("2006-10-28T02:30:00Z", "2006-10-28"),
        ("2006-10-29T03:30:00Z", "2006-10-29"),
        ("2006-10-30T03:30:00Z", "2006-10-30"),
    ]
    first_midnight = parse_instant("2006-10-29T02:30:00Z")
    put_back = first_midnight + MINUTE
    edges = [first_midnight - 1, first_midnight, put_back - 1, put_back]
    shown = [day_number(f"2006-10-{day}") for day in (28, 29, 29, 28)]
    assert [local_day(instant, zone) for instant in edges] == shown
    assert {today(instant, zone) for instant in edges} == {day_number("2006-10-28")}


@pytest.fixture
def twice_put_back(monkeypatch):
    """A zone invented: at 02:00 the clocks are put back to 01:00, and at 01:30 once more to 23:30."""
    table = ((-(2**63), 2 * HOUR, 150 * MINUTE), (0, -HOUR, -3 * HOUR))
    monkeypatch.setattr(calendar, "offsets", {"Invented/Twice": table}.__getitem__)
    return "Invented/Twice"


def test_a_day_begins_after_the_last_time_the_clocks_are_put_back(twice_put_back):
    edges = [-1, 0, 2 * HOUR - 1, 2 * HOUR, 150 * MINUTE - 1, 150 * MINUTE, 3 * HOUR - 1, 3 * HOUR]
    assert [local_day(instant, twice_put_back) for instant in edges] == [-1, 0, 0, 0, 0, -1, -1, 0]
    assert [today(instant, twice_put_back) for instant in edges] == [-1, -1, -1, -1, -1, -1, -1, 0]
    assert {next_start("day", instant, twice_put_back) for instant in edges[:-1]} == {3 * HOUR}
    assert start_of("year", 3 * HOUR, twice_put_back) == 3 * HOUR


def test_a_month_may_begin_with_a_jump_of_the_clocks():
    zone = "America/Havana"  # at 00:00 on 1 April 1990 it became 01:00
    begun = parse_instant("1990-04-01T05:00:00Z")
    for unit in ("month", "quarter"):
        assert start_of(unit, begun, zone) == begun == next_start(unit, begun - 1, zone)
    assert (PARTS["hour"](begun - 1, zone), PARTS["hour"](begun, zone)) == (23, 1)


# anniversaries


def born(one, zone="UTC"):
    return parse_instant(f"{one.isoformat()}T12:00:00", zone)


def kept(one, year):
    try:
        return one.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


leap_days = st.sampled_from([date(year, 2, 29) for year in (1904, 1996, 2000, 2024, 2096)])
births = st.dates(date(1905, 1, 1), date(2095, 1, 1)) | leap_days


@given(births, births, st.sampled_from(NEVER_AT_MIDNIGHT))
def test_years_since_counts_the_anniversaries_that_have_come(one, now, zone):
    years = years_since(born(one, zone), born(now, zone), zone)
    kept_dates = [(count, kept(one, one.year + count)) for count in range(-200, 201) if one.year + count > 0]
    assert years == max(count for count, anniversary in kept_dates if anniversary <= now)


@given(births, births, st.sampled_from(NEVER_AT_MIDNIGHT))
def test_days_to_an_anniversary_are_those_until_one_comes(one, now, zone):
    days = days_to_anniversary(born(one, zone), born(now, zone), zone)
    anniversaries = {kept(one, year) for year in range(now.year, now.year + 2)}
    assert days == next(count for count in range(367) if now + timedelta(days=count) in anniversaries)
    assert 0 <= days <= 365


@given(places(), places(), st.integers(0, 800 * DAY))
def test_days_and_years_never_fall_as_time_goes_on(then, now, later):
    (birth, _), (instant, zone) = then, now
    assert calendar_days_since(birth, instant, zone) <= calendar_days_since(birth, instant + later, zone)
    assert years_since(birth, instant, zone) <= years_since(birth, instant + later, zone)


@given(places(), places())
def test_an_anniversary_changes_with_the_day_only(then, now):
    (birth, _), (instant, zone) = then, now
    begun, last = start_of("day", instant, zone), next_start("day", instant, zone) - 1
    for question in (calendar_days_since, years_since, days_to_anniversary):
        assert question(birth, begun, zone) == question(birth, instant, zone) == question(birth, last, zone)
    before, on = years_since(birth, begun - 1, zone), years_since(birth, begun, zone)
    assert on - before in {0, 1}
    if days_to_anniversary(birth, begun, zone) == 0:
        assert on - before == 1 or civil(local_day(birth, zone))[1:] == (2, 29)


@given(places(FIRST, LAST), places(FIRST, LAST))
def test_calendar_days_are_local_midnights_passed(then, now):
    (sooner, _), (later, zone) = then, now
    assert calendar_days_since(sooner, later, zone) == today(later, zone) - shown_day(sooner, zone)


@pytest.mark.parametrize(
    ("now", "days", "years", "ahead"),
    [
        ("2026-06-29T22:59:59.999999Z", -1, -1, 1),
        ("2026-06-29T23:00:00Z", 0, 0, 0),
        ("2026-06-30T22:59:59.999999Z", 0, 0, 0),
        ("2026-06-30T23:00:00Z", 1, 0, 364),
        ("2027-06-29T22:59:59.999999Z", 364, 0, 1),
        ("2027-06-29T23:00:00Z", 365, 1, 0),
        ("2025-06-29T23:00:00Z", -365, -1, 0),
        ("2025-06-29T22:59:59.999999Z", -366, -2, 1),
    ],
)
def test_an_anniversary_comes_at_the_microsecond(now, days, years, ahead):
    then, instant, zone = parse_instant("2026-06-30T12:00", "Europe/London"), parse_instant(now), "Europe/London"
    assert calendar_days_since(then, instant, zone) == days
    assert years_since(then, instant, zone) == years
    assert days_to_anniversary(then, instant, zone) == ahead


@pytest.mark.parametrize(
    ("now", "years", "ahead"),
    [
        ("2023-02-27", 22, 1),
        ("2023-02-28", 23, 0),
        ("2023-03-01", 23, 365),
        ("2024-02-28", 23, 1),
        ("2024-02-29", 24, 0),
        ("2024-03-01", 24, 364),
        ("2000-02-29", 0, 0),
        ("2000-02-28", -1, 1),
        ("1999-02-28", -1, 0),
        ("1999-02-27", -2, 1),
    ],
)
def test_a_leap_day_is_kept_on_the_28th_in_other_years(now, years, ahead):
    then = parse_instant("2000-02-29T18:00:00Z")
    assert years_since(then, parse_instant(now), "UTC") == years
    assert days_to_anniversary(then, parse_instant(now), "UTC") == ahead


def test_an_anniversary_has_not_come_while_its_date_is_shown_for_the_first_time():
    zone, then = "America/St_Johns", parse_instant("2000-10-29T12:00", "America/St_Johns")
    shown, begun = parse_instant("2006-10-29T02:30:30Z"), parse_instant("2006-10-29T03:30:00Z")
    assert local_day(shown, zone) == local_day(begun, zone)
    answers = [
        [question(then, now, zone) for question in (calendar_days_since, years_since, days_to_anniversary)]
        for now in (shown, begun - 1, begun)
    ]
    assert answers == [[2190, 5, 1], [2190, 5, 1], [2191, 6, 0]]


# mistakes


def test_what_is_no_zone_or_unit_gets_its_nearest_name():
    with pytest.raises(SmaltiError, match=r"unknown time zone: found 'Europe/Londn'.*did you mean 'Europe/London'"):
        today(0, "Europe/Londn")
    for name in ("", "../etc", "Europe"):
        with pytest.raises(SmaltiError, match=f"unknown time zone: found '{name}', wanted one such as"):
            offsets(name)
    with pytest.raises(
        SmaltiError, match=r"unknown unit of the calendar: found 'moth', wanted .* did you mean 'month'"
    ):
        start_of("moth", 0, "UTC")
    with pytest.raises(SmaltiError, match=r"found 'fortnight', wanted one of day, week, month, quarter, year$"):
        next_start("fortnight", 0, "UTC")
