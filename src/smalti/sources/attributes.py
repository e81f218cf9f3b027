"""Files of what is said of customers become attributes, each with the history that the files tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from smalti.errors import SourceError
from smalti.facts import CUSTOMERS, FOREVER_AGO, Column, Stream, Type
from smalti.sources.account import Ledger, same_as
from smalti.sources.amounts import sign_note
from smalti.sources.carried import carried, rows_losing, silent
from smalti.sources.dates import DateReading, find_reading, is_ambiguous, read_dates
from smalti.sources.definitions import PlacesDefinition, SourceDefinition
from smalti.sources.files import SourceFile
from smalti.sources.formats import find_format, read_batches, remarks
from smalti.sources.guess import missing_column
from smalti.sources.kinds import distinct_texts, find_type, to_type
from smalti.sources.lines import customer_keys, telling
from smalti.sources.places import place
from smalti.sources.rowkeys import repeats, row_keys
from smalti.sources.staging import Setting, day_first_note, own_names
from smalti.sources.tabular import as_text
from smalti.store import Store

SUPERSEDED = "superseded by a later row of the customer"


@dataclass(frozen=True)
class _Rows:
    """The rows of all files, one under another: their columns, and the file and the row in it that each comes from."""

    table: pa.Table
    sources: pa.Array
    numbers: NDArray[np.int64]


class Attributes:
    """Reads the files of a customers source.

    Rows that carry an instant are facts, each of its own: what one says holds from then on, until a later one says
    otherwise, and what it leaves empty it says nothing of. Rows without instants have held always, so of each customer
    only one remains: of every column the last value that the files give.

    Attributes:
        ledger: What was set aside.
        notes: What was taken for granted.
        rows: Rows read, good and bad.
        kept: Rows that say something that holds or has held.
    """

    def __init__(self, definition: SourceDefinition, files: tuple[SourceFile, ...], setting: Setting) -> None:
        self.ledger = Ledger()
        self.notes: list[str] = []
        self.rows = self.kept = 0
        self._definition = definition
        self._files = files
        self._setting = setting

    def write(self, store: Store) -> Stream:
        """Put the attributes into the store as ``customers``, in the order of the files.

        With instants there is a row for each row of the files that is usable, several at one instant included; without,
        one row per customer at `FOREVER_AGO`, placed where the customer is named last.

        Raises:
            SourceError: A file cannot be read or lacks a column, or no row is usable.
        """
        rows = self._read()
        customers = customer_keys(rows.table[self._customer].combine_chunks())
        at, good = self._when(rows, pc.is_valid(customers).to_numpy(zero_copy_only=False))
        places = self._said_once(rows, good)
        if not len(places):
            raise SourceError(f"no row of {self._files[0].name} is usable: {told(self.ledger)}")
        chosen = pa.array(places)
        table = _taken(rows.table, places)
        stream, columns = self._columns(table)
        where = self._where(table, self._definition.places)
        facts = [customers.take(chosen), pa.array(at[places]), *columns, *where]
        self.kept = len(places)
        if self._definition.at is None:
            facts = self._joined(rows, places, facts)
        if self._definition.places is not None:
            stream, facts = self._placed(self._definition.places, stream, facts)
        store.put(CUSTOMERS.name, pa.Table.from_arrays(facts, schema=stream.schema()))
        return stream

    @property
    def _customer(self) -> str:
        return self._definition.customer or ""

    def _read(self) -> _Rows:
        tables, sources, numbers = [], [], []
        for file in self._files:
            form = find_format(file, self._definition)
            self.notes += remarks(file, self._definition, form)
            for batch in read_batches(file, self._definition, form):
                self._check(batch.table.column_names, file, optional=form.kind == "json lines")
                self.ledger.add_bad(batch.source, batch.bad)
                self.rows += len(batch.rows) + len(batch.bad)
                tables.append(batch.table)
                sources.append(pa.repeat(pa.scalar(batch.source), len(batch.rows)))
                numbers.append(batch.rows)
        if not tables:
            raise SourceError(f"'{self._files[0].name}' has no rows")
        table = _stacked(tables)
        self._check(table.column_names, self._files[0], optional=False)
        return _Rows(table, pa.concat_arrays(sources), np.concatenate(numbers))

    def _check(self, names: list[str], file: SourceFile, *, optional: bool) -> None:
        for role, column in (
            ("customer", self._definition.customer),
            ("at", self._definition.at),
            *self._definition.columns,
            *(("places", name) for name in (self._definition.places.columns if self._definition.places else ())),
        ):
            if column is not None and column not in names and not optional:
                raise SourceError(f"'{file.name}': {missing_column(role, column, names)}")

    def _when(self, rows: _Rows, good: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Give the instant of each row; set aside rows without a customer or with a bad date."""
        self._aside(rows, ~good, "no customer", rows.table[self._customer])
        if self._definition.at is None:
            return np.full(len(rows.table), FOREVER_AGO, np.int64), good
        column = rows.table[self._definition.at].combine_chunks()
        dates = read_dates(column, self._reading(column))
        for reason, where in (
            ("no date", dates.missing),
            ("unreadable date", ~dates.readable & ~dates.missing),
            ("date before 1900", dates.readable & (dates.at < self._setting.earliest)),
            ("date in the future", dates.readable & (dates.at > self._setting.latest)),
        ):
            self._aside(rows, good & where, reason, column)
            good = good & ~where
        return dates.at, good

    def _said_once(self, rows: _Rows, good: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Give the places of the good rows, each of those alike once; set the others aside.

        Without instants the last one stays, since what is said last holds.
        """
        places = np.flatnonzero(good)
        if self._definition.duplicates == "keep" and self._definition.at is not None:
            return places
        names = rows.table.column_names
        names = telling(self._definition, names) if self._definition.columns else names
        high, low = row_keys(_taken(rows.table, places), names)
        if self._definition.at is None:
            again, stays = (len(places) - 1 - found for found in repeats(high[::-1], low[::-1]))
        else:
            again, stays = repeats(high, low)
        if not len(again):
            return places
        one, other = places[again], pa.array(places[stays])
        sources = rows.sources.take(pa.array(one))
        found = same_as(sources, rows.sources.take(other), pa.array(rows.numbers).take(other))
        self.ledger.add(sources, rows.numbers[one], "exact duplicate", found)
        return np.delete(places, again)

    def _joined(self, rows: _Rows, places: NDArray[np.int64], facts: list[pa.Array]) -> list[pa.Array]:
        """Make one row of a customer's rows: of each column the last value there is.

        A row of which nothing holds is set aside, the last one of a customer excepted.
        """
        order, starts = _grouped(facts[0])
        if len(starts) == len(order):
            return facts
        last = order[np.append(starts[1:], len(order)) - 1]
        holds = np.zeros(len(places), bool)
        holds[last] = True
        by_place = np.argsort(last)
        joined = [column.take(pa.array(last[by_place])) for column in facts[:2]]
        for column in facts[2:]:
            filled = column.is_valid().to_numpy(zero_copy_only=False)
            latest = np.maximum.reduceat(np.where(filled[order], order, -1), starts)[by_place]
            holds[latest[latest >= 0]] = True
            joined.append(column.take(pa.array(latest, mask=latest < 0)))
        lost = np.zeros(len(rows.table), bool)
        lost[places[~holds]] = True
        self._aside(rows, lost, SUPERSEDED, rows.table[self._customer])
        self.kept = int(holds.sum())
        self._tell(len(places) - len(last), int(lost.sum()))
        return joined

    def _tell(self, more: int, lost: int) -> None:
        self.notes.append(
            f"{more:,} rows name a customer again, and no column says when: of each column the last value holds"
            + (f"; {lost:,} rows of which nothing holds set aside" if lost else "")
        )

    def _aside(self, rows: _Rows, where: NDArray[np.bool_], reason: str, column: pa.Array | pa.ChunkedArray) -> None:
        places = np.flatnonzero(where)
        if len(places):
            taken = pa.array(places)
            found = pc.utf8_slice_codeunits(as_text(column.take(taken)), 0, 80)
            self.ledger.add(rows.sources.take(taken), rows.numbers[places], reason, found)

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

    def _where(self, table: pa.Table, places: PlacesDefinition | None) -> list[pa.Array]:
        """Give country, city and region as the file has them; nothing where it does not say which columns they are."""
        if places is None:
            return []
        reading = DateReading(self._setting.time_zone)
        return [
            pa.nulls(len(table), pa.string())
            if name is None
            else to_type(table[name].combine_chunks(), Type.TEXT, reading)[0]
            for name in (places.country, places.city, places.region)
        ]

    def _placed(
        self, definition: PlacesDefinition, stream: Stream, facts: list[pa.Array]
    ) -> tuple[Stream, list[pa.Array]]:
        """Put what is known of the places where they stood; a column of the file that has such a name stays as it is.

        Where rows have instants, a row that names a city is in the country that holds then, and one that names neither says
        nothing of either.
        """
        facts, where = facts[:-3], facts[-3:]
        dated = self._definition.at is not None
        said = carried(facts[0], facts[1], where) if dated else where
        telling = ~silent(facts[0], facts[1], where) if dated else np.ones(len(facts[0]), bool)
        once = len(facts[0]) == pc.count_distinct(facts[0]).as_py()
        found = place(definition, said, telling, "customers" if once else "rows")
        self.notes += found.notes
        values = [pc.if_else(pa.array(telling), one, None) for one in found.values] if dated else found.values
        left = rows_losing(facts[0], facts[1], telling, found.located) if dated and definition.city else 0
        if left:
            self.notes.append(
                f"{left:,} rows move a customer to a city that is not known: what is known of the last one holds"
            )
        taken = {name.casefold(): name for name in stream.names}
        kept = [n for n, column in enumerate(found.columns) if column.name not in taken]
        own = [taken[column.name] for column in found.columns if column.name in taken]
        if own:
            self.notes.append(f"{', '.join(own)}: the file has columns of these names, and places made none")
        columns = (*stream.columns, *(found.columns[n] for n in kept))
        return Stream(stream.name, columns, stream.about), [*facts, *(values[n] for n in kept)]

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
        if not pa.types.is_string(column.type):
            return reading
        texts = distinct_texts(column).to_pylist()
        reading = find_reading(texts, reading)
        if not reading.decided and is_ambiguous(texts):
            self.notes.append(day_first_note(CUSTOMERS.name, self._definition.at))
        return reading


def _assumption(name: str, column: pa.Array, kind: Type) -> str:
    """Say what was taken for granted about a column that could be read both ways."""
    if kind is Type.INSTANT:
        return f"dates in '{name}' were read with the day first; nothing in them says so"
    return sign_note(f"column '{name}'", distinct_texts(column).to_pylist())


def told(ledger: Ledger) -> str:
    """Count what was set aside in a few words."""
    return ", ".join(f"{tally.rows:,} rows: {reason}" for reason, tally in ledger.reasons()[:5])


def _taken(table: pa.Table, places: NDArray[np.int64]) -> pa.Table:
    return table if len(places) == len(table) else table.take(pa.array(places))


def _grouped(customers: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the order that brings rows of one customer together, first to last, and where in it each customer starts."""
    codes = customers.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable").astype(np.int64)
    return order, np.flatnonzero(np.diff(codes[order], prepend=-1)).astype(np.int64)


def _stacked(tables: list[pa.Table]) -> pa.Table:
    """Join tables whose columns may differ; a column that is text in one of them is text in all."""
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        texts = [pa.table({name: as_text(table[name]) for name in table.column_names}) for table in tables]
        return pa.concat_tables(texts, promote_options="permissive")
