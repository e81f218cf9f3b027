"""Read CSV, TSV and columns lined up with spaces: every field as text, every bad line with its number."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from smalti.errors import SourceError
from smalti.sources.batches import BadRow, Batch, shortened
from smalti.sources.encodings import Utf8Stream
from smalti.sources.files import SourceFile
from smalti.sources.layout import WHITESPACE, TextLayout

_BLOCK = 1 << 23
_EDGES = re.compile(rb"^[ \t]+|[ \t]+(?=\r?$)", re.MULTILINE)
_RUNS = re.compile(rb"[ \t]+")


def read_delimited(file: SourceFile, layout: TextLayout) -> Iterator[Batch]:
    """Read a delimited text file as batches of text columns.

    Raises:
        SourceError: The file is damaged, or its quotes cannot be followed.
    """
    bad: list[tuple[int | None, int, int, str]] = []
    stream = Utf8Stream(file.path, layout.encoding, _squeeze if layout.delimiter == WHITESPACE else None)
    next_row = 1
    with stream:
        try:
            reader = _open(stream, layout, bad)
            for block in reader:
                taken, bad[:] = list(bad), []
                batch = _batch(file.name, block, _bad_rows(taken, layout.header), next_row)
                next_row += len(batch.rows) + len(batch.bad)
                yield batch
        except (OSError, EOFError, zlib.error) as error:
            raise SourceError(f"'{file.name}' is damaged after row {next_row - 1}: {error}") from error
        except pa.ArrowInvalid as error:
            if "Empty CSV file" not in str(error):
                raise SourceError(
                    f"'{file.name}' cannot be read after row {next_row - 1}: {error}; an unclosed quote is the usual cause"
                ) from error
    if bad:
        rows = _bad_rows(bad, layout.header)
        yield Batch(file.name, _empty(layout), np.empty(0, np.int64), tuple(_utf8_row(row) for row in rows))


def _open(
    stream: io.RawIOBase, layout: TextLayout, bad: list[tuple[int | None, int, int, str]]
) -> pacsv.CSVStreamingReader:
    whitespace = layout.delimiter == WHITESPACE
    return pacsv.open_csv(
        pa.PythonFile(stream, mode="r"),
        read_options=pacsv.ReadOptions(
            use_threads=False,
            block_size=_BLOCK,
            column_names=list(layout.columns),
            skip_rows_after_names=int(layout.header),
        ),
        parse_options=pacsv.ParseOptions(
            delimiter="\t" if whitespace else layout.delimiter,
            quote_char=False if whitespace else '"',
            newlines_in_values=layout.quoted and not whitespace,
            invalid_row_handler=partial(_note, bad),
        ),
        convert_options=pacsv.ConvertOptions(
            column_types={name: pa.binary() for name in layout.columns}, strings_can_be_null=False
        ),
    )


def _note(bad: list[tuple[int | None, int, int, str]], row: pacsv.InvalidRow) -> str:
    bad.append((row.number, row.expected_columns, row.actual_columns, row.text))
    return "skip"


def _bad_rows(noted: list[tuple[int | None, int, int, str]], header: bool) -> list[BadRow]:
    rows = []
    for number, expected, actual, text in noted:
        kind = "too many fields" if actual > expected else "too few fields"
        found = f"{actual} fields, wanted {expected}: {text}"
        rows.append(BadRow((number or 0) - int(header), kind, shortened(found)))
    return rows


def _utf8_row(row: BadRow) -> BadRow:
    return BadRow(row.row, row.reason, row.found.encode("utf-8", "replace").decode("utf-8", "replace"))


def _batch(source: str, block: pa.RecordBatch, bad: list[BadRow], first: int) -> Batch:
    count = block.num_rows + len(bad)
    broken = np.zeros(count, bool)
    broken[[row.row - first for row in bad]] = True
    rows = np.flatnonzero(~broken).astype(np.int64) + first
    columns, undecodable = [], np.zeros(block.num_rows, bool)
    for column in block.columns:
        try:
            columns.append(column.cast(pa.string()))
        except pa.ArrowInvalid:
            text, wrong = _decoded(column)
            columns.append(text)
            undecodable |= wrong
    table = pa.Table.from_arrays(columns, names=block.schema.names)
    if undecodable.any():
        bad = bad + _undecodable_rows(table.filter(pa.array(undecodable)), rows[undecodable])
        table, rows = table.filter(pa.array(~undecodable)), rows[~undecodable]
    return Batch(source, table, rows, tuple(sorted((_utf8_row(row) for row in bad), key=lambda row: row.row)))


def _decoded(column: pa.Array) -> tuple[pa.Array, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Decode a column that is not all UTF-8, value by value; tell which values are not."""
    texts, wrong = [], np.zeros(len(column), bool)
    for place, value in enumerate(column.to_pylist()):
        try:
            texts.append(value.decode("utf-8"))
        except UnicodeDecodeError:
            texts.append(value.decode("utf-8", "replace"))
            wrong[place] = True
    return pa.array(texts, pa.string()), wrong


def _undecodable_rows(table: pa.Table, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[BadRow]:
    joined = pc.binary_join_element_wise(*table.columns, ",")
    return [
        BadRow(int(row), "undecodable bytes", shortened(text))
        for row, text in zip(rows, joined.to_pylist(), strict=True)
    ]


def _squeeze(chunk: bytes) -> bytes:
    """Make each run of spaces in whole lines one tab, and none at the edges."""
    return _RUNS.sub(b"\t", _EDGES.sub(b"", chunk))


def _empty(layout: TextLayout) -> pa.Table:
    return pa.table({name: pa.array([], pa.string()) for name in layout.columns})
