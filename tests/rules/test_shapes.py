"""A tree that no text could give is told of, whatever is wrong with it, and never breaks the check."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from language_trees import EVERYTHING, STREAMS, tree

from smalti.facts import Currency, Type
from smalti.rules import (
    Aggregate,
    Arithmetic,
    Call,
    Case,
    Compare,
    In,
    Last,
    Literal,
    Logic,
    Name,
    Not,
    People,
    Sequence,
    StartOf,
    This,
    Vocabulary,
    check,
)
from smalti.rules.shapes import misshapen

ONE = Literal(1, Type.INTEGER)
WORDS = Vocabulary(STREAMS, {"vip": Type.BOOLEAN}, Currency("GBP"))
MISTAKES = [
    (Aggregate("cuont", "orders"), "unknown aggregate", "cuont", "one of count, any", "count"),
    (
        Aggregate("count", "orders", window=This("mnth")),
        "unknown unit of the calendar",
        "mnth",
        "one of day, week",
        "month",
    ),
    (StartOf("fortnight"), "unknown unit of the calendar", "fortnight", "one of day, week, month, quarter, year", None),
    (Call("lowr", (ONE,)), "unknown function", "lowr", "one of days_since", "lower"),
    (Call("to_minor", (ONE,)), "unknown function", "to_minor", "one of days_since", None),
    (Compare("=>", ONE, ONE), "unknown comparison", "=>", "one of =, !=, <, <=, >, >=", ">="),
    (Compare("==", ONE, ONE), "unknown comparison", "==", "one of =, !=", None),
    (Arithmetic("%", ONE, ONE), "unknown sign of arithmetic", "%", "one of +, -, *, /", None),
    (Logic("xor", (Name("vip"), Name("vip"))), "unknown word of logic", "xor", "one of and, or", "or"),
    (Logic("and", (Name("vip"),)), "too few parts", "1 parts", "at least 2", None),
    (Logic("and", ()), "too few parts", "0 parts", "at least 2", None),
    (In(ONE, ()), "too few options", "0 options", "at least 1", None),
    (In(ONE, (Name("vip"),)), "an option that is not written out", "in", "values such as 'shoes' or 5", None),
    (Case(()), "too few branches", "0 branches", "at least 1", None),
    (Aggregate("nth", "orders", "at", nth=0), "not a place to count to", "0", "a whole number from 1", None),
    (Aggregate("nth", "orders", "at", nth=-2), "not a place to count to", "-2", "a whole number from 1", None),
    (Aggregate("nth", "orders", "at"), "not a place to count to", "None", "a whole number from 1", None),
    (Aggregate("last", "orders", "at", nth=2), "last counts to no place", "2", "nth, or no number", None),
    (People("some", Name("vip")), "unknown question about people", "some", "one of any, all, no", None),
    (
        Aggregate("any", "orders", where=Sequence("folowed_by", "visits")),
        "unknown sequence",
        "folowed_by",
        "one of followed_by, preceded_by",
        "followed_by",
    ),
    (Literal("5", Type.INTEGER), "not a value of integer", "5", "a value of integer that can be held", None),
    (Literal(True, Type.INTEGER), "not a value of integer", "True", "a value of integer that can be held", None),
    (Literal(5, Type.TEXT), "not a value of text", "5", "a value of text that can be held", None),
    (Literal(float("inf"), Type.NUMBER), "not a value of number", "inf", "a value of number that can be held", None),
    (Literal(2**63, Type.INTEGER), "not a value of integer", str(2**63), "a value of integer that can", None),
    (Literal(2**62, Type.INSTANT), "not a value of instant", str(2**62), "a value of instant that can", None),
]


@pytest.mark.parametrize(("node", "what", "found", "wanted", "hint"), MISTAKES, ids=[str(one[1]) for one in MISTAKES])
def test_a_wrong_shape_is_told(node, what, found, wanted, hint):
    for tree_ in (node, Not(Compare("=", node, ONE)), Aggregate("count", "orders", window=Last(1), where=node)):
        (problem,) = check(tree_, WORDS).problems
        assert (problem.what, problem.found, problem.hint) == (what, found, hint)
        assert problem.wanted.startswith(wanted)


def test_all_wrong_shapes_are_told_at_once():
    node = Compare("==", Aggregate("cuont", "orders"), Call("lowr", ()))
    assert [problem.found for problem in check(node, WORDS).problems] == ["==", "cuont", "lowr"]


@pytest.mark.parametrize("function", ["money", "abs", "coalesce", "days_since", "hour"])
def test_a_function_of_nothing_is_a_mistake(function):
    (problem,) = check(Call(function, ()), WORDS).problems
    assert problem.what == f"{function} with the wrong number of values"


@given(st.sampled_from(list(Type)).flatmap(lambda kind: tree(kind, EVERYTHING, 3)))
def test_nothing_is_wrong_with_the_shape_of_what_people_write(node):
    assert misshapen(node) == []
