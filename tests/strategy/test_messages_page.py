"""The page on messages does what it says: its Python runs, its templates read as told, its tables are the code's."""

import doctest
import re
from pathlib import Path

import pytest
import yaml

from smalti.facts import Currency, Type, parse_instant
from smalti.strategy.messages import FILTERS, Writing, check_message, render
from smalti.strategy.messages.filters import RefusedError
from smalti.strategy.messages.rendering import LONGEST_SUBJECT
from smalti.strategy.messages.syntax import DEEPEST, LONGEST_TEMPLATE, MOST_TAGS, MOST_TOKENS
from smalti.strategy.messages.values import LANGUAGE, LONGEST_VALUE
from smalti.strategy.treatments import MessageDefinition

FILE = Path(__file__).parents[2] / "docs" / "messages.md"
PAGE = FILE.read_text(encoding="utf-8")
KINDS = {
    "first_name": Type.TEXT,
    "city": Type.TEXT,
    "favourite_category": Type.TEXT,
    "spend": Type.MONEY,
    "voucher": Type.MONEY,
    "orders": Type.INTEGER,
    "share": Type.NUMBER,
    "member": Type.BOOLEAN,
    "last_order_at": Type.INSTANT,
    "voucher_until": Type.INSTANT,
}
ROW = {
    "first_name": "ann-marie",
    "spend": 123450,
    "voucher": 500,
    "orders": 1200,
    "share": 0.15,
    "member": True,
    "last_order_at": parse_instant("2026-06-30T23:30Z"),
    "voucher_until": parse_instant("2026-08-01"),
}
WRITING = Writing(Currency("GBP"), "Europe/London")


def table(*header):
    head = "| " + " | ".join(header) + " |\n"
    body = re.match(r"\|[-|]+\|\n((?:\|.*\|\n)+)", PAGE.split(head)[1])
    rows = [re.split(r"(?<!\\)\|", line[1:-1]) for line in body[1].splitlines()]
    return [[cell.strip().replace("\\|", "|") for cell in row] for row in rows]


def test_the_python_of_the_page_answers_as_it_says():
    found = doctest.testfile(str(FILE), module_relative=False)
    assert (found.failed, found.attempted >= 20) == (0, True)


@pytest.mark.parametrize(("template", "read"), table("template", "what is read"))
def test_templates_read_as_the_page_says(template, read):
    message = MessageDefinition(body=template.strip("`"))
    assert check_message(message, KINDS) == []
    assert render(message, None, ROW, kinds=KINDS, writing=WRITING).body == read


def test_the_filters_of_the_page_are_those_of_the_code():
    rows = table("filter", "what it does")
    assert [name.strip("`") for name, _ in rows] == ["default", *FILTERS]
    assert {name.strip("`"): about for name, about in rows[1:]} == {name: one.about for name, one in FILTERS.items()}


def test_the_messages_of_the_page_are_right_and_can_be_sent():
    [block] = re.findall(r"(?s)```yaml\n(.*?)```", PAGE)
    messages = {name: MessageDefinition.model_validate(one) for name, one in yaml.safe_load(block)["messages"].items()}
    assert [problem for one in messages.values() for problem in check_message(one, KINDS)] == []
    come_back = messages["come_back"]
    made = render(come_back, None, ROW, kinds=KINDS, writing=WRITING)
    assert made.subject == "Ann-Marie, it has been a while"
    assert "your last order was on 1 July 2026. £5 off your next order until 01/08/2026." in made.body
    lapsed = render(come_back, come_back.variants[1], ROW, kinds=KINDS, writing=WRITING)
    assert (lapsed.offer, lapsed.variant) == ("£5 off, and free delivery", "lapsed")
    assert lapsed.subject == made.subject
    nameless = render(messages["thanks"], None, {}, kinds=KINDS, writing=WRITING)
    assert nameless.body == "Thank you, Dear Customer!"


def test_the_bounds_on_the_page_are_those_of_the_code():
    assert f"{LONGEST_TEMPLATE:,} characters, {MOST_TAGS} pairs of braces, {MOST_TOKENS} words in each" in PAGE
    assert f"brackets and ifs {DEEPEST} deep" in PAGE
    assert f"({LONGEST_SUBJECT} bytes)" in PAGE
    assert f"than {LONGEST_VALUE} characters" in PAGE
    assert f"(`{LANGUAGE}` where it says none)" in PAGE


def test_the_reasons_to_refuse_are_those_of_the_code():
    told = re.search(r"with\s+a\s+`reason`\s+\((.*?)\)", PAGE, re.DOTALL)[1]
    said = RefusedError.__doc__.split("In a word: ")[1].split(".")[0]
    assert set(re.findall(r"\w+", told)) == {"missing", "link", "long", "empty", "unfit", "forbidden"}
    assert all(word in said for word in re.findall(r"\w+", told))


def test_every_chapter_that_is_announced_is_there():
    chapters = {title.lower().replace(",", "").replace(" ", "-") for title in re.findall(r"(?m)^## (.*)$", PAGE)}
    assert set(re.findall(r"\]\(#([a-z-]+)\)", PAGE)) == chapters
