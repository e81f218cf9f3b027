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
import numpy.typing as npt

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
from smalti.store import Store, quoted
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
    rules = list(rules)
    wanted = [trait.node for trait in traits] + rules
    chain = _scan(store, streams, wanted, at)
    for stratum in _strata(traits):
        nodes = [trait.node for trait in stratum]
        if any(isinstance(part, Quantile) for node in nodes for part in walk(node)):
            fit(store, chain.kept(store, table), nodes, at)
        for level in _levels(stratum):
            wanted_now = {trait.name: trait.node for trait in level}
            chain.add(derive_query(chain.last, chain.types, wanted_now, at, chain.fitted, store.dialect))
            chain.types.update({trait.name: trait.type for trait in level})
    needed = {column_of(part) for node in rules for part in walk(node) if isinstance(part, Aggregate)}
    names = [trait.name for trait in traits] + sorted(needed - {trait.name for trait in traits})
    return chain.kept(store, table, names)


class _Chain:
    """Queries that follow from one another, run as one when an answer is kept; what came before is let go then."""

    def __init__(self, first: str, types: dict[str, Type], sources: list[str]) -> None:
        self.types = types
        self.fitted: dict[Quantile, Any] = {}
        self._steps = [first]
        self._sources = sources
        self._kept: str | None = None

    @property
    def last(self) -> str:
        """The name under which the next query finds this one's answer."""
        return f"_step_{len(self._steps)}" if self._steps else str(self._kept)

    def add(self, query: str) -> None:
        """Let a query follow."""
        self._steps.append(query)

    def kept(self, store: Store, table: str, names: Sequence[str] | None = None) -> Computed:
        """Keep the last answer as a table, all of it or the columns named."""
        if names is not None:
            self.types = {name: self.types[name] for name in names}
        chosen = ", ".join(["customer_id", *map(quoted, self.types)])
        named = ", ".join(f"_step_{number} AS ({query})" for number, query in enumerate(self._steps, 1))
        store.create(
            table, f"WITH {named} SELECT {chosen} FROM {self.last}" if named else f"SELECT {chosen} FROM {self.last}"
        )
        for source in self._sources:
            store.drop(source)
        self._steps, self._sources, self._kept = [], [], table
        return Computed(table, self.types, self.fitted)


def fit(store: Store, computed: Computed, nodes: Iterable[Node], at: Instant) -> None:
    """Fit the quantiles of these trees that are not fitted yet, innermost first, and remember them."""
    found = dict.fromkeys(part for node in nodes for part in reversed(list(walk(node))) if isinstance(part, Quantile))
    known: dict[tuple[Node, Node | None], npt.NDArray[Any]] = {}
    for quantile in found:
        if quantile not in computed.fitted:
            population = (quantile.of, quantile.among)
            if population not in known:
                known[population] = _population(store, computed, quantile, at)
            values = known[population]
            value = np.quantile(values, quantile.p, method="inverted_cdf").item() if len(values) else None
            computed.fitted[quantile] = value


def _population(store: Store, computed: Computed, quantile: Quantile, at: Instant) -> npt.NDArray[Any]:
    """Give the known values that a quantile is taken of, in order."""
    wanted = {"_of": quantile.of} | ({"_among": quantile.among} if quantile.among is not None else {})
    answer = store.read(answer_query(computed.table, computed.types, wanted, at, computed.fitted, store.dialect))
    values = answer["_of"]
    if quantile.among is not None:
        values = values.filter(answer["_among"])
    return np.sort(values.drop_null().to_numpy())


def _scan(store: Store, streams: Mapping[str, Stream], wanted: Sequence[Node], at: Instant) -> _Chain:
    aggregates: dict[Aggregate, None] = {
        part: None for node in wanted for part in walk(node) if isinstance(part, Aggregate)
    }
    # A stream is read whole at least once: whoever stands in it and nowhere else is a customer too.
    aggregates |= {Aggregate("count", stream): None for stream in streams if not _read_whole(stream, aggregates)}
    parts: dict[str, dict[str, Aggregate]] = {}
    for stream in streams.values():
        mine = {column_of(one): one for one in aggregates if one.stream == stream.name}
        for number, scan in enumerate(scans(stream, mine, at, store.dialect)):
            part = f"_scan {stream.name} {number}"
            store.create(part, scan.query)
            parts[part] = {name: mine[name] for name in scan.columns}
    store.create("_base", " UNION ".join(f'SELECT customer_id FROM "{part}"' for part in parts))
    types = {name: _type_of(one, streams) for part in parts.values() for name, one in part.items()}
    return _Chain(join_query("_base", parts, types, store.dialect), types, [*parts, "_base"])


def _read_whole(stream: str, aggregates: Iterable[Aggregate]) -> bool:
    return any(one.stream == stream and one.function != "most_frequent" for one in aggregates)


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


def _strata(traits: Sequence[Trait]) -> list[list[Trait]]:
    """Part the traits so that each quantile is of traits in strata before its own, and there are as few as can be."""
    stratum: dict[str, int] = {}
    for trait in traits:
        around = max((stratum.get(name, 0) for name in names_in(trait.node)), default=0)
        quantiles = [part for part in walk(trait.node) if isinstance(part, Quantile)]
        below = max((stratum.get(name, 0) for one in quantiles for name in names_in(one)), default=0)
        stratum[trait.name] = max(around, below + 1 if quantiles else 0)
    return _parted(traits, stratum)


def _levels(traits: Sequence[Trait]) -> list[list[Trait]]:
    """Put each trait one level above the highest of these that it names."""
    height: dict[str, int] = {}
    for trait in traits:
        height[trait.name] = 1 + max((height.get(name, 0) for name in names_in(trait.node)), default=0)
    return _parted(traits, height)


def _parted(traits: Sequence[Trait], place: Mapping[str, int]) -> list[list[Trait]]:
    return [[trait for trait in traits if place[trait.name] == here] for here in sorted(set(place.values()))]
