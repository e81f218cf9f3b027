"""Rules as sentences and answers as reasons, as a marketer reads them."""

from __future__ import annotations

import pytest
from language_trees import STREAMS

from smalti.facts import DAY, Currency, Type, parse_instant
from smalti.rules import Customer, Reason, Vocabulary, Words, check, meaning, parse, reasons, sentence
from smalti.rules.nodes import Quantile

TYPES = {
    "spend_365d": Type.MONEY,
    "days_since_order": Type.NUMBER,
    "orders_90d": Type.INTEGER,
    "last_order": Type.INSTANT,
    "gap": Type.DURATION,
    "vip": Type.BOOLEAN,
}
VOCABULARY = Vocabulary(STREAMS, TYPES, Currency("GBP"))
WORDS = Words(Currency("GBP"), {"spend_365d": "spend in the last year"}, TYPES)


def ready(text):
    checked = check(parse(text), VOCABULARY)
    assert checked.problems == ()
    return checked.node


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("spend_365d >= 500", "spend in the last year is at least £500.00"),
        ("spend_365d > -5", "spend in the last year is above minus £5.00"),
        ("country = 'France'", "country is 'France'"),
        ('"Marital Status" is missing', "Marital Status is missing"),
        ("country is not missing", "country is known"),
        ("country in ('France', 'Spain')", "country is one of 'France', 'Spain'"),
        ("country not in ('France')", "country is none of 'France'"),
        ("country like 'F%'", "country looks like 'F%'"),
        ("not country like 'F%'", "it is not so that country looks like 'F%'"),
        ("orders_90d between 2 and 1000", "orders 90d is between 2 and 1,000"),
        ("orders_90d != 2 and (vip or orders_90d < 3)", "orders 90d is not 2 and (vip or orders 90d is below 3)"),
        ("count(orders, last 30 days) = 0", "the number of orders in the last 30 days is 0"),
        ("any(orders, where channel = 'web')", "whether there is any of orders where channel is 'web'"),
        ("mean(orders.revenue) <= 5", "the average revenue of orders is at most £5.00"),
        ("distinct(orders.channel)", "the number of different channel of orders"),
        ("spend_365d * 1.5", "spend in the last year times 1.5"),
        ("orders_90d + 2 * orders_90d", "orders 90d plus (2 times orders 90d)"),
        ("days_since(last(orders.at)) > 60.5", "days since the latest at of orders is above 60.5"),
        ("coalesce(spend_365d, 0)", "coalesce of spend in the last year and £0.00"),
        ("gap > 1 day", "gap is above 1 day"),
        ("last_order < instant '2026-01-02'", "last order is below 2026-01-02"),
        ("vip = true", "vip is true"),
        ("case when vip then 'a' else 'b' end", "'a' if vip, 'b' otherwise"),
        ("quantile(spend_365d, 0.8)", "the 80th percentile of spend in the last year"),
        ("quantile(spend_365d, 0.01)", "the 1st percentile of spend in the last year"),
        ("quantile(spend_365d, 0.12)", "the 12th percentile of spend in the last year"),
        ("quantile(spend_365d, 0.29)", "the 29th percentile of spend in the last year"),
        ("quantile(spend_365d, 0.33)", "the 33rd percentile of spend in the last year"),
        ("quantile(spend_365d, 0.62)", "the 62nd percentile of spend in the last year"),
        ("quantile(spend_365d, 0.999)", "the 99.9th percentile of spend in the last year"),
    ],
)
def test_a_tree_is_told_as_a_sentence(text, told):
    assert sentence(ready(text), WORDS) == told


def test_a_fitted_constant_is_told_with_its_value():
    node = ready("spend_365d >= quantile(spend_365d, 0.8)")
    assert isinstance(node.right, Quantile)
    words = Words(Currency("GBP"), WORDS.titles, TYPES, {node.right: 123_456})
    told = "spend in the last year is at least £1,234.56 (the 80th percentile of spend in the last year)"
    assert sentence(node, words) == told


@pytest.mark.parametrize(
    ("value", "kind", "told"),
    [
        (None, Type.MONEY, "missing"),
        (True, None, "true"),
        (12345, None, "12,345"),
        (12345, Type.MONEY, "£123.45"),
        (0.12345, None, "0.123"),
        (1234.56, None, "1,234.6"),
        ("web", Type.TEXT, "'web'"),
        (parse_instant("2026-06-30T23:59:59Z"), Type.INSTANT, "2026-06-30"),
        (90 * DAY, Type.DURATION, "90 days"),
    ],
)
def test_a_value_is_told_by_its_type(value, kind, told):
    assert WORDS.value(value, kind) == told


SCORES = {
    "spend_365d": 41_250,
    "days_since_order": 41.25,
    "orders_90d": None,
    "last_order": parse_instant("2026-01-01"),
    "gap": 2 * DAY,
    "vip": True,
}


def why(text, **options):
    her = Customer({}, scores=SCORES)
    return reasons(ready(text), WORDS, lambda node: meaning(node, her, 0), **options)


def test_each_part_of_a_rule_gives_its_reason():
    assert why("spend_365d >= 500 and days_since_order > 60 and vip", aging=frozenset({"days_since_order"})) == [
        Reason(
            "spend in the last year is at least £500.00",
            False,
            "spend in the last year is £412.50",
            "stays so while it is below £500.00, £87.50 away",
        ),
        Reason(
            "days since order is above 60",
            False,
            "days since order is 41.2",
            "changes by itself in 18.8 days if nothing happens",
        ),
        Reason("vip", True, None, None),
    ]


@pytest.mark.parametrize(
    ("text", "answer", "found", "change"),
    [
        (
            "spend_365d >= 400",
            True,
            "spend in the last year is £412.50",
            "stays so while it is at least £400.00, £12.50 away",
        ),
        ("orders_90d >= 1", None, "orders 90d is missing", None),
        ("spend_365d = 412.50", True, "spend in the last year is £412.50", None),
        ("gap > 3 days", False, "gap is 2 days", "stays so while it is at most 3 days, 1 day away"),
        (
            "last_order < instant '2026-01-03'",
            True,
            "last order is 2026-01-01",
            "stays so while it is below 2026-01-03, 2 days away",
        ),
        (
            "spend_365d >= 412.5",
            True,
            "spend in the last year is £412.50",
            "stays so while it is at least £412.50",
        ),
        (
            "spend_365d > 412.5",
            False,
            "spend in the last year is £412.50",
            "stays so while it is at most £412.50",
        ),
        ("vip = true", True, "vip is true", None),
        ("500 <= spend_365d", False, None, None),
    ],
)
def test_a_reason_says_what_was_found_and_what_would_change_it(text, answer, found, change):
    (reason,) = why(text)
    assert (reason.answer, reason.found, reason.change) == (answer, found, change)
