"""Names and types: everything wrong is told at once, with what was found, what was wanted and the nearest name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from language_trees import EVERYTHING, SCORES, STREAMS, Scope, condition, tree

from smalti.facts import DAY, Currency, Type
from smalti.rules import (
    After,
    Aggregate,
    Arithmetic,
    Before,
    Call,
    Compare,
    During,
    In,
    IsMissing,
    Its,
    Literal,
    Logic,
    Member,
    Name,
    Negate,
    Not,
    Now,
    People,
    Sequence,
    StartOf,
    This,
    Vocabulary,
    check,
    names_in,
    parse,
)
from smalti.rules.functions import TO_MINOR

TRAITS = {"spend": Type.MONEY, "orders_90d": Type.INTEGER, "last_seen": Type.INSTANT, "vip": Type.BOOLEAN}
WORDS = Vocabulary(
    STREAMS,
    TRAITS,
    Currency("GBP"),
    later={"rfm_cell": "a name that is defined before this one"},
    segments=("vip", "Old Flames"),
    scores=SCORES,
    time_zone="Europe/London",
    account="company",
)

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
    ("count(orders, last 0 days)", "a window that holds nothing", "last 0 days", "a duration above", None, 15),
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
    (
        "count(orders, after spend)",
        "not a bound in time",
        "spend (money)",
        "an instant, such as last(orders.at)",
        None,
        21,
    ),
    ("count(orders, before 3 days)", "not a bound in time", "3 days (duration)", "an instant", None, 22),
    ("count(orders, between age and now)", "not a bound in time", "age (integer)", "an instant", None, 23),
    ("count(orders, between now and vip)", "not a bound in time", "vip (boolean)", "an instant", None, 31),
    ("count(orders, after channel)", "unknown name", "channel", "a trait, attribute or score", None, 21),
    ("count(orders, after lst_seen)", "unknown name", "lst_seen", "a trait, attribute or score", "last_seen", 21),
    ("nth(orders.channl, 2)", "unknown column of orders", "channl", "one of at, revenue", "channel", 1),
    ("nth(orders, 2)", "nth needs a column", "nth(orders, 2)", "such as nth(orders.at", None, 1),
    ("all(orders)", "all needs a condition", "all(orders)", "such as all(orders, where ...)", None, 1),
    ("all(orders, last 3 days)", "all needs a condition", "all(orders, last 3 days)", "such as all(orders", None, 1),
    (
        "all(orders.at, where gift)",
        "all takes a stream, not a column",
        "all(orders.at, where gift)",
        "all(orders)",
        None,
        1,
    ),
    ("its.channel = 'web'", "its has nothing to speak of here", "its.channel", "inside followed_by(", None, 1),
    ("any(orders, where its.gift)", "its has nothing to speak of here", "its.gift", "inside followed_by(", None, 19),
    (
        "any(orders, where followed_by(visits, where its.page = 'x'))",
        "unknown column of orders",
        "page",
        "one of at, revenue",
        None,
        45,
    ),
    (
        "any(orders, where followed_by(visits, where page = its.chanel))",
        "unknown column of orders",
        "chanel",
        "one of at, revenue",
        "channel",
        52,
    ),
    (
        "any(orders, where followed_by(visits, where preceded_by(orders, where its.gift)))",
        "unknown column of visits",
        "gift",
        "one of at, page",
        None,
        71,
    ),
    (
        "any(orders, where followed_by(visits, where page = its.quantity))",
        "a comparison of different types",
        "a whole number and text",
        "values of one type",
        None,
        45,
    ),
    ("followed_by(orders)", "followed_by asks about one fact", "followed_by(orders)", "inside a condition", None, 1),
    ("vip and preceded_by(orders)", "preceded_by asks about one fact", "preceded_by(orders)", "inside a", None, 9),
    ("any(orders, where followed_by(visit))", "unknown stream", "visit", "one of customers, orders, v", "visits", 19),
    (
        "any(orders, where followed_by(visits, within 0 days))",
        "a sequence that can never be",
        "followed_by(visits, within 0 days)",
        "a duration above zero",
        None,
        19,
    ),
    ("any(orders, where followed_by(visits, where page))", "not a condition", "page (text)", "something", None, 45),
    (
        "any(orders, where followed_by(visits, where count(orders) > 1))",
        "an aggregate inside the condition of another",
        "count(orders)",
        "a condition on one fact",
        None,
        45,
    ),
    ("member(vipp)", "unknown segment", "vipp", "one of Old Flames, vip", "vip", 1),
    ("vip and member(Flames)", "unknown segment", "Flames", "one of Old Flames, vip", "Old Flames", 9),
    ("count(orders, where member(vip))", "membership in a condition on one fact", "member(vip)", "mem", None, 21),
    ("score(p_aliv) > 1", "unknown score", "p_aliv", "one of Next Category, expected_", "p_alive", 1),
    ("score(spend) > 1", "unknown score", "spend", "one of Next Category, expected_", None, 1),
    ("count(orders, where score(p_alive) > 1)", "no score here", "p_alive", "outside a condition", "p_alive", 21),
    (
        "any_person(no_person(vip))",
        "a question about people inside a question about people",
        "no_person(vip)",
        "one outside it",
        None,
        12,
    ),
    (
        "any(orders, where all_people(vip))",
        "a question about people inside a condition on one fact",
        "all_people(vip)",
        "one outside it",
        None,
        19,
    ),
    ("any_person(spend)", "not a condition", "spend (money)", "something true or false", None, 12),
    ("any_person(spent > 5)", "unknown name", "spent", "a trait, attribute or score", "spend", 12),
    ("year(spend)", "year of money", "year(spend)", "an instant", None, 1),
    ("years_since(3 days)", "years_since of a duration", "years_since(3 days)", "an instant", None, 1),
    ("hour(last_seen, 'UTC')", "hour with the wrong number of values", "2", "1", None, 1),
    ("length(age)", "length of a whole number", "length(age)", "text", None, 1),
    ("contains(country)", "contains with the wrong number of values", "1", "2", None, 1),
    ("contains(country, 1)", "values of different types", "a whole number and text", "values of one", None, 1),
    ("starts_with(age, 1)", "starts_with of a whole number", "starts_with(age, 1)", "text", None, 1),
    ("bucket(country) > 0.1", "a draw without a name of its own", "bucket(country)", "one written out", None, 1),
    ("bucket('') > 0.1", "a draw without a name of its own", "bucket('')", "one written out, such as", None, 1),
    ("bucket(lower('a')) > 0.1", "a draw without a name of its own", "bucket(lower('a'))", "one written out", None, 1),
    ("bucket(5) > 0.1", "bucket of a whole number", "bucket(5)", "text", None, 1),
    ("bucket('a', 'b') > 0.1", "bucket with the wrong number of values", "2", "1", None, 1),
    (
        "any(orders, where bucket('a') < 0.5)",
        "a draw in a condition on one fact",
        "bucket('a')",
        "one outside it",
        None,
        19,
    ),
    ("now > 3", "a comparison of different types", "a whole number and an instant", "values of one type", None, 1),
    ("today + start of week", "impossible arithmetic", "an instant + an instant", "values that can be", None, 1),
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


def test_all_mistakes_of_the_newer_words_are_told_at_once_too():
    text = """member(vipp)
  or score(p_aliv) > 1
  or any_person(spent > 5 and any_person(vip))
  or any(orders, after age, where its.gift and followed_by(visit))
  or any(orders, between spend and 3, where followed_by(visits, within 0 days, where its.page = pagee))"""
    problems = check(parse(text), WORDS).problems
    assert [(problem.what, problem.found, problem.line, problem.column) for problem in problems] == [
        ("unknown segment", "vipp", 1, 1),
        ("unknown score", "p_aliv", 2, 6),
        ("unknown name", "spent", 3, 17),
        ("a question about people inside a question about people", "any_person(vip)", 3, 31),
        ("not a bound in time", "age (integer)", 4, 24),
        ("its has nothing to speak of here", "its.gift", 4, 35),
        ("unknown stream", "visit", 4, 48),
        ("not a bound in time", "spend (money)", 5, 26),
        ("not a bound in time", "3 (integer)", 5, 36),
        ("a sequence that can never be", problems[9].found, 5, 45),
        ("unknown column of orders", "page", 5, 86),
        ("unknown column of visits", "pagee", 5, 97),
    ]


@pytest.mark.parametrize(
    ("account", "found", "hint"),
    [(None, "any_person(vip)", None), ("compny", "compny", "company"), ("spend", "spend", None)],
)
def test_without_accounts_nothing_can_be_asked_of_people(account, found, hint):
    words = Vocabulary(STREAMS, TRAITS, Currency("GBP"), account=account)
    (problem,) = check(parse("orders_90d > 1 and any_person(vip)"), words).problems
    assert (problem.what, problem.found, problem.hint) == ("no accounts are known", found, hint)
    assert (problem.line, problem.column) == (1, 20)


def test_where_there_are_no_segments_or_scores_what_is_wanted_says_so():
    words = Vocabulary(STREAMS, TRAITS, Currency("GBP"))
    member, score = check(parse("member(vip) and score(p_alive) > 0.5"), words).problems
    assert (member.what, member.wanted) == ("unknown segment", "a segment that the project has")
    assert (score.what, score.wanted) == ("unknown score", "a score that the project has")


AGE = Aggregate("last", "customers", "age")
BORN = Aggregate("last", "customers", "born")
ZONE = Literal("Europe/London", Type.TEXT)


@pytest.mark.parametrize(
    ("text", "ready"),
    [
        ("now", Now()),
        ("today", StartOf("day", "Europe/London")),
        ("start of week", StartOf("week", "Europe/London")),
        ("count(orders, today)", Aggregate("count", "orders", window=This("day", "Europe/London"))),
        ("count(orders, this year)", Aggregate("count", "orders", window=This("year", "Europe/London"))),
        ("count(orders, after born)", Aggregate("count", "orders", window=After(BORN))),
        ("any(orders, before today)", Aggregate("any", "orders", window=Before(StartOf("day", "Europe/London")))),
        (
            "any(orders, between born and last_seen)",
            Aggregate("any", "orders", window=During(BORN, Name("last_seen"))),
        ),
        (
            "any(orders, where at >= today)",
            Aggregate("any", "orders", where=Compare(">=", Name("at"), StartOf("day", "Europe/London"))),
        ),
        ("years_since(born)", Call("years_since", (BORN, ZONE))),
        ("hour(last_seen)", Call("hour", (Name("last_seen"), ZONE))),
        ("score(p_alive)", Name("p_alive")),
        ("member(vip)", Member("vip")),
        (
            "no_person(age = 7)",
            People("no", Compare("=", AGE, Literal(7, Type.INTEGER)), Aggregate("last", "customers", "company")),
        ),
        (
            "any(orders, where followed_by(orders, within 3 days, where revenue > 5 and channel = its.channel))",
            Aggregate(
                "any",
                "orders",
                where=Sequence(
                    "followed_by",
                    "orders",
                    3 * DAY,
                    Logic(
                        "and",
                        (
                            Compare(">", Name("revenue"), Literal(500, Type.MONEY)),
                            Compare("=", Name("channel"), Its("channel")),
                        ),
                    ),
                ),
            ),
        ),
        (
            "any(orders, where not followed_by(visits, where its.revenue > 1))",
            Aggregate(
                "any",
                "orders",
                where=Not(
                    Sequence("followed_by", "visits", where=Compare(">", Its("revenue"), Literal(100, Type.MONEY)))
                ),
            ),
        ),
        ("nth(customers.age, 2) is missing", IsMissing(Aggregate("nth", "customers", "age", nth=2))),
    ],
)
def test_newer_words_are_made_ready(text, ready):
    checked = check(parse(text), WORDS)
    assert checked.problems == ()
    assert checked.node == ready


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("now", Type.INSTANT),
        ("now - today", Type.DURATION),
        ("nth(orders.revenue, 2)", Type.MONEY),
        ("all(orders, where gift)", Type.BOOLEAN),
        ("days_to_anniversary(born)", Type.INTEGER),
        ("trim(country)", Type.TEXT),
        ("contains(country, 'a')", Type.BOOLEAN),
        ("score(expected_spend)", Type.MONEY),
        ("member(vip)", Type.BOOLEAN),
        ("all_people(vip)", Type.BOOLEAN),
    ],
)
def test_newer_words_have_types(text, kind):
    checked = check(parse(text), WORDS)
    assert (checked.type, checked.problems) == (kind, ())


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


@pytest.mark.parametrize("text", ["spend / 0.125", "spend * 0.125", "0.125 * spend", "spend / 30000000000000000000.0"])
def test_what_money_is_multiplied_or_divided_by_is_no_money(text):
    checked = check(parse(text), WORDS)
    assert (checked.type, checked.problems) == (Type.MONEY, ())


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


@given(
    st.sampled_from(list(STREAMS)).flatmap(
        lambda stream: condition(Scope({}).on_a_fact_of(stream), 3).map(
            lambda node: Aggregate("all", stream, where=node)
        )
    )
)
def test_a_well_typed_condition_on_a_fact_has_no_problems(node):
    checked = check(node, WORDS)
    assert (checked.type, checked.problems) == (Type.BOOLEAN, ())


def test_names_in_the_bounds_of_windows_and_in_questions_about_people_are_found():
    asked = parse("count(orders, after a) > 1 or any(orders, between b and c, where d) or any_person(e) or member(f)")
    assert names_in(asked) == {"a", "b", "c", "e"}


@given(st.sampled_from(list(Type)).flatmap(lambda kind: st.tuples(st.just(kind), tree(kind, EVERYTHING, 3))))
def test_a_well_typed_tree_has_its_type_and_no_problems(drawn):
    kind, node = drawn
    checked = check(node, WORDS)
    assert (checked.type, checked.problems) == (kind, ())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("followed_by(visits, where pge = its.x)", ["followed_by asks about one fact", "unknown column of visits"]),
        (
            "count(orders, where count(visits, after countr) > 1)",
            ["an aggregate inside the condition of another", "unknown name"],
        ),
        ("any_person(ag > 1)", ["no accounts are known", "unknown name"]),
        ("count(ordrs, after 5)", ["unknown stream", "not a bound in time"]),
    ],
)
def test_what_is_wrong_inside_something_misplaced_is_told_as_well(text, told):
    words = Vocabulary(STREAMS, {}, Currency("GBP"))
    assert [problem.what for problem in check(parse(text), words).problems] == told


@pytest.mark.parametrize(
    ("written", "simpler"),
    [
        ("count(orders, after now - 1 day)", "count(orders, last 1 day)"),
        ("count(orders, between start of month and now)", "count(orders, this month)"),
        ("count(orders, between today and now)", "count(orders, today)"),
        ("days_since(born) - days_since(first(orders.at))", "(first(orders.at) - born) / 1 day"),
    ],
)
def test_what_says_the_same_in_simpler_words_is_made_ready_as_that(written, simpler):
    words = Vocabulary(STREAMS, {}, Currency("GBP"), time_zone="Europe/London")
    assert check(parse(written), words).node == check(parse(simpler), words).node
