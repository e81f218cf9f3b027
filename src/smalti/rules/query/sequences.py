"""Sequences: for each fact, whether another follows or precedes it, as a column beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from smalti.facts import Instant, Stream
from smalti.rules.nodes import Its, Name, Node, Sequence, children
from smalti.rules.query.columns import stream_table
from smalti.rules.query.dialects import Dialect
from smalti.rules.query.reading import ITS, Reading

_NUMBER, _CUSTOMER, _OTHER = "_number", "_customer", "_other"


def sequences_in(condition: Node | None) -> list[Sequence]:
    """Give the sequences that a condition on one fact asks of that fact, each once; not those within them."""
    return list(dict.fromkeys(_sequences(condition))) if condition is not None else []


def _sequences(node: Node) -> Iterator[Sequence]:
    if isinstance(node, Sequence):
        yield node
        return
    for child in children(node):
        yield from _sequences(child)


def columns_of(condition: Node | None) -> set[str]:
    """Give the columns of a fact that a condition on it speaks of, as its own or, in sequences, as those beside."""
    return set(_columns(condition, Name)) if condition is not None else set()


def _columns(node: Node, spoken: type[Name] | type[Its]) -> Iterator[str]:
    match node:
        case Sequence(where=where):
            if where is not None and spoken is Name:
                yield from _columns(where, Its)
            return
        case Name(name) if spoken is Name:
            yield name
        case Its(column) if spoken is Its:
            yield column
    for child in children(node):
        yield from _columns(child, spoken)


def flagged(
    streams: Mapping[str, Stream],
    stream: str,
    columns: Collection[str],
    asked: Collection[Sequence],
    at: Instant,
    dialect: Dialect,
) -> tuple[ir.Table, dict[Node, str]]:
    """Give the visible facts of a stream with a column for each sequence asked of them: true, false or unknown.

    Args:
        streams: All streams.
        stream: The stream's name.
        columns: The columns that are wanted beside ``customer_id`` and ``at``.
        asked: The sequences.
        at: The as-of instant.
        dialect: The engine.

    Returns:
        The facts, and the name of each sequence's column.
    """
    table = stream_table(streams[stream])
    facts = table.filter(table["at"] <= at).select("customer_id", "at", *sorted(set(columns) - {"at"}))
    if not asked:
        return facts, {}
    # Facts alike in all that is wanted may change places: their flags are alike too.
    order = ["at", *sorted(set(columns) - {"at"})]
    facts = facts.mutate(**{_NUMBER: ibis.row_number().over(group_by="customer_id", order_by=order)})
    held: dict[Node, str] = {}
    for sequence in asked:
        name = f"_flag_{len(held)}"
        found = _found(streams, facts, sequence, at, dialect)
        joined = facts.left_join(
            found, [facts["customer_id"] == found[_CUSTOMER], facts[_NUMBER] == found[ITS + _NUMBER]]
        )
        flag = _flag(joined, sequence, at)
        facts = joined.select(*facts.columns, **{name: flag})
        held[sequence] = name
    return facts, held


def _flag(joined: ir.Table, sequence: Sequence, at: Instant) -> Any:
    found = joined[_CUSTOMER].notnull()
    if sequence.order == "preceded_by" or sequence.within is None:
        return found
    open_still = joined["at"] > at - sequence.within
    return ibis.cases((found, True), (open_still, ibis.null("boolean")), else_=False)


def _found(
    streams: Mapping[str, Stream], facts: ir.Table, sequence: Sequence, at: Instant, dialect: Dialect
) -> ir.Table:
    """Give the customers and numbers of the facts that have another beside them."""
    inner = sequences_in(sequence.where)
    others, held = flagged(streams, sequence.stream, columns_of(sequence.where), inner, at, dialect)
    beside = sorted(set(_columns(sequence, Name)))
    if not beside:
        reading = Reading(others, at, dialect, known=held)
        condition = reading.read(sequence.where) if sequence.where is not None else ibis.literal(True)
        return _near(facts, reading.table.filter(condition), sequence)
    kept = {ITS + name: facts[name] for name in dict.fromkeys(("at", _NUMBER, *beside))}
    these = facts.select(**{_CUSTOMER: facts["customer_id"]}, **kept)
    pairs = these.join(others, these[_CUSTOMER] == others["customer_id"])
    reading = Reading(pairs, at, dialect, known=held)
    conditions = _apart(pairs, sequence)
    if sequence.where is not None:
        conditions.append(reading.read(sequence.where))
    return reading.table.filter(conditions).select(_CUSTOMER, ITS + _NUMBER).distinct()


def _near(facts: ir.Table, others: ir.Table, sequence: Sequence) -> ir.Table:
    """Give the facts that have any of the others near them, which are alike to all: both in one line, no pairs made."""
    names = {_CUSTOMER: "string", "at": "int64", ITS + _NUMBER: "int64", _OTHER: "int64"}
    these = facts.select(facts["customer_id"], facts["at"], facts[_NUMBER], ibis.literal(0, type="int64"))
    those = others.select(
        others["customer_id"], others["at"], ibis.null("int64").name(_NUMBER), ibis.literal(1, type="int64")
    )
    line = these.rename(dict(zip(names, these.columns, strict=True))).union(
        those.rename(dict(zip(names, those.columns, strict=True)))
    )
    near = line[_OTHER].sum().over(_frame(line, sequence))
    counted = line.mutate(_near=near)
    return counted.filter(counted[ITS + _NUMBER].notnull(), counted["_near"] > 0).select(_CUSTOMER, ITS + _NUMBER)


def _frame(line: ir.Table, sequence: Sequence) -> Any:
    around = {"group_by": line[_CUSTOMER], "order_by": line["at"]}
    if sequence.order == "followed_by":
        return ibis.range_window(following=(1, sequence.within), **around)
    return ibis.range_window(preceding=(sequence.within, 1), **around)


def _apart(pairs: ir.Table, sequence: Sequence) -> list[ir.BooleanValue]:
    """Give the conditions that the other fact is later or earlier, and not too far off."""
    early, late = pairs[ITS + "at"], pairs["at"]
    if sequence.order == "preceded_by":
        early, late = late, early
    return [early < late, *([late <= early + sequence.within] if sequence.within is not None else [])]
