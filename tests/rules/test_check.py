"""Names and types: everything wrong is told at once, with what was found, what was wanted and the nearest name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from language_trees import ATTRIBUTES, STREAMS, Scope, tree

from smalti.facts import Currency, Type
from smalti.rules import (
    Aggregate,
    Arithmetic,
    Call,
    Compare,
    In,
    Literal,
    Logic,
    Name,
    Negate,
    Vocabulary,
    check,
    names_in,
    parse,
)
from smalti.rules.functions import TO_MINOR

TRAITS = {"spend": Type.MONEY, "orders_90d": Type.INTEGER, "last_seen": Type.INSTANT, "vip": Type.BOOLEAN}
WORDS = Vocabulary(STREAMS, TRAITS, Currency("GBP"), later={"rfm_cell": "a name that is defined before this one"})

MISTAKES = [
    ("spent > 5", "unknown name", "spent", "a trait, attribute or score", "spend", 1),
    ("vip and contry = 'x'", "unknown name", "contry", "a trait, attribute or score", "country", 9),
    ("rfm_cell = '555'", "not known yet here", "rfm_cell", "a name that is defined before this one", None, 1),
    ("count(order)", "unknown stream", "order", "one of customers, orders, visits", "orders", 1),
    ("sum(orders.revenu)", "unknown column of orders", "revenu", "one of at, revenue, quantity", "revenue", 1),
    ("count(orders, where chanel = 'web')", "unknown column of orders", "chanel", "one of at, rev", "channel", 21),
    ("count(orders, where spend > 5)", "unknown column of orders", "spend", "one of at, revenue", None, 21),
    ("sum(orders)", "sum needs a column", "sum(orders)", "such as sum(orders.at)", None, 1),
    (
        "any(orders.at)",
        "any takes a stream, not a column",
        "any(orders.at)",
        "any(orders) or distinct(orders.at)",
        None,
        1,
    ),
    ("sum(orders.channel)", "sum of text", "sum(orders.channel)", "a column of duration or integer or mon", None, 1),
    ("max(orders.gift)", "max of a boolean", "max(orders.gift)", "a column of duration or instant", None, 1),
    ("sum(orders.at)", "sum of an instant", "sum(orders.at)", "a column of duration or integer", None, 1),
    (
        "count(orders, where count(visits) > 0)",
        "an aggregate inside the condition of another",
        "count(visits)",
        "a condition on one fact",
        None,
        21,
    ),
    (
        "count(orders, where quantity > quantile(spend, 0.5))",
        "a fitted constant in a condition on one fact",
        "quantile(spend, 0.5)",
        "a quantile outside it",
        None,
        32,
    ),
    ("count(orders, last 0 days)", "a window that holds nothing", "count(orders, last 0 days)", "a dur", None, 1),
    ("count(orders, where quantity)", "not a condition", "quantity (integer)", "something true or false", None, 21),
    ("vip and orders_90d", "not a condition", "orders_90d (integer)", "something true or false", None, 9),
    ("not spend", "not a condition", "spend (money)", "something true or false", None, 5),
    ("case when spend then 1 end", "not a condition", "spend (money)", "something true or false", None, 11),
    ("quantile(spend, 0.5, where spend)", "not a condition", "spend (money)", "something true", None, 28),
    ("spend > 'x'", "a comparison of different types", "money and text", "values of one type", None, 1),
    ("last_seen > 30 days", "a comparison of different types", "a duration and an instant", "values of one", None, 1),
    ("spend > orders_90d", "a comparison of different types", "a whole number and money", "values of one", None, 1),
    ("country in ('a', 1)", "a value and options of different types", "a whole number and text", "values", None, 1),
    ("age between 1 and 'x'", "a value and bounds of different types", "a whole number and text", "values", None, 1),
    ("case when vip then 1 else 'x' end", "the branches of a case of different types", "a whole", "values", None, 1),
    ("coalesce(age, country)", "values of different types", "a whole number and text", "values of one type", None, 1),
    ("vip > true", "true and false have no order", "vip > true", "= or !=", None, 1),
    ("vip between false and true", "true and false have no order", "vip between", "a comparison with = or !=", None, 1),
    ("age like '4%'", "like compares text", "age (integer)", "text", None, 1),
    ("spend * spend", "impossible arithmetic", "money * money", "values that can be multiplied by each", None, 1),
    ("country + 1", "impossible arithmetic", "text + a whole number", "values that can be added to each", None, 1),
    ("last_seen + last_seen", "impossible arithmetic", "an instant + an instant", "values that can be added", None, 1),
    ("5 days - last_seen", "impossible arithmetic", "a duration - an instant", "values that can be subtr", None, 1),
    ("1 / spend", "impossible arithmetic", "a whole number / money", "values that can be divided by", None, 1),
    ("-country", "minus before", "country", "a number, money or a duration", None, 1),
    ("country in (-'x')", "minus before", "'x'", "a number, money or a duration", None, 13),
    ("days_since(spend)", "days_since of money", "days_since(spend)", "an instant", None, 1),
    ("days_since(last_seen, 1)", "days_since with the wrong number of values", "2", "1", None, 1),
    ("abs(1, 2)", "abs with the wrong number of values", "2", "1", None, 1),
    ("coalesce(1)", "coalesce with the wrong number of values", "1", "at least 2", None, 1),
    ("least(country, 'x')", "least of text", "least(country, 'x')", "a duration or a number or a whole", None, 1),
    ("lower(age)", "lower of a whole number", "lower(age)", "text", None, 1),
    ("floor(spend)", "floor of money", "floor(spend)", "a number or a whole number", None, 1),
    ("money(country)", "money of text", "money(country)", "a number or a whole number or money", None, 1),
    ("quantile(country, 0.5)", "a quantile of text", "quantile(country, 0.5)", "numbers, money, durations", None, 1),
    ("quantile(spend, 80)", "a share beyond 0 and 1", "80.0", "a share such as 0.8", None, 1),
]


@pytest.mark.parametrize(
    ("text", "what", "found", "wanted", "hint", "column"), MISTAKES, ids=[text for text, *_ in MISTAKES]
)
def test_a_mistake_is_told_with_what_was_wanted_and_where(text, what, found, wanted, hint, column):
    problem = check(parse(text), WORDS).problems[0]
    assert problem.what == what
    assert problem.found.startswith(found)
    assert problem.wanted.startswith(wanted)
    assert (problem.hint, problem.line, problem.column) == (hint, 1, column)


def test_all_mistakes_are_told_at_once():
    text = "spent > 5\nand sum(orders.revenu) > 3\nand count(visit) > 1"
    problems = check(parse(text), WORDS).problems
    assert [(problem.found, problem.line, problem.column) for problem in problems] == [
        ("spent", 1, 1),
        ("revenu", 2, 5),
        ("visit", 3, 5),
    ]


@pytest.mark.parametrize(
    ("text", "wanted", "problem"),
    [
        ("orders_90d", Type.BOOLEAN, "1:1: wrong type: found 'integer', wanted a boolean"),
        ("spend", Type.TEXT, "1:1: wrong type: found 'money', wanted text"),
        ("spend / 2", Type.NUMBER, "1:1: wrong type: found 'money', wanted a number"),
        ("orders_90d", Type.MONEY, "1:1: wrong type: found 'integer', wanted money"),
    ],
)
def test_a_tree_of_another_type_than_wanted_is_refused(text, wanted, problem):
    assert [str(one) for one in check(parse(text), WORDS, wanted=wanted).problems] == [problem]


def test_a_whole_number_will_do_where_a_number_is_wanted():
    checked = check(parse("orders_90d"), WORDS, wanted=Type.NUMBER)
    assert (checked.type, checked.problems) == (Type.INTEGER, ())


@pytest.mark.parametrize(
    ("code", "text", "minor"),
    [("JPY", "12.0", [12, 13]), ("GBP", "12.34", [1234, 1300]), ("BHD", "12.345", [12345, 13000])],
)
def test_a_number_that_meets_money_is_money_of_the_currency(code, text, minor):
    words = Vocabulary({}, {"spend": Type.MONEY}, Currency(code))
    checked = check(parse(f"spend in ({text}, 13)"), words)
    assert checked.problems == ()
    assert checked.node == In(Name("spend"), tuple(Literal(one, Type.MONEY) for one in minor))


@pytest.mark.parametrize(("code", "text"), [("JPY", "0.5"), ("GBP", "0.004"), ("GBP", "9.996"), ("BHD", "0.0001")])
def test_money_finer_than_the_currency_has_is_a_mistake_and_not_rounded(code, text):
    words = Vocabulary({}, {"spend": Type.MONEY}, Currency(code))
    (problem,) = check(parse(f"spend >= {text}"), words).problems
    assert (problem.what, problem.found) == ("money finer than the currency has", text)


def test_more_money_than_can_be_counted_is_a_mistake():
    (problem,) = check(parse("spend > 1e30"), WORDS).problems
    assert problem.what == "more money than can be counted"


@pytest.mark.parametrize(
    "text",
    ["spend > 5", "5 < spend", "spend > -5", "spend + 5 > 0.01", "spend between -1 and 1", "greatest(spend, 0) > 1"],
)
def test_numbers_follow_money_on_every_side(text):
    checked = check(parse(text), WORDS)
    assert (checked.type, checked.problems) == (Type.BOOLEAN, ())


@pytest.mark.parametrize(("code", "scale"), [("JPY", 1), ("GBP", 100), ("BHD", 1000)])
def test_money_makes_money_of_a_plain_number(code, scale):
    checked = check(parse("money(age)"), Vocabulary(STREAMS, {}, Currency(code)))
    age = Aggregate("last", "customers", "age")
    assert checked.node == Call(TO_MINOR, (Arithmetic("*", age, Literal(scale, Type.INTEGER)),))
    assert checked.type is Type.MONEY


def test_an_attribute_is_the_last_thing_said_and_a_trait_goes_before_it():
    assert check(parse("country"), WORDS).node == Aggregate("last", "customers", "country")
    shadowed = Vocabulary(STREAMS, {"country": Type.INTEGER}, Currency("GBP"))
    assert check(parse("country"), shadowed).node == Name("country")


def test_money_is_rounded_after_it_was_multiplied_or_averaged():
    product = Arithmetic("*", Name("spend"), Literal(1.5, Type.NUMBER))
    assert check(parse("spend * 1.5"), WORDS).node == Call(TO_MINOR, (product,))
    mean = Aggregate("mean", "orders", "revenue")
    assert check(parse("mean(orders.revenue)"), WORDS).node == Call(TO_MINOR, (mean,))
    assert check(parse("mean(orders.weight)"), WORDS).node == Aggregate("mean", "orders", "weight")


def test_a_minus_before_a_number_that_meets_money_stays_a_minus():
    assert check(parse("spend > -5"), WORDS).node == Compare(
        ">", Name("spend"), Negate(Literal(500, Type.MONEY), span=None)
    )


def test_names_outside_conditions_are_found_even_where_a_tree_shares_its_parts():
    name = Name("channel")
    inside = Aggregate("count", "orders", where=Compare("=", name, Literal("web", Type.TEXT)))
    assert names_in(inside) == set()
    assert names_in(Logic("and", (Compare("=", name, name), Compare(">", inside, Name("b"))))) == {"channel", "b"}


@given(st.sampled_from(list(Type)).flatmap(lambda kind: st.tuples(st.just(kind), tree(kind, Scope(ATTRIBUTES), 3))))
def test_a_well_typed_tree_has_its_type_and_no_problems(drawn):
    kind, node = drawn
    checked = check(node, WORDS)
    assert (checked.type, checked.problems) == (kind, ())
