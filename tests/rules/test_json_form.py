"""The tree as JSON: nothing lost on the way there and back, mistakes told with their path, and a schema that fits both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from language_trees import EVERYTHING, tree

from smalti.errors import DefinitionError
from smalti.facts import Currency, Type
from smalti.rules import Literal, Name, Node, Not, Vocabulary, check, nodes, parse, write
from smalti.rules.interchange import from_json, json_schema, to_json

trees = st.sampled_from(list(Type)).flatmap(lambda kind: tree(kind, EVERYTHING, 3))
literals = st.one_of(
    st.integers(-(2**63) + 1, 2**63 - 1).map(lambda value: Literal(value, Type.INTEGER)),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda value: Literal(value, Type.NUMBER)),
    st.text(st.characters(exclude_categories=["Cs"])).map(lambda value: Literal(value, Type.TEXT)),
    st.integers(-(10**15), 10**15).map(lambda value: Literal(value, Type.DURATION)),
    st.datetimes().map(lambda at: parse(f"instant '{at.isoformat()}'")),
)
SCHEMA = jsonschema.Draft202012Validator(json_schema())


def through_text(value: Any) -> Any:
    """What arrives when it was sent as JSON."""
    return json.loads(json.dumps(value, allow_nan=False))


@given(trees)
def test_a_tree_comes_back_from_json_and_from_text_as_it_was(node):
    told = through_text(to_json(node))
    assert from_json(told) == node
    assert to_json(parse(write(from_json(told)))) == told
    assert SCHEMA.is_valid(told)


@given(literals)
def test_any_value_comes_back_exactly(node):
    told = through_text(to_json(node))
    assert from_json(told) == node
    assert type(from_json(told).value) is type(node.value)
    assert SCHEMA.is_valid(told)


def test_no_number_is_larger_than_a_browser_holds():
    assert to_json(Literal(2**53 - 1, Type.INTEGER))["value"] == 2**53 - 1
    assert to_json(Literal(2**53, Type.INTEGER))["value"] == "9007199254740992"


def test_a_whole_number_is_a_number_where_a_number_is_said():
    found = from_json({"node": "literal", "type": "number", "value": 1})
    assert isinstance(found.value, float)


def objects(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the path to every object in a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield path
    for key, one in items:
        yield from objects(one, (*path, key))


JUNK = st.sampled_from(
    [None, True, 5, -1.5, "", "x", "orders", [], {}, {"node": "name", "name": "a"}, {"node": "last"}]
)


@st.composite
def spoiled(draw) -> Any:
    """Draw the JSON of a tree with one thing changed: a key gone, one too many, or something else in a place."""
    value = through_text(to_json(draw(trees)))
    place = value
    for step in draw(st.sampled_from(list(objects(value)))):
        place = place[step]
    key = draw(st.sampled_from(sorted(place)))
    how = draw(st.sampled_from(["lose", "add", "change"]))
    if how == "lose":
        del place[key]
    elif how == "add":
        place[draw(st.sampled_from(["lft", "zone", "span", "link", "value_"]))] = draw(JUNK)
    else:
        place[key] = draw(JUNK)
    return value


@given(spoiled())
def test_what_is_spoiled_is_refused_wherever_the_schema_refuses_it(value):
    try:
        node = from_json(value)
    except DefinitionError as error:
        assert error.problems
        assert not SCHEMA.is_valid(value)
    else:
        assert SCHEMA.is_valid(value)
        assert to_json(node) == value


@given(
    st.recursive(
        JUNK | st.text(max_size=3) | st.floats(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["node", "op", "left", "value", "type", "x"]), inner, max_size=3)
        ),
        max_leaves=6,
    )
)
def test_any_value_is_read_or_refused(value):
    try:
        node = from_json(value)
    except DefinitionError as error:
        assert error.problems
    else:
        assert isinstance(node, Node)


def test_the_schema_is_one_and_knows_every_node():
    jsonschema.Draft202012Validator.check_schema(json_schema())
    kinds = {kind for kind in vars(nodes).values() if isinstance(kind, type) and issubclass(kind, Node)} - {Node}
    defined = json_schema()["$defs"]
    named = [key for sort in ("expression", "window") for key in defined[sort]["properties"]["node"]["enum"]]
    assert len(named) == len(kinds)
    assert all(defined[key]["description"] for key in named)
    assert json.loads(json.dumps(json_schema())) == json_schema()


VIP = {"node": "name", "name": "vip"}
FIVE = {"node": "literal", "type": "integer", "value": 5}
MISTAKES = [
    (5, "not a node", "5", "an object that says which node it is", None),
    ({"name": "vip"}, "not a node", "a dict", "an object that says which node it is", None),
    ({"node": "nmae", "name": "vip"}, "unknown node", "nmae", "a node that gives a value", "name"),
    ({"node": "name", "nam": "vip"}, "unknown part of name", "nam", "one of name", "name"),
    ({"node": "not"}, "not is not whole", "node", "also part", None),
    ({"node": "now", "zone": "UTC"}, "unknown part of now", "zone", "nothing beside node", None),
    (
        {"node": "and", "parts": [VIP, VIP]},
        "unknown node",
        "and",
        "a node that gives a value",
        None,
    ),
    (
        {"node": "logic", "op": "and", "parts": [VIP, {"node": "compare", "op": "=>", "left": VIP, "right": FIVE}]},
        "and[1].op: unknown comparison",
        "=>",
        "one of =, !=, <, <=, >, >=",
        ">=",
    ),
    (
        {"node": "logic", "op": "and", "parts": [VIP, {"node": "compare", "op": ">", "left": {}, "right": FIVE}]},
        "and[1].left: not a node",
        "a dict",
        "an object that says which node it is",
        None,
    ),
    ({"node": "logic", "op": "or", "parts": [VIP]}, "or: not a list", "a list", "a list of at least 2", None),
    (
        {"node": "aggregate", "function": "cuont", "stream": "orders"},
        "function: unknown aggregate",
        "cuont",
        "one of count, any, all",
        "count",
    ),
    (
        {"node": "aggregate", "function": "count", "stream": "orders", "window": {"node": "past", "duration": "1 day"}},
        "window: unknown node",
        "past",
        "a window",
        "last",
    ),
    (
        {"node": "aggregate", "function": "count", "stream": "orders", "window": {"node": "last", "duration": "90"}},
        "window.duration: not what stands here",
        "90",
        "a duration such as 30 days",
        None,
    ),
    (
        {"node": "aggregate", "function": "nth", "stream": "orders", "column": "at", "nth": 0},
        "nth: not what stands here",
        "0",
        "a whole number from 1",
        None,
    ),
    (
        {"node": "case", "branches": [{"when": VIP, "then": FIVE}, {"when": VIP}]},
        "branches[1]: not a branch",
        "when",
        "an object of when and then",
        None,
    ),
    (
        {"node": "case", "branches": [{"when": VIP, "then": {"node": "nam", "name": "x"}}]},
        "branches[0].then: unknown node",
        "nam",
        "a node that gives a value",
        "name",
    ),
    (
        {"node": "call", "function": "to_minor", "arguments": [FIVE]},
        "function: unknown function",
        "to_minor",
        "one of days_since",
        None,
    ),
    (
        {"node": "literal", "type": "money", "value": 500},
        "type: unknown type of a value",
        "money",
        "one of text, integer, number",
        None,
    ),
    (
        {"node": "literal", "type": "instant", "value": "2026-02-30"},
        "value: not a value of instant",
        "2026-02-30",
        "an instant such as 2026-06-30T12:00:00Z",
        None,
    ),
    (
        {"node": "in", "part": VIP, "options": [VIP]},
        "options: an option that is not written out",
        None,
        "values such as",
        None,
    ),
    ({"node": "quantile", "of": VIP, "p": 80}, "p: not what stands here", "80", "a number between 0 and 1", None),
]


@pytest.mark.parametrize(("value", "what", "found", "wanted", "hint"), MISTAKES, ids=[str(one[1]) for one in MISTAKES])
def test_a_mistake_is_told_with_its_path(value, what, found, wanted, hint):
    with pytest.raises(DefinitionError) as raised:
        from_json(value)
    (problem,) = raised.value.problems
    assert problem.what.startswith(what)
    assert (problem.found, problem.hint) == (found, hint)
    assert problem.wanted.startswith(wanted)


def test_all_mistakes_are_told_at_once():
    compare = {
        "node": "compare",
        "op": "==",
        "left": {"node": "nam", "name": "a"},
        "right": {"node": "name", "name": ""},
    }
    with pytest.raises(DefinitionError) as raised:
        from_json({"node": "not", "part": compare})
    assert [problem.what.split(":")[0] for problem in raised.value.problems] == [
        "part.op",
        "part.left",
        "part.right.name",
    ]


def test_a_tree_made_ready_has_no_json_form():
    words = Vocabulary({}, {"spend": Type.MONEY}, Currency("GBP"))
    with pytest.raises(ValueError, match="as it was written"):
        to_json(check(parse("spend > 5"), words).node)
    with pytest.raises(ValueError, match="as it was written"):
        to_json(check(parse("today > now"), words).node)


def test_what_is_too_deep_is_told():
    value: Any = VIP
    for _ in range(100_000):
        value = {"node": "not", "part": value}
    with pytest.raises(DefinitionError, match="too deeply nested"):
        from_json(value)


def test_a_field_that_says_nothing_is_left_out():
    assert to_json(Not(Name("vip"))) == {"node": "not", "part": VIP}
    assert to_json(parse("count(orders)")) == {"node": "aggregate", "function": "count", "stream": "orders"}
