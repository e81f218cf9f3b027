"""First pass over the files of a source: lines written beside memory, keys kept, everything counted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import ipc

from smalti.errors import SourceError
from smalti.facts import Currency, Instant, Stream, Type, parse_instant
from smalti.sources.account import Ledger
from smalti.sources.amounts import Sign, decimal_sign, is_sign_open, sign_note
from smalti.sources.batches import Batch
from smalti.sources.dates import DateReading, find_reading, is_ambiguous
from smalti.sources.definitions import LINE_FIELDS, SourceDefinition
from smalti.sources.files import SourceFile
from smalti.sources.formats import Format, find_format, read_batches, remarks
from smalti.sources.guess import missing_column
from smalti.sources.kinds import distinct_texts, find_type
from smalti.sources.lines import LinePlan, LineTotals, line_schema, read_lines
from smalti.sources.rowkeys import Keys
from smalti.sources.tabular import as_text
from smalti.sources.touches import touch_names, typed

_LOOK = 20_000


@dataclass(frozen=True)
class Setting:
    """What holds for all sources of a project.

    Attributes:
        currency: Of all money.
        time_zone: Of moments without an offset; an IANA name.
        latest: No fact may be later than this instant.
    """

    currency: Currency
    time_zone: str
    latest: Instant

    @property
    def earliest(self) -> Instant:
        """No fact may be earlier than 1900 on the project's clocks."""
        return parse_instant("1900-01-01", self.time_zone)


@dataclass(frozen=True)
class Looked:
    """What a source's files are found to be before they are read.

    Attributes:
        definition: With customer, at and columns filled in.
        files: Its files.
        forms: What each file is.
        kinds: The types of the project's own columns.
        money: Whether lines have money.
        notes: What was found odd.
    """

    definition: SourceDefinition
    files: tuple[SourceFile, ...]
    forms: tuple[Format, ...]
    kinds: dict[str, Type]
    money: bool
    notes: tuple[str, ...] = ()

    @property
    def schema(self) -> pa.Schema:
        """The columns of the lines that the files become."""
        return line_schema(self.definition, self.kinds, self.money)


@dataclass
class Staged:
    """The lines of a source after the first pass.

    Attributes:
        path: Where they are, as an Arrow IPC file.
        looked: What they were read from.
        high: First key of each line's row.
        low: Second key.
        order: Key of each line's customer, order id and day; empty without order ids.
        seq: Number of each line, unlike any other's.
        places: First `seq` and name of each source, in order.
        ledger: What was set aside.
        totals: What was read.
        notes: What was taken for granted.
    """

    path: Path
    looked: Looked
    high: Keys = field(default_factory=lambda: np.empty(0, np.uint64))
    low: Keys = field(default_factory=lambda: np.empty(0, np.uint64))
    order: Keys = field(default_factory=lambda: np.empty(0, np.uint64))
    seq: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    places: list[tuple[int, str]] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    totals: LineTotals = field(default_factory=LineTotals)
    notes: list[str] = field(default_factory=list)

    @property
    def schema(self) -> pa.Schema:
        """The columns of the lines."""
        return self.looked.schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read the lines back, in order."""
        with pa.OSFile(str(self.path)) as source, ipc.open_file(source) as reader:
            for place in range(reader.num_record_batches):
                yield reader.get_batch(place)

    def let_go(self) -> None:
        """Give back the memory of what is needed no more once it is known which lines stay."""
        empty = np.empty(0, np.uint64)
        self.high = self.low = self.order = empty
        self.seq = np.empty(0, np.int64)
        pa.default_memory_pool().release_unused()

    def where(self, seq: NDArray[np.int64]) -> tuple[pa.Array, NDArray[np.int64]]:
        """Give the source and the row of lines by their numbers."""
        bases = np.array([base for base, _ in self.places], np.int64)
        found = np.searchsorted(bases, seq, side="left") - 1
        names = pa.array([name for _, name in self.places])
        return names.take(pa.array(found)), seq - bases[found]


def time_zone_of(name: str) -> str:
    """Check the name of a time zone.

    Raises:
        SourceError: There is no such time zone.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SourceError(f"unknown time zone: found '{name}', wanted one such as Europe/London") from error
    return name


def stage(looked: Looked, setting: Setting, folder: Path) -> Staged:
    """Read all files of a source into lines.

    Args:
        looked: The files, and what they were found to be.
        setting: What holds for all sources.
        folder: A folder for what does not fit in memory.

    Raises:
        SourceError: A file cannot be read or lacks a column.
    """
    definition = looked.definition
    staged = Staged(folder / "lines.arrow", looked, notes=list(looked.notes))
    parts = _Parts()
    options = ipc.IpcWriteOptions(compression="lz4")
    with pa.OSFile(str(staged.path), "wb") as sink, ipc.new_file(sink, staged.schema, options=options) as writer:
        for file, form in zip(looked.files, looked.forms, strict=True):
            staged.notes += remarks(file, definition, form)
            plan = _plan(looked, file, form, setting, staged.notes)
            for batch in read_batches(file, definition, form):
                base = _base(staged, batch)
                lines = read_lines(batch, plan, base, staged.ledger, staged.totals)
                writer.write_table(lines.table)
                parts.add(lines.high, lines.low, lines.order, lines.seq)
    staged.high, staged.low, staged.order, staged.seq = parts.joined()
    return staged


class _Parts:
    """Keys of the batches, to be joined at the end."""

    def __init__(self) -> None:
        self._keys: tuple[list[Keys], list[Keys], list[Keys]] = ([], [], [])
        self._seq: list[NDArray[np.int64]] = []

    def add(self, high: Keys, low: Keys, order: Keys, seq: NDArray[np.int64]) -> None:
        for kept, keys in zip(self._keys, (high, low, order), strict=True):
            kept.append(keys)
        self._seq.append(seq)

    def joined(self) -> tuple[Keys, Keys, Keys, NDArray[np.int64]]:
        empty = np.empty(0, np.uint64)
        high, low, order = (_emptied(kept, empty) for kept in self._keys)
        return high, low, order, np.concatenate(self._seq) if self._seq else np.empty(0, np.int64)


def _emptied(parts: list[Keys], empty: Keys) -> Keys:
    joined = np.concatenate(parts) if parts else empty
    parts.clear()
    return joined


def _base(staged: Staged, batch: Batch) -> int:
    """Give each source its own range of numbers: rows of the n-th start after n times two to the fortieth."""
    if not staged.places or staged.places[-1][1] != batch.source:
        staged.places.append((len(staged.places) << 40, batch.source))
    return staged.places[-1][0]


def _plan(looked: Looked, file: SourceFile, form: Format, setting: Setting, notes: list[str]) -> LinePlan:
    definition, money = looked.definition, looked.money
    given = DateReading(
        setting.time_zone,
        definition.day_first if definition.day_first is not None else True,
        definition.date_format,
        decided=definition.day_first is not None or definition.date_format is not None,
    )
    reading, ambiguous = _date_reading(lambda: read_batches(file, definition, form), definition.at, given)
    if ambiguous:
        notes.append(day_first_note(file.name, definition.at))
    sign: Sign = definition.decimal or "."
    if (money or Type.MONEY in looked.kinds.values()) and definition.decimal is None:
        sign = _sign(definition, read_batches(file, definition, form), notes)
    places, kinds = setting.currency.places, looked.kinds
    return LinePlan(definition, reading, sign, places, setting.earliest, setting.latest, money, kinds)


def day_first_note(name: str, column: str | None) -> str:
    """Say that dates could be read both ways and were read with the day first."""
    return (
        f"{name}: dates in '{column}' were read with the day first; nothing in them says so "
        "(say day_first: false if the month comes first)"
    )


def _date_reading(
    batches: Callable[[], Iterator[Batch]], column: str | None, reading: DateReading
) -> tuple[DateReading, bool]:
    """Find how dates are read, looking on only as long as they could be read both ways."""
    for batch in batches():
        if column not in batch.table.column_names or not pa.types.is_string(batch.table[column].type):
            return reading, False
        texts = distinct_texts(batch.table[column].combine_chunks()).to_pylist()
        reading = find_reading(texts, reading)
        if reading.decided or (len(texts) and not is_ambiguous(texts)):
            return reading, False
    return reading, not reading.decided


def _sign(definition: SourceDefinition, batches: Iterator[Batch], notes: list[str]) -> Sign:
    """Find the decimal sign of money, looking on only as long as it could be either."""
    said = ""
    for batch in batches:
        texts = _money_texts(definition, batch.table)
        if not is_sign_open(texts):
            return decimal_sign(texts)
        said = said or sign_note(batch.source, texts)
    notes.append(said)
    return "."


def _money_texts(definition: SourceDefinition, table: pa.Table) -> list[str]:
    texts: list[str] = []
    for name in ("revenue", "price", "quantity", "cost"):
        column = definition.column(name)
        if column in table.column_names and pa.types.is_string(table[column].type):
            texts += distinct_texts(table[column].combine_chunks()).slice(0, _LOOK).to_pylist()
    return texts


def look(
    definition: SourceDefinition,
    files: tuple[SourceFile, ...],
    setting: Setting,
    *,
    money: bool,
    standard: Stream | None = None,
) -> Looked:
    """Look at the first rows of all files: find the columns, and judge the types of the project's own ones.

    A source of one's own that names no columns gets all that any of its files has. JSON lines are looked through until
    every column named has been seen, and whole where none is named: any line may bring a column.

    Args:
        definition: With customer and at filled in, and with columns where lines have money.
        files: Its files.
        setting: What holds for all sources.
        money: Whether lines have money.
        standard: The standard stream that they fill, by whose names and types its columns go; None for one's own.

    Raises:
        SourceError: A file cannot be read, has no rows, or lacks the customer, the date or the money; or a column that is
            named is in none of the files.
    """
    forms = tuple(find_format(file, definition) for file in files)
    wanted = {definition.status, definition.id, *definition.mapping.values()} - {None}
    found: dict[str, list[pa.Array]] = {}
    strict: list[tuple[SourceFile, set[str]]] = []
    for file, form in zip(files, forms, strict=True):
        names = _seen(definition, file, form, wanted, found)
        if form.kind != "json lines":
            _check_needed(definition, file, names, money=money)
            strict.append((file, names))
    _check_named(definition, files[0], found)
    notes = []
    if not definition.columns:
        taken = {definition.customer, definition.at}
        theirs = [name for name in found if name not in taken]
        known = touch_names(theirs) if standard is not None else {}
        notes = [f"'{name}' was taken for {ours}" for name, ours in known.items()]
        ours = own_names([known.get(name, name) for name in theirs])
        definition = definition.changed(columns=dict(zip(ours, theirs, strict=True)))
    reading = DateReading(setting.time_zone, decided=False)
    own = {name: column for name, column in definition.columns if not money or name not in LINE_FIELDS}
    seen = {name: stacked(found[column]) for name, column in own.items()}
    kinds = typed(
        {name: find_type(own[name], column, reading) for name, column in seen.items()}, standard, _silent(seen)
    )
    return Looked(definition, files, forms, kinds, money, (*notes, *_lacking(definition, strict)))


def _silent(columns: Mapping[str, pa.Array]) -> set[str]:
    """Give the columns of text that say nothing."""
    texts = {name: column for name, column in columns.items() if pa.types.is_string(column.type)}
    return {name for name, column in texts.items() if not len(distinct_texts(column))}


def _lacking(definition: SourceDefinition, files: Sequence[tuple[SourceFile, set[str]]]) -> Iterator[str]:
    """Say which columns some of the files do not have."""
    for column in definition.mapping.values():
        without = [file.name for file, names in files if column not in names]
        if len(without) == 1:
            yield f"{without[0]} has no column '{column}': its rows say nothing of it"
        elif without:
            yield f"{len(without):,} files have no column '{column}', {without[0]} first: their rows say nothing of it"


def _seen(
    definition: SourceDefinition,
    file: SourceFile,
    form: Format,
    wanted: Set[str | None],
    found: dict[str, list[pa.Array]],
) -> set[str]:
    """Give the columns of a file, and add the first rows of each to those found."""
    names: set[str] = set()
    for batch in read_batches(file, definition, form):
        for name in batch.table.column_names:
            if name not in names:
                found.setdefault(name, []).append(batch.table[name].combine_chunks().slice(0, _LOOK))
        names.update(batch.table.column_names)
        if form.kind != "json lines" or (definition.columns and wanted <= names):
            return names
    if not names:
        raise SourceError(f"'{file.name}' has no rows")
    return names


def _check_needed(definition: SourceDefinition, file: SourceFile, names: Collection[str], *, money: bool) -> None:
    """Find columns without which no row of a file can be used; JSON lines may leave out what they have no value for."""
    needed = [("customer", definition.customer), ("at", definition.at)]
    if money:
        needed += [("amount", definition.column(name)) for name in ("revenue", "quantity", "price")]
    for role, column in needed:
        if column is not None and column not in names:
            raise SourceError(f"'{file.name}': {missing_column(role, column, list(names))}")


def _check_named(definition: SourceDefinition, file: SourceFile, found: Collection[str]) -> None:
    """Find columns that are named and in none of the files."""
    for role, column in (("status", definition.status), ("id", definition.id), *definition.columns):
        if column is not None and column not in found:
            raise SourceError(f"'{file.name}': {missing_column(role, column, list(found))}")


def stacked(parts: Sequence[pa.Array]) -> pa.Array:
    """Put parts of a column under one another, as text where their types differ.

    >>> stacked([pa.array([1]), pa.array(["x"])]).to_pylist()
    ['1', 'x']
    """
    alike = all(part.type == parts[0].type for part in parts)
    return pa.concat_arrays(list(parts) if alike else [as_text(part) for part in parts])


def own_names(names: list[str]) -> list[str]:
    """Give columns names that the language takes: valid ones as they are, others in snake case, each once.

    Names with _ in front are the engine's own.

    >>> own_names(["Income", "Marital Status", "2020", "income", "at", "_id"])
    ['Income', 'marital_status', 'column_2020', 'income_2', 'at_2', 'id']
    """
    taken = {"customer_id", "at"}
    given = []
    for name in names:
        base = name if name.isidentifier() and name.isascii() and not name.startswith("_") else _snake(name)
        candidate, copy = base, 1
        while candidate.casefold() in taken:
            copy += 1
            candidate = f"{base}_{copy}"
        taken.add(candidate.casefold())
        given.append(candidate)
    return given


def _snake(name: str) -> str:
    parts = "".join(sign if sign.isalnum() and sign.isascii() else " " for sign in name).lower().split()
    text = "_".join(parts) or "column"
    return f"column_{text}" if text[0].isdigit() else text
