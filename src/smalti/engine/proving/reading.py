"""The rows of a file as they lie: every column, nothing judged but what could not be read at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from smalti.errors import SourceError
from smalti.sources import Fingerprint, SourceDefinition
from smalti.sources.batches import BadRow, Batch
from smalti.sources.files import SourceFile, find_files, fingerprint
from smalti.sources.formats import find_format, read_batches
from smalti.sources.tabular import as_text


@dataclass(frozen=True, eq=False)
class Rows:
    """All rows of some files.

    Attributes:
        name: The files' names.
        table: Their columns: text of text files and sheets, typed of Parquet; n rows.
        row: Which data row of its file each is, from 1; shape (n,).
        bad: Rows that could not be read at all.
        form: What the first file is, in words.
        fingerprints: The files as they were.
    """

    name: str
    table: pa.Table
    row: NDArray[np.int64]
    bad: tuple[BadRow, ...]
    form: str
    fingerprints: tuple[Fingerprint, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.table.column_names)


def read_rows(files: Sequence[str | Path] | str | Path, home: Path | None = None) -> Rows:
    r"""Read files whole: CSV, TSV, Parquet, JSON Lines, Excel, gzipped or not.

    Args:
        files: File names or globs.
        home: The folder that relative names start from; None takes the working folder.

    Raises:
        SourceError: A file is missing, damaged or has no rows.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "trial.csv"
    >>> _ = file.write_text("who,arm,bought\nann,mail,1\nbob,none,0\nbroken\n")
    >>> read = read_rows(file)
    >>> read.columns, read.table.num_rows, read.bad[0].row
    (('who', 'arm', 'bought'), 2, 3)
    """
    names = [files] if isinstance(files, str | Path) else list(files)
    found = find_files([str(name) for name in names], home)
    if not found:
        raise SourceError("there is no file to read; wanted one with a row for each customer of a trial")
    batches: list[Batch] = []
    forms: list[str] = []
    for file in found:
        batches += _batches(file, forms)
    table = pa.concat_tables(_alike([batch.table for batch in batches]), promote_options="permissive")
    if not table.num_rows:
        raise SourceError(f"'{found[0].name}' cannot be used: none of its rows can be read")
    row = np.concatenate([batch.rows for batch in batches])
    bad = tuple(one for batch in batches for one in batch.bad)
    prints = tuple(fingerprint(file) for file in found)
    return Rows(", ".join(file.name for file in found), table.combine_chunks(), row, bad, forms[0], prints)


def _batches(file: SourceFile, forms: list[str]) -> list[Batch]:
    definition = SourceDefinition(files=(file.name,))
    form = find_format(file, definition)
    forms.append(str(form))
    return list(read_batches(file, definition, form))


def _alike(tables: Sequence[pa.Table]) -> list[pa.Table]:
    """Give tables whose columns have one type each; text where they differ."""
    types: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for field in table.schema:
            types.setdefault(field.name, set()).add(field.type)
    mixed = {name for name, kinds in types.items() if len(kinds) > 1}
    return [_texted(table, mixed) for table in tables]


def _texted(table: pa.Table, names: set[str]) -> pa.Table:
    for place, name in enumerate(table.column_names):
        if name in names:
            table = table.set_column(place, name, as_text(table[name]))
    return table
