"""The batch reading: a tree as an expression of Ibis, compiled to the text of one engine's query.

The only file in the house that knows Ibis, and Ibis only compiles here; the store runs the text. Instants and windows are
integers with bounds worked out before the query is written, so that no engine's calendar has a say.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatchmethod
from typing import Any, TypeAlias

import ibis
import ibis.expr.types as ir

from smalti.facts import DAY, Instant, Stream, Type, arrow_type
from smalti.rules.aggregates import AGGREGATES, NUMBER_PLACES
from smalti.rules.functions import TO_MINOR
from smalti.rules.nodes import (
    Aggregate,
    Arithmetic,
    Between,
    Call,
    Case,
    Compare,
    In,
    IsMissing,
    Like,
    Literal,
    Logic,
    Name,
    Negate,
    Node,
    Not,
    Quantile,
)

Fitted: TypeAlias = Mapping[Quantile, Any]
"""Constants of quantiles; None for one fitted on nobody."""

_IBIS = {"string": "string", "int64": "int64", "double": "float64", "bool": "boolean"}
_FIXED = f"decimal(38, {NUMBER_PLACES})"
_WHOLE = "decimal(38, 0)"
"""What a sum of whole numbers passes through: the compiler believes it has 64 bits already and would leave a cast out."""


@dataclass(frozen=True)
class Scan:
    """One query over one stream: a row per customer with facts in it, a column per aggregate."""

    columns: tuple[str, ...]
    query: str


def scans(stream: Stream, aggregates: Mapping[str, Aggregate], at: Instant, dialect: str) -> list[Scan]:
    """Give the queries that answer all the aggregates of one stream as of an instant.

    All but `most_frequent` share one pass over the stream; each column that is asked for its most frequent value takes a
    pass of its own. The table read has the stream's name and `Stream.schema`.

    Args:
        stream: The stream as it is in the store.
        aggregates: What is wanted, by the column that shall hold it.
        at: The as-of instant.
        dialect: The engine's name for the compiler.
    """
    facts = _facts(stream, at)
    plain = {name: one for name, one in aggregates.items() if one.function != "most_frequent"}
    measures = {name: _Reading(facts, at).aggregate(one) for name, one in plain.items()}
    found = [Scan(tuple(plain), _text(facts.group_by("customer_id").aggregate(**measures), dialect))] if plain else []
    for name, one in aggregates.items():
        if one.function == "most_frequent":
            found.append(Scan((name,), _text(_most_frequent(facts, name, one, at), dialect)))
    return found


def join_query(base: str, parts: Mapping[str, Mapping[str, Aggregate]], types: Mapping[str, Type], dialect: str) -> str:
    """Bring the answers of scans together: one row for each customer of `base`, what is empty filled in.

    Args:
        base: A table with the column ``customer_id``, one row per customer.
        parts: Tables made by scans, each with its aggregates by column.
        types: The type of each column.
        dialect: The engine's name for the compiler.
    """
    customers = ibis.table({"customer_id": "string"}, name=base)
    joined: ir.Table = customers
    chosen: dict[str, ir.Value] = {}
    for part, aggregates in parts.items():
        table = ibis.table(
            {"customer_id": "string"} | {name: _ibis_type(types[name]) for name in aggregates}, name=part
        )
        joined = joined.left_join(table, [(customers.customer_id, table.customer_id)], rname="{name}_of_" + part)
        for name, aggregate in aggregates.items():
            empty = AGGREGATES[aggregate.function].empty
            chosen[name] = table[name] if empty is None else table[name].fill_null(empty)
    return _text(joined.select(customers.customer_id, **chosen), dialect)


def derive_query(
    table: str, types: Mapping[str, Type], wanted: Mapping[str, Node], at: Instant, fitted: Fitted, dialect: str
) -> str:
    """Add columns to a table of customers, each the value of a tree.

    Args:
        table: A table with ``customer_id`` and the columns of `types`.
        types: The columns there are; names in the trees mean these, and an aggregate means the column `column_of` names.
        wanted: The trees, by the column that shall hold each.
        at: The as-of instant.
        fitted: The constants of the quantiles in the trees.
        dialect: The engine's name for the compiler.
    """
    return _text(_derived(table, types, wanted, at, fitted, keep=tuple(types)), dialect)


def answer_query(
    table: str, types: Mapping[str, Type], wanted: Mapping[str, Node], at: Instant, fitted: Fitted, dialect: str
) -> str:
    """Give ``customer_id`` and the values of trees only; the arguments are those of `derive_query`."""
    return _text(_derived(table, types, wanted, at, fitted, keep=()), dialect)


def _derived(
    table: str, types: Mapping[str, Type], wanted: Mapping[str, Node], at: Instant, fitted: Fitted, keep: Sequence[str]
) -> ir.Table:
    customers = ibis.table(
        {"customer_id": "string"} | {name: _ibis_type(kind) for name, kind in types.items()}, name=table
    )
    reading = _Reading(customers, at, fitted)
    added = {name: reading.read(node) for name, node in wanted.items()}
    return customers.select("customer_id", *keep, **added)


def column_of(aggregate: Aggregate) -> str:
    """Name the column that holds an aggregate which no trait is plainly equal to.

    The name tells its tree, is the same for equal trees, and differs in more than the case of letters for others: engines
    fold the case of names.

    >>> column_of(Aggregate("count", "orders", last=30 * DAY))
    '_count orders last 2592000000000'
    """
    parts = [f"_{aggregate.function}", aggregate.stream, aggregate.column or ""]
    if aggregate.last is not None:
        parts.append(f"last {aggregate.last}")
    if aggregate.where is not None:
        condition = repr(aggregate.where)
        digest = hashlib.blake2b(condition.encode(), digest_size=8).hexdigest()
        parts += [re.sub(r"\s+", " ", condition), digest]
    return " ".join(part for part in parts if part)


def _ibis_type(kind: Type) -> str:
    return _IBIS[str(arrow_type(kind))]


def _text(expression: ir.Table, dialect: str) -> str:
    return str(ibis.to_sql(expression, dialect=dialect))


def _facts(stream: Stream, at: Instant) -> ir.Table:
    columns = {"customer_id": "string", "at": "int64"} | {one.name: _ibis_type(one.type) for one in stream.columns}
    table = ibis.table(columns, name=stream.name)
    return table.filter(table["at"] <= at)


def _most_frequent(facts: ir.Table, name: str, aggregate: Aggregate, at: Instant) -> ir.Table:
    conditions = _Reading(facts, at).counting(aggregate)
    counted = (facts.filter(conditions) if conditions else facts).rename(_value=aggregate.column)
    counted = counted.group_by("customer_id", "_value").aggregate(_count=counted.count())
    rank = ibis.struct({"count": -counted["_count"], "value": counted["_value"]})
    best = counted.group_by("customer_id").aggregate(_best=rank.min())
    return best.select("customer_id", **{name: best["_best"]["value"]})


class _Reading:
    """Reads trees as expressions over one table: facts of a stream, or customers with their columns."""

    def __init__(self, table: ir.Table, at: Instant, fitted: Fitted | None = None) -> None:
        self.table = table
        self.at = at
        self.fitted = fitted or {}

    def counting(self, node: Aggregate) -> list[ir.BooleanValue]:
        """Give the conditions under which a fact counts for an aggregate."""
        conditions = [] if node.last is None else [self.table["at"] > self.at - node.last]
        if node.where is not None:
            conditions.append(self.read(node.where))
        if node.column is not None and node.column != "at":
            conditions.append(self.table[node.column].notnull())
        return conditions

    def aggregate(self, node: Aggregate) -> ir.Value:
        """Give the aggregate as an expression for a group of facts."""
        conditions = self.counting(node)
        where = ibis.and_(*conditions) if conditions else None
        if node.column is None:
            count = self.table.count(where=where)
            return count if node.function == "count" else count > 0
        column = self.table[node.column]
        return _SUMMARIES[node.function](self.table, column, where)

    @singledispatchmethod
    def read(self, node: Node) -> Any:
        raise TypeError(f"not a node of the language: {node!r}")

    @read.register
    def _(self, node: Literal) -> Any:
        return _constant(node.value, _ibis_type(node.type))

    @read.register
    def _(self, node: Name) -> Any:
        return self.table[node.name]

    @read.register
    def _(self, node: Aggregate) -> Any:
        return self.table[column_of(node)]

    @read.register
    def _(self, node: Arithmetic) -> Any:
        left, right = self.read(node.left), self.read(node.right)
        if node.op == "/":
            return left.cast("float64") / right.cast("float64").nullif(0.0)
        return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right}[node.op]()

    @read.register
    def _(self, node: Negate) -> Any:
        return -self.read(node.part)

    @read.register
    def _(self, node: Compare) -> Any:
        return _COMPARISONS[node.op](self.read(node.left), self.read(node.right))

    @read.register
    def _(self, node: Logic) -> Any:
        parts = [self.read(part) for part in node.parts]
        return ibis.and_(*parts) if node.op == "and" else ibis.or_(*parts)

    @read.register
    def _(self, node: Not) -> Any:
        return ~self.read(node.part)

    @read.register
    def _(self, node: In) -> Any:
        part = self.read(node.part)
        return ibis.or_(*(part == self.read(option) for option in node.options))

    @read.register
    def _(self, node: Between) -> Any:
        part = self.read(node.part)
        return (self.read(node.low) <= part) & (part <= self.read(node.high))

    @read.register
    def _(self, node: Like) -> Any:
        return self.read(node.part).like(node.pattern)

    @read.register
    def _(self, node: IsMissing) -> Any:
        part = node.part
        while isinstance(
            part, Not
        ):  # missing like its part; the compiler would write NOT x IS NULL without parentheses
            part = part.part
        return self.read(part).isnull()

    @read.register
    def _(self, node: Case) -> Any:
        branches = [(self.read(condition), self.read(value)) for condition, value in node.branches]
        otherwise = None if node.otherwise is None else self.read(node.otherwise)
        return ibis.cases(*branches, else_=otherwise)

    @read.register
    def _(self, node: Call) -> Any:
        values = [self.read(argument) for argument in node.arguments]
        return _FUNCTIONS[node.function](values, self.at)

    @read.register
    def _(self, node: Quantile) -> Any:
        value = self.fitted[node]
        if value is None:
            # Of another type first: the compiler reads `x = NULL` as `x IS NULL`.
            return ibis.null("string").cast(self.read(node.of).type())
        return _constant(value, "float64" if isinstance(value, float) else "int64")


def _constant(value: Any, kind: str) -> Any:
    """Write a constant; a number as text with its type, because an engine reads 0.1 as a decimal and 7 as 32 bits."""
    if kind in ("float64", "int64") and value is not None:
        return ibis.literal(repr(float(value) if kind == "float64" else int(value))).cast(kind)
    return ibis.literal(value, type=kind)


def _known_only(values: list[Any], best: Any) -> Any:
    """Make a function of several values missing when any of them is."""
    missing = ibis.or_(*(value.isnull() for value in values))
    return ibis.ifelse(missing, ibis.null(best.type()), best)


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _total(column: Any, where: Any) -> Any:
    if column.type().is_floating():
        return column.cast(_FIXED).sum(where=where).cast("float64")
    return column.sum(where=where).cast(_WHOLE).cast("int64")


def _extreme(table: ir.Table, column: Any, where: Any, *, latest: bool) -> Any:
    if column.get_name() == "at":
        return column.max(where=where) if latest else column.min(where=where)
    dated = ibis.struct({"at": table["at"], "value": column})
    return (dated.max(where=where) if latest else dated.min(where=where))["value"]


_SUMMARIES: dict[str, Callable[[ir.Table, Any, Any], Any]] = {
    "sum": lambda _, column, where: _total(column, where).fill_null(0),
    "mean": lambda _, column, where: _total(column, where).cast("float64") / column.count(where=where).nullif(0),
    "min": lambda _, column, where: column.min(where=where),
    "max": lambda _, column, where: column.max(where=where),
    "first": lambda table, column, where: _extreme(table, column, where, latest=False),
    "last": lambda table, column, where: _extreme(table, column, where, latest=True),
    "distinct": lambda _, column, where: column.nunique(where=where),
}

_FUNCTIONS: dict[str, Callable[[list[Any], Instant], Any]] = {
    "days_since": lambda values, at: (ibis.literal(at, type="int64") - values[0]).cast("float64") / float(DAY),
    "coalesce": lambda values, _: ibis.coalesce(*values),
    "least": lambda values, _: _known_only(values, ibis.least(*values)),
    "greatest": lambda values, _: _known_only(values, ibis.greatest(*values)),
    "abs": lambda values, _: values[0].abs(),
    "lower": lambda values, _: values[0].lower(),
    "floor": lambda values, _: values[0].cast("float64").floor().cast("int64"),
    TO_MINOR: lambda values, _: (values[0].cast("float64") + 0.5).floor().cast("int64"),
}
