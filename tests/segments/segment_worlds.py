"""Tables of traits, invented, with the segments of a framework asked of them in both readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from smalti.facts import Currency, Type, arrow_type
from smalti.rules import (
    Customer,
    Node,
    Quantile,
    Vocabulary,
    check,
    children,
    derive_query,
    meaning,
    parse,
    quantile_of,
)
from smalti.segments import Framework, Given, Segment, members_of, standard_framework
from smalti.store import Store
from smalti.traits import Computed, answer

NEEDS = {
    "days_since_order": Type.NUMBER,
    "orders_total": Type.INTEGER,
    "spend_total": Type.MONEY,
    "purchase_days": Type.INTEGER,
    "typical_gap_days": Type.NUMBER,
    "spend_365d": Type.MONEY,
    "days_since_first_order": Type.NUMBER,
    "discount_known_orders": Type.INTEGER,
    "discounted_order_share": Type.NUMBER,
}
"""Traits that frameworks stand on, with the types the standard library gives them."""
BY_TRAITS = ("lifecycle", "price_sensitivity", "rfm", "tenure", "value_tiers")
"""The frameworks that need no stream, so that a project's own traits can carry them."""


def by_traits(name: str, settings: Mapping[str, Any] | None = None) -> Framework:
    """Give a framework as it is where there are traits and no stream."""
    return standard_framework(name, settings, Given({}, frozenset(NEEDS)))


@dataclass(frozen=True)
class Ready:
    """A framework made ready: its traits and segments as trees, the types of all names."""

    traits: dict[str, Node]
    segments: list[Segment]
    types: dict[str, Type]


def ready(framework: Framework, needs: Mapping[str, Type] = NEEDS) -> Ready:
    """Make a framework ready over these traits."""
    types: dict[str, Type | None] = dict(needs)
    traits = {}
    for name, text in framework.traits.items():
        checked = check(parse(text), Vocabulary({}, dict(types), Currency("GBP")))
        assert not checked.problems, [str(problem) for problem in checked.problems]
        traits[name], types[name] = checked.node, checked.type
    words, segments = Vocabulary({}, types, Currency("GBP")), []
    for name, definition in framework.segments.items():
        written = parse(definition.who)
        checked = check(written, words, wanted=Type.BOOLEAN)
        assert not checked.problems, [str(problem) for problem in checked.problems]
        segments.append(Segment(name, definition, checked.node, written))
    return Ready(traits, segments, {name: kind for name, kind in types.items() if kind is not None})


def by_law(asked: Ready, rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Give the segments each customer is in, as the law has it."""
    fitted: dict[Quantile, Any] = {}
    everyone = [Customer({}, asked.traits, dict.fromkeys(asked.types) | dict(row), fitted) for row in rows]
    for node in (*asked.traits.values(), *(segment.node for segment in asked.segments)):
        for part in _inner_first(node):
            if isinstance(part, Quantile) and part not in fitted:
                counted = [one for one in everyone if part.among is None or meaning(part.among, one, 0) is True]
                fitted[part] = quantile_of([meaning(part.of, one, 0) for one in counted], part.p)
    return [[one.name for one in asked.segments if meaning(one.node, her, 0) is True] for her in everyone]


def _inner_first(node: Node) -> list[Node]:
    return [part for child in children(node) for part in _inner_first(child)] + [node]


def table_of(asked: Ready, rows: Sequence[Mapping[str, Any]], store: Store) -> Computed:
    """Put the traits of the rows into the store, and what the framework derives of them."""
    needs = {name: kind for name, kind in asked.types.items() if name not in asked.traits}
    columns: dict[str, Any] = {"customer_id": [f"c{number:03d}" for number in range(len(rows))]}
    for name, kind in needs.items():
        columns[name] = pa.array([row.get(name) for row in rows], arrow_type(kind))
    store.put("people", pa.table(columns))
    computed = Computed("people", dict(needs), {})
    for number, (name, node) in enumerate(asked.traits.items()):
        answer(store, computed, {name: node}, 0)
        query = derive_query(computed.table, computed.types, {name: node}, 0, computed.fitted, store.dialect)
        store.create(f"people_{number}", query)
        computed = Computed(f"people_{number}", computed.types | {name: asked.types[name]}, computed.fitted)
    return computed


def by_query(asked: Ready, rows: Sequence[Mapping[str, Any]], store: Store) -> list[list[str]]:
    """Give the same as `by_law`, by one query over all."""
    answers = members_of(store, table_of(asked, rows, store), asked.segments, 0)
    return [[name for name, member in row.items() if member is True] for row in answers.to_pylist()]
