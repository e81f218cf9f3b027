"""Certainties: each kind is found and told, and nothing is ever called certain that some world answers otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from language_trees import NOON, STREAMS
from language_worlds import POUNDS, fitted_in, history, world

from smalti.facts import DAY, Type
from smalti.rules import (
    Aggregate,
    Case,
    Customer,
    IsMissing,
    Literal,
    Node,
    Not,
    Quantile,
    Vocabulary,
    check,
    children,
    meaning,
    parse,
    write,
)
from smalti.rules.certain import certainty
from smalti.rules.nodes import People
from smalti.rules.possible import Given, fact_in, possible, range_of, reached
from smalti.rules.ranges import Range, meet

TRAITS = {
    "spend": Type.MONEY,
    "orders_90d": Type.INTEGER,
    "share": Type.NUMBER,
    "vip": Type.BOOLEAN,
    "seen": Type.INSTANT,
}
WORDS = Vocabulary(
    STREAMS,
    TRAITS,
    POUNDS,
    segments=("loyal",),
    scores={"alive": Type.NUMBER},
    time_zone="Europe/London",
    account="company",
)

NEVER = "one that can be true"
CERTAIN = [
    # Comparisons with what can never be.
    ("count(orders) < 0", "a rule that is never true", "count(orders) < 0", NEVER, 1),
    ("count(orders) >= 0", "a rule that is always true", "count(orders) >= 0", "one that can be false", 1),
    ("distinct(orders.channel) = -1", "a rule that is never true", "distinct(orders.channel) = -1", NEVER, 1),
    ("count(orders) = 0.5", "a rule that is never true", "count(orders) = 0.5", NEVER, 1),
    ("count(orders) between 3 and 1", "a rule that is never true", "count(orders) between 3 and 1", NEVER, 1),
    ("share between 3 and 1", "a rule that is never true", "share between 3 and 1", NEVER, 1),
    ("count(orders) in (-1, -2)", "a rule that is never true", "count(orders) in (-1, -2)", NEVER, 1),
    ("count(orders) is missing", "a rule that is never true", "count(orders) is missing", NEVER, 1),
    ("count(orders) is not missing", "a rule that is always true", "count(orders) is not missing", "one that can", 1),
    ("hour(now) >= 24", "a rule that is never true", "hour(now) >= 24", NEVER, 1),
    ("month(born) = 13", "a rule that is never true", "month(born) = 13", NEVER, 1),
    ("weekday(now) = 0", "a rule that is never true", "weekday(now) = 0", NEVER, 1),
    ("bucket('a') < 0", "a rule that is never true", "bucket('a') < 0", NEVER, 1),
    ("bucket('a') = 1", "a rule that is never true", "bucket('a') = 1", NEVER, 1),
    ("bucket('a') is missing", "a rule that is never true", "bucket('a') is missing", NEVER, 1),
    ("bucket('a') < 0.2 and bucket('a') > 0.3", "a rule that is never true", "bucket('a') < 0.2 and", NEVER, 23),
    ("day_of_month(now) > 31", "a rule that is never true", "day_of_month(now) > 31", NEVER, 1),
    ("days_to_anniversary(born) > 400", "a rule that is never true", "days_to_anniversary(born) > 400", NEVER, 1),
    ("length(country) < 0", "a rule that is never true", "length(country) < 0", NEVER, 1),
    ("abs(share) < 0", "a rule that is never true", "abs(share) < 0", NEVER, 1),
    ("days_since(last(orders.at)) < 0", "a rule that is never true", "days_since(last(orders.at)) < 0", NEVER, 1),
    ("last(orders.at) > now", "a rule that is never true", "last(orders.at) > now", NEVER, 1),
    ("calendar_days_since(first(visits.at)) < -1", "a rule that is never true", "calendar_days", NEVER, 1),
    ("count(orders) + count(visits) < 0", "a rule that is never true", "count(orders) + count(vis", NEVER, 1),
    ("count(orders) / count(visits) < 0", "a rule that is never true", "count(orders) / count(vis", NEVER, 1),
    ("greatest(share, 5) < 3", "a rule that is never true", "greatest(share, 5) < 3", NEVER, 1),
    ("case when vip then 1 else 2 end > 2", "a rule that is never true", "case when vip then 1 else", NEVER, 1),
    ("count(orders) * 2 + 1 = 0", "a rule that is never true", "count(orders) * 2 + 1 = 0", NEVER, 1),
    ("false", "a rule that is never true", "false", NEVER, 1),
    ("share / 0 > 1", "a rule that is never true", "share / 0 > 1", NEVER, 1),
    ("1 > 2", "a rule that is never true", "1 > 2", NEVER, 1),
    # Comparisons with itself.
    ("spend < spend", "a rule that is never true", "spend < spend", NEVER, 1),
    (
        "country = country",
        "a rule that is true whenever it is known",
        "country = country",
        "one that can be false, or",
        1,
    ),
    ("seen + 1 day < seen", "a rule that is never true", "seen + 1 day < seen", NEVER, 1),
    (
        "spend + 5 > spend + 3",
        "a rule that is true whenever it is known",
        "spend + 5 > spend + 3",
        "one that can be fa",
        1,
    ),
    ("start of month < start of year", "a rule that is never true", "start of month < start of year", NEVER, 1),
    ("today > now", "a rule that is never true", "today > now", NEVER, 1),
    # Conditions that contradict each other.
    ("share > 5 and share < 3", "a rule that is never true", "share > 5 and share < 3", NEVER, 15),
    ("share > 5 and vip and share < 3", "a rule that is never true", "share > 5 and share < 3", NEVER, 23),
    ("spend > 5 and spend <= 5", "a rule that is never true", "spend > 5 and spend <= 5", NEVER, 15),
    (
        "orders_90d > 5 and not orders_90d > 3",
        "a rule that is never true",
        "orders_90d > 5 and not orders_90d > 3",
        NEVER,
        20,
    ),
    ("country = 'x' and country = 'y'", "a rule that is never true", "country = 'x' and country = 'y'", NEVER, 19),
    ("country = 'x' and country != 'x'", "a rule that is never true", "country = 'x' and country != 'x'", NEVER, 19),
    ("country in ('x', 'z') and country = 'y'", "a rule that is never true", "country in ('x', 'z') and", NEVER, 27),
    ("country in ('x', 'y') and country not in ('x', 'y')", "a rule that is never true", "country in", NEVER, 27),
    ("country like 'x' and country = 'y'", "a rule that is never true", "country like 'x' and country", NEVER, 22),
    ("share is missing and share > 5", "a rule that is never true", "share is missing and share > 5", NEVER, 22),
    (
        "share + 1 > 5 and share is missing",
        "a rule that is never true",
        "share + 1 > 5 and share is missing",
        NEVER,
        19,
    ),
    ("vip and not vip", "a rule that is never true", "vip and not vip", NEVER, 9),
    ("vip and vip = false", "a rule that is never true", "vip and vip = false", NEVER, 9),
    ("member(loyal) and not member(loyal)", "a rule that is never true", "member(loyal) and not mem", NEVER, 19),
    ("count(orders) > 2 and count(orders) < 3", "a rule that is never true", "count(orders) > 2 and count", NEVER, 23),
    ("(share > 5 or share > 7) and share < 3", "a rule that is never true", "(share > 5 or share > 7) and", NEVER, 30),
    (
        "seen > now - 30 days and seen < now - 60 days",
        "a rule that is never true",
        "seen > now - 30 days and seen < now - 60 days",
        NEVER,
        26,
    ),
    (
        "(vip or newsletter) and not vip and not newsletter",
        "a rule that is never true",
        "(vip or newsletter) and",
        NEVER,
        1,
    ),
    ("vip and (share > 5 and share < 3)", "a condition that is never true", "share > 5 and share < 3", NEVER, 24),
    # Conditions that leave nothing over.
    (
        "share >= 3 or share < 5",
        "a rule that is true whenever it is known",
        "share >= 3 or share < 5",
        "one that can",
        1,
    ),
    ("count(orders) >= 3 or count(orders) < 5", "a rule that is always true", "count(orders) >= 3 or cou", "one th", 1),
    ("vip or not vip", "a rule that is true whenever it is known", "vip or not vip", "one that can be false, or is", 1),
    (
        "share is missing or share is not missing",
        "a rule that is always true",
        "share is missing or share",
        "one that",
        1,
    ),
    (
        "country != 'x' or country != 'y'",
        "a rule that is true whenever it is known",
        "country != 'x' or",
        "one that",
        1,
    ),
    ("vip or true", "a rule that is always true", "vip or true", "one that can be false", 1),
    ("vip and count(orders) >= 0", "a condition that is always true", "count(orders) >= 0", "one that can be false", 9),
    # Inside conditions on one fact.
    (
        "count(orders, where quantity > 5 and quantity < 3) > 1",
        "a condition that is never true",
        "quantity > 5 and",
        NEVER,
        38,
    ),
    ("any(orders, where at > now)", "a condition that is never true", "at > now", NEVER, 19),
    (
        "any(orders, last 30 days, where days_since(at) > 60)",
        "a condition that is never true",
        "days_since(at) > 60",
        NEVER,
        33,
    ),
    (
        "any(orders, after instant '2026-01-01', where at < instant '2025-01-01')",
        "a condition that is never true",
        "at < instant",
        NEVER,
        47,
    ),
    ("any(orders, where false)", "a condition that is never true", "false", NEVER, 19),
    (
        "any(orders, where followed_by(visits, where page = 'x' and page = 'y'))",
        "a condition that is never true",
        "page = 'x' and page = 'y'",
        NEVER,
        60,
    ),
    (
        "any(visits, where followed_by(orders, where channel = its.page and channel != its.page))",
        "a condition that is never true",
        "channel = its.page and channel != its.page",
        NEVER,
        68,
    ),
    ("any_person(count(orders) < 0)", "a condition that is never true", "count(orders) < 0", NEVER, 12),
    (
        "share > quantile(share, 0.5, where count(orders) < 0)",
        "a condition that is never true",
        "count(orders) < 0",
        NEVER,
        36,
    ),
    # Windows.
    (
        "count(orders, between today and start of year) > 1",
        "a window that holds one instant at most",
        "between today and start of year",
        "a start before the end",
        15,
    ),
    (
        "count(orders, between start of month and start of quarter)",
        "a window that holds one instant at most",
        "between start of month and start of quarter",
        "a start before the end",
        15,
    ),
    (
        "count(orders, between instant '2026-02-01' and instant '2026-01-01')",
        "a window that can never hold anything",
        "between instant",
        "a start before the end",
        15,
    ),
    (
        "count(orders, between seen and seen - 1 day)",
        "a window that can never hold anything",
        "between seen and seen - 1 day",
        "a start before the end",
        15,
    ),
    (
        "count(orders, after now)",
        "a window that can never hold anything",
        "after now",
        "a start that is not in the future",
        15,
    ),
    (
        "count(orders, between now + 1 day and now + 2 days)",
        "a window that can never hold anything",
        "between now + 1 day and now + 2 days",
        "a start that is not in the future",
        15,
    ),
    # Branches.
    (
        "case when share > 5 then 1 when share > 7 then 2 end",
        "a branch that is never reached",
        "share > 7",
        "a condition that no branch before it takes up",
        33,
    ),
    (
        "case when share > 5 then 1 when share <= 5 then 2 when share is not missing then 3 end",
        "a branch that is never reached",
        "share is not missing",
        "a condition that no branch before it takes up",
        56,
    ),
    (
        "case when share is missing then 1 when share is not missing then 2 else 3 end",
        "an else that is never reached",
        "3",
        "branches that leave something over",
        73,
    ),
    ("case when count(orders) < 0 then 1 end", "a condition that is never true", "count(orders) < 0", NEVER, 11),
]


@pytest.mark.parametrize(("text", "what", "found", "wanted", "column"), CERTAIN, ids=[text for text, *_ in CERTAIN])
def test_a_certainty_is_told_with_its_place(text, what, found, wanted, column):
    (problem,) = told(text)
    assert problem.what == what
    assert problem.found.startswith(found)
    assert problem.wanted.startswith(wanted)
    assert (problem.line, problem.column) == (1, column)


def told(text: str) -> list[Any]:
    written = parse(text)
    checked = check(written, WORDS)
    assert checked.problems == ()
    return certainty(checked.node, written)


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "spend > 5",
        "vip",
        "case when share > 7 then 1 when share > 5 then 2 else 3 end",
        "case when share > 5 then 1 when share <= 5 then 2 else 3 end",
        "case when share > 5 then 1 when true then 2 end",
        "case when share > 5 or vip then 1 when share < 3 then 2 else 3 end",
        "(share > 5 or vip) and (share < 3 or share < 2)",
        "not (share > 5 and vip) and share > 7",
        "share between 1 and 2 or share between 3 and 4",
        "share not between 1 and 2 and share > 1",
        "share >= 3 and share <= 3",
        "share != 3 and share != 4",
        "share > 5 or share < 3",
        "country = 'x' or country = 'y'",
        "count(orders) > 2 and count(orders) < 4",
        "orders_90d > 2 and orders_90d < 3",
        "sum(orders.quantity) < 0",
        "mean(orders.quantity) is missing",
        "count(orders, last 30 days) = 0 and count(orders) > 0",
        "count(orders, between start of month and now) > 0",
        "count(orders, between start of week and start of month) > 0",
        "count(orders, between start of month and start of week) > 0",
        "count(orders, after born, where channel = 'web' or gift)",
        "count(orders, before instant '2020-01-01')",
        "start of week < start of year",
        "calendar_days_since(last(orders.at)) < 0",
        "years_since(born) < 0",
        "any(orders, last 30 days, where days_since(at) >= 29)",
        "any(orders, where not followed_by(visits, within 3 days))",
        "seen > now - 60 days and seen < now - 30 days",
        "born > now",
        "count(orders, where true)",
        "no_person(vip) and not member(loyal)",
        "share / orders_90d > 1 or vip",
        "count(orders, between seen and seen)",
        "share + 0.1 > 0.3 and share <= 0.2",
        "count(orders) / 7 > 0.5",
        "least(share, 5) < 3",
        "coalesce(share, 0) >= 0",
    ],
)
def test_what_can_be_so_or_otherwise_is_no_problem(text):
    assert [str(problem) for problem in told(text)] == []


def test_problems_are_told_in_the_words_that_were_written():
    (problem,) = told("country = 'x' and spend * 2 > 5 and money(3) > 4.5")
    assert problem.found == "money(3) > 4.5"
    (problem,) = told("spend > 5.5 and income > 1 and spend < 2")
    assert problem.found == "spend > 5.5 and spend < 2"
    (problem,) = told("hour(born) < 0")
    assert problem.found == "hour(born) < 0"


def test_all_certainties_are_told_at_once_and_each_once():
    problems = told("count(orders) < 0\n  or (share > 5 and share < 3)\n  or any(visits, after now)")
    assert [(problem.found, problem.line, problem.column) for problem in problems] == [
        ("count(orders) < 0", 1, 1),
        ("share > 5 and share < 3", 2, 21),
        ("after now", 3, 18),
    ]


# No false alarm: the ranges hold every value that the law gives.


def holds(found: Range, value: Any) -> bool:
    if value is None:
        return found.missing
    return meet(replace(found, missing=False), Range.of(value)).known


def outside_conditions(node: Node) -> Iterator[Node]:
    """Give all parts that are asked about the customer, and not about one fact, other people, or everyone."""
    yield node
    if not isinstance(node, Aggregate | People | Quantile):
        for child in children(node):
            yield from outside_conditions(child)


def contradictions(node: Node, her: Customer, at: int) -> Iterator[str]:
    """Say where the law gives a part a value that was called impossible."""
    anywhere = Given()
    for part in outside_conditions(node):
        value = meaning(part, her, at)
        if not holds(range_of(part, anywhere), value):
            yield f"{part} is {value}, said to be {range_of(part, anywhere)}"
        if isinstance(part, Aggregate):
            yield from untrue_of_facts(part, her, at)
        if isinstance(part, Case):
            taken = [meaning(condition, her, at) is True for condition, _ in part.branches] + [True]
            if reached(part, taken.index(True)) is None:
                yield f"{part} takes branch {taken.index(True)}, said never to be reached"


def untrue_of_facts(node: Aggregate, her: Customer, at: int) -> Iterator[str]:
    """Say where what was told of a window, or of a condition on a fact in it, does not hold."""
    told = [problem.what for problem in certainty(node) if node.window and problem.found == write(node.window)]
    instants = meaning(Aggregate("distinct", node.stream, "at", node.window), her, at)
    if told and instants > ("one instant" in told[0]):
        yield f"{node.window} holds {instants} instants, but {told[0]}"
    if node.where is not None:
        found = possible(node.where, fact_in(node.window))
        for answer, asked in {True: node.where, False: Not(node.where), None: IsMissing(node.where)}.items():
            if answer not in found and meaning(Aggregate("any", node.stream, None, node.window, asked), her, at):
                yield f"{node.where} is {answer} of some fact, said to be one of {found}"


@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
    max_examples=settings.default.max_examples // 2,
)
@given(world(trees=2))
def test_whatever_the_law_gives_was_held_possible(drawn):
    fitted = fitted_in(drawn)
    for her in drawn.people(fitted).values():
        for node in drawn.ready().trees():
            assert list(contradictions(node, her, drawn.at)) == []


SUBJECTS = [
    *("count(orders)", "distinct(orders.channel)", "orders_90d", "share", "sum(orders.quantity)", "count(orders) / 2"),
    *("hour(born)", "weekday(now)", "days_since(last(orders.at))", "calendar_days_since(born)", "length(country)"),
    *("years_since(born)", "abs(share)", "greatest(share, orders_90d)", "coalesce(share, 2)", "floor(share)"),
    *("count(orders) + 1", "count(orders) - 2", "share + 1", "orders_90d * 2", "count(orders) * 2 + 1", "-share"),
    "case when share > 1 then count(orders) when share <= 1 then 2 else share end",
]
INSTANTS = [
    *("now", "today", "start of week", "start of month", "start of quarter", "start of year", "last(orders.at)"),
    *("born", "now - 1 day", "now + 1 day", "today - 1 day", "last(orders.at) + 1 day", "start of week + 1 day"),
    *("instant '2026-06-30'", "instant '2026-06-29T12:00:00Z'", "seen", "seen - 1 day"),
]
OTHERS = ["vip", "newsletter", "vip = true", "newsletter != vip", "share is missing", "born is missing"]
ON_FACTS = [
    "at > now",
    "days_since(at) > 1",
    "quantity > 1",
    "at < instant '2026-06-29'",
    "gift",
    "quantity <= 1",
    "true",
]
WINDOWS = ["", ", last 1 day", ", last 2 days", ", today", ", after now - 1 day", ", before today"]


@st.composite
def tight(draw, depth: int = 2) -> str:
    """Draw a condition in which the same few things are asked again and again, so that much of it is certain."""
    if depth and draw(st.integers(0, 3)):
        parts = draw(st.lists(tight(depth - 1), min_size=2, max_size=3))
        how = draw(st.sampled_from(["and", "and", "or", "not", "case", "nest"]))
        if how == "not":
            return f"not ({parts[0]})"
        if how == "case":
            return f"case when {parts[0]} then {parts[1]} when {parts[-1]} then true else {parts[0]} end"
        if how == "nest":
            return f"({parts[0]}) {draw(st.sampled_from(['=', '!=']))} ({parts[1]})"
        return "(" + f" {how} ".join(parts) + ")"
    op = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]))
    number = draw(st.sampled_from(["-1", "0", "0.5", "1", "2", "3"]))
    one, two = draw(st.sampled_from(INSTANTS)), draw(st.sampled_from(INSTANTS))
    few = st.sampled_from(draw(st.sampled_from([SUBJECTS[:4], SUBJECTS])))
    here = draw(st.sampled_from(["number", "number", "numbers", "between", "in", "text", "instants", "other", "facts"]))
    return {
        "number": f"{draw(few)} {op} {number}",
        "numbers": f"{draw(few)} {op} {draw(few)}",
        "between": f"{draw(few)} between {number} and {draw(few)}",
        "in": f"{draw(few)} in (1, {number}, 2.5)",
        "text": f"country {draw(st.sampled_from(['=', '!=', 'like', '<']))} '{draw(st.sampled_from(['web', 'shop', '']))}'",
        "instants": f"{one} {op} {two}",
        "other": draw(st.sampled_from(OTHERS)),
        "facts": f"any(orders{draw(st.sampled_from(WINDOWS))}, where {draw(st.sampled_from(ON_FACTS))} and not "
        f"{draw(st.sampled_from(ON_FACTS))})",
    }[here]


values = st.none() | st.sampled_from([-1, 0, 1, 2, 3])
people = st.builds(
    lambda facts, orders_90d, share, vip, seen: Customer(
        facts,
        scores={"orders_90d": orders_90d, "share": share, "vip": vip, "seen": seen, "spend": None, "alive": None},
        segments={"loyal": Literal(True, Type.BOOLEAN)},
    ),
    history(),
    values,
    values | st.sampled_from([-0.5, 0.0, 0.1, 0.5, 2.5]),
    st.none() | st.booleans(),
    st.none() | st.sampled_from([NOON - DAY, NOON, NOON + DAY]),
)


@settings(deadline=None)
@given(
    tight(), st.lists(people, min_size=1, max_size=2), st.sampled_from([NOON, NOON - 1, NOON + DAY // 2, NOON - DAY])
)
def test_no_certainty_of_a_tight_rule_is_false(text, asked, at):
    checked = check(parse(text), WORDS)
    assert checked.problems == ()
    for her in asked:
        assert list(contradictions(checked.node, her, at)) == []


@settings(deadline=None)
@given(tight(), people)
def test_what_is_told_of_a_rule_is_so(text, her):
    """Of a whole rule called never true the answer is never true, and so on."""
    written = parse(text)
    ready = check(written, WORDS).node
    for problem in certainty(ready, written):
        assert problem.line == 1
        if problem.what.startswith("a rule"):
            answer = meaning(ready, her, NOON)
            assert (
                answer
                in {
                    "a rule that is never true": (False, None),
                    "a rule that is always true": (True,),
                    "a rule that is true whenever it is known": (True, None),
                }[problem.what]
            )
