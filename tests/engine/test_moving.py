"""What a run foretells of one customer from her row alone: to the microsecond where it can be told, nothing elsewhere."""

from __future__ import annotations

import pytest

from smalti.engine.moving import ages_unseen, foretold
from smalti.facts import DAY, Currency, Type, parse_instant
from smalti.rules import Customer, Vocabulary, check, meaning, parse

NOW = parse_instant("2026-06-30T12:00Z")
TYPES = {
    "last_order_at": Type.INSTANT,
    "days_since_order": Type.NUMBER,
    "spend_365d": Type.MONEY,
    "orders_total": Type.INTEGER,
    "quiet_weeks": Type.NUMBER,
    "silence": Type.NUMBER,
    "born": Type.INSTANT,
    "age": Type.INTEGER,
    "web_total": Type.INTEGER,
    "p_alive": Type.NUMBER,
    "country": Type.TEXT,
    "days_since_login": Type.NUMBER,
}
OWN = {
    "quiet_weeks": "days_since_order / 7",
    "silence": "days_since(last(orders.at))",
    "age": "years_since(born)",
    "web_total": "count(orders, where channel = 'web')",
    "days_since_login": "days_since(last(logins.at))",
}
VALUES = {
    "last_order_at": NOW - 40 * DAY,
    "days_since_order": 40.0,
    "spend_365d": 12_000,
    "orders_total": 3,
    "quiet_weeks": 40 / 7,
    "silence": 40.0,
    "born": parse_instant("2000-07-04"),
    "age": 25,
    "web_total": 1,
    "p_alive": 0.4,
    "country": None,
    "days_since_login": 3.0,
}
INFO = {
    "as_of_microseconds": NOW,
    "types": {name: str(kind) for name, kind in TYPES.items()},
    "currency": "GBP",
    "time_zone": "Europe/London",
    "attributes": ["born", "country"],
    "definitions": {"traits": [[name, {"value": text, "title": None}] for name, text in OWN.items()]},
    "fitted": [{"key": "quantile(days_since_order, 0.5)", "raw": 50.0}],
}


def ready(text):
    checked = check(parse(text), Vocabulary({}, TYPES, Currency("GBP"), segments={"vip"}, time_zone="Europe/London"))
    assert checked.problems == ()
    return checked.node


@pytest.mark.parametrize(
    ("rule", "at"),
    [
        ("days_since_order > 60", NOW + 20 * DAY + 1),
        ("days_since_order >= 60", NOW + 20 * DAY),
        ("not days_since_order > 60 and p_alive < 0.5", NOW + 20 * DAY + 1),
        ("silence > 60", NOW + 20 * DAY + 1),
        ("quiet_weeks >= 7", NOW + 9 * DAY),
        ("days_since(last_order_at) >= 41", NOW + DAY),
        ("days_since_order > quantile(days_since_order, 0.5)", NOW + 10 * DAY + 1),
        ("age >= 26", parse_instant("2026-07-03T23:00Z")),
        ("days_to_anniversary(born) <= 2", parse_instant("2026-07-01T23:00Z")),
        ("days_since_order > 30", None),
        ("orders_total >= 1", None),
        ("spend_365d > 100", None),
        ("spend_365d > 100 and days_since_order > 60", None),
        ("web_total >= 1", None),
        ("country = 'FR'", None),
        ("days_since_login > 10", None),
        ("member(vip)", None),
    ],
)
def test_what_moves_with_the_clock_is_foretold(rule, at):
    node = ready(rule)
    quantiles = {one: 50.0 for one in [getattr(node, "right", None)] if type(one).__name__ == "Quantile"}
    assert foretold(node, INFO, VALUES, quantiles)(node) == at


def test_what_is_foretold_is_what_the_law_says():
    rule = ready("silence > 60")
    at = foretold(rule, INFO, VALUES, {})(rule)
    moved = ready("days_since(last_order_at) > 60")
    her = Customer({}, scores=VALUES)
    assert [meaning(moved, her, moment) for moment in (at - 1, at)] == [False, True]


@pytest.mark.parametrize(
    ("rule", "unseen"),
    [
        ("spend_365d > 100", True),
        ("spend_365d > 100 and p_alive < 0.5", True),
        ("orders_total >= 1", False),
        ("days_since_order > 60", False),
        ("country = 'FR'", False),
    ],
)
def test_that_facts_may_leave_a_window_unseen_is_said(rule, unseen):
    assert ages_unseen(INFO, VALUES)(ready(rule)) is unseen
