"""What a column holds, judged by its values: the type it gets as an attribute or a column of one's own."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.facts import Type
from smalti.sources.amounts import MOST_PLAIN, Sign, decimal_sign, is_sign_open, read_amounts, to_plain
from smalti.sources.dates import DateReading, find_reading, is_ambiguous, read_dates

_NOTHING = r"(?i)^(|n/?a|#n/a|nan|null|none|-+|\?+)$"
_BOOLEAN = r"(?i)^(true|false|yes|no|t|f|y|n)$"
_TRUE = r"(?i)^(true|yes|t|y)$"
_INTEGER = r"^[+-]?(0|[1-9]\d{0,17})(\.0+)?$"
_TELEPHONE = r"^\+[1-9]\d{6,14}$"
"""A number to call as E.164 writes it: its sign is a part of it."""
_NUMBER = r"^[+-]?(0|[1-9]\d*)?([.,]\d+)?([eE][+-]?\d+)?$"
_DATE = r"[-/.: ]"
_DATE_WORDS = re.compile(
    r"date|time|day|dob|birth|since|until|created|updated|joined|_at$|^at$|^dt|datum|_on$", re.IGNORECASE
)


def find_type(name: str, column: pa.Array, reading: DateReading) -> Type:
    """Judge the type of a column; one odd value makes it text, so that none is lost.

    Args:
        name: The column's name, which decides whether bare digits can be dates.
        column: Its values.
        reading: How dates in it would be read.

    >>> find_type("zip", pa.array(["02134", "10001"]), DateReading("UTC"))
    <Type.TEXT: 'text'>
    >>> find_type("phone", pa.array(["+442071838750"]), DateReading("UTC"))
    <Type.TEXT: 'text'>
    >>> find_type("income", pa.array(["58138", "", "7"]), DateReading("UTC"))
    <Type.INTEGER: 'integer'>
    """
    kind = column.type
    if pa.types.is_boolean(kind):
        return Type.BOOLEAN
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return Type.INSTANT
    if pa.types.is_integer(kind):
        return Type.INTEGER
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Type.NUMBER
    if not pa.types.is_string(kind):
        return Type.TEXT
    return _of_text(name, distinct_texts(column), reading)


def _of_text(name: str, values: pa.Array, reading: DateReading) -> Type:
    if not len(values):
        return Type.TEXT
    if _all(values, _BOOLEAN):
        return Type.BOOLEAN
    if _all(values, _INTEGER) and bool(pc.any(pc.match_substring_regex(values, _TELEPHONE)).as_py()):
        return Type.TEXT
    if _all(values, _INTEGER):
        day = _DATE_WORDS.search(name) and _all(values, r"^(19|20)\d{6}$")
        return Type.INSTANT if day and bool(read_dates(values, reading).readable.all()) else Type.INTEGER
    if _all(values, _NUMBER):
        return Type.NUMBER
    if _all(values, _DATE) and _all(values, r"\d"):
        head = read_dates(values.slice(0, 50), reading)
        if head.readable.all() and read_dates(values, find_reading(values.to_pylist(), reading)).readable.all():
            return Type.INSTANT
    return Type.TEXT


def _all(values: pa.Array, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(values, pattern)).as_py())


def distinct_texts(column: pa.Array) -> pa.Array:
    """Give the distinct values of a text column, without those that stand for nothing."""
    values = pc.utf8_trim_whitespace(pc.drop_null(pc.unique(column)))
    return values.filter(pc.invert(pc.match_substring_regex(values, _NOTHING)))


def to_type(
    column: pa.Array, kind: Type, reading: DateReading, decimal: Sign | None = None
) -> tuple[pa.Array, int, bool]:
    """Give a column in the type it was judged to have.

    Args:
        column: Its values.
        kind: The type; numbers above 1e15 either way are left empty.
        reading: How dates in it are read.
        decimal: The decimal sign of numbers in text; None looks at the values.

    Returns:
        The values, how many could not be read and were left empty, and whether something was assumed: the order of day and
        month, or the decimal sign.

    >>> to_type(pa.array(["yes", "No", ""]), Type.BOOLEAN, DateReading("UTC"))[0].to_pylist()
    [True, False, None]
    """
    text = pa.types.is_string(column.type)
    if kind is Type.TEXT:
        plain = column if text else column.cast(pa.string())
        trimmed = pc.utf8_trim_whitespace(plain)
        return pc.if_else(pc.equal(trimmed, ""), None, trimmed), 0, False
    if text:
        trimmed = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.match_substring_regex(trimmed, _NOTHING), None, trimmed)
    filled = len(column) - (pc.sum(pc.is_null(column, nan_is_null=True)).as_py() or 0)
    values, assumed = _converted(column, kind, reading, decimal)
    return values, filled - (len(values) - values.null_count), assumed


def _converted(column: pa.Array, kind: Type, reading: DateReading, decimal: Sign | None) -> tuple[pa.Array, bool]:
    if kind is Type.INSTANT:
        return _instants(column, reading)
    if kind is Type.BOOLEAN:
        if pa.types.is_boolean(column.type):
            return column, False
        column = column.cast(pa.string())
        known = pc.match_substring_regex(column, _BOOLEAN)
        return pc.if_else(known, pc.match_substring_regex(column, _TRUE), None), False
    if pa.types.is_integer(column.type):
        whole = column.cast(pa.int64(), safe=False)
        return (whole, False) if kind is Type.INTEGER else (to_plain(read_amounts(column)), False)
    if kind is Type.INTEGER and pa.types.is_string(column.type):
        good = pc.match_substring_regex(column, _INTEGER)
        digits = pc.replace_substring_regex(pc.if_else(good, column, None), r"\.0+$|^\+", "")
        return digits.cast(pa.int64()), False
    texts = distinct_texts(column).to_pylist() if decimal is None and pa.types.is_string(column.type) else []
    amounts = read_amounts(column, decimal or decimal_sign(texts))
    if kind is Type.INTEGER:
        whole = amounts.readable & (np.floor(amounts.number) == amounts.number) & (np.abs(amounts.number) <= MOST_PLAIN)
        return pa.array(np.where(whole, amounts.number, 0.0).astype(np.int64), mask=~whole), False
    return to_plain(amounts), is_sign_open(texts)


def _instants(column: pa.Array, reading: DateReading) -> tuple[pa.Array, bool]:
    assumed = False
    if pa.types.is_string(column.type):
        values = distinct_texts(column).to_pylist()
        reading = find_reading(values, reading)
        assumed = not reading.decided and is_ambiguous(values)
    read = read_dates(column, reading)
    return pa.array(read.at, mask=~read.readable), assumed
