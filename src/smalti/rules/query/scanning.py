"""Rounds over the facts: every aggregate of a stream in one query, a row per customer with facts in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import ibis.expr.types as ir

from smalti.facts import Instant, Stream, Type
from smalti.rules.needs import is_constant
from smalti.rules.nodes import Aggregate, Node, children
from smalti.rules.query.columns import customers_table, text
from smalti.rules.query.dialects import Dialect, dialect_of
from smalti.rules.query.reading import Fitted, Reading
from smalti.rules.query.sequences import columns_of, flagged, sequences_in
from smalti.rules.query.summaries import most_frequent, numbered, summarised


@dataclass(frozen=True)
class Scan:
    """One query: a row per customer with facts in the stream, a column per aggregate."""

    stream: str
    columns: tuple[str, ...]
    query: str


@dataclass(frozen=True)
class Known:
    """A table of customers and what is known of them.

    Attributes:
        table: Its name.
        types: Its columns after ``customer_id``, each under the name that `column_of` gives.
        fitted: Constants of quantiles.
    """

    table: str
    types: Mapping[str, Type]
    fitted: Fitted


def scans(
    streams: Mapping[str, Stream],
    aggregates: Mapping[str, Aggregate],
    at: Instant,
    dialect: str,
    known: Known | None = None,
) -> list[Scan]:
    """Give the queries that answer aggregates as of an instant.

    All aggregates of a stream share one pass over it, but for

    - `most_frequent`: one pass for each column, in which facts are counted by value first;
    - `nth`, and `first` and `last` where structs don't compare: one pass, in which facts are numbered;
    - those with sequences: one pass that joins the stream with others;
    - those with windows bounded by what is known of each customer: one pass that joins the customers.

    A pass reads the columns it speaks of and no more. (To keep the values of each customer in a list instead, so that the
    first pass serves all, took three to five times as long on 20 million facts.)

    Args:
        streams: All streams as they are in the store: each a table of its name with the columns of `Stream.schema`.
        aggregates: What is wanted, by the column that shall hold it.
        at: The as-of instant.
        dialect: The engine's name for the compiler.
        known: The customers, where windows have bounds that are known of them.
    """
    parted: dict[_Pass, dict[str, Aggregate]] = {}
    facts = dialect_of(dialect)
    for name, one in aggregates.items():
        parted.setdefault(_pass_of(one, facts), {})[name] = one
    return [
        Scan(one.stream, tuple(mine), text(_scan(streams, one, mine, at, facts, known), dialect))
        for one, mine in parted.items()
    ]


class _Pass(NamedTuple):
    """What aggregates must have in common to be answered by one query."""

    stream: str
    has_sequences: bool
    has_bounds: bool
    grouping: Callable[[Reading, Mapping[str, Aggregate]], ir.Table]
    counted: str | None


def _pass_of(aggregate: Aggregate, dialect: Dialect) -> _Pass:
    grouping = summarised
    if aggregate.function == "most_frequent":
        grouping = most_frequent
    elif aggregate.function == "nth" or (_is_dated(aggregate) and not dialect.orders_structs):
        grouping = numbered
    counted = aggregate.column if grouping is most_frequent else None
    joins = bool(sequences_in(aggregate.where)), bool(bounds_to_find(aggregate))
    return _Pass(aggregate.stream, *joins, grouping, counted)


def _is_dated(aggregate: Aggregate) -> bool:
    return aggregate.function in ("first", "last") and aggregate.column != "at"


def bounds_to_find(aggregate: Aggregate) -> list[Node]:
    """Give the bounds of an aggregate's window that differ from customer to customer, or are yet to be fitted."""
    window = aggregate.window
    return [bound for bound in children(window) if not is_constant(bound)] if window is not None else []


def _scan(
    streams: Mapping[str, Stream],
    which: _Pass,
    aggregates: Mapping[str, Aggregate],
    at: Instant,
    dialect: Dialect,
    known: Known | None,
) -> ir.Table:
    columns = {name for one in aggregates.values() for name in _columns(one)}
    asked = dict.fromkeys(part for one in aggregates.values() for part in sequences_in(one.where))
    facts, held = flagged(streams, which.stream, columns, list(asked), at, dialect)
    bounds = dict.fromkeys(bound for one in aggregates.values() for bound in bounds_to_find(one))
    if bounds and known is not None:
        facts, more = _bounded(facts, bounds, at, dialect, known)
        held |= more
    return which.grouping(Reading(facts, at, dialect, known=held), aggregates)


def _columns(aggregate: Aggregate) -> set[str]:
    """Give the columns of a fact that an aggregate speaks of."""
    own = {aggregate.column} if aggregate.column is not None else set()
    return (own | columns_of(aggregate.where)) - {"at"}


def _bounded(
    facts: ir.Table, bounds: Iterable[Node], at: Instant, dialect: Dialect, known: Known
) -> tuple[ir.Table, dict[Node, str]]:
    """Put beside each fact the bounds of its customer; facts of others are left out."""
    reading = Reading(customers_table(known.table, known.types), at, dialect, known.fitted)
    held = {bound: f"_limit_{number}" for number, bound in enumerate(bounds)}
    values = {name: reading.read(bound) for bound, name in held.items()}
    customers = reading.table.select(_customer=reading.table["customer_id"], **values)
    joined = facts.join(customers, facts["customer_id"] == customers["_customer"])
    return joined.select(*facts.columns, *held.values()), held
