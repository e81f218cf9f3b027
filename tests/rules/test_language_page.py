"""Every example on the page of the language is run, and its tables are the tables of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smalti.errors import DefinitionError
from smalti.facts import Column, Currency, Stream, Type, format_minor, parse_instant
from smalti.rules import AGGREGATES, FUNCTIONS, Customer, Vocabulary, check, meaning, parse, quantile_of

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
POUNDS = Currency("GBP")
NOW = parse_instant("2026-06-30")
STREAMS = {
    "orders": Stream(
        "orders",
        (
            Column("revenue", Type.MONEY),
            Column("quantity", Type.INTEGER),
            Column("weight", Type.NUMBER),
            Column("channel", Type.TEXT),
            Column("category", Type.TEXT),
            Column("gift", Type.BOOLEAN),
            Column("due", Type.INSTANT),
        ),
    ),
    "events": Stream("events", (Column("name", Type.TEXT), Column("Seconds on Page", Type.NUMBER))),
    "customers": Stream(
        "customers",
        (
            Column("country", Type.TEXT),
            Column("Marital Status", Type.TEXT),
            Column("age", Type.INTEGER),
            Column("income", Type.MONEY),
            Column("birth", Type.INSTANT),
            Column("newsletter", Type.BOOLEAN),
        ),
    ),
}
TRAITS = {
    "spend_365d": Type.MONEY,
    "orders_90d": Type.INTEGER,
    "days_since_order": Type.NUMBER,
    "alive": Type.NUMBER,
}
WORDS = Vocabulary(STREAMS, TRAITS, POUNDS)


def table(*header: str) -> list[list[str]]:
    """Give the rows of every table of the page with this header, cells without their backquotes."""
    head = "| " + " | ".join(header) + " |\n"
    assert head in PAGE
    rows = []
    for part in PAGE.split(head)[1:]:
        body = re.match(r"\|[-|]+\|\n((?:\|.*\|\n)+)", part)
        rows += [[cell.strip().strip("`") for cell in line[1:-1].split("|")] for line in body[1].splitlines()]
    return rows


def listed(kinds) -> str:
    """Write a set of types as the page does, in the order in which they are declared."""
    order = [Type.INTEGER, Type.NUMBER, Type.MONEY, Type.DURATION, Type.INSTANT, Type.TEXT]
    return ", ".join(kind for kind in order if kind in kinds)


def told(value, kind) -> str:
    if value is None:
        return "unknown" if kind is Type.BOOLEAN else "missing"
    if isinstance(value, bool):
        return str(value).lower()
    return format_minor(value, POUNDS) if kind is Type.MONEY else repr(value)


EXAMPLES = [
    line for block in re.findall(r"```smalti\n(.*?)```", PAGE, re.DOTALL) for line in block.strip().splitlines()
]


def test_the_page_has_examples():
    assert len(EXAMPLES) > 20
    assert PAGE.count("```") == 2 * PAGE.count("```smalti\n")


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_right(text):
    assert check(parse(text), WORDS).problems == ()


@pytest.mark.parametrize(("text", "value"), table("text", "value"))
def test_an_example_has_the_value_it_is_said_to_have(text, value):
    checked = check(parse(text), WORDS)
    assert checked.problems == ()
    assert told(meaning(checked.node, Customer({}), NOW), checked.type) == value


@pytest.mark.parametrize(("instant", "value"), table("as of", "`count(orders, last 30 days)`"))
def test_a_fact_leaves_its_window_when_the_page_says(instant, value):
    node = check(parse("count(orders, last 30 days)"), WORDS).node
    her = Customer({"orders": [{"at": parse_instant("2026-06-01T12:00:00Z")}]})
    assert meaning(node, her, parse_instant(instant)) == int(value)


@pytest.mark.parametrize(("values", "share", "value"), table("of these", "share", "quantile"))
def test_a_quantile_is_what_the_page_says(values, share, value):
    known = [None if one == "missing" else int(one) for one in values.split(", ")]
    assert quantile_of(known, float(share)) == (None if value == "missing" else int(value))


@pytest.mark.parametrize(("written", "read"), table("written", "read as"))
def test_what_binds_tighter(written, read):
    assert parse(written) == parse(read)
    assert written != read


@pytest.mark.parametrize(("text", "message"), table("text", "message"))
def test_a_mistake_is_told_as_the_page_says(text, message):
    try:
        problems = check(parse(text), WORDS).problems
    except DefinitionError as error:
        problems = error.problems
    assert [str(problem) for problem in problems] == [message]


def test_the_page_lists_the_aggregates_there_are():
    expected = []
    for name, kind in AGGREGATES.items():
        takes = "a stream" if kind.takes is None else f"a column of {listed(kind.takes)}"
        takes = "a column of any type" if kind.takes == frozenset(Type) else takes
        gives = kind.gives or "the type of the column"
        gives = gives + "; of integers a number" if name == "mean" else gives
        empty = "missing" if kind.empty is None else told(kind.empty, None)
        expected.append([name, takes, str(gives), empty])
    assert table("aggregate", "takes", "gives", "of nothing") == expected


def test_the_page_lists_the_functions_there_are():
    expected = []
    for name, kind in FUNCTIONS.items():
        count = "1" if kind.most == 1 else f"{kind.least} or more"
        takes = "one type" if kind.takes is None else listed(kind.takes)
        expected.append([name, f"{count} of {takes}", str(kind.gives or "their type"), kind.about])
    assert table("function", "takes", "gives", "what it is") == expected


def test_the_page_names_every_type():
    assert {row[0] for row in table("type", "written", "remarks")} == set(Type)
