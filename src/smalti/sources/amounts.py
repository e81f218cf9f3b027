"""Amounts as people write them, exactly: currency signs, thousands, decimal commas, brackets, floats, decimals.

A float is taken as its shortest decimal writing. An amount with at most six decimals is held as a whole number of
millionths; products and roundings to the minor unit are then done in integers. The few finer ones are rounded through
`decimal`, unless they lie so far from a half that a float's error cannot matter.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Sign = Literal[".", ","]
MICRO = 1_000_000
MOST_MINOR = 10**13
"""The largest line in minor units; a larger one is taken for a mistake, and sums of many lines stay within 64 bits."""

MOST_PLAIN = 1e15
"""The largest plain number, either way; a larger one is taken for a mistake, and exact sums stay within their digits."""

_EXACT = float(2**53)
_PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?$"
_COMMA = r"^[+-]?\d+(,\d+)?$"
_DOT_BODY = re.compile(r"\d{1,3}(?:[ ,'’]\d{2,3})*[ ,'’]\d{3}(?:\.\d*)?|\d+\.?\d*|\.\d+")
_COMMA_BODY = re.compile(r"\d{1,3}(?:[ .'’]\d{2,3})*[ .'’]\d{3}(?:,\d*)?|\d+,?\d*|,\d+")
_COMMA_SURE = re.compile(r"\.\d+,|,\d{1,2}$|,\d{4,}$|^0,|^\d{4,},|^\d{1,3}(\.\d{2,3})+\.\d{3}$")
_POINT_SURE = re.compile(r",\d+\.|\.\d{1,2}$|\.\d{4,}$|^0\.|^\d{4,}\.|^\d{1,3}(,\d{2,3})+,\d{3}$")
_EITHER = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_CODE = re.compile(r"(?:[A-Z]{3}|kr\.?|zł|Kč|Ft|lei|R\$|Rs\.?)")
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2212": "-", "\u2013": "-"})


@dataclass(frozen=True)
class Amounts:
    """A column of amounts, read.

    Attributes:
        number: Each as a float64; 0 where there is none.
        micro: Each in whole millionths, int64; meant only where `exact`.
        exact: Whether `micro` is the amount exactly.
        missing: Whether nothing stands there.
        readable: Whether an amount stands there.
        source: The values as they were, or their plain writing; for `exactly`.
    """

    number: NDArray[np.float64]
    micro: NDArray[np.int64]
    exact: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    readable: NDArray[np.bool_]
    source: pa.Array

    def exactly(self, place: int) -> Decimal:
        """Give one amount as an exact decimal."""
        return Decimal(str(self.source[place].as_py()))


def read_amounts(column: pa.Array, decimal: Sign = ".") -> Amounts:
    """Read a column of any type as amounts.

    Args:
        column: Text or numbers.
        decimal: The decimal sign of text.

    >>> read_amounts(pa.array(["£1,234.50", "(3)", "n/a", ""])).number.tolist()
    [1234.5, -3.0, 0.0, 0.0]
    """
    kind = column.type
    if pa.types.is_integer(kind):
        return _of_integers(column)
    if pa.types.is_floating(kind):
        return _of_floats(column.cast(pa.float64()), pc.is_null(column, nan_is_null=True))
    if pa.types.is_decimal(kind):
        return _of_decimals(column)
    if pa.types.is_string(kind):
        return _of_text(column, decimal)
    text = pa.nulls(len(column), pa.string())
    return _of_text(pc.if_else(pc.is_valid(column), "not a number", text), decimal)


def to_plain(amounts: Amounts) -> pa.Array:
    """Give amounts as plain numbers, null where there is none and where it is above `MOST_PLAIN` either way.

    >>> to_plain(read_amounts(pa.array(["2.5", "1e30", "-1e30", "n/a"]))).to_pylist()
    [2.5, None, None, None]
    """
    return pa.array(amounts.number, mask=~amounts.readable | (np.abs(amounts.number) > MOST_PLAIN))


def to_minor(amounts: Amounts, places: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Round to whole minor units, halves to even.

    Returns:
        The amounts in minor units, 0 where there is none; and which of them are usable: readable, and not above
        `MOST_MINOR`.

    >>> to_minor(read_amounts(pa.array([0.125, 2.675, 7.0])), 2)[0].tolist()
    [12, 268, 700]
    """
    scale = 10**places
    usable = amounts.readable & (np.abs(amounts.number) * scale <= MOST_MINOR)
    minor = _halves_to_even(np.where(amounts.exact & usable, amounts.micro, 0), MICRO // scale)
    rest = np.flatnonzero(usable & ~amounts.exact)
    if len(rest):
        minor[rest] = _round_floats(amounts.number[rest], scale, lambda place: amounts.exactly(int(rest[place])))
    return minor, usable


def product_to_minor(quantity: Amounts, price: Amounts, places: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Round quantity times price to whole minor units, halves to even, the product being exact.

    >>> product_to_minor(read_amounts(pa.array([3])), read_amounts(pa.array([0.335])), 2)[0].tolist()
    [100]
    """
    scale = 10**places
    number = quantity.number * price.number
    usable = quantity.readable & price.readable & (np.abs(number) * scale <= MOST_MINOR)
    pieces = quantity.micro // MICRO
    whole = usable & quantity.exact & price.exact & (pieces * MICRO == quantity.micro) & (np.abs(number) < 9e12)
    micro = np.where(whole, pieces, 0) * np.where(whole, price.micro, 0)
    minor = _halves_to_even(micro, MICRO // scale)
    rest = np.flatnonzero(usable & ~whole)
    if len(rest):
        minor[rest] = _round_floats(
            number[rest], scale, lambda place: quantity.exactly(int(rest[place])) * price.exactly(int(rest[place]))
        )
    return minor, usable


def exact_total(amounts: Amounts, usable: NDArray[np.bool_]) -> Decimal:
    """Sum a column in decimal arithmetic, without rounding any amount: a check on the sum of rounded ones."""
    return _decimal_sum(amounts, usable & amounts.exact, 6) + _decimal_sum(amounts, usable & ~amounts.exact, 12)


def exact_product_total(quantity: Amounts, price: Amounts, usable: NDArray[np.bool_]) -> Decimal:
    """Sum quantity times price in decimal arithmetic, without rounding any product."""
    small = (np.abs(quantity.number) < 1e11) & (np.abs(price.number) < 1e11)
    plain = usable & quantity.exact & price.exact & small
    mask = pa.array(plain)
    try:
        product = pc.multiply(_millionths(quantity.source.filter(mask)), _millionths(price.source.filter(mask)))
        total = pc.sum(product).as_py() or Decimal(0)
    except pa.ArrowInvalid:
        plain, total = np.zeros(len(usable), bool), Decimal(0)
    rest = np.flatnonzero(usable & ~plain)
    return total + sum((quantity.exactly(int(place)) * price.exactly(int(place)) for place in rest), Decimal(0))


def plain_amount(text: str, decimal: Sign = ".") -> str | None:
    """Give an amount as digits, point and sign, or None where it is none.

    >>> plain_amount("-$1,234.5"), plain_amount("1.234,50 €", ","), plain_amount("12-"), plain_amount("n/a")
    ('-1234.5', '1234.50', '-12', None)
    """
    body = text.translate(_SPACES).strip()
    negative = False
    if body.startswith("(") and body.endswith(")"):
        negative, body = True, body[1:-1]
    for _ in range(2):
        body = _without_currency(body)
        if body[:1] in "+-" and body:
            negative, body = negative ^ (body[0] == "-"), body[1:].strip()
    if body.endswith("-"):
        negative, body = not negative, body[:-1].strip()
    pattern, point = (_DOT_BODY, ".") if decimal == "." else (_COMMA_BODY, ",")
    if pattern.fullmatch(body) is None:
        return None
    digits = "".join("." if sign == point else sign for sign in body if sign.isdigit() or sign == point)
    digits = digits if digits.isascii() else str(Decimal(digits))
    return "-" + digits if negative else digits


def decimal_sign(texts: Iterable[str]) -> Sign:
    """Find the decimal sign of a column by the values that leave no doubt.

    >>> decimal_sign(["1.234,50", "12,5"]), decimal_sign(["1,234"])
    (',', '.')
    """
    commas, points, _ = _votes(texts)
    return "," if commas > points else "."


def is_sign_open(texts: Iterable[str]) -> bool:
    """Say whether a column's decimal sign could be either: three digits follow each sign, and nothing tells more.

    >>> is_sign_open(["1.234", "12.500", "7"]), is_sign_open(["1.234", "0.5"]), is_sign_open(["7"])
    (True, False, False)
    """
    commas, points, either = _votes(texts)
    return commas == points == 0 and either > 0


def sign_note(what: str, texts: Iterable[str]) -> str:
    r"""Say how an open decimal sign was taken, and how to say otherwise.

    Args:
        what: What holds the values.
        texts: The values, one of them at least with a sign that is open.

    >>> print(sign_note("a.csv", ["7", "1.234"]).replace("; ", "\n"))
    a.csv: the '.' in '1.234' and the like was taken for the decimal sign
    nothing in them says so (say decimal: ',' if it sets off thousands)
    """
    value = next(text for text in texts if is_sign_open([text]))
    if "." in value:
        mark, taken, otherwise = ".", "for the decimal sign", "sets off thousands"
    else:
        mark, taken, otherwise = ",", "to set off thousands", "is the decimal sign"
    return (
        f"{what}: the '{mark}' in '{value}' and the like was taken {taken}; nothing in them says so "
        f"(say decimal: ',' if it {otherwise})"
    )


def _votes(texts: Iterable[str]) -> tuple[int, int, int]:
    """Count the values that speak for a comma, for a point, and those that hold a sign and speak for neither."""
    commas = points = either = 0
    for text in texts:
        digits = re.sub(r"[^\d.,]", "", text)
        if digits.count(",") <= 1 and _COMMA_SURE.search(digits):
            commas += 1
        elif digits.count(".") <= 1 and _POINT_SURE.search(digits):
            points += 1
        elif _EITHER.fullmatch(digits):
            either += 1
    return commas, points, either


def _without_currency(body: str) -> str:
    while body and unicodedata.category(body[0]) == "Sc":
        body = body[1:].strip()
    while body and unicodedata.category(body[-1]) == "Sc":
        body = body[:-1].strip()
    match = _CODE.match(body)
    if match and match.end() < len(body):
        return body[match.end() :].strip()
    match = re.search(_CODE.pattern + "$", body)
    return body[: match.start()].strip() if match and match.start() else body


def _of_integers(column: pa.Array) -> Amounts:
    missing = _mask(pc.is_null(column))
    number = _numpy(column.cast(pa.float64(), safe=False))
    exact = np.abs(number) < 9e12
    whole = _numpy(column.cast(pa.int64(), safe=False))
    return Amounts(number, np.where(exact, whole, 0) * MICRO, exact & ~missing, missing, ~missing, column)


def _of_floats(column: pa.Array, missing: pa.Array, unreadable: NDArray[np.bool_] | None = None) -> Amounts:
    number = np.nan_to_num(_numpy(column), nan=0.0, posinf=math.inf, neginf=-math.inf)
    absent = _mask(missing)
    readable = ~absent & np.isfinite(number)
    if unreadable is not None:
        readable &= ~unreadable
    number = np.where(readable, number, 0.0)
    micro = np.rint(number * MICRO)
    exact = readable & (np.abs(micro) < _EXACT)
    exact &= (micro / MICRO == number) & (np.abs(number) < 1e9)
    return Amounts(number, np.where(exact, micro, 0.0).astype(np.int64), exact, absent, readable, column)


def _of_decimals(column: pa.Array) -> Amounts:
    if column.type.scale > 6 or column.type.precision - column.type.scale > 12:
        return _of_text(column.cast(pa.string()), ".")
    missing = _mask(pc.is_null(column))
    wide = pc.fill_null(column.cast(pa.decimal128(38, 6)), Decimal(0))
    words = np.frombuffer(wide.buffers()[1], dtype="<i8").reshape(-1, 2)[wide.offset : wide.offset + len(wide)]
    micro = words[:, 0].copy()
    return Amounts(micro / MICRO, micro, ~missing, missing, ~missing, column)


def _of_text(column: pa.Array, decimal: Sign) -> Amounts:
    text = pc.fill_null(pc.utf8_trim_whitespace(column), "")
    missing = _mask(pc.equal(text, ""))
    easy = _mask(pc.match_substring_regex(text, _PLAIN if decimal == "." else _COMMA))
    plain = text if decimal == "." else pc.replace_substring(text, ",", ".")
    hard = np.flatnonzero(~easy & ~missing)
    unreadable = np.zeros(len(text), bool)
    if len(hard):
        coded = text.take(pa.array(hard)).dictionary_encode()
        read = pa.array([plain_amount(value, decimal) for value in coded.dictionary.to_pylist()], pa.string())
        values = read.take(coded.indices)
        unreadable[hard] = _mask(pc.is_null(values))
        plain = pc.replace_with_mask(plain, pa.array(~easy & ~missing), pc.fill_null(values, "0"))
    plain = pc.if_else(pa.array(missing), "0", plain)
    amounts = _of_floats(plain.cast(pa.float64()), pa.array(missing), unreadable)
    # A long writing such as 0.12345678901234567 is not what its float says; only short ones are exact in millionths.
    short = _mask(pc.less_equal(pc.utf8_length(plain), 17)) | ~amounts.exact
    return Amounts(amounts.number, amounts.micro, amounts.exact & short, amounts.missing, amounts.readable, plain)


def _halves_to_even(value: NDArray[np.int64], unit: int) -> NDArray[np.int64]:
    """Divide by `unit`, halves to even, in integers."""
    if unit == 1:
        return value.copy()
    down, rest = np.divmod(value, unit)
    twice = 2 * rest
    up: NDArray[np.bool_] = (twice > unit) | ((twice == unit) & (down % 2 == 1))
    rounded: NDArray[np.int64] = down + up
    return rounded


def _round_floats(number: NDArray[np.float64], scale: int, exactly: object) -> NDArray[np.int64]:
    """Round floats to minor units; those near a half, where a float's error could decide, through their decimals."""
    scaled = number * scale
    minor = np.rint(scaled)
    doubt = np.abs(np.abs(scaled - np.floor(scaled)) - 0.5) <= np.abs(scaled) * 2.0**-48 + 2.0**-40
    doubt |= np.abs(scaled) >= 2.0**45
    for place in np.flatnonzero(doubt):
        value: Decimal = exactly(int(place))  # type: ignore[operator]
        minor[place] = int((value * scale).to_integral_value(ROUND_HALF_EVEN))
    rounded: NDArray[np.int64] = minor.astype(np.int64)
    return rounded


def _millionths(column: pa.Array) -> pa.Array:
    if pa.types.is_integer(column.type):
        column = column.cast(pa.decimal128(20, 0))
    return column.cast(pa.decimal128(18, 6))


def _decimal_sum(amounts: Amounts, mask: NDArray[np.bool_], scale: int) -> Decimal:
    chosen = amounts.source.filter(pa.array(mask))
    if not len(chosen):
        return Decimal(0)
    try:
        total = pc.sum(chosen.cast(pa.decimal128(38, scale))).as_py()
    except pa.ArrowInvalid:
        total = sum((Decimal(str(value)) for value in chosen.to_pylist()), Decimal(0))
    return Decimal(total)


def _numpy(column: pa.Array) -> NDArray[np.float64]:
    filled: NDArray[np.float64] = pc.fill_null(column, 0).to_numpy(zero_copy_only=False)
    return filled


def _mask(column: pa.Array) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = pc.fill_null(column, False).to_numpy(zero_copy_only=False)
    return mask
