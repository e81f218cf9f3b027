"""Columns and constants as the compiler knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from smalti.facts import Stream, Type, arrow_type

_IBIS = {"string": "string", "int64": "int64", "double": "float64", "bool": "boolean"}


def ibis_type(kind: Type) -> str:
    """Give the compiler's name of a type."""
    return _IBIS[str(arrow_type(kind))]


def customers_table(name: str, types: Mapping[str, Type]) -> ir.Table:
    """Speak of a table with ``customer_id`` and columns of these types."""
    return ibis.table(
        {"customer_id": "string"} | {column: ibis_type(kind) for column, kind in types.items()}, name=name
    )


def stream_table(stream: Stream) -> ir.Table:
    """Speak of the table of a stream, which has its name."""
    columns = {"customer_id": "string", "at": "int64"} | {one.name: ibis_type(one.type) for one in stream.columns}
    return ibis.table(columns, name=stream.name)


def constant(value: Any, kind: str) -> Any:
    """Write a constant; a number as text with its type, because an engine reads 0.1 as a decimal and 7 as 32 bits."""
    if kind in ("float64", "int64") and value is not None:
        return ibis.literal(repr(float(value) if kind == "float64" else int(value))).cast(kind)
    return ibis.literal(value, type=kind)


def text(expression: ir.Table, dialect: str) -> str:
    """Give an expression as the text of an engine's query."""
    return str(ibis.to_sql(expression, dialect=dialect))
