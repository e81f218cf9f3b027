"""Worlds: a few customers with histories, definitions, an instant; and the two readings of all of it, side by side.

`by_meaning` asks the law, customer by customer; `by_query` does what the engine does for all customers at once: scans of each
stream, a join, traits level by level, answers. `differences` says where the two disagree.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from language_trees import ATTRIBUTES, INSTANTS, NOON, STREAMS, VALUES, Scope, tree

from smalti.facts import Currency, Instant, Stream, Type, arrow_type
from smalti.rules import (
    Aggregate,
    Customer,
    Node,
    Quantile,
    Vocabulary,
    answer_query,
    check,
    children,
    column_of,
    derive_query,
    join_query,
    meaning,
    quantile_of,
    scans,
    walk,
)
from smalti.rules.aggregates import result_type
from smalti.store import Store

Histories = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]
POUNDS = Currency("GBP")
STRANGER = "nobody's"
"""A customer with facts who is not among the customers asked about."""


@dataclass(frozen=True)
class World:
    """Histories by customer and stream, definitions as written, and the instant asked about."""

    histories: Histories
    traits: tuple[Mapping[str, tuple[Node, Type]], ...]
    wanted: Mapping[str, tuple[Node, Type]]
    at: Instant

    @property
    def customers(self) -> list[str]:
        return [name for name in self.histories if name != STRANGER]

    def ready(self) -> tuple[list[dict[str, Node]], dict[str, Node], dict[str, Type]]:
        """Give the traits by level and the wanted trees made ready by `check`, and the types of all of them."""
        types: dict[str, Type] = {}
        levels = []
        for level in self.traits:
            levels.append({name: _ready(node, kind, types) for name, (node, kind) in level.items()})
            types |= {name: kind for name, (_, kind) in level.items()}
        wanted = {name: _ready(node, kind, types) for name, (node, kind) in self.wanted.items()}
        return levels, wanted, types | {name: kind for name, (_, kind) in self.wanted.items()}


def _ready(node: Node, kind: Type, names: Mapping[str, Type]) -> Node:
    checked = check(node, Vocabulary(STREAMS, dict(names), POUNDS), wanted=kind)
    assert not checked.problems, [str(problem) for problem in checked.problems]
    assert checked.type is kind, (checked.type, kind)
    return checked.node


def _pool(stream: Stream, size: int = 400) -> list[dict[str, Any]]:
    """Make facts to choose from: drawing whole facts is what makes a world cheap to draw and small to read."""
    chance = random.Random(stream.name)  # noqa: S311
    choices = {column.name: [None, None, *VALUES[column.type]] for column in stream.columns}
    return [
        {"at": chance.choice(INSTANTS), **{name: chance.choice(values) for name, values in choices.items()}}
        for _ in range(size)
    ]


POOLS = {name: _pool(stream) for name, stream in STREAMS.items()}


@st.composite
def history(draw: DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Draw the facts of one customer: tied, repeated, out of order, with holes, some of them later than any question."""
    found = {name: draw(st.lists(st.sampled_from(pool), max_size=5)) for name, pool in POOLS.items()}
    for facts in found.values():
        if facts and draw(st.booleans()):
            facts.append(facts[0])
    return found


@st.composite
def world(draw: DrawFn, trees: int = 8, depth: int = 3) -> World:
    """Draw a world; its instant is most often an edge: when a fact comes, or leaves a window, or a microsecond beside."""
    histories = {name: draw(history()) for name in ("ada", "Ada", "o'brien")} | {"new": {}}
    histories[STRANGER] = draw(history())
    kinds = st.sampled_from(list(Type))
    scope, traits = ATTRIBUTES, []
    for level in range(draw(st.integers(0, 2))):
        drawn = {f"trait_{level}{letter}": draw(kinds) for letter in "ab"}
        traits.append({name: (draw(tree(kind, Scope(scope), 2)), kind) for name, kind in drawn.items()})
        scope = scope | drawn
    kinds = st.sampled_from([*Type, Type.BOOLEAN, Type.BOOLEAN, Type.BOOLEAN])
    asked = {f"wanted_{number}": draw(kinds) for number in range(trees)}
    wanted = {name: (draw(tree(kind, Scope(scope), depth)), kind) for name, kind in asked.items()}
    defined = [node for level in traits for node, _ in level.values()] + [node for node, _ in wanted.values()]
    edge = draw(st.sampled_from(sorted(edges(histories, defined))))
    return World(histories, tuple(traits), wanted, edge + draw(st.sampled_from([0, 0, -1, 1])))


def edges(histories: Histories, trees: Sequence[Node]) -> set[Instant]:
    """Give every instant at which a fact becomes visible or leaves one of the windows."""
    windows = {part.last for node in trees for part in walk(node) if isinstance(part, Aggregate) and part.last}
    comes = {one["at"] for streams in histories.values() for facts in streams.values() for one in facts}
    return {NOON} | comes | {at + window for at in comes for window in windows}


def _below_first(node: Node) -> Iterator[Node]:
    for child in children(node):
        yield from _below_first(child)
    yield node


def fitted_in(world: World) -> dict[Quantile, Any]:
    """Fit every quantile of a world over its customers, inner ones first."""
    levels, wanted, _ = world.ready()
    traits = {name: node for level in levels for name, node in level.items()}
    fitted: dict[Quantile, Any] = {}
    everyone = [Customer(world.histories[name], traits, fitted=fitted) for name in world.customers]
    for node in (*traits.values(), *wanted.values()):
        for part in _below_first(node):
            if isinstance(part, Quantile) and part not in fitted:
                among = [one for one in everyone if part.among is None or meaning(part.among, one, world.at) is True]
                fitted[part] = quantile_of([meaning(part.of, one, world.at) for one in among], part.p)
    return fitted


def by_meaning(world: World, fitted: Mapping[Quantile, Any]) -> dict[str, dict[str, Any]]:
    """Give the values of the wanted trees and of the traits by customer, as the law has them."""
    levels, wanted, _ = world.ready()
    traits = {name: node for level in levels for name, node in level.items()}
    return {
        name: {
            column: meaning(node, Customer(world.histories[name], traits, fitted=fitted), world.at)
            for column, node in (traits | wanted).items()
        }
        for name in world.customers
    }


def by_query(world: World, fitted: Mapping[Quantile, Any], store: Store) -> dict[str, dict[str, Any]]:
    """Give the same as `by_meaning`, for all customers at once, by queries."""
    levels, wanted, types = world.ready()
    trees = [node for level in levels for node in level.values()] + list(wanted.values())
    aggregates = {column_of(part): part for node in trees for part in walk(node) if isinstance(part, Aggregate)}
    columns = {name: aggregate_type(one) for name, one in aggregates.items()}
    put_facts(world, store)
    store.create("joined", join_query("base", _scanned(aggregates, world.at, store), columns, store.dialect))
    table = "joined"
    for number, level in enumerate(levels):
        query = derive_query(table, columns, level, world.at, fitted, store.dialect)
        table = f"derived_{number}"
        store.create(table, query)
        columns |= {name: types[name] for name in level}
    answers = store.read(answer_query(table, columns, wanted, world.at, fitted, store.dialect))
    derived = store.table(table).select(["customer_id", *(name for level in levels for name in level)])
    found: dict[str, dict[str, Any]] = {name: {} for name in world.customers}
    for one in (answers, derived):
        for name in one.column_names[1:]:
            assert one.schema.field(name).type == arrow_type(types[name]), (name, one.schema.field(name), types[name])
        for row in one.to_pylist():
            found[row.pop("customer_id")] |= row
    return found


def aggregate_type(node: Aggregate) -> Type:
    if node.column is None:
        return result_type(node.function, None)
    return result_type(node.function, Type.INSTANT if node.column == "at" else STREAMS[node.stream][node.column].type)


def put_facts(world: World, store: Store) -> None:
    store.put("base", pa.table({"customer_id": pa.array(world.customers, pa.string())}))
    for stream in STREAMS.values():
        rows = [
            {"customer_id": name, **one}
            for name, facts in world.histories.items()
            for one in facts.get(stream.name, ())
        ]
        store.put(stream.name, pa.Table.from_pylist(rows, stream.schema()))


def _scanned(aggregates: Mapping[str, Aggregate], at: Instant, store: Store) -> dict[str, dict[str, Aggregate]]:
    parts: dict[str, dict[str, Aggregate]] = {}
    for stream in STREAMS.values():
        own = {name: one for name, one in aggregates.items() if one.stream == stream.name}
        for scan in scans(stream, own, at, store.dialect) if own else []:
            part = f"part_{len(parts)}"
            store.create(part, scan.query)
            parts[part] = {name: own[name] for name in scan.columns}
    return parts


def differences(law: Mapping[str, Mapping[str, Any]], told: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say where two readings disagree: exactly, but for plain numbers, which may differ by 1e-9 of their size."""
    return [
        f"{customer} {name}: the law says {value!r}, the query {told[customer][name]!r}"
        for customer, values in law.items()
        for name, value in values.items()
        if not _same(value, told[customer][name])
    ]


def _same(one: Any, two: Any) -> bool:
    if one is None or two is None:
        return one is two
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if isinstance(one, float) or isinstance(two, float):
        return math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-12)
    return bool(one == two)


def out_of_reach(world: World, fitted: Mapping[Quantile, Any]) -> bool:
    """Whether some value on the way is larger than an engine's integers and reals hold exactly."""
    levels, wanted, _ = world.ready()
    traits = {name: node for level in levels for name, node in level.items()}
    return any(
        isinstance(
            value := meaning(part, Customer(world.histories[name], traits, fitted=fitted), world.at), int | float
        )
        and abs(value) >= 2**62
        for node in (*traits.values(), *wanted.values())
        for part in _outside_conditions(node)
        for name in world.customers
    )


def _outside_conditions(node: Node) -> Iterator[Node]:
    yield node
    if not isinstance(node, Aggregate):
        for child in children(node):
            yield from _outside_conditions(child)
