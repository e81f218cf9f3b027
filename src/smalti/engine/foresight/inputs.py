"""Traits as models take them: numbers with their units and texts, from a table of customers or from one published row.

Both ways give the same numbers, bit for bit. What is an instant becomes days before the as-of instant, so that a model never
learns a date; a duration becomes days; money stays in minor units; true and false are 1 and 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from smalti.errors import ModelError
from smalti.facts import DAY, Currency, Instant, Type, to_minor
from smalti.models.supervised import Column

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def unit_of(kind: Type, currency: str) -> str:
    """Give what a trait of a type is counted in; empty of plain numbers and text.

    >>> unit_of(Type.MONEY, "GBP"), unit_of(Type.INSTANT, "GBP"), unit_of(Type.TEXT, "GBP")
    ('GBP minor', 'days ago', '')
    """
    return {Type.MONEY: f"{currency} minor", Type.INSTANT: "days ago", Type.DURATION: "days"}.get(kind, "")


def columns_of(
    table: pa.Table, types: Mapping[str, Type], at: Instant, currency: str, others: Mapping[str, str] | None = None
) -> tuple[Column, ...]:
    """Give columns of a table in working form as models take them.

    Args:
        table: The table, one row per customer.
        types: The columns wanted, with their types.
        at: The as-of instant of the table.
        currency: The project's currency.
        others: By name the currency of money that is not the project's.

    >>> table = pa.table({"since": [0, None], "vip": [True, False]})
    >>> [one.values.tolist() for one in columns_of(table, {"since": Type.INSTANT, "vip": Type.BOOLEAN}, 2 * DAY, "GBP")]
    [[2.0, nan], [1.0, 0.0]]
    """
    codes = dict(others or {})
    return tuple(
        Column(
            name,
            "category" if kind is Type.TEXT else "number",
            _values(table[name], kind, at),
            unit=unit_of(kind, codes.get(name, currency)),
        )
        for name, kind in types.items()
    )


def _values(column: pa.ChunkedArray, kind: Type, at: Instant) -> npt.NDArray[Any]:
    if kind is Type.TEXT:
        return np.array(column.to_pylist(), dtype=object)
    missing = np.asarray(column.is_null())
    if kind is Type.BOOLEAN:
        column = pc.cast(column, pa.int64())
    numbers = np.asarray(column.fill_null(0).to_numpy())
    if kind is Type.INSTANT:
        numbers = (at - numbers.astype(np.int64)).astype(np.float64) / DAY
    elif kind is Type.DURATION:
        numbers = numbers.astype(np.float64) / DAY
    return np.where(missing, np.nan, numbers.astype(np.float64))


def value_of(value: Any, kind: Type, at: Instant, currency: Currency) -> float | str | None:
    """Give one published value as models take it; the same number as `columns_of` gives.

    Args:
        value: As a table of a run has it: decimal money, timestamps, durations; None where missing.
        kind: The type of the trait.
        at: The as-of instant of the row.
        currency: The currency of its money.

    Raises:
        ModelError: It is not of the type.

    >>> value_of(Decimal("2.50"), Type.MONEY, 0, Currency("GBP")), value_of(_EPOCH, Type.INSTANT, 3 * DAY, Currency("GBP"))
    (250.0, 3.0)
    """
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    match kind, value:
        case Type.TEXT, str():
            return value
        case Type.MONEY, Decimal():
            return float(to_minor(value, currency))
        case Type.INSTANT, datetime() if value.tzinfo is not None:
            return float(at - (value - _EPOCH) // _MICROSECOND) / DAY
        case Type.DURATION, timedelta():
            return float(value // _MICROSECOND) / DAY
        case (Type.BOOLEAN, bool()) | ((Type.INTEGER | Type.NUMBER), int() | float()):
            return float(value)
    raise ModelError(f"found {value!r}, wanted what a run publishes of {kind}")


def of_row(
    row: Mapping[str, Any], types: Iterable[tuple[str, Type, str]], at: Instant
) -> dict[str, float | str | None]:
    """Give what a model takes of one published row.

    Args:
        row: The row; traits that it lacks are left out.
        types: Names, types and currencies of what is wanted.
        at: The as-of instant of the row.
    """
    return {name: value_of(row[name], kind, at, Currency(code)) for name, kind, code in types if name in row}
