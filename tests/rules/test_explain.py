"""Rules as sentences and answers as reasons, as a marketer reads them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.facts import DAY, FOREVER_AGO, HOUR, MINUTE, STANDARD_STREAMS, Column, Currency, Stream, Type, parse_instant
from smalti.rules import Customer, Vocabulary, Words, check, meaning, parse, reasons, sentence
from smalti.rules.explain import Reason, because
from smalti.rules.explain.sentences import opposite
from smalti.rules.nodes import Compare, IsMissing, Like, Logic, Name, Not, Quantile

STREAMS = STANDARD_STREAMS | {
    "events": Stream("events", (Column("name", Type.TEXT), Column("category", Type.TEXT), Column("price", Type.MONEY))),
    "touches": Stream("touches", (Column("gift", Type.BOOLEAN),)),
    "company_news": Stream("company_news", ()),
    "customers": Stream(
        "customers",
        (
            Column("country", Type.TEXT),
            Column("Marital Status", Type.TEXT),
            Column("born", Type.INSTANT),
            Column("plan", Type.TEXT),
            Column("company", Type.TEXT),
        ),
    ),
}
TYPES = {
    "spend_365d": Type.MONEY,
    "days_since_order": Type.NUMBER,
    "orders_90d": Type.INTEGER,
    "last_order": Type.INSTANT,
    "gap": Type.DURATION,
    "vip": Type.BOOLEAN,
}
TITLES = {"spend_365d": "spend in the last year", "slipping": "Slipping away"}
VOCABULARY = Vocabulary(
    STREAMS,
    TYPES,
    Currency("GBP"),
    segments={"slipping"},
    scores={"p_alive": Type.NUMBER},
    time_zone="Europe/London",
    account="company",
)
WORDS = Words(Currency("GBP"), TITLES, TYPES | {"born": Type.INSTANT}, time_zone="Europe/London")


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
        ("not country = 'France'", "country is not 'France'"),
        ('"Marital Status" is missing', "Marital Status is missing"),
        ("country is not missing", "country is known"),
        ("country in ('France', 'Spain')", "country is one of 'France', 'Spain'"),
        ("country not in ('France')", "country is none of 'France'"),
        ("country like 'F%'", "country looks like 'F%'"),
        ("not country like 'F%'", "country does not look like 'F%'"),
        ("orders_90d between 2 and 1000", "orders 90d is between 2 and 1,000"),
        ("orders_90d not between 2 and 3", "orders 90d is not between 2 and 3"),
        ("not orders_90d >= 2", "orders 90d is below 2"),
        ("not not vip", "vip"),
        ("not vip", "not vip"),
        ("not (vip and orders_90d < 3)", "it is not so that (vip and orders 90d is below 3)"),
        ("orders_90d != 2 and (vip or orders_90d < 3)", "orders 90d is not 2 and (vip or orders 90d is below 3)"),
        ("spend_365d * 1.5", "spend in the last year times 1.5"),
        ("money(orders_90d)", "orders 90d as money"),
        ("money(spend_365d) * 100", "spend in the last year times 100"),
        ("orders_90d + 2 * orders_90d", "orders 90d plus (2 times orders 90d)"),
        ("coalesce(spend_365d, 0)", "the first known of spend in the last year and £0.00"),
        ("least(orders_90d, 2, 3)", "the smallest of orders 90d, 2 and 3"),
        ("abs(-2.5)", "the size of minus 2.5"),
        ("floor(days_since_order)", "days since order rounded down"),
        ("gap > 1 day", "gap is above 1 day"),
        ("vip = true", "vip is true"),
        ("case when vip then 'a' else 'b' end", "'a' if vip, 'b' otherwise"),
        ("case when vip then 'a' end", "'a' if vip"),
    ],
)
def test_a_tree_is_told_as_a_sentence(text, told):
    assert sentence(ready(text), WORDS) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("count(orders, last 30 days) = 0", "the number of orders in the last 30 days is 0"),
        ("count(orders, today)", "the number of orders today"),
        ("count(orders, this month)", "the number of orders this month"),
        ("count(orders, after last(returns.at))", "the number of orders after the latest return"),
        ("count(orders, before instant '2026-07-01T12:30Z')", "the number of orders before 2026-07-01 13:30"),
        ("count(orders, between born and born + 3 days)", "the number of orders from born to 3 days after born"),
        ("count(orders, after now - 90 days)", "the number of orders in the last 90 days"),
        ("count(orders, before now + 1 hour)", "the number of orders before 1 hour from now"),
        ("any(orders, where channel = 'web')", "there is an order where channel is 'web'"),
        ("not any(orders, last 2 days)", "there is no order in the last 2 days"),
        ("any(company_news)", "there is a company news"),
        ("any(touches, where gift)", "there is a touch where gift"),
        ("any(order_items)", "there is an order item"),
        (
            "all(orders, last 90 days, where channel = 'web')",
            "for every order in the last 90 days, channel is 'web'",
        ),
        (
            "not all(orders, where channel = 'web')",
            "it is not so that for every order, channel is 'web'",
        ),
        ("sum(orders.revenue, this year)", "the total revenue of orders this year"),
        ("mean(orders.revenue) <= 5", "the average revenue of orders is at most £5.00"),
        ("distinct(orders.channel)", "the number of different values of channel among orders"),
        ("most_frequent(orders.category)", "the most frequent category of orders"),
        ("first(orders.revenue)", "the revenue of the first order"),
        ("nth(orders.revenue, 2)", "the revenue of the second order"),
        ("nth(orders.at, 12, last 90 days)", "the time of the 12th order in the last 90 days"),
        ("days_since(nth(orders.at, 2))", "days since the second order"),
        ("last(orders.at) < instant '2026-01-02'", "the time of the latest order is before 2026-01-02"),
        ("last_order >= today", "last order is not before the start of today"),
        ("last_order >= start of month", "last order is not before the start of this month"),
        ("last_order > now - 30 days", "last order is after 30 days ago"),
        ("now - last_order", "now minus last order"),
        ("days_since(last(orders.at)) > 60.5", "more than 60.5 days have passed since the latest order"),
        ("days_since(last_order) <= 3", "at most 3 days have passed since last order"),
        ("days_since(born) != 3", "days since born is not 3"),
        (
            "any(customers, last 30 days, where plan = 'gold')",
            "there is a record in the last 30 days where plan is 'gold'",
        ),
        ("first(customers.plan)", "the plan of the first record"),
    ],
)
def test_summaries_of_facts_are_told(text, told):
    assert sentence(ready(text), WORDS) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("days_to_anniversary(born) <= 7", "days until the anniversary of born is at most 7"),
        ("years_since(born) >= 18", "full years since born is at least 18"),
        ("calendar_days_since(last(orders.at)) = 0", "calendar days since the latest order is 0"),
        ("month(born) = 12", "the month of born is December"),
        ("weekday(now) in (6, 7)", "the weekday of now is one of Saturday, Sunday"),
        ("weekday(now) between 1 and 5", "the weekday of now is between Monday and Friday"),
        ("hour(now) = 9", "the hour of now is 9"),
        ("day_of_month(born) = 1", "the day of the month of born is 1"),
        ("year(born) < 2000", "the year of born is below 2000"),
        ("lower(trim(country)) = 'france'", "country without blanks around it in lower case is 'france'"),
        ("length(country) > 2", "the length of country is above 2"),
        ("contains(country, 'an')", "country contains 'an'"),
        ("not starts_with(country, 'F')", "country does not start with 'F'"),
        ("ends_with(country, 'e')", "country ends with 'e'"),
        ("bucket('spring') < 0.1", "is in the first 10 % of the draw 'spring'"),
        ("bucket('spring') <= 0.125", "is in the first 12.5 % of the draw 'spring'"),
        ("bucket('hold_out') >= 0.05", "is not in the first 5 % of the draw 'hold_out'"),
        ("not bucket('a') < 0.07", "is not in the first 7 % of the draw 'a'"),
        ("bucket('spring') between 0.1 and 0.2", "the draw 'spring' is between 0.1 and 0.2"),
        ("bucket('spring') < 2 * bucket('autumn')", "the draw 'spring' is below 2 times the draw 'autumn'"),
        ("member(slipping)", "is in Slipping away"),
        ("not member(slipping)", "is not in Slipping away"),
        ("score(p_alive) < 0.5", "p alive is below 0.5"),
        (
            "any_person(count(orders) > 0)",
            "for at least one of its people, the number of orders is above 0",
        ),
        ("all_people(vip and orders_90d > 1)", "for every one of its people, (vip and orders 90d is above 1)"),
        ("no_person(country = 'France')", "for none of its people, country is 'France'"),
    ],
)
def test_calendars_texts_segments_and_people_are_told(text, told):
    assert sentence(ready(text), WORDS) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "any(events, where followed_by(orders, within 3 days, where category = its.category))",
            "there is an event where an order follows within 3 days where category is the same",
        ),
        (
            "any(events, where name = 'Cart' and not followed_by(orders, within 2 days))",
            "there is an event where (name is 'Cart' and no order follows within 2 days)",
        ),
        (
            "count(orders, where preceded_by(events, where category != its.category))",
            "the number of orders where an event came before where category is another",
        ),
        (
            "any(events, where followed_by(orders, where revenue > its.price and at < its.at + 1 hour))",
            "there is an event where an order follows where (revenue is above the price of that event and "
            "its time is before 1 hour after the time of that event)",
        ),
        ("any(orders, where not preceded_by(orders))", "there is an order where no order came before"),
    ],
)
def test_sequences_are_told(text, told):
    assert sentence(ready(text), WORDS) == told


@pytest.mark.parametrize(
    ("share", "told"),
    [("0.8", "80th"), ("0.01", "1st"), ("0.12", "12th"), ("0.29", "29th"), ("0.33", "33rd"), ("0.62", "62nd")],
)
def test_a_quantile_is_told_as_a_percentile(share, told):
    node = ready(f"quantile(spend_365d, {share})")
    assert sentence(node, WORDS) == f"the {told} percentile of spend in the last year"


def test_a_fitted_constant_is_told_with_its_value():
    node = ready("spend_365d >= quantile(spend_365d, 0.999, where vip)")
    assert isinstance(node.right, Quantile)
    words = Words(Currency("GBP"), WORDS.titles, TYPES, {node.right: 123_456})
    told = "spend in the last year is at least £1,234.56 (the 99.9th percentile of spend in the last year where vip)"
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
        (parse_instant("2026-06-30T22:59:59Z"), Type.INSTANT, "2026-06-30"),
        (parse_instant("2026-06-30T23:00:00Z"), Type.INSTANT, "2026-07-01"),
        (90 * DAY, Type.DURATION, "90 days"),
        (FOREVER_AGO, Type.INSTANT, "0001-01-01"),
    ],
)
def test_a_value_is_told_by_its_type(value, kind, told):
    zone = "America/New_York" if value == FOREVER_AGO else "Europe/London"
    assert Words(Currency("GBP"), time_zone=zone).value(value, kind) == told


NOW = parse_instant("2026-06-19T03:20Z")
SCORES = {
    "spend_365d": 41_250,
    "days_since_order": 41.25,
    "orders_90d": None,
    "last_order": parse_instant("2026-01-01T12:00Z"),
    "gap": 2 * DAY,
    "vip": True,
}


def why(text, facts=None, **options):
    rule = ready(text)
    rules = {"slipping": ready("days_since_order > 40 and spend_365d >= 400")}
    her = Customer(facts or {}, scores=SCORES, segments=rules)
    return reasons(rule, WORDS, lambda node: meaning(node, her, NOW), **options)


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
            "last_order < instant '2026-01-03T12:00Z'",
            True,
            "last order is 2026-01-01 12:00",
            "stays so while it is before 2026-01-03 12:00, 2 days away",
        ),
        ("spend_365d >= 412.5", True, "spend in the last year is £412.50", "stays so while it is at least £412.50"),
        ("spend_365d > 412.5", False, "spend in the last year is £412.50", "stays so while it is at most £412.50"),
        ("vip = true", True, "vip is true", None),
        ("vip", True, None, None),
        (
            "500 <= spend_365d",
            False,
            "spend in the last year is £412.50",
            "stays so while it is below £500.00, £87.50 away",
        ),
        (
            "days_since_order * 2 > days_since_order + 41",
            True,
            "days since order times 2 is 82.5, days since order plus 41 is 82.2",
            "stays so while it is above 82.2, 0.25 away",
        ),
        ("country in ('France')", None, "country is missing", None),
        ("1 < 2", True, "1 is 1", "stays so while it is below 2, 1 away"),
    ],
)
def test_a_reason_says_what_was_found_and_how_far_it_stays_so(text, answer, found, change):
    (reason,) = why(text)
    assert (reason.answer, reason.found, reason.change) == (answer, found, change)
    assert reason.decides


@pytest.mark.parametrize(
    ("text", "away"),
    [
        ("spend_365d >= 500", "£87.50 too little"),
        ("spend_365d < 400", "£12.50 too much"),
        ("not spend_365d < 400", "£12.50 to spare"),
        ("spend_365d > 412.5", "just at it"),
        ("spend_365d between 300 and 500", "£87.50 to spare"),
        ("spend_365d between 500 and 600", "£87.50 too little"),
        ("spend_365d not between 100 and 400", "£12.50 too much"),
        ("days_since_order between 50 and 60", "8.75 too little"),
        ("last_order < instant '2026-01-03T12:00Z'", "2 days before that"),
        ("last_order > instant '2025-12-31T12:00Z'", "1 day after that"),
        ("last_order >= instant '2026-01-01T12:00Z'", "just then"),
        ("orders_90d between 1 and 2", None),
        ("country like 'F%'", None),
    ],
)
def test_a_reason_says_by_how_much(text, away):
    (reason,) = why(text)
    assert reason.away == away


def decided(text):
    return [(one.sentence, one.answer, one.decides) for one in why(text)]


def test_every_part_however_deep_is_a_reason_and_says_whether_it_decides():
    assert decided("vip and (spend_365d >= 500 or not (gap > 1 day or country = 'France'))") == [
        ("vip", True, False),
        ("spend in the last year is at least £500.00", False, True),
        ("gap is at most 1 day", False, True),
        ("country is not 'France'", None, False),
    ]
    assert decided("vip or spend_365d >= 500") == [
        ("vip", True, True),
        ("spend in the last year is at least £500.00", False, False),
    ]
    assert decided("vip and orders_90d > 1") == [("vip", True, False), ("orders 90d is above 1", None, True)]


def test_a_membership_is_looked_into():
    (reason,) = why("not member(slipping)", rules={"slipping": ready("days_since_order > 40 and spend_365d >= 400")})
    assert (reason.sentence, reason.answer) == ("is not in Slipping away", False)
    assert [(one.found, one.away) for one in reason.parts] == [
        ("days since order is 41.2", "1.25 to spare"),
        ("spend in the last year is £412.50", "£12.50 to spare"),
    ]
    assert why("member(slipping)")[0].parts == ()


def test_a_rule_that_comes_back_to_itself_is_looked_into_once():
    (reason,) = why("member(slipping)", rules={"slipping": ready("vip and not member(slipping)")})
    assert [one.sentence for one in reason.parts] == ["vip", "is not in Slipping away"]
    assert reason.parts[1].parts == ()


def test_when_a_part_changes_by_itself_is_told_exactly_and_for_people():
    at = parse_instant("2026-07-01T12:00:00.000001Z")
    node = ready("days_since_order > 60")
    told = why("days_since_order > 60 and vip", changes_at={node: at}.get, now=NOW)
    assert [one.changes_at for one in told] == [at, None]
    assert (
        told[0].change == "changes by itself on 1 July 2026 at 13:00 (Europe/London) (in 12.4 days) if nothing happens"
    )
    assert told[1].change is None
    (reason,) = why("days_since_order > 60", changes_at={node: at}.get)
    assert reason.change == "changes by itself on 1 July 2026 at 13:00 (Europe/London) if nothing happens"


@pytest.mark.parametrize(
    ("length", "told"),
    [(1, "in less than a minute"), (MINUTE, "in 1 minute"), (47 * HOUR, "in 47.0 hours"), (60 * DAY, "in 60.0 days")],
)
def test_how_far_off_is_told(length, told):
    assert WORDS.ahead(length) == told


def test_an_hour_is_told_by_the_clocks_meant():
    assert Words(Currency("GBP")).date_and_time(parse_instant("2026-07-01T12:00Z")) == "1 July 2026 at 12:00 UTC"


def test_one_sentence_says_why():
    assert because(why("spend_365d >= 500 and vip"), False) == (
        "not in, because spend in the last year is at least £500.00 fails: spend in the last year is £412.50, "
        "£87.50 too little"
    )
    assert because(why("orders_90d > 1"), None) == (
        "unknown, because orders 90d is above 1 is unknown: orders 90d is missing"
    )
    assert because([], True) == "in"
    assert because([Reason("vip", True)], True) == "in, because vip holds"


ATOMS = [Compare(op, Name("a"), Name("b")) for op in ("=", "!=", "<", "<=", ">", ">=")]
ATOMS += [IsMissing(Name("a")), Like(Name("t"), "f%")]
RULES = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(Logic, st.sampled_from(["and", "or"]), st.tuples(inner, inner)),
    ),
    max_leaves=8,
)
VALUES = st.sampled_from([None, 0, 1])


@settings(max_examples=60)
@given(rule=RULES, a=VALUES, b=VALUES, t=st.sampled_from([None, "foo", "bar"]))
def test_the_opposite_of_a_rule_is_not_the_rule(rule, a, b, t):
    her = Customer({}, scores={"a": a, "b": b, "t": t})
    assert meaning(opposite(rule), her, 0) is meaning(Not(rule), her, 0)


@settings(max_examples=60)
@given(rule=RULES, a=VALUES, b=VALUES, t=st.sampled_from([None, "foo", "bar"]))
def test_what_decides_has_the_answer_of_the_rule(rule, a, b, t):
    her = Customer({}, scores={"a": a, "b": b, "t": t})
    told = reasons(rule, Words(Currency("GBP")), lambda node: meaning(node, her, 0))
    answers = {one.answer for one in told if one.decides}
    assert answers == {meaning(rule, her, 0)}
