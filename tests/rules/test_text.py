"""People's text and the tree turn into each other without loss; mistakes are told with their place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from language_trees import EVERYTHING, Scope, condition, tree

from smalti.errors import DefinitionError, Problem
from smalti.facts import DAY, HOUR, MINUTE, Type, parse_instant
from smalti.rules import (
    After,
    Aggregate,
    Arithmetic,
    Before,
    Between,
    Call,
    Compare,
    During,
    In,
    Its,
    Last,
    Literal,
    Logic,
    Member,
    Name,
    Negate,
    Not,
    Now,
    People,
    Quantile,
    Score,
    Sequence,
    StartOf,
    This,
    parse,
    walk,
    write,
    write_name,
)

words = """or and not last end true instant quantile count lower orders android order now today start this after before
    within its nth member score nowhere todays day week month quarter year hour followed_by any_person all itself"""
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8) | st.sampled_from(words.split())
literals = st.one_of(
    st.integers(0, 2**63 - 1).map(lambda value: Literal(value, Type.INTEGER)),
    st.floats(0, allow_nan=False, allow_infinity=False).map(lambda value: Literal(value, Type.NUMBER)),
    st.text(st.characters(exclude_categories=["Cs"])).map(lambda value: Literal(value, Type.TEXT)),
    st.integers(0, 10**15).map(lambda value: Literal(value, Type.DURATION)),
    st.integers(parse_instant("0001-01-01"), parse_instant("9999-12-31")).map(lambda at: Literal(at, Type.INSTANT)),
)


@given(st.sampled_from(list(Type)).flatmap(lambda kind: tree(kind, EVERYTHING, 3)))
def test_a_tree_is_read_back_as_it_was_written(node):
    assert parse(write(node)) == node


@given(st.sampled_from(list(Type)).flatmap(lambda kind: tree(kind, EVERYTHING, 2)))
def test_text_is_written_one_way(node):
    assert write(parse(f"(\n{write(node)}\t)")) == write(node)


@given(
    st.sampled_from(["orders", "visits", "customers"]).flatmap(lambda one: condition(Scope({}).on_a_fact_of(one), 3))
)
def test_a_condition_on_a_fact_is_read_back_as_it_was_written(node):
    assert parse(write(node)) == node


@given(names, names)
def test_any_segment_score_and_column_can_be_written(name, other):
    node = Logic("and", (Member(name), Compare("=", Score(other), Its(name)), People("no", Name(other))))
    assert parse(write(node)) == node


@given(names, literals)
def test_any_name_and_any_value_can_be_written(name, literal):
    node = Compare("=", Name(name), literal)
    assert parse(write(node)) == node
    assert parse(write_name(name)) == Name(name)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a or b and c", Logic("or", (Name("a"), Logic("and", (Name("b"), Name("c")))))),
        ("(a or b) and c", Logic("and", (Logic("or", (Name("a"), Name("b"))), Name("c")))),
        ("not a = b", Not(Compare("=", Name("a"), Name("b")))),
        ("a - b - c", Arithmetic("-", Arithmetic("-", Name("a"), Name("b")), Name("c"))),
        ("-a * b", Arithmetic("*", Negate(Name("a")), Name("b"))),
        ("a--b", Arithmetic("-", Name("a"), Negate(Name("b")))),
        ("x in (-1, 2)", In(Name("x"), (Negate(Literal(1, Type.INTEGER)), Literal(2, Type.INTEGER)))),
        ("orders_90d", Name("orders_90d")),
        ("not notes", Not(Name("notes"))),
        ('"Marital Status"', Name("Marital Status")),
        ('"say ""hi"""', Name('say "hi"')),
        ("'it''s'", Literal("it's", Type.TEXT)),
        ("count ( orders , last 30days )", Aggregate("count", "orders", window=Last(30 * DAY))),
        ('sum(survey."How much")', Aggregate("sum", "survey", "How much")),
        ("last(orders.last)", Aggregate("last", "orders", "last")),
        ("1e3", Literal(1000.0, Type.NUMBER)),
        ("quantile(x, 1, where x > 0)", Quantile(Name("x"), 1.0, parse("x > 0"))),
        ("instant '2026-07-01T00:00+01:00'", Literal(parse_instant("2026-06-30T23:00Z"), Type.INSTANT)),
        ("count(orders, today)", Aggregate("count", "orders", window=This("day"))),
        ("count(orders, this  quarter)", Aggregate("count", "orders", window=This("quarter"))),
        ("count(orders, after a + 3 days)", Aggregate("count", "orders", window=After(parse("a + 3 days")))),
        ("any(orders, before today)", Aggregate("any", "orders", window=Before(StartOf("day")))),
        (
            "sum(orders.revenue, between a and b, where c and d)",
            Aggregate("sum", "orders", "revenue", During(Name("a"), Name("b")), parse("c and d")),
        ),
        ("all(orders, where gift)", Aggregate("all", "orders", where=Name("gift"))),
        ("nth(orders.at, 2)", Aggregate("nth", "orders", "at", nth=2)),
        (
            'nth(a."b c", 10, last 1 hour, where d)',
            Aggregate("nth", "a", "b c", Last(HOUR), Name("d"), nth=10),
        ),
        ("now - today < 3 hours", parse("(now - today) < (3 hours)")),
        ("now", Now()),
        ("today", StartOf("day")),
        ("start\n of\tweek", StartOf("week")),
        ("start of year", StartOf("year")),
        ("start", Name("start")),
        ("this_week + weekday", Arithmetic("+", Name("this_week"), Name("weekday"))),
        ("year(year)", Call("year", (Name("year"),))),
        ("contains ( a , 'b' )", Call("contains", (Name("a"), Literal("b", Type.TEXT)))),
        ("followed_by(orders)", Sequence("followed_by", "orders")),
        ("preceded_by(orders, within 90 minutes)", Sequence("preceded_by", "orders", 90 * MINUTE)),
        (
            "any(a, where not followed_by(b, within 3 days, where c = its.c))",
            Aggregate("any", "a", where=Not(Sequence("followed_by", "b", 3 * DAY, Compare("=", Name("c"), Its("c"))))),
        ),
        (
            "followed_by(a, where preceded_by(b, where its.at > x))",
            Sequence("followed_by", "a", where=Sequence("preceded_by", "b", where=Compare(">", Its("at"), Name("x")))),
        ),
        ('its . "How much"', Its("How much")),
        ("its.its", Its("its")),
        ("its", Name("its")),
        ('member(vip) and not member("Old Flames")', Logic("and", (Member("vip"), Not(Member("Old Flames"))))),
        ("member", Name("member")),
        ("score(p_alive) > 0.5", Compare(">", Score("p_alive"), Literal(0.5, Type.NUMBER))),
        ("any_person(a > 1)", People("any", parse("a > 1"))),
        ("all_people(a)", People("all", Name("a"))),
        ("no_person(a or b)", People("no", parse("a or b"))),
        (
            "now between a and b and c",
            Logic("and", (Between(Now(), Name("a"), Name("b")), Name("c"))),
        ),
    ],
)
def test_how_text_is_read(text, node):
    assert parse(text) == node


def test_every_node_knows_its_line_and_column():
    node = parse("a > 1\n  and bb > 22")
    assert {part.name: part.span for part in walk(node) if isinstance(part, Name)} == {"a": (1, 1), "bb": (2, 7)}
    assert {part.value: part.span for part in walk(node) if isinstance(part, Literal)} == {1: (1, 5), 22: (2, 12)}


def test_where_a_node_stood_does_not_count():
    assert parse("a > 1") == parse("  a\n>\n1")
    assert hash(parse("a > 1")) == hash(parse("  a\n>\n1"))


MISTAKES = [
    ("", "the text ends too soon", None, "more", None, 1, 1),
    ("a >", "the text ends too soon", None, "more", None, 1, 4),
    ("a > 1 and\n  (b", "the text ends too soon", None, "more", None, 2, 5),
    (
        "cuont(orders)",
        "unknown function",
        "cuont",
        "one of count, any, all",
        "count",
        1,
        1,
    ),
    ("a and lowr (b)", "unknown function", "lowr", "one of count, any, all", "lower", 1, 7),
    (
        "orders.revenue > 5",
        "a column of a stream cannot stand alone",
        "orders.",
        "an aggregate around a column, such as sum(orders.revenue)",
        None,
        1,
        7,
    ),
    ('a in ("b")', "text goes in single quotes", '"b"', "such as 'shoes'", None, 1, 7),
    ('a like "b', "text goes in single quotes", '"', "such as 'shoes'", None, 1, 8),
    ("a # b", "unexpected character", "#", "the rest of a rule", None, 1, 3),
    ("a > 1;", "unexpected character", ";", "the rest of a rule", None, 1, 6),
    ("a > .5", "unexpected word", ".", "one of (, -, a duration such as 30 days", None, 1, 5),
    ("a == 1", "unexpected word", "==", "a single = to compare", "=", 1, 3),
    ("a AND b", "unexpected word", "AND", "one of * or /, + or -, a comparison, and,", "and", 1, 3),
    ("a android", "unexpected word", "android", "one of * or /", None, 1, 3),
    ("a > 1 orb > 2", "unexpected word", "orb", "one of * or /", None, 1, 7),
    ("a isnot missing", "unexpected word", "isnot", "one of * or /", None, 1, 3),
    ("count(orders, last 30)", "unexpected word", "30", "one of a duration such as 30 days", None, 1, 20),
    ("a > 1)", "unexpected word", ")", "one of", None, 1, 6),
    ("a in ()", "unexpected word", ")", "one of", None, 1, 7),
    ("a in (b)", "unexpected word", "b", "one of", None, 1, 7),
    ("5.5 days", "unexpected word", "days", "one of", None, 1, 5),
    ("b = instant 'soon'", "not an instant: found 'soon', wanted a date such as 2026-06-30", None, None, None, 1, 5),
    ("a > 9223372036854775808", "too large: found '9223372036854775808', wanted a value below", None, None, None, 1, 5),
    ("a > 1e999", "too large: found '1e999', wanted a value below", None, None, None, 1, 5),
    ("a > 99999999999999 days", "too long: found '99999999999999 days'", None, None, None, 1, 5),
    ("any(a, last 99999999999999 days)", "too long: found '99999999999999 days'", None, None, None, 1, 8),
    ("count(orders, last)", "unexpected word", ")", "one of a duration such as 30 days", None, 1, 19),
    ("count(orders, this days)", "unexpected word", "days", "one of day, week, month, quarter or year", None, 1, 20),
    ("a and\nstart of weak = now", "unexpected word", "weak", "one of day, week, month, quarter or year", None, 2, 10),
    ("start of", "the text ends too soon", None, "more", None, 1, 9),
    ("count(orders, after)", "unexpected word", ")", "one of (, -", None, 1, 20),
    ("count(orders, between now)", "unexpected word", ")", "one of + or -, and", None, 1, 26),
    ("count(orders, after a > b)", "unexpected word", ">", "one of ), + or -, a comma", None, 1, 23),
    ("count(orders, last 3 days, this week)", "unexpected word", "this", "one of where", None, 1, 28),
    ("count(orders, where a, last 3 days)", "unexpected word", ",", "one of )", None, 1, 22),
    ("count(orders, Last 3 days)", "unexpected word", "Last", "one of after, before, between", "last", 1, 15),
    ("nth(orders.at)", "unexpected word", ")", "one of a comma", None, 1, 14),
    ("nth(orders.at, -1)", "unexpected word", "-", "one of a number", None, 1, 16),
    ("a and\n nth(orders.at, 0)", "not a place to count to: found '0', wanted a whole number", None, None, None, 2, 2),
    ("nth(a.at, 1.5)", "not a place to count to: found '1.5', wanted a whole number", None, None, None, 1, 1),
    ("any(a, where folowed_by(b))", "unknown function", "folowed_by", "one of count, any", "followed_by", 1, 14),
    ("any_persn(a)", "unknown function", "any_persn", "one of count, any", "any_person", 1, 1),
    ("membr(a)", "unknown function", "membr", "one of count, any", "member", 1, 1),
    ("scor(a)", "unknown function", "scor", "one of count, any", "score", 1, 1),
    ("today()", "unknown function", "today", "one of count, any", None, 1, 1),
    ("member()", "unexpected word", ")", "one of a name", None, 1, 8),
    ("member('vip')", "unexpected word", "'vip'", "one of a name", None, 1, 8),
    ("its.", "the text ends too soon", None, "more", None, 1, 5),
    ("any(a, where followed_by(b, within 3))", "unexpected word", "3", "one of a duration such as", None, 1, 36),
    ("any(a, where followed_by(b, where c, within 3 days))", "unexpected word", ",", "one of )", None, 1, 36),
    ("any(a, where followed_by(b.at))", "a sequence is of facts", "b.", "the stream itself: b", None, 1, 27),
    ("any(a, where followed_by(b, within 99999999999999 days))", "too long: found '9999", None, None, None, 1, 29),
    ("any_person(a, b)", "unexpected word", ",", "one of )", None, 1, 13),
    ("not " * 5_000 + "a", "a rule too deeply nested", None, "one in smaller steps", None, None, None),
]


@pytest.mark.parametrize(
    ("text", "what", "found", "wanted", "hint", "line", "column"), MISTAKES, ids=[text[:24] for text, *_ in MISTAKES]
)
def test_what_is_not_of_the_language_is_told_with_its_place(text, what, found, wanted, hint, line, column):
    with pytest.raises(DefinitionError) as raised:
        parse(text)
    (problem,) = raised.value.problems
    assert problem.what.startswith(what)
    assert (problem.found, problem.hint, problem.line, problem.column) == (found, hint, line, column)
    assert (problem.wanted or "").startswith(wanted or "")
    assert isinstance(problem, Problem)
    assert (problem.wanted is None) == (wanted is None)


@given(st.text(st.sampled_from("abors ()<>=!.,'\"0123456789+-*/\néß#;")))
def test_any_text_is_read_or_refused_with_a_place(text):
    try:
        node = parse(text)
    except DefinitionError as error:
        (problem,) = error.problems
        lines = text.split("\n")
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
    else:
        assert parse(write(node)) == node
