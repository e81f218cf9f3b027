"""Read Parquet, JSON Lines and Excel."""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook, load_workbook

from smalti.errors import SourceError, nearest
from smalti.sources.batches import BATCH_ROWS, BadRow, Batch, shortened
from smalti.sources.definitions import SourceDefinition
from smalti.sources.encodings import Utf8Stream
from smalti.sources.files import SourceFile
from smalti.sources.layout import has_header, unique_names

_JSON_ROWS = 50_000
_LOOK = 200


def read_parquet(file: SourceFile) -> Iterator[Batch]:
    """Read a Parquet file as batches of typed columns; lists and structures are left out.

    Raises:
        SourceError: The file is damaged or has no rows.
    """
    try:
        with pq.ParquetFile(file.path) as parquet:
            flat = [field.name for field in parquet.schema_arrow if not pa.types.is_nested(field.type)]
            if not parquet.metadata.num_rows:
                raise SourceError(f"'{file.name}' has columns and no rows")
            first = 1
            size = max(1_000, min(BATCH_ROWS, 20_000_000 // max(len(flat), 1)))
            for block in parquet.iter_batches(batch_size=size, columns=flat):
                names = unique_names(block.schema.names)
                table = pa.Table.from_arrays([_plain(column) for column in block.columns], names=names)
                yield Batch(file.name, table, np.arange(first, first + len(table), dtype=np.int64))
                first += len(table)
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"'{file.name}' is damaged or no Parquet file: {str(error).splitlines()[0]}") from error


def _plain(column: pa.Array) -> pa.Array:
    """Give text as plain strings and dictionaries as what they stand for."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.array([None if v is None else v.decode("utf-8", "replace") for v in column.to_pylist()], pa.string())
    if pa.types.is_null(kind):
        return column.cast(pa.string())
    return column


def read_json_lines(file: SourceFile, encoding: str) -> Iterator[Batch]:
    """Read one JSON object per line; numbers keep the digits they are written with, nested values their JSON.

    Raises:
        SourceError: The file is damaged.
    """
    records: list[dict[str, str | None]] = []
    rows: list[int] = []
    bad: list[BadRow] = []
    try:
        with Utf8Stream(file.path, encoding, rewrite=bytes) as stream:
            for row, line in enumerate(_filled_lines(stream), 1):
                record = _record(line)
                if isinstance(record, str):
                    bad.append(BadRow(row, record, shortened(line.decode("utf-8", "replace").strip())))
                else:
                    records.append(record)
                    rows.append(row)
                if len(records) + len(bad) >= _JSON_ROWS:
                    yield _json_batch(file.name, records, rows, bad)
                    records, rows, bad = [], [], []
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"'{file.name}' is damaged: {error}") from error
    if records or bad:
        yield _json_batch(file.name, records, rows, bad)


def _filled_lines(stream: Utf8Stream) -> Iterator[bytes]:
    rest = b""
    while chunk := stream.read(1 << 20):
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        yield from (line for line in lines if line.strip())
    if rest.strip():
        yield rest


def _record(line: bytes) -> dict[str, str | None] | str:
    """Give the fields of a line as text, or why there are none."""
    try:
        value = json.loads(line.decode("utf-8"), parse_float=str, parse_int=str, parse_constant=str)
    except UnicodeDecodeError:
        return "undecodable bytes"
    except (ValueError, RecursionError):
        return "not JSON"
    if not isinstance(value, dict):
        return "not a JSON object"
    return {name: _json_text(field) for name, field in value.items()}


def _json_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8") if value else value
    return json.dumps(value, ensure_ascii=True)


def _json_batch(source: str, records: list[dict[str, str | None]], rows: list[int], bad: list[BadRow]) -> Batch:
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = {name: pa.array([record.get(name) for record in records], pa.string()) for name in names}
    return Batch(source, pa.table(columns), np.array(rows, np.int64), tuple(bad))


def read_excel(file: SourceFile, definition: SourceDefinition) -> Iterator[Batch]:
    """Read the sheets of a workbook as text columns, dates as ISO 8601.

    Without a sheet named, every sheet with the columns of the first filled one is read.

    Raises:
        SourceError: The file is damaged, has no such sheet, or no rows.
    """
    try:
        book = load_workbook(str(file.path))
        tables = list(_sheets(book, file, definition))
    except (CalamineError, OSError, ValueError) as error:
        raise SourceError(f"'{file.name}' is damaged or no Excel file: {error}") from error
    if not tables:
        raise SourceError(f"'{file.name}' has no rows")
    alike = [(name, table) for name, table in tables if table.column_names == tables[0][1].column_names]
    for name, table in alike:
        source = f"{file.name} [{name}]" if len(alike) > 1 else file.name
        yield Batch(source, table, np.arange(1, len(table) + 1, dtype=np.int64))


def left_out_sheets(file: SourceFile, definition: SourceDefinition) -> list[str]:
    """Name the filled sheets that `read_excel` does not read because their columns are others."""
    tables = list(_sheets(load_workbook(str(file.path)), file, definition))
    return [name for name, table in tables if table.column_names != tables[0][1].column_names]


def _sheets(book: CalamineWorkbook, file: SourceFile, definition: SourceDefinition) -> Iterator[tuple[str, pa.Table]]:
    names = book.sheet_names
    if definition.sheet is not None and definition.sheet not in names:
        near = nearest(definition.sheet, names)
        hint = f"; did you mean '{near}'?" if near else ""
        raise SourceError(f"'{file.name}' has no sheet '{definition.sheet}', it has {', '.join(names)}{hint}")
    for name in names if definition.sheet is None else [definition.sheet]:
        rows = [[_cell_text(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()]
        rows = [row for row in rows if any(row)]
        table = _sheet_table(rows, definition)
        if table is not None:
            yield name, table


def _sheet_table(rows: list[list[str]], definition: SourceDefinition) -> pa.Table | None:
    if not rows:
        return None
    header = definition.header
    if header is None:
        header = not definition.names and has_header(rows[:_LOOK])
    body = rows[1:] if header else rows
    if not body:
        return None
    given: Iterable[str] = definition.names or (rows[0] if header else [""] * len(rows[0]))
    names = unique_names(given)
    columns = [pa.array(list(column), pa.string()) for column in zip(*body, strict=True)]
    return pa.Table.from_arrays(columns[: len(names)], names=list(names)[: len(columns)])


def _cell_text(cell: object) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    return str(cell)


def as_text(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Give any flat column as text, for a report of what was found."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    try:
        return pc.cast(column, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
