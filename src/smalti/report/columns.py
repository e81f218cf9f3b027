"""Reading the tables of a run: columns as arrays, rows as dicts, and calm where a table or a column is absent.

A project decides which traits and tables there are, so everything here answers for what is missing: an absent money
column is known for nobody, an absent table has no rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from smalti.facts import Currency, to_minor

Integers: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]


def row_count(tables: Mapping[str, pa.Table], name: str) -> int:
    """Count the rows of a table, 0 for one that is absent.

    >>> row_count({}, "segments")
    0
    """
    return int(tables[name].num_rows) if name in tables else 0


def rows(tables: Mapping[str, pa.Table], name: str, limit: int | None = None) -> list[dict[str, Any]]:
    """Give the rows of a table as dicts, in the table's order; none for a table that is absent.

    >>> rows({"segments": pa.table({"segment": ["a", "b"]})}, "segments", limit=1)
    [{'segment': 'a'}]
    """
    if name not in tables:
        return []
    table = tables[name] if limit is None else tables[name].slice(0, limit)
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def minor_column(table: pa.Table, name: str, currency: Currency) -> tuple[Integers, Flags]:
    """Read a money column exactly, as whole minor units, and which rows have a value.

    Args:
        table: Any table; the column may be a decimal, an integer or a float of major units, or absent.
        name: The column.
        currency: Says how many minor units make a major one.

    Returns:
        Two arrays of length `table.num_rows`: minor units (0 where missing) and whether the value is known.

    >>> table = pa.table({"gain": pa.array([Decimal("1.25"), None], pa.decimal128(18, 2))})
    >>> [part.tolist() for part in minor_column(table, "gain", Currency("GBP"))]
    [[125, 0], [True, False]]
    >>> minor_column(table, "cost", Currency("GBP"))[1].tolist()
    [False, False]
    """
    if name not in table.column_names or pa.types.is_null(table.column(name).type):
        return np.zeros(table.num_rows, np.int64), np.zeros(table.num_rows, np.bool_)
    column = table.column(name)
    known = np.asarray(column.is_valid(), np.bool_)
    if pa.types.is_decimal(column.type):
        scaled = pc.multiply(column, pa.scalar(Decimal(currency.scale)))
        whole = pc.cast(pc.round(scaled), pa.int64())
        return np.asarray(pc.fill_null(whole, 0), np.int64), known
    values = np.nan_to_num(np.asarray(pc.fill_null(pc.cast(column, pa.float64()), 0.0)))
    return np.rint(values * currency.scale).astype(np.int64), known


def coded_column(table: pa.Table, name: str) -> tuple[npt.NDArray[np.int32], list[str]]:
    """Read a text column as codes into its sorted distinct values; -1 where missing or where the column is absent.

    >>> codes, values = coded_column(pa.table({"s": ["retain", None, "develop"]}), "s")
    >>> codes.tolist(), values
    ([1, -1, 0], ['develop', 'retain'])
    """
    if name not in table.column_names:
        return np.full(table.num_rows, -1, np.int32), []
    column = pc.cast(table.column(name), pa.string()).combine_chunks()
    encoded = column.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    found: list[str] = encoded.dictionary.to_pylist()
    values = sorted(found)
    place = {value: code for code, value in enumerate(values)}
    lookup = np.array([place[value] for value in found] + [-1], np.int32)
    indices = np.asarray(pc.fill_null(encoded.indices, len(found)), np.int64)
    return lookup[indices], values


def as_minor(value: Any, currency: Currency) -> int | None:
    """Read one cell of money (a decimal or number of major units) as minor units; None stays None.

    >>> as_minor(Decimal("1.25"), Currency("GBP")), as_minor(None, Currency("GBP"))
    (125, None)
    """
    return None if value is None else to_minor(value, currency)
