"""The law of windows, of all and of the n-th, in worked examples: to the microsecond, with ties and holes."""

from __future__ import annotations

import pytest
from language_worlds import told

from smalti.facts import DAY, HOUR

WEB, SHOP = {"channel": "web"}, {"channel": "shop"}


def orders(*facts):
    """Orders at instants, each with columns or without."""
    return {"orders": [fact if isinstance(fact, dict) else {"at": fact} for fact in facts]}


@pytest.mark.parametrize(("at", "count"), [(999, 0), (1000, 1), (1029, 1), (1030, 0)])
def test_last_holds_a_fact_from_its_instant_until_just_before_the_window_has_passed(at, count):
    assert told("count(orders, last 30 microseconds)", at, orders(1000)) == count


@pytest.mark.parametrize(
    ("unit", "fact", "inside", "outside"),
    [
        # The first instant of the next unit is outside; the one before it is inside.
        ("today", "2026-06-30", "2026-06-30T23:59:59.999999", "2026-07-01"),
        ("this week", "2026-06-29", "2026-07-05T23:59:59.999999", "2026-07-06"),
        ("this month", "2026-06-01", "2026-06-30T23:59:59.999999", "2026-07-01"),
        ("this quarter", "2026-04-01", "2026-06-30T23:59:59.999999", "2026-07-01"),
        ("this year", "2026-01-01", "2026-12-31T23:59:59.999999", "2027-01-01"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "Pacific/Auckland"])
def test_a_calendar_window_begins_with_its_unit_and_ends_with_it(unit, fact, inside, outside, zone):
    first = {"orders": [{"at": fact}]}
    assert told(f"count(orders, {unit})", fact, first, zone=zone) == 1
    assert told(f"count(orders, {unit})", inside, first, zone=zone) == 1
    assert told(f"count(orders, {unit})", outside, first, zone=zone) == 0


@pytest.mark.parametrize("unit", ["today", "this week", "this month", "this quarter", "this year"])
def test_what_was_before_the_unit_or_is_still_to_come_is_not_in_its_window(unit):
    facts = orders({"at": "2025-12-31T23:59:59.999999"}, {"at": "2026-01-01T00:00:00.000002"})
    assert told(f"count(orders, {unit})", "2026-01-01T00:00:00.000001", facts) == (1 if unit == "this week" else 0)
    assert told(f"count(orders, {unit})", "2026-01-01T00:00:00.000002", facts) == (2 if unit == "this week" else 1)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/London", "2026-03-29", 23),
        ("Europe/London", "2026-10-25", 25),
        ("UTC", "2026-03-29", 24),
    ],
)
def test_today_is_as_long_as_the_day_is_in_its_zone(zone, day, hours):
    order = {"orders": [{"at": day}]}
    last = told("start of day", day, zone=zone) + hours * HOUR - 1
    assert told("count(orders, today)", last, order, zone=zone) == 1
    assert told("count(orders, today)", last + 1, order, zone=zone) == 0
    assert told("today", last + 1, zone=zone) == last + 1


def test_a_day_whose_midnight_was_skipped_begins_when_the_clocks_jump():
    # São Paulo went from 2018-11-03 23:59:59 to 2018-11-04 01:00.
    facts = {"orders": [{"at": "2018-11-04T02:59:59.999999Z"}, {"at": "2018-11-04T03:00Z"}]}
    assert told("count(orders, today)", "2018-11-04T12:00", facts, zone="America/Sao_Paulo") == 1


def test_after_and_before_leave_out_the_bound_itself_and_between_takes_both_ends_in():
    facts = orders(9, 10, 11, 19, 20, 21)
    for number in facts["orders"]:
        number["due"] = 10
    since, until = "min(orders.due)", "min(orders.due) + 10 microseconds"
    assert told(f"count(orders, after {since})", 100, facts) == 4
    assert told(f"count(orders, before {until})", 100, facts) == 4
    assert told(f"count(orders, between {since} and {until})", 100, facts) == 4
    assert told(f"min(orders.at, between {since} and {until})", 100, facts) == 10
    assert told(f"max(orders.at, between {since} and {until})", 100, facts) == 20
    assert told(f"count(orders, between {until} and {since})", 100, facts) == 0


def test_whatever_the_bound_no_fact_of_the_future_counts():
    facts = orders(10, 20, 30)
    assert told("count(orders, before instant '2026-01-01')", 20, facts) == 2
    assert told("count(orders, between instant '1969-01-01' and instant '2026-01-01')", 20, facts) == 2
    assert told("count(orders, after instant '1969-01-01')", 20, facts) == 2
    assert told("count(orders, before now)", 20, facts) == 1
    assert told("count(orders, after now)", 20, facts) == 0
    assert told("count(orders, between now and now + 1 day)", 20, facts) == 1


@pytest.mark.parametrize(
    "window",
    [
        "after last(visits.at)",
        "before last(visits.at)",
        "between last(visits.at) and now",
        "between instant '1969-01-01' and last(visits.at)",
    ],
)
def test_where_a_bound_is_missing_no_fact_counts(window):
    assert told(f"count(orders, {window})", 100, orders(10, 20)) == 0
    assert told(f"any(orders, {window})", 100, orders(10, 20)) is False
    assert told(f"all(orders, {window}, where false)", 100, orders(10, 20)) is True
    assert told(f"last(orders.at, {window})", 100, orders(10, 20)) is None


def test_a_bound_is_about_the_customer_as_of_the_instant_asked():
    facts = orders(10, 20, 30) | {"visits": [{"at": 15}, {"at": 25}]}
    assert [told("count(orders, after last(visits.at))", at, facts) for at in (14, 15, 20, 25, 30)] == [0, 0, 1, 0, 1]
    assert told("count(orders, before nth(visits.at, 2))", 30, facts) == 2
    assert (
        told(
            "count(orders, after first(visits.at, after first(orders.at, after seen)))",
            30,
            facts,
            traits={"seen": "first(orders.at)"},
        )
        == 1
    )


def test_a_bound_may_be_an_attribute_with_its_history():
    facts = orders(10, 20, 30) | {
        "customers": [{"at": 0, "born": 15}, {"at": 21, "born": 25}, {"at": 40, "born": None}]
    }
    assert [told("count(orders, before born)", at, facts) for at in (0, 20, 21, 30, 40)] == [0, 1, 2, 2, 2]


def test_a_window_moves_with_its_bound_though_nothing_happens():
    facts = orders(10)
    assert [told("any(orders, before now - 5 microseconds)", at, facts) for at in (10, 15, 16)] == [False, False, True]
    assert [told("any(orders, after now - 5 microseconds)", at, facts) for at in (9, 10, 14, 15)] == [
        False,
        True,
        True,
        False,
    ]


def test_all_asks_every_fact_in_the_window_and_of_none_it_is_true():
    facts = orders({"at": 10, **WEB}, {"at": 20, **SHOP}, {"at": 30, **WEB})
    asked = "all(orders, last 15 microseconds, where channel = 'web')"
    assert [told(asked, at, facts) for at in (9, 10, 20, 30, 34, 35, 45)] == [
        True,
        True,
        False,
        False,
        False,
        True,
        True,
    ]
    assert told("all(orders, where channel = 'web')", 100, {}) is True


def test_a_fact_of_which_the_condition_is_unknown_spoils_all():
    facts = orders({"at": 10, **WEB}, {"at": 20, "channel": None})
    assert told("all(orders, where channel = 'web')", 100, facts) is False
    assert told("all(orders, where channel = 'web' or channel is missing)", 100, facts) is True
    assert told("any(orders, where not channel = 'web')", 100, facts) is False


def test_the_nth_is_counted_by_instant_whatever_the_order_of_arrival():
    facts = orders(30, 10, 20)
    assert [told(f"nth(orders.at, {number})", 100, facts) for number in (1, 2, 3, 4)] == [10, 20, 30, None]
    assert [told("nth(orders.at, 2)", at, facts) for at in (19, 20, 30)] == [None, 20, 20]
    assert told("nth(orders.at, 2)", 100) is None


def test_of_facts_at_one_instant_the_greater_value_is_the_later_nth():
    facts = orders(*({"at": 10, "quantity": quantity} for quantity in (3, 1, 2)), {"at": 5, "quantity": 7})
    assert [told(f"nth(orders.quantity, {number})", 10, facts) for number in (1, 2, 3, 4)] == [7, 1, 2, 3]
    assert told("first(orders.quantity)", 10, facts) == told("nth(orders.quantity, 1)", 10, facts)


def test_the_nth_passes_over_missing_values_and_counts_equal_ones_each():
    facts = orders(
        {"at": 10, "quantity": None},
        {"at": 20, "quantity": 2},
        {"at": 20, "quantity": 2},
        {"at": 30},
        {"at": 40, "quantity": 0},
    )
    assert [told(f"nth(orders.quantity, {number})", 100, facts) for number in (1, 2, 3, 4)] == [2, 2, 0, None]


def test_the_nth_counts_only_what_is_in_the_window_and_meets_the_condition():
    facts = orders({"at": 10, **WEB}, {"at": 20, **SHOP}, {"at": 30, **WEB}, {"at": 40, **WEB})
    assert told("nth(orders.at, 2, where channel = 'web')", 40, facts) == 30
    assert told("nth(orders.at, 2, last 30 microseconds, where channel = 'web')", 40, facts) == 40
    assert told("nth(orders.at, 3, last 30 microseconds, where channel = 'web')", 40, facts) is None


def test_now_and_starts_are_instants_to_reckon_with():
    assert told("now - today", "2026-06-30T12:00", {}) == DAY // 2
    assert told("now >= start of week", "2026-06-29", {}) is True
    assert told("count(orders, where at >= start of month)", "2026-06-30", orders({"at": "2026-06-01"})) == 1
    assert told("count(orders, where at < now - 1 day)", 2 * DAY, orders(DAY - 1, DAY)) == 1
