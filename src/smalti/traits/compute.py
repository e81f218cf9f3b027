"""From streams to one table of customers: needs united, one pass over each stream.

1. Every aggregate that any trait or rule speaks of is collected; equal ones are one.
2. Each stream is scanned once for all of its aggregates, and the answers are joined on the customers.
3. Traits made of other traits follow level by level; a quantile is fitted as soon as what it is a quantile of is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from smalti.facts import Instant, Stream, Type
from smalti.rules import (
    Aggregate,
    Node,
    Quantile,
    answer_query,
    column_of,
    derive_query,
    join_query,
    names_in,
    result_type,
    scans,
    walk,
)
from smalti.store import Store
from smalti.traits.definitions import Trait


@dataclass(frozen=True)
class Computed:
    """A table of customers in the store.

    Attributes:
        table: Its name.
        types: Its columns after ``customer_id`` with their types; traits, and aggregates under the names of `column_of`.
        fitted: The constants of all quantiles.
    """

    table: str
    types: dict[str, Type]
    fitted: dict[Quantile, Any]


def compute(
    store: Store, streams: Mapping[str, Stream], traits: Sequence[Trait], rules: Iterable[Node], at: Instant, table: str
) -> Computed:
    """Compute all traits as of an instant, and what the rules need beside them, into a table of the store.

    Args:
        store: Where the streams are, each under its own name.
        streams: The streams.
        traits: The traits, made ready, each after those it names.
        rules: Further trees, made ready, whose aggregates and quantiles will be wanted.
        at: The as-of instant.
        table: The name the table shall have.
    """
    wanted = [trait.node for trait in traits] + list(rules)
    computed = _scan(store, streams, wanted, at, table)
    for level in _levels(traits):
        nodes = {trait.name: trait.node for trait in level}
        fit(store, computed, nodes.values(), at)
        query = derive_query(table, computed.types, nodes, at, computed.fitted, store.dialect)
        store.create(table, query)
        computed.types.update({trait.name: trait.type for trait in level})
    return computed


def fit(store: Store, computed: Computed, nodes: Iterable[Node], at: Instant) -> None:
    """Fit the quantiles of these trees that are not fitted yet, innermost first, and remember them."""
    found = {part: None for node in nodes for part in walk(node) if isinstance(part, Quantile)}
    for quantile in reversed(found):
        if quantile not in computed.fitted:
            computed.fitted[quantile] = _fitted(store, computed, quantile, at)


def _fitted(store: Store, computed: Computed, quantile: Quantile, at: Instant) -> Any:
    wanted = {"_of": quantile.of} | ({"_among": quantile.among} if quantile.among is not None else {})
    answer = store.read(answer_query(computed.table, computed.types, wanted, at, computed.fitted, store.dialect))
    values = answer["_of"]
    if quantile.among is not None:
        values = values.filter(answer["_among"])
    known = values.drop_null().to_numpy()
    if len(known) == 0:
        return None
    return np.quantile(known, quantile.p, method="inverted_cdf").item()


def _scan(store: Store, streams: Mapping[str, Stream], wanted: Sequence[Node], at: Instant, table: str) -> Computed:
    aggregates: dict[Aggregate, None] = {
        part: None for node in wanted for part in walk(node) if isinstance(part, Aggregate)
    }
    parts: dict[str, dict[str, Aggregate]] = {}
    bases = []
    for stream in streams.values():
        mine = {column_of(one): one for one in aggregates if one.stream == stream.name}
        for number, scan in enumerate(scans(stream, mine, at, store.dialect)):
            part = f"_scan {stream.name} {number}"
            store.create(part, scan.query)
            parts[part] = {name: mine[name] for name in scan.columns}
            bases.append(f'SELECT customer_id FROM "{part}"')
    store.create("_base", " UNION ".join(bases))
    types = {name: _type_of(one, streams) for part in parts.values() for name, one in part.items()}
    store.create(table, join_query("_base", parts, types, store.dialect))
    for part in [*parts, "_base"]:
        store.drop(part)
    return Computed(table, types, {})


def _type_of(aggregate: Aggregate, streams: Mapping[str, Stream]) -> Type:
    stream = streams[aggregate.stream]
    column = (
        None
        if aggregate.column is None
        else Type.INSTANT
        if aggregate.column == "at"
        else stream[aggregate.column].type
    )
    kind = result_type(aggregate.function, column)
    return Type.NUMBER if aggregate.function == "mean" else kind


def _levels(traits: Sequence[Trait]) -> list[list[Trait]]:
    """Put each trait one level above the highest that it names."""
    height: dict[str, int] = {}
    for trait in traits:
        height[trait.name] = 1 + max((height.get(name, 0) for name in names_in(trait.node)), default=0)
    top = max(height.values(), default=0)
    return [[trait for trait in traits if height[trait.name] == level] for level in range(1, top + 1)]
