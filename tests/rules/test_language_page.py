"""Every example on the page of the language is run, and its tables are the tables of the code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smalti.errors import DefinitionError
from smalti.facts import Column, Currency, Stream, Type, format_minor, parse_instant, to_minor
from smalti.rules import AGGREGATES, FUNCTIONS, Customer, Node, Vocabulary, check, meaning, parse, quantile_of, walk
from smalti.rules.certain import certainty
from smalti.rules.interchange import from_json, json_schema, to_json

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
POUNDS = Currency("GBP")
NOW = parse_instant("2026-06-30")
STREAMS = {
    "orders": Stream(
        "orders",
        (
            Column("revenue", Type.MONEY),
            Column("fee", Type.MONEY, currency="EUR"),
            Column("quantity", Type.INTEGER),
            Column("weight", Type.NUMBER),
            Column("channel", Type.TEXT),
            Column("category", Type.TEXT),
            Column("product", Type.TEXT),
            Column("gift", Type.BOOLEAN),
            Column("due", Type.INSTANT),
        ),
    ),
    "events": Stream(
        "events", (Column("name", Type.TEXT), Column("product", Type.TEXT), Column("Seconds on Page", Type.NUMBER))
    ),
    "customers": Stream(
        "customers",
        (
            Column("country", Type.TEXT),
            Column("Marital Status", Type.TEXT),
            Column("company", Type.TEXT),
            Column("age", Type.INTEGER),
            Column("income", Type.MONEY),
            Column("birth", Type.INSTANT),
            Column("newsletter", Type.BOOLEAN),
        ),
    ),
}
TRAITS = {"spend_365d": Type.MONEY, "orders_90d": Type.INTEGER, "days_since_order": Type.NUMBER}
SCORES = {"alive": Type.NUMBER}


def table(*header: str) -> list[list[str]]:
    """Give the rows of every table of the page with this header, cells without their backquotes."""
    head = "| " + " | ".join(header) + " |\n"
    assert head in PAGE
    rows = []
    for part in PAGE.split(head)[1:]:
        body = re.match(r"\|[-|]+\|\n((?:\|.*\|\n)+)", part)
        rows += [[cell.strip().strip("`") for cell in line[1:-1].split("|")] for line in body[1].splitlines()]
    return rows


SEGMENTS = dict(table("segment", "who"))
WORDS = Vocabulary(
    STREAMS,
    TRAITS | SCORES,
    POUNDS,
    segments=tuple(SEGMENTS),
    scores=SCORES,
    time_zone="Europe/London",
    account="company",
)


def ready(text: str) -> Node:
    checked = check(parse(text), WORDS)
    assert checked.problems == ()
    return checked.node


RULES = {name: ready(text) for name, text in SEGMENTS.items()}


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


def blocks(kind: str) -> list[str]:
    """Give the fenced blocks of a kind."""
    return re.findall(rf"```{kind}[^\n]*\n(.*?)```", PAGE, re.DOTALL)


EXAMPLES = [line for block in blocks("smalti") for line in block.strip().splitlines()]


def test_the_page_has_examples_and_nothing_that_is_not_run():
    assert len(EXAMPLES) > 60
    assert PAGE.count("```") == 2 * sum(len(blocks(kind)) for kind in ("smalti", "facts", "json"))


def value_of(text: str, column: Column) -> Any:
    """Read the value of a column as a fact on the page has it."""
    value = parse(text).value
    return to_minor(value, POUNDS) if column.type is Type.MONEY else value


def story(block: str, customer: str) -> Customer:
    """Read the facts of a block: of the customer, and of the people whose names stand before theirs."""
    facts: dict[str, dict[str, list[dict[str, Any]]]] = {customer: {}}
    for line in block.strip().splitlines():
        who, _, told = line.rpartition(": ")
        stream, at, said = told.split(" ", 2)
        columns = dict(one.split(" = ") for one in said.split(", "))
        fact = {name: value_of(text, STREAMS[stream][name]) for name, text in columns.items()}
        facts.setdefault(who or customer, {}).setdefault(stream, []).append({"at": parse_instant(at)} | fact)
    people = [Customer(one, customer_id=name, segments=RULES) for name, one in facts.items()]
    return Customer(facts[customer], customer_id=customer, segments=RULES, people=people)


def timelines() -> Iterator[tuple[Customer, str, str, str]]:
    """Give every cell of the tables headed ``as of``: whose facts stand above it, what, when, and what it gives."""
    for part in PAGE.split("```facts ")[1:]:
        name, block = re.match(r"(\w+)\n(.*?)```", part, re.DOTALL).groups()
        for header, body in re.findall(r"\| as of \|(.*)\|\n\|[-|]+\|\n((?:\|.*\|\n)+)", part):
            texts = [cell.strip().strip("`") for cell in header.split("|")]
            for row in body.splitlines():
                at, *values = (cell.strip() for cell in row[1:-1].split("|"))
                assert len(values) == len(texts)
                yield from ((story(block, name), text, at, value) for text, value in zip(texts, values, strict=True))


TIMELINES = list(timelines())


def test_every_table_of_instants_is_read():
    assert len(TIMELINES) > 100
    assert PAGE.count("| as of |") <= len({text for _, text, _, _ in TIMELINES})


@pytest.mark.parametrize(
    ("her", "text", "at", "value"), TIMELINES, ids=[f"{text} {at}" for _, text, at, _ in TIMELINES]
)
def test_an_answer_is_what_the_page_says_at_every_instant(her, text, at, value):
    checked = check(parse(text), WORDS)
    assert checked.problems == ()
    assert told(meaning(checked.node, her, parse_instant(at)), checked.type) == value


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_right(text):
    assert check(parse(text), WORDS).problems == ()


@pytest.mark.parametrize(("text", "value"), table("text", "value"))
def test_an_example_has_the_value_it_is_said_to_have(text, value):
    checked = check(parse(text), WORDS)
    assert checked.problems == ()
    assert told(meaning(checked.node, Customer({}, segments=RULES), NOW), checked.type) == value


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


@pytest.mark.parametrize(("text", "message"), table("text", "certainty"))
def test_what_is_certain_is_told_as_the_page_says(text, message):
    assert [str(problem) for problem in certainty(ready(text), parse(text))] == [message]


def test_the_json_of_the_page_is_what_the_rule_before_it_says():
    ((text, told_as),) = re.findall(r"```smalti\n([^\n]*)\n```\n+```json\n(.*?)```", PAGE, re.DOTALL)
    assert to_json(parse(text)) == json.loads(told_as)
    assert from_json(json.loads(told_as)) == parse(text)


def test_the_page_lists_the_nodes_there_are():
    defined = json_schema()["$defs"]
    rows = []
    for name in [key for sort in ("expression", "window") for key in defined[sort]["properties"]["node"]["enum"]]:
        one = defined[name] if "properties" in defined[name] else {}
        parts = [part for part in one.get("properties", {}) if part != "node"]
        needed = one.get("required", [])
        told_as = ", ".join(f"`{part}`" + ("" if part in needed else "?") for part in parts)
        rows.append([name, told_as.strip("`")])
    listed_rows = table("node", "parts")
    assert [row for row in listed_rows if row[0] != "literal"] == [row for row in rows if row[0] != "literal"]
    assert ["literal", "type`, `value"] in listed_rows


def test_every_construct_is_on_the_page():
    texts = [*EXAMPLES, *(text for text, _ in table("text", "value"))]
    parts = [part for text in texts for part in walk(parse(text))]
    assert {type(part) for part in parts} == set(Node.__subclasses__())
    assert {part.function for part in parts if hasattr(part, "function")} == {*AGGREGATES, *FUNCTIONS}


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
        count = f"{kind.least}" if kind.most == kind.least else f"{kind.least} or more"
        takes = "one type" if kind.takes is None else listed(kind.takes)
        expected.append([name, f"{count} of {takes}", str(kind.gives or "their type"), kind.about])
    assert table("function", "takes", "gives", "what it is") == expected


def test_the_page_names_every_type():
    assert {row[0] for row in table("type", "written", "remarks")} == set(Type)
