"""Rows of a file become lines: customer, instant, money and the columns wanted, or are set aside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from smalti.facts import Instant, Type, arrow_type
from smalti.sources.account import Ledger
from smalti.sources.amounts import (
    Amounts,
    Sign,
    exact_product_total,
    exact_total,
    product_to_minor,
    read_amounts,
    to_minor,
    to_plain,
)
from smalti.sources.batches import Batch
from smalti.sources.dates import DateReading, Instants, days_of, read_dates
from smalti.sources.definitions import SourceDefinition
from smalti.sources.kinds import to_type
from smalti.sources.rowkeys import PROVENANCE, Keys, row_keys, short_keys
from smalti.sources.tabular import as_text

MONEY_FIELDS = ("cost", "discount")
TEXT_FIELDS = ("order_id", "product", "category", "channel")
_NOBODY = r"(?i)^(|null|nan|none|n/a|#n/a|<na>)$"
_LONGEST_NOBODY = 4
_CANCELLED = r"(?i).*(cancel|void|storno|annul).*"


@dataclass(frozen=True)
class LinePlan:
    """How the rows of one file become lines.

    Attributes:
        definition: With customer and at filled in.
        reading: How its dates are read.
        decimal: The decimal sign of its amounts in text.
        places: Digits after the point of the currency.
        earliest: No fact may be earlier than this.
        latest: No fact may be later than this.
        money: Whether lines have money.
        kinds: The types of the project's own columns.
    """

    definition: SourceDefinition
    reading: DateReading
    decimal: Sign
    places: int
    earliest: Instant
    latest: Instant
    money: bool
    kinds: dict[str, Type]


@dataclass
class LineTotals:
    """What was read so far, and what was noticed on the way."""

    rows: int = 0
    money: int = 0
    exact: Decimal = Decimal(0)
    timed: bool = False
    unreadable: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Lines:
    """The good rows of a batch.

    Attributes:
        table: One row per line, with the columns of `line_schema`.
        seq: Number of each line, unlike any other's.
        high: First 64 bits of each row's key.
        low: The others.
        order: A key of each line's customer, order id and day; empty without order ids or money.
    """

    table: pa.Table
    seq: NDArray[np.int64]
    high: Keys
    low: Keys
    order: Keys


def line_schema(definition: SourceDefinition, kinds: dict[str, Type], money: bool) -> pa.Schema:
    """Give the columns of lines: customer_id and at, with money seq, day, amount, back, cancelled, then the source's own."""
    fields = [("customer_id", pa.string()), ("at", pa.int64())]
    if money:
        fields += [("seq", pa.int64())]
        fields += [("day", pa.int64()), ("amount", pa.int64()), ("back", pa.bool_()), ("cancelled", pa.bool_())]
        named = definition.mapping
        fields += [(name, pa.string()) for name in TEXT_FIELDS if name in named]
        fields += [("quantity", pa.float64())] if "quantity" in named else []
        fields += [(name, pa.int64()) for name in MONEY_FIELDS if name in named]
    return pa.schema([*fields, *((name, arrow_type(kind)) for name, kind in kinds.items())])


def read_lines(batch: Batch, plan: LinePlan, base: int, ledger: Ledger, totals: LineTotals) -> Lines:
    """Turn a batch into lines; what cannot be one goes to the ledger, and all of it into the totals.

    Args:
        batch: Rows of one file.
        plan: How to read them.
        base: What to add to a row's number to make its `seq` unlike that of any row of another file.
        ledger: Where rows are set aside.
        totals: Where everything is counted.
    """
    ledger.add_bad(batch.source, batch.bad)
    totals.rows += len(batch.rows) + len(batch.bad)
    table, definition = batch.table, plan.definition
    customers = customer_keys(_column(table, definition.customer))
    dates = read_dates(_column(table, definition.at), plan.reading)
    totals.timed |= dates.timed
    problems = _Problems(len(table))
    problems.note("no customer", np.asarray(pc.is_null(customers)), definition.customer)
    _date_problems(problems, dates, plan)
    minor = np.zeros(len(table), np.int64)
    usable = np.ones(len(table), bool)
    back = np.zeros(len(table), bool)
    if plan.money:
        minor, usable, back = _money(table, plan, problems, totals)
    good = problems.code < 0
    problems.set_aside(batch, ledger, pa.array(minor, mask=~usable) if plan.money else None)
    seq = batch.rows + base
    columns = {"customer_id": customers, "at": pa.array(dates.at), **_others(table, plan, totals, good)}
    if plan.money:
        columns |= {"seq": pa.array(seq), "amount": pa.array(minor), "back": pa.array(back)}
        columns["day"] = days_of(columns["at"], plan.reading.time_zone)
        columns["cancelled"] = _cancelled(table, definition, columns)
    schema = line_schema(definition, plan.kinds, plan.money)
    lines = pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)
    chosen = table
    if not good.all():
        lines, chosen, seq = lines.filter(pa.array(good)), table.filter(pa.array(good)), seq[good]
    return _keyed(lines, seq, chosen, plan)


def customer_keys(column: pa.Array) -> pa.Array:
    """Give customer ids as text, by the rule of `smalti.facts.customer_key`, null where there is none.

    >>> customer_keys(pa.array([12345.0, None])).to_pylist(), customer_keys(pa.array([" 007 ", "5.0", "NULL"])).to_pylist()
    (['12345', None], ['007', '5', None])
    """
    if pa.types.is_integer(column.type):
        return column.cast(pa.string())
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_finite(column), column, None).cast(pa.float64())
        if (
            pc.all(pc.equal(pc.floor(column), column)).as_py() is not False
            and (pc.max(pc.abs(column)).as_py() or 0) < 2**63
        ):
            return column.cast(pa.int64()).cast(pa.string())
    text = pc.utf8_trim_whitespace(as_text(column))
    if pc.any(pc.match_substring(text, ".0")).as_py():
        text = pc.replace_substring_regex(text, r"^(-?\d+)\.0+$", r"\1")
    if (pc.min(pc.binary_length(text)).as_py() or 0) > _LONGEST_NOBODY:
        return text
    return pc.if_else(pc.match_substring_regex(text, _NOBODY), None, text)


class _Problems:
    """The first thing wrong with each row."""

    def __init__(self, count: int) -> None:
        self.code = np.full(count, -1, np.int8)
        self.reasons: list[tuple[str, str | None]] = []

    def note(self, reason: str, where: NDArray[np.bool_], column: str | None) -> None:
        self.code[where & (self.code < 0)] = len(self.reasons)
        self.reasons.append((reason, column))

    def set_aside(self, batch: Batch, ledger: Ledger, amount: pa.Array | None) -> None:
        for code, (reason, column) in enumerate(self.reasons):
            places = np.flatnonzero(self.code == code)
            if not len(places):
                continue
            where = pa.array(places)
            found = None if column is None else _short_text(_column(batch.table, column).take(where))
            money = None if amount is None else amount.take(where)
            ledger.add(batch.source, batch.rows[places], reason, found, money)


def _short_text(column: pa.Array) -> pa.Array:
    return pc.utf8_slice_codeunits(as_text(column), 0, 80)


def _date_problems(problems: _Problems, dates: Instants, plan: LinePlan) -> None:
    column = plan.definition.at
    problems.note("no date", dates.missing, column)
    problems.note("unreadable date", ~dates.readable, column)
    problems.note("date before 1900", dates.at < plan.earliest, column)
    problems.note("date in the future", dates.at > plan.latest, column)


def _money(
    table: pa.Table, plan: LinePlan, problems: _Problems, totals: LineTotals
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Read the money of each row; give it, where it is usable, and where the quantity is negative."""
    named = plan.definition.mapping
    quantity = _amounts(table, named.get("quantity"), plan)
    back = quantity.number < 0
    if "revenue" in named:
        amounts = _amounts(table, named["revenue"], plan)
        minor, usable = to_minor(amounts, plan.places)
        exact = exact_total(amounts, usable)
        _amount_problems(problems, amounts, named["revenue"], usable)
    else:
        price = _amounts(table, named["price"], plan)
        minor, usable = product_to_minor(quantity, price, plan.places)
        exact = exact_product_total(quantity, price, usable)
        _amount_problems(problems, quantity, named["quantity"], usable | ~quantity.missing & quantity.readable)
        _amount_problems(problems, price, named["price"], usable)
    totals.money += int(minor[usable].sum())
    totals.exact += exact
    return minor, usable, back


def _amounts(table: pa.Table, column: str | None, plan: LinePlan) -> Amounts:
    if column is None:
        return read_amounts(pa.nulls(len(table), pa.string()))
    return read_amounts(_column(table, column), plan.decimal)


def _amount_problems(problems: _Problems, amounts: Amounts, column: str, usable: NDArray[np.bool_]) -> None:
    problems.note("no amount", amounts.missing, column)
    problems.note("unreadable amount", ~amounts.readable, column)
    problems.note("absurd amount", ~usable, column)


def _others(table: pa.Table, plan: LinePlan, totals: LineTotals, good: NDArray[np.bool_]) -> dict[str, pa.Array]:
    """Read the columns besides customer, instant and money; what cannot be read is left empty and counted.

    A quantity counts in good rows only: where money is made of it, the others are set aside because of it.
    """
    named, columns = plan.definition.mapping, {}
    if plan.money:
        for name in TEXT_FIELDS:
            if name in named:
                keys = name == "order_id"
                column = _column(table, named[name])
                columns[name] = customer_keys(column) if keys else to_type(column, Type.TEXT, plan.reading)[0]
        if "quantity" in named:
            amounts = _amounts(table, named["quantity"], plan)
            columns["quantity"] = to_plain(amounts)
            left = np.asarray(pc.is_null(columns["quantity"]))
            _count(totals, "quantity", int((left & ~amounts.missing & good).sum()))
        for name in MONEY_FIELDS:
            if name in named:
                amounts = _amounts(table, named[name], plan)
                minor, usable = to_minor(amounts, plan.places)
                columns[name] = pa.array(minor, mask=~usable)
                _count(totals, name, int((~usable & ~amounts.missing).sum()))
    for name, kind in plan.kinds.items():
        if kind is Type.MONEY:
            amounts = _amounts(table, named[name], plan)
            minor, usable = to_minor(amounts, plan.places)
            columns[name] = pa.array(minor, mask=~usable)
            _count(totals, name, int((~usable & ~amounts.missing).sum()))
            continue
        columns[name], unread, _ = to_type(_column(table, named[name]), kind, plan.reading, plan.definition.decimal)
        _count(totals, name, unread)
    return columns


def _count(totals: LineTotals, name: str, unread: int) -> None:
    if unread:
        totals.unreadable[name] = totals.unreadable.get(name, 0) + unread


def _cancelled(table: pa.Table, definition: SourceDefinition, columns: dict[str, pa.Array]) -> pa.Array:
    pattern = definition.cancelled
    if definition.status is not None:
        texts = pc.utf8_trim_whitespace(as_text(_column(table, definition.status)))
        pattern = pattern or _CANCELLED
    elif pattern is not None and "order_id" in columns:
        texts = columns["order_id"]
    else:
        return pa.repeat(pa.scalar(False), len(table))
    coded = texts.dictionary_encode()
    matches = [bool(value and re.fullmatch(pattern, value)) for value in coded.dictionary.to_pylist()]
    return pc.fill_null(pa.array(matches, pa.bool_()).take(coded.indices), False)


def _keyed(lines: pa.Table, seq: NDArray[np.int64], table: pa.Table, plan: LinePlan) -> Lines:
    empty = np.empty(0, np.uint64)
    keep = plan.definition.duplicates == "keep"
    high, low = (empty, empty) if keep else row_keys(table, telling(plan.definition, table.column_names))
    whole = [name for name in ("customer_id", "order_id", "day") if name in lines.column_names]
    order = short_keys(lines, whole) if plan.money and "order_id" in lines.column_names else empty
    return Lines(lines, seq, high, low, order)


def telling(definition: SourceDefinition, names: Sequence[str]) -> list[str]:
    """Give the columns that make a row another one: all but those that nobody asked for and that say where it was read."""
    used = {definition.customer, definition.at, definition.id, *definition.mapping.values()}
    used |= set(definition.places.columns) if definition.places is not None else set()
    return [name for name in names if name in used or not PROVENANCE.fullmatch(name)]


def _column(table: pa.Table, name: str | None) -> pa.Array:
    if name is None or name not in table.column_names:
        return pa.nulls(len(table), pa.string())
    column = table[name]
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
