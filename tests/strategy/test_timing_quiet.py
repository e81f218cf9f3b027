"""Quiet hours and clocks, held to a slow and obvious reading of every minute by the library's own time zones."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.errors import SmaltiError
from smalti.facts import DAY, HOUR, MINUTE, format_instant, offsets, parse_instant, to_datetime
from smalti.strategy.limits import QuietDefinition
from smalti.strategy.timing import (
    NEVER,
    Clocks,
    is_quiet,
    is_zone,
    last_allowed,
    local_hours,
    next_allowed,
    readings,
    stretches,
    week_of,
)

ZONES = (
    "UTC",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Antarctica/Troll",  # two hours of summer time
    "America/Sao_Paulo",  # midnight was skipped, until 2018
    "America/St_Johns",  # changed at one minute past midnight, until 2011
    "Pacific/Apia",  # had no 30 December 2011
    "Africa/Casablanca",  # puts its clocks back for Ramadan
)
TURNS = [
    "2026-03-29T01:00Z",
    "2026-10-25T01:00Z",
    "2026-03-08T07:00Z",
    "2026-11-01T06:00Z",
    "2026-04-04T15:00Z",
    "2018-11-04T03:00Z",
    "2010-11-07T02:31Z",
    "2011-12-30T10:00Z",
    "2026-02-15T02:00Z",
]
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NIGHT = (QuietDefinition(start="21:00", end="8:00"),)


def slowly_quiet(instant, zone, quiet, channel):
    """Read the clock on the wall, and look whether the hour is one of peace."""
    shown = to_datetime(instant).astimezone(ZoneInfo(zone))
    minute = shown.hour * 60 + shown.minute
    for one in quiet:
        if one.channels and channel not in one.channels:
            continue
        start, end = one.minutes
        inside = start <= minute < end if start < end else minute >= start or minute < end
        if (start != end and inside) or DAYS[shown.weekday()] in one.days:
            return True
    return False


def slowly_next(instant, zone, quiet, channel, step=1):
    """Look at every minute that follows, until one is free."""
    moment = instant
    while slowly_quiet(moment, zone, quiet, channel):
        moment = (moment // MINUTE + 1) * MINUTE if step > 0 else moment // MINUTE * MINUTE - 1
        if abs(moment - instant) > 20 * DAY:
            return NEVER * step
    return moment


@st.composite
def quiets(draw):
    minute = st.integers(0, 95).map(lambda quarter: f"{quarter // 4}:{quarter % 4 * 15:02d}")
    start = draw(st.none() | minute)
    end = None if start is None else draw(minute.filter(lambda other: other != start))
    days = draw(st.lists(st.sampled_from(DAYS), max_size=3, unique=True))
    channels = draw(st.sampled_from([(), ("email",), ("call", "email")]))
    if start is None and not days:
        days = ["sunday"]
    return QuietDefinition(start=start, end=end, days=tuple(days), channels=channels)


instants = st.builds(
    lambda turn, beyond: parse_instant(turn) + beyond,
    st.sampled_from(TURNS),
    st.integers(-3 * DAY, 3 * DAY) | st.integers(-90, 90).map(lambda minutes: minutes * MINUTE),
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(instants, st.sampled_from((*ZONES, "Mars/Olympus", None))), min_size=1, max_size=4),
    st.lists(quiets(), max_size=2),
)
def test_the_next_allowed_instant_is_the_first_minute_that_the_wall_clock_allows(asked, quiet):
    moments = np.array([moment for moment, _ in asked])
    zones = [zone for _, zone in asked]
    lived = [zone if zone in ZONES else "Asia/Kathmandu" for zone in zones]
    found = next_allowed(moments, zones, quiet, "email", "Asia/Kathmandu").tolist()
    before = last_allowed(moments, zones, quiet, "email", "Asia/Kathmandu").tolist()
    assert found == [slowly_next(*one, quiet, "email") for one in zip(moments.tolist(), lived, strict=True)]
    assert before == [slowly_next(*one, quiet, "email", -1) for one in zip(moments.tolist(), lived, strict=True)]
    said = is_quiet(moments, zones, quiet, "email", "Asia/Kathmandu").tolist()
    assert said == [slowly_quiet(*one, quiet, "email") for one in zip(moments.tolist(), lived, strict=True)]


@pytest.mark.parametrize(
    ("zone", "quiet", "asked", "free"),
    [
        # a night of eleven hours is one of ten when clocks are put forward, of twelve when they are put back
        ("Europe/London", NIGHT, "2026-03-28T21:00Z", "2026-03-29T07:00:00Z"),
        ("Europe/London", NIGHT, "2026-10-24T20:00Z", "2026-10-25T08:00:00Z"),
        ("Europe/London", NIGHT, "2026-06-01T19:59:59.999999Z", "2026-06-01T19:59:59.999999Z"),
        ("Europe/London", NIGHT, "2026-06-01T20:00Z", "2026-06-02T07:00:00Z"),
        # an end that the clocks skip is the moment of the jump; an hour shown twice is quiet twice
        ("Europe/London", (QuietDefinition(start="22:00", end="1:30"),), "2026-03-29T00:10Z", "2026-03-29T01:00:00Z"),
        ("Europe/London", (QuietDefinition(start="1:00", end="1:30"),), "2026-10-25T00:10Z", "2026-10-25T00:30:00Z"),
        ("Europe/London", (QuietDefinition(start="1:00", end="1:30"),), "2026-10-25T01:10Z", "2026-10-25T01:30:00Z"),
        ("America/Sao_Paulo", (QuietDefinition(days=("sunday",)),), "2018-11-04T02:59Z", "2018-11-04T02:59:00Z"),
        ("America/Sao_Paulo", (QuietDefinition(days=("sunday",)),), "2018-11-04T03:00Z", "2018-11-05T02:00:00Z"),
        # a Friday that never was
        ("Pacific/Apia", (QuietDefinition(days=("friday", "saturday")),), "2011-12-30T10:00Z", "2011-12-31T10:00:00Z"),
    ],
)
def test_nights_that_are_longer_or_shorter(zone, quiet, asked, free):
    moment = np.array([parse_instant(asked)])
    assert format_instant(int(next_allowed(moment, [zone], quiet, "email", "UTC")[0])) == free


@settings(max_examples=25, deadline=None)
@given(st.lists(instants, min_size=1, max_size=30), st.sampled_from(ZONES), st.lists(quiets(), max_size=3))
def test_moving_on_keeps_the_order_and_moves_nobody_twice(moments, zone, quiet):
    asked = np.sort(np.array(moments))
    found = next_allowed(asked, [zone] * len(asked), quiet, "email", "UTC")
    assert (np.diff(found) >= 0).all()
    assert (found >= asked).all()
    assert (next_allowed(found, [zone] * len(asked), quiet, "email", "UTC") == found).all()
    finite = found < NEVER
    back = last_allowed(found[finite], [zone] * int(finite.sum()), quiet, "email", "UTC")
    assert (back == found[finite]).all()


def test_a_week_that_is_quiet_throughout_has_no_next_instant():
    always = [QuietDefinition(days=DAYS[:6]), QuietDefinition(days=("sunday",), channels=("call",))]
    asked = np.array([0, NEVER, -NEVER])
    assert next_allowed(asked, None, always, "call", "UTC").tolist() == [NEVER, NEVER, -NEVER]
    assert last_allowed(asked, None, always, "call", "UTC").tolist() == [-NEVER, NEVER, -NEVER]
    assert next_allowed(asked, None, always, "email", "UTC").tolist() == [3 * DAY, NEVER, -NEVER]
    assert week_of(always, "call") == ((0, 10_080),)


def test_nobody_and_nothing():
    none = np.empty(0, dtype=np.int64)
    assert next_allowed(none, [], NIGHT, "email", "UTC").tolist() == []
    assert next_allowed(np.array([5]), None, (), "email", "UTC").tolist() == [5]
    assert readings(none, Clocks.of(None, "UTC", 0)).tolist() == []


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(ZONES[3:10:3]), st.datetimes(datetime(1995, 1, 1), datetime(2040, 1, 1)), st.integers(0, 800))
def test_offsets_of_a_span_are_those_of_always(zone, since, days):
    start = parse_instant(since.replace(microsecond=0).isoformat())
    starts, ahead = stretches(zone, start, start + days * DAY)
    always, known = offsets(zone)
    inside = [one for one in always if start < one <= start + days * DAY]
    assert starts.tolist() == [start, *inside]
    assert ahead.tolist() == [known[np.searchsorted(always, one, side="right") - 1] for one in starts.tolist()]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(instants, st.sampled_from(ZONES)), min_size=1, max_size=20))
def test_clocks_show_what_they_show_on_the_wall(asked):
    moments = np.array([moment for moment, _ in asked])
    clocks = Clocks.of([zone for _, zone in asked], "UTC")
    walls = [to_datetime(moment).astimezone(ZoneInfo(zone)) for moment, zone in asked]
    naive = [
        (wall.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) for wall in walls
    ]
    assert readings(moments, clocks).tolist() == naive
    assert local_hours(moments, clocks).tolist() == [wall.hour for wall in walls]


def test_zones_that_nobody_knows_are_the_projects():
    told = pa.array(["Asia/Tokyo", None, "europe/london", "", "../../etc/passwd", "localtime", "Asia/Tokyo"])
    clocks = Clocks.of(told, "Europe/London")
    assert clocks.told() == ["Asia/Tokyo", *["Europe/London"] * 5, "Asia/Tokyo"]
    assert clocks.take(np.array([6, 1])).told() == ["Asia/Tokyo", "Europe/London"]
    assert Clocks.of(pa.chunked_array([told[:2], told[2:]]), "Europe/London").told() == clocks.told()
    assert not is_zone("Factory")
    with pytest.raises(SmaltiError, match=r"found 'Europe/Lndon'.*did you mean 'Europe/London'"):
        Clocks.of(None, "Europe/Lndon", 1)


def test_hours_of_a_week_join_across_midnight_and_across_sunday():
    assert week_of(NIGHT, None)[0] == (0, 480)
    assert week_of(NIGHT, None)[-1] == (6 * 1440 + 1260, 10_080)
    both = (QuietDefinition(start="0:00", end="8:00"), QuietDefinition(start="8:00", end="9:00"))
    assert week_of(both, None)[0] == (0, 540)
    assert week_of((QuietDefinition(start="22:00", end="0:00"),), None)[-1] == (6 * 1440 + 1320, 10_080)
    until = next_allowed(np.array([parse_instant("2026-06-28T23:00Z")]), None, NIGHT, None, "UTC")
    assert until[0] == parse_instant("2026-06-29T08:00Z")
    assert until[0] % DAY == HOUR * 8
