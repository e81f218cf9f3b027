"""The law of calendars and of texts in worked examples."""

from __future__ import annotations

import pytest
from language_worlds import told

LONDON, TOKYO, NEW_YORK = "Europe/London", "Asia/Tokyo", "America/New_York"


def born(day):
    return {"customers": [{"at": 0, "born": day}]}


@pytest.mark.parametrize(
    ("function", "instant", "zone", "value"),
    [
        ("year", "2026-12-31T23:30Z", "UTC", 2026),
        ("year", "2026-12-31T23:30Z", TOKYO, 2027),
        ("month", "2026-06-30T22:59:59.999999Z", LONDON, 6),
        ("month", "2026-06-30T23:00Z", LONDON, 7),
        ("day_of_month", "2026-06-30T23:00Z", LONDON, 1),
        ("day_of_month", "2024-02-29T12:00Z", "UTC", 29),
        ("weekday", "2026-06-29T00:00Z", "UTC", 1),
        ("weekday", "2026-06-28T23:59:59.999999Z", "UTC", 7),
        ("weekday", "2026-06-28T23:00Z", LONDON, 1),
        ("hour", "2026-06-30T00:59:59.999999Z", "UTC", 0),
        ("hour", "2026-03-29T00:59:59.999999Z", LONDON, 0),
        ("hour", "2026-03-29T01:00Z", LONDON, 2),
        ("hour", "2026-10-25T00:59Z", LONDON, 1),
        ("hour", "2026-10-25T01:00Z", LONDON, 1),
        ("hour", "1969-12-31T23:59:59.999999Z", "UTC", 23),
        ("year", "1969-12-31T23:59:59.999999Z", "UTC", 1969),
    ],
)
def test_parts_of_an_instant_are_what_the_clocks_of_the_zone_show(function, instant, zone, value):
    assert told(f"{function}(born)", "2026-06-30", born(instant), zone=zone) == value


def test_a_part_may_be_asked_of_each_fact():
    evenings = {"orders": [{"at": f"2026-06-{day}T{hour}:00"} for day in (28, 29) for hour in (17, 18, 23)]}
    assert told("count(orders, where hour(at) >= 18)", "2026-06-30", evenings, zone=LONDON) == 4
    assert told("count(orders, where weekday(at) in (6, 7))", "2026-06-30", evenings, zone=LONDON) == 3
    assert told("count(orders, where calendar_days_since(at) = 1)", "2026-06-30", evenings, zone=LONDON) == 3


@pytest.mark.parametrize(
    ("at", "days"),
    [
        ("2026-06-29T00:00", 0),
        ("2026-06-29T23:59:59.999999", 0),
        ("2026-06-30T00:00", 1),
        ("2026-07-06T00:00", 7),
        ("2026-06-28T23:59:59.999999", -1),
    ],
)
def test_calendar_days_are_midnights_passed(at, days):
    assert told("calendar_days_since(born)", at, born("2026-06-29T23:00"), zone=LONDON) == days


def test_a_short_and_a_long_day_are_one_calendar_day():
    for day, after in [("2026-03-29", "2026-03-30"), ("2026-10-25", "2026-10-26")]:
        assert told("calendar_days_since(born)", after, born(day), zone=LONDON) == 1
        assert told("days_since(born)", after, born(day), zone=LONDON) != 1.0


@pytest.mark.parametrize(
    ("day", "at", "years"),
    [
        ("1990-06-30T18:00", "2026-06-29T23:59:59.999999", 35),
        ("1990-06-30T18:00", "2026-06-30T00:00", 36),
        ("2000-02-29", "2026-02-27T23:59:59.999999", 25),
        ("2000-02-29", "2026-02-28T00:00", 26),
        ("2000-02-29", "2024-02-28T23:59:59.999999", 23),
        ("2000-02-29", "2024-02-29T00:00", 24),
        ("2026-06-30", "2026-06-30", 0),
        ("2027-06-30", "2026-06-30", -1),
    ],
)
def test_a_year_is_completed_with_the_first_microsecond_of_the_anniversary(day, at, years):
    assert told("years_since(born)", at, born(day), zone=NEW_YORK) == years


@pytest.mark.parametrize(
    ("day", "at", "days"),
    [
        ("1990-07-07T18:00", "2026-06-29T23:59:59.999999", 8),
        ("1990-07-07T18:00", "2026-06-30T00:00", 7),
        ("1990-07-07T18:00", "2026-07-07T23:59:59.999999", 0),
        ("1990-07-07T18:00", "2026-07-08T00:00", 364),
        ("1990-03-01", "2023-03-02", 365),
        ("1990-03-01", "2026-03-02", 364),
        ("2000-02-29", "2026-02-28", 0),
        ("2000-02-29", "2026-03-01", 364),
        ("2000-02-29", "2027-03-01", 365),
        ("2000-02-29", "2028-02-28", 1),
        ("2027-07-07", "2026-07-07", 0),
    ],
)
def test_days_to_the_anniversary_are_counted_on_the_calendar(day, at, days):
    assert told("days_to_anniversary(born)", at, born(day), zone=LONDON) == days


def test_a_birthday_within_seven_days_is_a_rule_that_time_alone_changes():
    rule = "days_to_anniversary(born) <= 7"
    said = born("1990-07-07")
    before, on = "2026-06-29T23:59:59.999999", "2026-06-30T00:00"
    assert [told(rule, at, said, zone=LONDON) for at in (before, on, "2026-07-07", "2026-07-08")] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "function",
    ["year", "month", "day_of_month", "weekday", "hour", "calendar_days_since", "years_since", "days_to_anniversary"],
)
def test_of_nothing_the_calendar_says_nothing(function):
    assert told(f"{function}(born)", "2026-06-30") is None
    assert told(f"{function}(born) = 1", "2026-06-30") is None


@pytest.mark.parametrize(
    ("unit", "start"),
    [
        ("day", "2026-07-01"),
        ("week", "2026-06-29"),
        ("month", "2026-07-01"),
        ("quarter", "2026-07-01"),
        ("year", "2026-01-01"),
    ],
)
def test_a_unit_starts_at_the_first_midnight_of_the_zone(unit, start):
    # 23:30 on 30 June in UTC is half past midnight on 1 July in London.
    begun = told(f"start of {unit}", "2026-06-30T23:30Z", zone=LONDON)
    assert begun == told("born", "2026-06-30", born(start), zone=LONDON)
    assert told(f"start of {unit}", begun, zone=LONDON) == begun
    assert told(f"start of {unit}", begun - 1, zone=LONDON) < begun


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("trim('  a b ')", "a b"),
        ("trim('   ')", ""),
        ("trim('\t a\u00a0 ')", "\t a\u00a0"),
        ("trim('\n a')", "\n a"),
        ("length('')", 0),
        ("length('a b')", 3),
        ("length('e\u0301')", 2),
        ("length('\U0001f642')", 1),
        ("contains('abc', 'b')", True),
        ("contains('abc', 'B')", False),
        ("contains('abc', '')", True),
        ("contains('', '')", True),
        ("contains('', 'a')", False),
        ("contains('a%c', 'b')", False),
        ("contains('abc', 'a%')", False),
        ("contains('abc', '_')", False),
        ("starts_with('abc', 'ab')", True),
        ("starts_with('abc', 'bc')", False),
        ("starts_with('abc', '')", True),
        ("starts_with('ab', 'abc')", False),
        ("ends_with('abc', 'bc')", True),
        ("ends_with('abc', 'ab')", False),
        ("ends_with('abc', 'a%')", False),
        ("lower(trim(' Web ')) = 'web'", True),
    ],
)
def test_texts(text, value):
    assert told(text, 0) == value


@pytest.mark.parametrize(
    "text", ["trim(country)", "length(country)", "contains(country, 'a')", "ends_with('a', country)"]
)
def test_of_a_missing_text_nothing_is_known(text):
    assert told(text, 0) is None
