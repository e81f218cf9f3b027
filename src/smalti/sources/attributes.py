"""Files with one row per customer become attributes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from smalti.errors import SourceError
from smalti.facts import CUSTOMERS, FOREVER_AGO, Column, Stream, Type
from smalti.sources.account import Ledger
from smalti.sources.amounts import sign_note
from smalti.sources.dates import DateReading, find_reading, read_dates
from smalti.sources.definitions import SourceDefinition
from smalti.sources.files import SourceFile
from smalti.sources.formats import find_format, read_batches, remarks
from smalti.sources.guess import missing_column
from smalti.sources.kinds import distinct_texts, find_type, to_type
from smalti.sources.lines import customer_keys
from smalti.sources.rowkeys import repeats, row_keys
from smalti.sources.staging import Setting, own_names
from smalti.sources.tabular import as_text
from smalti.store import Store


class Attributes:
    """Reads the files of a customers source.

    Attributes:
        ledger: What was set aside.
        notes: What was taken for granted.
        rows: Rows read, good and bad.
        kept: Rows that became attributes.
    """

    def __init__(self, definition: SourceDefinition, files: tuple[SourceFile, ...], setting: Setting) -> None:
        self.ledger = Ledger()
        self.notes: list[str] = []
        self.rows = self.kept = 0
        self._definition = definition
        self._files = files
        self._setting = setting

    def write(self, store: Store) -> Stream:
        """Put one row per customer into the store as ``customers``.

        Of several rows of a customer the latest wins, by its instant if rows have one, else by its place in the files.

        Raises:
            SourceError: A file cannot be read or lacks a column, or no row is usable.
        """
        table, sources, rows = self._read()
        customers = customer_keys(table[self._customer].combine_chunks())
        at, good = self._when(table, sources, rows, pc.is_valid(customers).to_numpy(zero_copy_only=False))
        stay = self._latest(table, sources, rows, customers, at, good)
        self.kept = len(stay)
        if not len(stay):
            raise SourceError(f"no row of {self._files[0].name} is usable: {told(self.ledger)}")
        kept = pa.array(stay)
        stream, columns = self._columns(table.take(kept))
        first = [customers.take(kept), pa.array(at[stay])]
        store.put(CUSTOMERS.name, pa.Table.from_arrays([*first, *columns], schema=stream.schema()))
        return stream

    @property
    def _customer(self) -> str:
        return self._definition.customer or ""

    def _read(self) -> tuple[pa.Table, pa.Array, NDArray[np.int64]]:
        tables, sources, rows = [], [], []
        for file in self._files:
            form = find_format(file, self._definition)
            self.notes += remarks(file, self._definition, form)
            for batch in read_batches(file, self._definition, form):
                self._check(batch.table.column_names, file, optional=form.kind == "json lines")
                self.ledger.add_bad(batch.source, batch.bad)
                self.rows += len(batch.rows) + len(batch.bad)
                tables.append(batch.table)
                sources.append(pa.repeat(pa.scalar(batch.source), len(batch.rows)))
                rows.append(batch.rows)
        if not tables:
            raise SourceError(f"'{self._files[0].name}' has no rows")
        return _joined(tables), pa.concat_arrays(sources), np.concatenate(rows)

    def _check(self, names: list[str], file: SourceFile, *, optional: bool) -> None:
        for role, column in (
            ("customer", self._definition.customer),
            ("at", self._definition.at),
            *self._definition.columns,
        ):
            if column is not None and column not in names and not optional:
                raise SourceError(f"'{file.name}': {missing_column(role, column, names)}")

    def _when(
        self, table: pa.Table, sources: pa.Array, rows: NDArray[np.int64], good: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Give the instant of each row; set aside rows without a customer or with a bad date."""
        self._aside(~good, "no customer", sources, rows, table[self._customer])
        if self._definition.at is None:
            return np.full(len(table), FOREVER_AGO, np.int64), good
        column = table[self._definition.at].combine_chunks()
        dates = read_dates(column, self._reading(column))
        for reason, where in (
            ("no date", dates.missing),
            ("unreadable date", ~dates.readable & ~dates.missing),
            ("date before 1900", dates.readable & (dates.at < self._setting.earliest)),
            ("date in the future", dates.readable & (dates.at > self._setting.latest)),
        ):
            self._aside(good & where, reason, sources, rows, column)
            good = good & ~where
        return dates.at, good

    def _latest(
        self,
        table: pa.Table,
        sources: pa.Array,
        rows: NDArray[np.int64],
        customers: pa.Array,
        at: NDArray[np.int64],
        good: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        """Give the places of the rows that win, in the order of the files."""
        places = np.flatnonzero(good)
        again, _ = repeats(*row_keys(table.take(pa.array(places)), table.column_names))
        twice = np.zeros(len(table), bool)
        twice[places[again]] = True
        self._aside(twice, "exact duplicate", sources, rows, customers)
        places = np.flatnonzero(good & ~twice)
        codes = customers.take(pa.array(places)).dictionary_encode().indices.to_numpy(zero_copy_only=False)
        order = np.lexsort((places, at[places], codes))
        last = np.append(codes[order][1:] != codes[order][:-1], [True] * bool(len(order)))
        lost = np.zeros(len(table), bool)
        lost[places[order[~last]]] = True
        if lost.any():
            by = "the latest date" if self._definition.at else "the last row"
            self.notes.append(
                f"{int(lost.sum()):,} rows of customers said again later set aside: {by} of a customer holds"
            )
        self._aside(lost, "superseded by a later row of the customer", sources, rows, customers)
        return np.sort(places[order[last]])

    def _aside(
        self,
        where: NDArray[np.bool_],
        reason: str,
        sources: pa.Array,
        rows: NDArray[np.int64],
        column: pa.Array | pa.ChunkedArray,
    ) -> None:
        places = np.flatnonzero(where)
        if len(places):
            taken = pa.array(places)
            found = pc.utf8_slice_codeunits(as_text(column).take(taken), 0, 80)
            self.ledger.add(sources.take(taken), rows[places], reason, found)

    def _columns(self, table: pa.Table) -> tuple[Stream, list[pa.Array]]:
        names = list(self._names(table))
        columns, values = [], []
        for ours, theirs in names:
            column = table[theirs].combine_chunks()
            reading = DateReading(
                self._setting.time_zone,
                day_first=self._definition.day_first is not False,
                decided=self._definition.day_first is not None,
            )
            kind = find_type(theirs, column, reading)
            value, unread, assumed = to_type(column, kind, reading, self._definition.decimal)
            if assumed:
                self.notes.append(_assumption(theirs, column, kind))
            if unread:
                self.notes.append(f"{unread:,} values of '{ours}' could not be read and were left empty")
            columns.append(Column(ours, kind, f"column '{theirs}' of the file"))
            values.append(value)
        renamed = [f"'{theirs}' is {ours}" for ours, theirs in names if ours != theirs]
        if renamed and not self._definition.columns:
            more = f" and {len(renamed) - 20} more" if len(renamed) > 20 else ""
            self.notes.append("columns renamed: " + ", ".join(renamed[:20]) + more)
        return Stream(CUSTOMERS.name, tuple(columns), CUSTOMERS.about), values

    def _names(self, table: pa.Table) -> Iterator[tuple[str, str]]:
        if self._definition.columns:
            yield from self._definition.columns
            return
        taken = {self._definition.customer, self._definition.at}
        names = [name for name in table.column_names if name not in taken]
        yield from zip(own_names(names), names, strict=True)

    def _reading(self, column: pa.Array) -> DateReading:
        reading = DateReading(
            self._setting.time_zone,
            day_first=self._definition.day_first is not False,
            format=self._definition.date_format,
            decided=self._definition.day_first is not None or self._definition.date_format is not None,
        )
        return find_reading(column.to_pylist(), reading) if pa.types.is_string(column.type) else reading


def _assumption(name: str, column: pa.Array, kind: Type) -> str:
    """Say what was taken for granted about a column that could be read both ways."""
    if kind is Type.INSTANT:
        return f"dates in '{name}' were read with the day first; nothing in them says so"
    return sign_note(f"column '{name}'", distinct_texts(column).to_pylist())


def told(ledger: Ledger) -> str:
    """Count what was set aside in a few words."""
    return ", ".join(f"{tally.rows:,} rows: {reason}" for reason, tally in ledger.reasons()[:5])


def _joined(tables: list[pa.Table]) -> pa.Table:
    """Join tables whose columns may differ; a column that is text in one of them is text in all."""
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        texts = [pa.table({name: as_text(table[name]) for name in table.column_names}) for table in tables]
        return pa.concat_tables(texts, promote_options="permissive")
