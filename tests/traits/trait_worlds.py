"""A few customers with invented histories in the standard streams, and what the law says of them.

`by_law` asks `meaning`, customer by customer; `by_compute` does what a run does. A fact may lie after the as-of instant, at
it, or at the edge of a window; values are few, so that ties are common.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import pyarrow as pa

from smalti.facts import CUSTOMERS, DAY, ORDER_ITEMS, ORDERS, RETURNS, Column, Currency, Stream, Type, arrow_type
from smalti.rules import Customer, Node, Quantile, Vocabulary, check, children, meaning, parse, quantile_of
from smalti.store import Store
from smalti.traits import Computed, Trait, compute

ATTRIBUTES = Stream(
    CUSTOMERS.name, (Column("country", Type.TEXT), Column("age", Type.INTEGER), Column("income", Type.MONEY))
)
STREAMS = {one.name: one for one in (ORDERS, ORDER_ITEMS, RETURNS, ATTRIBUTES)}
NOW = 20_000 * DAY
_AGES = (-DAY, -1, 0, 1, DAY, 30 * DAY, 90 * DAY - 1, 90 * DAY, 200 * DAY, 365 * DAY - 1, 365 * DAY, 800 * DAY)
_VALUES: dict[str, tuple[Any, ...]] = {
    "order_id": ("o1", "o2", None),
    "revenue": (0, 1, 999, 1000, 25_000),
    "cost": (None, 0, 400, 401),
    "discount": (None, 0, 100),
    "channel": ("web", "shop", None),
    "category": ("shoes", "hats", "Hats", None),
    "product": ("p1", "p2", "p3", None),
    "quantity": (1.0, 0.1, 0.2, None),
    "refund": (0, 500, 999, None),
    "country": ("FR", "GB", None),
    "age": (30, 44, None),
    "income": (0, 123_456, None),
}

Histories = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]


@dataclass(frozen=True)
class World:
    """Customers with their facts, the streams there are, and the instant asked about."""

    histories: Histories
    streams: Mapping[str, Stream]
    at: int

    @property
    def visible(self) -> list[str]:
        """The customers of whom anything is known as of the instant."""
        return [
            name
            for name, facts in self.histories.items()
            if any(fact["at"] <= self.at for stream in facts.values() for fact in stream)
        ]

    def put(self, store: Store) -> None:
        """Put every stream into the store under its own name."""
        for stream in self.streams.values():
            rows = [
                {"customer_id": name, **fact}
                for name, facts in self.histories.items()
                for fact in facts.get(stream.name, ())
            ]
            store.put(stream.name, pa.Table.from_pylist(rows, stream.schema()))


def invented(seed: int, customers: int, facts: int, empty: Iterable[str] = ()) -> World:
    """Invent a world with so many customers and at most so many facts of each in each stream."""
    chance, left_out = Random(seed), set(empty)  # noqa: S311
    histories = {
        f"c{number}": {
            stream.name: [_fact(chance, stream) for _ in range(chance.randint(0, facts))]
            for stream in STREAMS.values()
            if stream.name not in left_out
        }
        for number in range(customers)
    }
    return World(histories, STREAMS, NOW)


def _fact(chance: Random, stream: Stream) -> dict[str, Any]:
    at = NOW - chance.choice(_AGES)
    return {"at": at} | {name: at // DAY if name == "day" else chance.choice(_VALUES[name]) for name in stream.names}


def ready(texts: Mapping[str, str], streams: Mapping[str, Stream]) -> list[Trait]:
    """Make traits ready, each after those it names, as they are given."""
    types: dict[str, Type | None] = {}
    found = []
    for name, text in texts.items():
        checked = check(parse(text), Vocabulary(streams, types, Currency("GBP")))
        assert not checked.problems, [str(problem) for problem in checked.problems]
        assert checked.type is not None
        types[name] = checked.type
        found.append(Trait(name, checked.type, checked.node, name))
    return found


def by_law(world: World, traits: Sequence[Trait]) -> tuple[dict[str, dict[str, Any]], dict[Quantile, Any]]:
    """Give what the law says of every customer there is, and the constants of the quantiles."""
    nodes = {trait.name: trait.node for trait in traits}
    fitted: dict[Quantile, Any] = {}
    everyone = {name: Customer(world.histories[name], nodes, fitted=fitted) for name in world.visible}
    for node in nodes.values():
        for part in _inner_first(node):
            if isinstance(part, Quantile) and part not in fitted:
                counted = [
                    one for one in everyone.values() if part.among is None or meaning(part.among, one, world.at) is True
                ]
                fitted[part] = quantile_of([meaning(part.of, one, world.at) for one in counted], part.p)
    values = {
        name: {trait.name: meaning(trait.node, her, world.at) for trait in traits} for name, her in everyone.items()
    }
    return values, fitted


def _inner_first(node: Node) -> Iterable[Node]:
    for child in children(node):
        yield from _inner_first(child)
    yield node


def by_compute(
    world: World, traits: Sequence[Trait], store: Store, rules: Iterable[Node] = ()
) -> tuple[dict[str, dict[str, Any]], Computed]:
    """Give what a run computes for every customer, and the table it is in."""
    world.put(store)
    computed = compute(store, world.streams, traits, rules, world.at, "computed")
    table = store.table(computed.table)
    for trait in traits:
        assert table.schema.field(trait.name).type == arrow_type(trait.type), trait.name
    return {row.pop("customer_id"): row for row in table.to_pylist()}, computed


def differences(law: Mapping[str, Mapping[str, Any]], told: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say where the two disagree; plain numbers may differ by 1e-9 of their size."""
    missing = [f"{name} is known to one of them only" for name in law.keys() ^ told.keys()]
    return missing + [
        f"{customer} {name}: the law says {value!r}, the run {told[customer][name]!r}"
        for customer in law.keys() & told.keys()
        for name, value in law[customer].items()
        if not same(value, told[customer][name])
    ]


def same(one: Any, two: Any) -> bool:
    """Whether two values are the same, in kind too."""
    if one is None or two is None:
        return one is two
    if isinstance(one, float) or isinstance(two, float):
        return math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-12)
    return type(one) is type(two) and one == two
