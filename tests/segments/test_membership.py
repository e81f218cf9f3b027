"""Members are those for whom the rule is true; unknown is no member, and never null."""

import pyarrow as pa
from segment_worlds import Ready, by_law

from smalti.facts import Currency, Type
from smalti.rules import Vocabulary, check, parse
from smalti.segments import Segment, SegmentDefinition, members_of, membership
from smalti.segments.membership import SCHEMA
from smalti.traits import Computed

PEOPLE = pa.table({"customer_id": ["bea", "zoe", "ada", "Cy"], "age": pa.array([30, None, 50, 30], pa.int64())})
TYPES = {"age": Type.INTEGER}


def segment(name, who, segmentation="segments"):
    written = parse(who)
    definition = SegmentDefinition(who=who, segmentation=segmentation)
    return Segment(name, definition, check(written, Vocabulary({}, TYPES, Currency("GBP"))).node, written)


def answers(segments, store, people=PEOPLE):
    store.put("people", people)
    return members_of(store, Computed("people", TYPES, {}), segments, 0)


def test_unknown_is_no_member(store):
    asked = [segment("old", "age > 40"), segment("not_old", "not age > 40"), segment("unasked", "age is missing")]
    found = answers(asked, store)
    assert [found[name].null_count for name in found.column_names] == [0, 0, 0, 0]
    rows = {row.pop("customer_id"): row for row in found.to_pylist()}
    assert rows["zoe"] == {"old": False, "not_old": False, "unasked": True}
    assert rows["ada"] == {"old": True, "not_old": False, "unasked": False}
    law = by_law(Ready({}, asked, TYPES), [{"age": None}, {"age": 50}])
    assert law == [["unasked"], ["old"]]


def test_answers_are_in_the_order_of_the_keys(store):
    found = answers([segment("all", "true")], store)
    assert found["customer_id"].to_pylist() == sorted(PEOPLE["customer_id"].to_pylist())


def test_without_segments_there_are_customers_and_no_rows_of_membership(store):
    found = answers([], store)
    assert (found.column_names, found.num_rows) == (["customer_id"], 4)
    assert membership(found, []).equals(SCHEMA.empty_table())


def test_membership_is_by_segment_as_defined_and_then_by_customer(store):
    asked = [segment("young", "age = 30", "zoo"), segment("any", "true"), segment("none", "age > 99")]
    table = membership(answers(asked, store), asked)
    assert table.schema == SCHEMA
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("zoo", "young", "Cy"),
        ("zoo", "young", "bea"),
        ("segments", "any", "Cy"),
        ("segments", "any", "ada"),
        ("segments", "any", "bea"),
        ("segments", "any", "zoe"),
    ]


def test_membership_of_nobody_has_its_columns(store):
    asked = [segment("any", "true")]
    assert membership(answers(asked, store, PEOPLE.slice(0, 0)), asked).schema == SCHEMA


def test_a_segment_may_have_any_name(store):
    asked = [segment('say "hi"', "age = 30"), segment("select", "true")]
    table = membership(answers(asked, store), asked)
    assert table["segment"].to_pylist().count('say "hi"') == 2


def test_a_segment_is_titled_by_its_name_unless_it_has_a_title():
    assert segment("slipping_away", "true").title == "Slipping away"
    titled = SegmentDefinition(who="true", title="The slippery")
    assert Segment("slipping_away", titled, parse("true"), parse("true")).title == "The slippery"
