"""Aggregates over the facts of each customer: those taken in one by one, and those for which facts are counted or numbered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir

from smalti.rules.aggregates import NUMBER_PLACES
from smalti.rules.nodes import Aggregate
from smalti.rules.query.dialects import Dialect
from smalti.rules.query.reading import Reading

_FIXED = f"decimal(38, {NUMBER_PLACES})"
_ALWAYS = ibis.literal(True)
_WHOLE = "decimal(38, 0)"
"""What a sum of whole numbers passes through: the compiler believes it has 64 bits already and would leave a cast out."""


def counting(reading: Reading, aggregates: Mapping[str, Aggregate]) -> dict[str, ir.BooleanValue]:
    """Give the conditions under which a fact counts for each aggregate, over the table as it has grown by then."""
    conditions = {name: _conditions(reading, one) for name, one in aggregates.items()}
    return {name: reading.table.bind(ibis.and_(*found))[0] for name, found in conditions.items()}


def _conditions(reading: Reading, node: Aggregate) -> list[ir.BooleanValue]:
    conditions = reading.window(node.window)
    if node.where is not None:
        conditions.append(_broken(reading.read(node.where)) if node.function == "all" else reading.read(node.where))
    if node.column is not None and node.column != "at":
        conditions.append(reading.table[node.column].notnull())
    return conditions


def _broken(condition: Any) -> Any:
    """Whether a fact breaks what is asked of all: where it is not true, unknown included."""
    return ~ibis.coalesce(condition, ibis.literal(False))


def summarised(reading: Reading, aggregates: Mapping[str, Aggregate]) -> ir.Table:
    """Give aggregates that facts can be taken into one by one: one grouping for all."""
    conditions = counting(reading, aggregates)
    measures = {name: _summed(reading, one, conditions[name]) for name, one in aggregates.items()}
    return reading.table.group_by("customer_id").aggregate(**measures)


def _summed(reading: Reading, node: Aggregate, condition: ir.BooleanValue) -> Any:
    where = None if condition.equals(_ALWAYS) else condition
    if node.column is None:
        count = reading.table.count(where=where)
        if where is not None and reading.dialect.counts_by_sums:
            count = count.fill_null(0)
        return {"count": count, "any": count > 0, "all": count == 0}[node.function]
    column = reading.table[node.column]
    if node.function in ("first", "last"):
        return _dated(reading.table, column, where, node)
    return SUMMARIES[node.function](column, where, reading.dialect)


def _total(column: Any, where: Any, dialect: Dialect) -> Any:
    if column.type().is_floating():
        written = column.cast("string") if dialect.cuts_reals else column
        return written.cast(_FIXED).sum(where=where).cast("float64")
    return column.sum(where=where).cast(_WHOLE).cast("int64")


def _mean(column: Any, where: Any, dialect: Dialect) -> Any:
    return _total(column, where, dialect).cast("float64") / column.count(where=where).nullif(0)


def _distinct(column: Any, where: Any, dialect: Dialect) -> Any:
    if dialect.distinct is None:
        return column.nunique(where=where)
    kind = column.type()
    exact = ibis.udf.agg.builtin(_number_of, name=dialect.distinct, signature=((kind,), "int64"))
    return exact(column, where=where)


def _number_of(value: Any) -> Any:
    """Stand for a function of the engine's own."""


SUMMARIES: dict[str, Callable[[Any, Any, Dialect], Any]] = {
    "sum": lambda column, where, dialect: _total(column, where, dialect).fill_null(0),
    "mean": _mean,
    "min": lambda column, where, _: column.min(where=where),
    "max": lambda column, where, _: column.max(where=where),
    "distinct": _distinct,
}


def _dated(table: ir.Table, column: Any, where: Any, node: Aggregate) -> Any:
    """Give the first or last value by instant and value, where structs compare field by field."""
    if node.column == "at":
        return column.max(where=where) if node.function == "last" else column.min(where=where)
    dated = ibis.struct({"at": table["at"], "value": column})
    return (dated.max(where=where) if node.function == "last" else dated.min(where=where))["value"]


class _Pick(NamedTuple):
    """One row of each customer to take a value from.

    Attributes:
        counts: Which rows count.
        order: What they are put in order by.
        place: Which of them it is, counted from 0.
        value: The value taken.
    """

    counts: ir.BooleanValue
    order: Sequence[Any]
    place: int
    value: Any


def numbered(reading: Reading, aggregates: Mapping[str, Aggregate]) -> ir.Table:
    """Give the first, last and n-th values by instant and value: the facts that count are numbered for each."""
    conditions = counting(reading, aggregates)
    at = reading.table["at"]
    picks = {}
    for name, one in aggregates.items():
        value = reading.table[one.column]
        order = [at, value] if one.function != "last" else [ibis.desc(at), ibis.desc(value)]
        picks[name] = _Pick(conditions[name], order, (one.nth or 1) - 1, value)
    return _picked(reading.table, picks)


def most_frequent(reading: Reading, aggregates: Mapping[str, Aggregate]) -> ir.Table:
    """Give the values of one column that most facts hold, the smallest of several; what differs is which facts count."""
    conditions = counting(reading, aggregates)
    column = next(iter(aggregates.values())).column
    counts = {f"_of_{name}": reading.table.count(where=one) for name, one in conditions.items()}
    counted = reading.table.group_by("customer_id", _value=reading.table[column]).aggregate(**counts)
    value = counted["_value"]
    if not reading.dialect.orders_structs:
        of = {name: counted[f"_of_{name}"] for name in aggregates}
        return _picked(counted, {name: _Pick(one > 0, [ibis.desc(one), value], 0, value) for name, one in of.items()})
    best = {}
    for name in aggregates:
        count = counted[f"_of_{name}"]
        best[name] = ibis.struct({"count": -count, "value": value}).min(where=count > 0)["value"]
    return counted.group_by("customer_id").aggregate(**best)


def _picked(table: ir.Table, picks: Mapping[str, _Pick]) -> ir.Table:
    """Give for each customer the values that are picked; missing where too few rows count."""
    flags = {f"_counts_{number}": pick.counts.fill_null(False) for number, pick in enumerate(picks.values())}
    flagged = table.mutate(**flags)
    places = {}
    for number, pick in enumerate(picks.values()):
        group = [flagged["customer_id"], flagged[f"_counts_{number}"]]
        order = [flagged.bind(one)[0] for one in pick.order]
        places[f"_place_{number}"] = ibis.row_number().over(group_by=group, order_by=order)
    placed = flagged.mutate(**places)
    found = {}
    for number, (name, pick) in enumerate(picks.items()):
        where = placed[f"_counts_{number}"] & (placed[f"_place_{number}"] == pick.place)
        found[name] = _only(placed[pick.value.get_name()], where)
    return placed.group_by("customer_id").aggregate(**found)


def _only(column: Any, where: Any) -> Any:
    """Give the value of the one row that counts; not every engine has a greatest of true and false."""
    if column.type().is_boolean():
        return ibis.ifelse(column, 1, 0).max(where=where) == 1
    return column.max(where=where)
