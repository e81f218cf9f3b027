"""Money has a currency: two of them are never brought together, and a number beside money is money of its currency."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.errors import SmaltiError
from smalti.facts import Column, Currency, Stream, Type
from smalti.rules import Call, Literal, Name, Vocabulary, check, parse, walk
from smalti.rules.functions import TO_MINOR

STREAMS = {
    "orders": Stream(
        "orders",
        (
            Column("revenue", Type.MONEY),
            Column("paid", Type.MONEY, currency="EUR"),
            Column("fee", Type.MONEY, currency="JPY"),
            Column("quantity", Type.INTEGER),
        ),
    ),
    "refunds": Stream("refunds", (Column("paid", Type.MONEY, currency="EUR"), Column("back", Type.MONEY))),
    "customers": Stream("customers", (Column("income", Type.MONEY, currency="EUR"), Column("age", Type.INTEGER))),
}
WORDS = Vocabulary(
    STREAMS,
    {"spend": Type.MONEY, "wage": Type.MONEY, "ratio": Type.NUMBER},
    Currency("GBP"),
    scores={"worth": Type.MONEY, "worth_abroad": Type.MONEY},
    currencies={"wage": "EUR", "worth_abroad": "JPY"},
)


def first_problem(text: str) -> str:
    return str(check(parse(text), WORDS).problems[0])


@pytest.mark.parametrize(
    ("text", "found", "column"),
    [
        ("spend + wage > 5", "GBP + EUR", 1),
        ("wage - spend", "EUR - GBP", 1),
        ("spend / wage", "GBP / EUR", 1),
        ("spend > wage", "GBP and EUR", 1),
        ("income = spend", "EUR and GBP", 1),
        ("sum(orders.revenue) > sum(orders.paid)", "GBP and EUR", 1),
        ("score(worth) > score(worth_abroad)", "GBP and JPY", 1),
        ("spend between 1 and wage", "GBP and EUR", 1),
        ("wage in (1, 2) and coalesce(spend, wage) > 5", "GBP and EUR", 20),
        ("case when ratio > 1 then spend else wage end", "GBP and EUR", 1),
        ("least(spend, wage, max(orders.fee))", "GBP and EUR and JPY", 1),
        ("count(orders, where revenue < paid)", "GBP and EUR", 21),
        ("any(orders, where followed_by(refunds, where back = its.paid))", "GBP and EUR", 46),
        ("money(5) > wage", "GBP and EUR", 1),
        ("quantile(wage, 0.5) < spend", "EUR and GBP", 1),
    ],
)
def test_money_of_two_currencies_is_a_mistake(text, found, column):
    (problem,) = check(parse(text), WORDS).problems
    assert (problem.what, problem.found, problem.wanted) == ("money of two currencies", found, "one currency")
    assert (problem.line, problem.column) == (1, column)


@pytest.mark.parametrize(
    ("text", "kind", "currency"),
    [
        ("spend", Type.MONEY, "GBP"),
        ("wage", Type.MONEY, "EUR"),
        ("income", Type.MONEY, "EUR"),
        ("score(worth_abroad)", Type.MONEY, "JPY"),
        ("sum(orders.paid, last 30 days)", Type.MONEY, "EUR"),
        ("mean(orders.fee)", Type.MONEY, "JPY"),
        ("nth(orders.fee, 2)", Type.MONEY, "JPY"),
        ("wage * 2 - 1.5", Type.MONEY, "EUR"),
        ("2 * wage / 3", Type.MONEY, "EUR"),
        ("-wage", Type.MONEY, "EUR"),
        ("abs(wage)", Type.MONEY, "EUR"),
        ("greatest(wage, income, 5)", Type.MONEY, "EUR"),
        ("coalesce(wage, 0)", Type.MONEY, "EUR"),
        ("case when ratio > 1 then 0 else wage end", Type.MONEY, "EUR"),
        ("quantile(wage, 0.5)", Type.MONEY, "EUR"),
        ("money(ratio)", Type.MONEY, "GBP"),
        ("money(wage)", Type.MONEY, "EUR"),
        ("wage / income", Type.NUMBER, None),
        ("wage > 5", Type.BOOLEAN, None),
        ("distinct(orders.paid)", Type.INTEGER, None),
        ("5", Type.INTEGER, None),
    ],
)
def test_money_keeps_its_currency(text, kind, currency):
    checked = check(parse(text), WORDS)
    assert (checked.problems, checked.type, checked.currency) == ((), kind, currency)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("wage > 12.5", [1250]),
        ("max(orders.fee) in (12, -3)", [12, 3]),
        ("max(orders.fee) between 1 and 2 and spend > 3", [1, 2, 300]),
        ("greatest(max(orders.fee), 7)", [7]),
        ("any(orders, where fee > 8 and paid > 8)", [8, 800]),
    ],
)
def test_a_number_beside_money_is_money_of_its_currency(text, minor):
    checked = check(parse(text), WORDS)
    assert checked.problems == ()
    literals = [part for part in walk(checked.node) if isinstance(part, Literal)]
    assert literals == [Literal(value, Type.MONEY) for value in minor]


def test_a_number_finer_than_the_other_currency_is_a_mistake():
    assert first_problem("max(orders.fee) > 12.5") == (
        "1:19: money finer than the currency has: found '12.5', wanted at most 0 places after the point"
    )
    assert check(parse("wage > 12.5"), WORDS).problems == ()


def test_a_number_where_money_is_wanted_is_the_projects():
    checked = check(parse("12.5"), WORDS, wanted=Type.MONEY)
    assert (checked.node, checked.currency) == (Literal(1250, Type.MONEY), "GBP")


def test_after_two_currencies_the_rest_is_still_checked():
    whats = [
        problem.what for problem in check(parse("spend > wage and spent > 1 and wage + spend > 1"), WORDS).problems
    ]
    assert whats == ["money of two currencies", "unknown name", "money of two currencies"]


def test_money_of_another_currency_is_rounded_to_its_minor_unit():
    checked = check(parse("wage * 1.5"), WORDS)
    assert isinstance(checked.node, Call)
    assert (checked.node.function, checked.currency) == (TO_MINOR, "EUR")
    assert Name("wage") in set(walk(checked.node))


def test_a_column_knows_its_currency():
    assert Column("paid", Type.MONEY).currency is None
    with pytest.raises(SmaltiError, match="did you mean 'EUR'"):
        Column("paid", Type.MONEY, currency="eur")
    with pytest.raises(SmaltiError, match="a currency of what is not money"):
        Column("name", Type.TEXT, currency="EUR")


CODES = {"a": "GBP", "b": "EUR", "c": "JPY", "d": "EUR"}
NAMED = Vocabulary({}, dict.fromkeys(CODES, Type.MONEY), Currency("GBP"), currencies=CODES)


@given(st.lists(st.sampled_from(sorted(CODES)), min_size=1, max_size=5), st.sampled_from(["+", "-"]))
def test_a_sum_is_right_exactly_when_it_has_one_currency(names, sign):
    checked = check(parse(f" {sign} ".join(names)), NAMED)
    codes = {CODES[name] for name in names}
    assert (checked.problems == ()) == (len(codes) == 1)
    if len(codes) == 1:
        assert checked.currency in codes
