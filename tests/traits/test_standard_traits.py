"""Which standard traits there are: those, and only those, whose every stream, column and trait is there."""

from itertools import combinations

import pytest
from trait_worlds import ATTRIBUTES, STREAMS, ready

from smalti.facts import ORDER_ITEMS, ORDERS, RETURNS, Column, Stream, Type
from smalti.rules import Aggregate, Name, names_in, parse, walk
from smalti.traits import TITLES, TraitDefinition, standard_traits

ITEMS, BACK = ORDER_ITEMS.name, RETURNS.name


def stream_of(stream, *names):
    return Stream(stream.name, tuple(stream[name] for name in names))


def subsets():
    """Give every choice of streams, and every choice of columns of orders."""
    for size in range(len(STREAMS) + 1):
        for chosen in combinations(STREAMS, size):
            yield {name: STREAMS[name] for name in chosen}
    for size in range(len(ORDERS.names) + 1):
        for columns in combinations(ORDERS.names, size):
            yield {"orders": stream_of(ORDERS, *columns)}


def lacking(text, streams, names):
    """Give what a trait's text speaks of that is not there."""
    tree = parse(text)
    found = {name for name in names_in(tree) if name not in names}
    for part in walk(tree):
        if isinstance(part, Aggregate):
            columns = {part.column, *(one.name for one in walk(part) if isinstance(one, Name))} - {None, "at"}
            there = streams[part.stream].names if part.stream in streams else ()
            found |= {f"{part.stream}.{column}" for column in columns if column not in there}
            found |= {part.stream} - streams.keys()
    return found


@pytest.mark.parametrize("own", [{}, {"spend_365d": TraitDefinition(value="income")}], ids=["none own", "own spend"])
def test_every_trait_given_can_be_carried_and_no_more_could_be(own):
    full = standard_traits(STREAMS, own)
    for streams in subsets():
        found = standard_traits(streams, own)
        names = found.keys() | own.keys() | set(streams[ATTRIBUTES.name].names if ATTRIBUTES.name in streams else ())
        assert not found.keys() & own.keys()
        assert {name: one for name, one in found.items() if lacking(one.value, streams, names)} == {}
        assert [name for name in full.keys() - found.keys() if not lacking(full[name].value, streams, names)] == []


def test_each_comes_after_those_it_names_where_all_is_there():
    streams = STREAMS | {"tickets": Stream("tickets", ())}
    texts = {name: one.value for name, one in standard_traits(streams, {}).items()}
    assert len(ready(texts, streams)) == len(TITLES)


def test_an_own_trait_under_a_standard_name_carries_what_stands_on_it():
    streams = {ATTRIBUTES.name: ATTRIBUTES}
    own = {name: TraitDefinition(value="age") for name in ("orders_total", "spend_total")}
    assert standard_traits(streams, {}) == {}
    assert standard_traits(streams, own).keys() == {"mean_order_value"}


def test_own_instants_carry_a_whole_chain_of_traits():
    customers = Stream("customers", (Column("joined", Type.INSTANT), Column("seen", Type.INSTANT)))
    own = {"first_order_at": TraitDefinition(value="joined"), "last_order_at": TraitDefinition(value="seen")}
    found = standard_traits({"customers": customers}, own)
    assert found.keys() == {"days_since_first_order", "days_since_order"}
    with_days = standard_traits({"customers": customers}, own | {"purchase_days": TraitDefinition(value="3")})
    assert with_days.keys() == {"days_since_first_order", "days_since_order", "typical_gap_days"}


def test_an_attribute_under_a_standard_name_carries_as_well():
    customers = Stream("customers", (Column("spend_total", Type.MONEY), Column("orders_total", Type.INTEGER)))
    assert standard_traits({"customers": customers}, {}).keys() >= {"mean_order_value"}


def test_orders_stand_in_for_their_lines_only_where_there_are_none():
    plain, lined = {"orders": ORDERS}, {"orders": ORDERS, ITEMS: STREAMS[ITEMS]}
    assert standard_traits(plain, {})["favourite_category"].value == "most_frequent(orders.category)"
    assert standard_traits(lined, {})["favourite_category"].value == "most_frequent(order_items.category)"
    assert "products_365d" not in standard_traits(plain, {})


def test_without_a_discount_no_share_of_it():
    bare = stream_of(ORDERS, "revenue", "day")
    assert "costed_spend_365d" not in standard_traits({"orders": bare}, {})
    found = standard_traits({"orders": bare, BACK: STREAMS[BACK]}, {})
    assert "discount_share" not in found
    assert "discount_365d" not in found
    assert "refund_share" in found
    assert "refund_share" not in standard_traits({"orders": bare}, {})
