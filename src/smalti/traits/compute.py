"""From streams to one table of customers: needs united, one pass over each stream.

1. Every aggregate that any trait or rule speaks of is collected; equal ones are one.
2. Each stream is scanned once for all of its aggregates, and the answers are joined on the customers. Sequences, which join
   streams, and windows bounded by traits, which must be known first, take a pass more.
3. Traits made of other traits follow level by level, with memberships and the answers of accounts' people among them; a
   quantile is fitted as soon as what it is a quantile of is there.

In which order is for `smalti.rules.needs` to say; here it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from smalti.facts import Instant, Stream, Type
from smalti.rules import (
    Aggregate,
    Member,
    Name,
    Node,
    People,
    Quantile,
    answer_query,
    derive_query,
    join_query,
    scans,
    walk,
)
from smalti.rules.needs import (
    Definitions,
    Derive,
    Fit,
    Gather,
    Poll,
    Stage,
    aggregates_in,
    column_of,
    column_type,
    needs_of,
    plan,
)
from smalti.rules.query import DIALECTS, Known, Scan, people_query
from smalti.store import Store, quoted
from smalti.traits.definitions import Trait

_BASE, _ASKED = "_base", "_asked"


@dataclass(frozen=True)
class Computed:
    """A table of customers in the store.

    Attributes:
        table: Its name.
        types: Its columns after ``customer_id`` with their types; traits, and aggregates under the names of `column_of`.
        fitted: The constants of all quantiles.
        segments: The rules of segments whose membership may be asked of it.
    """

    table: str
    types: dict[str, Type]
    fitted: dict[Quantile, Any]
    segments: Mapping[str, Node] = field(default_factory=dict)


def compute(
    store: Store,
    streams: Mapping[str, Stream],
    traits: Sequence[Trait],
    rules: Iterable[Node],
    at: Instant,
    table: str,
    *,
    segments: Mapping[str, Node] | None = None,
    known: Computed | None = None,
) -> Computed:
    """Compute all traits as of an instant, and what the rules need beside them, into a table of the store.

    Args:
        store: Where the streams are, each under its own name.
        streams: The streams.
        traits: The traits, made ready, each after those it names.
        rules: Further trees, made ready, whose aggregates will be wanted.
        at: The as-of instant.
        table: The name the table shall have.
        segments: Rules, made ready, of the segments whose membership traits and rules may ask.
        known: The customers and what is known of them already, such as scores and constants; None takes everybody of whom
            there is a fact, and accounts that people name where they are asked about. Its columns are kept.
    """
    definitions = Definitions({trait.name: trait.node for trait in traits}, segments or {})
    names, rules = [Name(trait.name) for trait in traits], list(rules)
    asked = aggregates_in(rules, definitions)
    given = known if known is not None else Computed(_BASE, {}, {})
    work = _Work(store, streams, at, definitions, {trait.name: trait.type for trait in traits}, given)
    work.accounts = _links([*definitions.traits.values(), *definitions.segments.values(), *rules])
    steps = plan([*names, *asked], definitions, given.types, _constants(given.fitted))
    if known is None:
        steps = _for_everybody(streams, steps)
    work.run(steps)
    columns = [*given.types, *(name.name for name in names)]
    columns += sorted({column_of(one) for one in asked} - set(columns))
    work.keep(table, columns)
    return Computed(table, work.types, work.fitted, definitions.segments)


def answer(store: Store, computed: Computed, wanted: Mapping[str, Node], at: Instant) -> pa.Table:
    """Answer trees for all customers; quantiles they speak of are fitted on the way, and remembered.

    Args:
        store: Where the table is.
        computed: The table; it must hold the aggregates that the trees and the segments they ask about speak of.
        wanted: The trees, made ready, by the column that shall hold each.
        at: The as-of instant.

    Returns:
        ``customer_id`` in ascending order and the values.
    """
    definitions = Definitions(segments=computed.segments)
    work = _Work(store, {}, at, definitions, {}, computed)
    needs = [need for node in wanted.values() for need in needs_of(node)]
    work.run(plan(needs, definitions, computed.types, _constants(computed.fitted)))
    computed.fitted.update(work.fitted)
    query = answer_query(work.last, work.types, wanted, at, work.fitted, store.dialect)
    answers = store.read(f"{work.steps()}SELECT * FROM ({query}) AS answers ORDER BY customer_id")
    work.let_go()
    return answers


def _links(trees: Iterable[Node]) -> frozenset[Node]:
    """Give what names the account of a person, wherever an account is asked about its people."""
    found = {part.link for tree in trees for part in walk(tree) if isinstance(part, People)}
    return frozenset(link for link in found if link is not None)


def _constants(fitted: Mapping[Quantile, Any]) -> set[Quantile]:
    """Give the quantiles that can be written as constants; of one fitted on nobody its columns tell the type."""
    return {quantile for quantile, value in fitted.items() if value is not None}


def _for_everybody(streams: Mapping[str, Stream], steps: list[Stage]) -> list[Stage]:
    """Have every stream read whole at least once: whoever stands in it and nowhere else is a customer too."""
    first = steps[0].aggregates if steps and isinstance(steps[0], Gather) else ()
    read = {one.stream for one in first}
    counted = tuple(Aggregate("count", stream) for stream in streams if stream not in read)
    return [Gather(first + counted), *(steps[1:] if first else steps)]


class _Work:
    """A table of customers on its way: queries that follow from one another, run as one when an answer must be kept.

    Attributes:
        types: The columns there are.
        fitted: The constants there are.
        accounts: What names the accounts of people; those named are customers too.
    """

    def __init__(
        self,
        store: Store,
        streams: Mapping[str, Stream],
        at: Instant,
        definitions: Definitions,
        types: Mapping[str, Type],
        given: Computed,
    ) -> None:
        self.types = dict(given.types)
        self.fitted = dict(given.fitted)
        self.accounts: frozenset[Node] = frozenset()
        self._store = store
        self._streams = streams
        self._at = at
        self._definitions = definitions
        self._trait_types = types
        self._table = given.table
        self._queries: list[str] = []
        self._mine: list[str] = []

    def run(self, steps: Iterable[Stage]) -> None:
        """Do what was planned, step by step."""
        for step in steps:
            match step:
                case Gather(aggregates):
                    self._gather(aggregates)
                case Derive(needs):
                    self._derive(needs)
                case Poll(questions):
                    self._poll({column_of(one): one for one in questions})
                case Fit(quantiles):
                    self._fit(quantiles)

    @property
    def last(self) -> str:
        """The name under which the next query finds the last one's answer."""
        return f"_step_{len(self._queries)}" if self._queries else self._table

    def steps(self) -> str:
        """Write the queries that have not been run yet before one that follows from them."""
        named = ", ".join(f"{quoted(f'_step_{number}')} AS ({query})" for number, query in enumerate(self._queries, 1))
        return f"WITH {named} " if named else ""

    def keep(self, table: str, columns: Sequence[str] | None = None) -> None:
        """Keep the last answer as a table, all of it or the columns named, and let go of what came before."""
        if columns is not None:
            self.types = {name: self.types[name] for name in columns}
        chosen = ", ".join(quoted(name) for name in ("customer_id", *self.types))
        self._store.create(table, f"{self.steps()}SELECT {chosen} FROM {quoted(self.last)}")
        self._mine = [name for name in self._mine if name != table]
        self.let_go()
        self._queries, self._table = [], table

    def let_go(self) -> None:
        """Let go of the tables made on the way."""
        for table in self._mine:
            self._store.drop(table)
        self._mine = []

    def _add(self, query: str, types: Mapping[str, Type]) -> None:
        """Let a query follow that adds columns of these types."""
        self._queries.append(query)
        self.types |= types
        if not DIALECTS[self._store.dialect].chains:
            self._kept()

    def _kept(self) -> None:
        """Have the last answer in a table, so that it can be read from more than once."""
        if self._queries:
            table = _ASKED if self._table != _ASKED else f"{_ASKED}_again"
            self.keep(table)
            self._mine = [table]

    def _gather(self, aggregates: Iterable[Aggregate]) -> None:
        wanted = {column_of(one): one for one in aggregates}
        if self._table != _BASE or self._queries:
            self._kept()
        customers = Known(self._table, self.types, self.fitted)
        found = scans(self._streams, wanted, self._at, self._store.dialect, customers)
        types = {name: column_type(one, self._streams) for name, one in wanted.items()}
        kept = tuple(self.types)
        if self._table == _BASE and len(found) == 1 and not self.accounts and DIALECTS[self._store.dialect].chains:
            self._add(found[0].query, {})
            parts = {self.last: wanted}
        else:
            parts = self._parts(found, wanted)
        self._add(join_query(self.last, parts, self.types | types, self._store.dialect, kept), types)

    def _parts(self, found: Iterable[Scan], wanted: Mapping[str, Aggregate]) -> dict[str, dict[str, Aggregate]]:
        """Have the answers of scans in tables of their own, and all customers in one where they aren't known yet."""
        parts: dict[str, dict[str, Aggregate]] = {}
        for number, scan in enumerate(found):
            part = f"_scan_{number}_of_{scan.stream}"
            self._store.create(part, scan.query)
            parts[part] = {name: wanted[name] for name in scan.columns}
        if self._table == _BASE:
            known = [("customer_id", part) for part in parts]
            known += [(name, part) for part, own in parts.items() for name, one in own.items() if one in self.accounts]
            chosen = [(quoted(name), quoted(part)) for name, part in known]
            named = [f"SELECT {name} AS customer_id FROM {part} WHERE {name} <> ''" for name, part in chosen]
            self._store.create(_BASE, " UNION ".join(named))
            self._mine.append(_BASE)
        self._mine += parts
        return parts

    def _derive(self, needs: Iterable[Name | Member]) -> None:
        wanted = {column_of(need): self._definitions.column(need) for need in needs}
        query = derive_query(self.last, self.types, wanted, self._at, self.fitted, self._store.dialect)
        self._add(query, {name: self._trait_types.get(name, Type.BOOLEAN) for name in wanted})

    def _poll(self, wanted: Mapping[str, People]) -> None:
        query = people_query(self.last, self.types, wanted, self._at, self.fitted, self._store.dialect)
        self._add(query, dict.fromkeys(wanted, Type.BOOLEAN))

    def _fit(self, quantiles: Iterable[Quantile]) -> None:
        quantiles = [quantile for quantile in quantiles if quantile not in self.fitted]
        if not quantiles:
            return
        self._kept()
        known: dict[tuple[Node, Node | None], npt.NDArray[Any]] = {}
        for quantile in quantiles:
            population = (quantile.of, quantile.among)
            if population not in known:
                known[population] = self._population(quantile)
            values = known[population]
            value = np.quantile(values, quantile.p, method="inverted_cdf").item() if len(values) else None
            self.fitted[quantile] = value

    def _population(self, quantile: Quantile) -> npt.NDArray[Any]:
        """Give the known values that a quantile is taken of, in order."""
        wanted = {"_of": quantile.of} | ({"_among": quantile.among} if quantile.among is not None else {})
        query = answer_query(self._table, self.types, wanted, self._at, self.fitted, self._store.dialect)
        answers = self._store.read(query)
        values = answers["_of"]
        if quantile.among is not None:
            values = values.filter(answers["_among"])
        return np.sort(values.drop_null().to_numpy())
