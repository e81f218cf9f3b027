"""What values something can have, as far as can be told beforehand: ends, a list, and whether it may be missing.

Whatever `possible` says of a tree is said with these. They hold at least every value there can be: a range may be too wide,
never too narrow. Ends and lists are values of the language - numbers, text, or False and True - and are compared exactly.

>>> at_least_five = Range(low=5, whole=True)
>>> answers("<", at_least_five, Range.of(5)), answers(">=", at_least_five, Range.of(5))
(frozenset({False}), frozenset({True}))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from smalti.rules.nodes import MIRRORED, OPPOSITES

Value: TypeAlias = Any
Answers: TypeAlias = frozenset[bool | None]
"""The answers something may have; None is unknown."""

_EXACT = 2**53


@dataclass(frozen=True)
class Range:
    """A set of values, and whether there may be none.

    Attributes:
        low: The least value, or None for no end.
        high: The greatest value, or None for no end.
        above: Whether `low` itself is outside.
        below: Whether `high` itself is outside.
        options: The only values there are, where they can be listed.
        excluded: Values that are not.
        whole: Whether all values are whole numbers.
        missing: Whether it may be missing.
        known: Whether it may be known.
    """

    low: Value = None
    high: Value = None
    above: bool = False
    below: bool = False
    options: frozenset[Value] | None = None
    excluded: frozenset[Value] = frozenset()
    whole: bool = False
    missing: bool = False
    known: bool = True

    @classmethod
    def of(cls, *values: Value, missing: bool = False) -> Range:
        """Give the range of just these values."""
        whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
        return cls(min(values), max(values), options=frozenset(values), whole=whole, missing=missing)

    @property
    def point(self) -> Value:
        """The only value there is, or None if there are more, or none."""
        return next(iter(self.options)) if self.known and self.options is not None and len(self.options) == 1 else None

    @property
    def impossible(self) -> bool:
        """Whether there is nothing at all that it can be."""
        return not self.known and not self.missing

    def tidy(self) -> Range:
        """Give the same range with its ends drawn in, and a list where it is one."""
        if not self.known:
            return Range(known=False, missing=self.missing)
        if self.options is not None:
            return self._tidy_options(self.options)
        one = self._whole_ends() if self.whole else self
        if one.low is None or one.high is None:
            return one
        if one.low > one.high or (one.low == one.high and (one.above or one.below)):
            return Range(known=False, missing=one.missing)
        return replace(one, options=frozenset({one.low})).tidy() if one.low == one.high else one

    def _tidy_options(self, options: frozenset[Value]) -> Range:
        left = frozenset(value for value in options if self._holds(value))
        if not left:
            return Range(known=False, missing=self.missing)
        return Range(min(left), max(left), options=left, whole=self.whole, missing=self.missing)

    def _holds(self, value: Value) -> bool:
        over = self.low is None or value > self.low or (value == self.low and not self.above)
        under = self.high is None or value < self.high or (value == self.high and not self.below)
        fits = not self.whole or value == math.floor(value)
        return over and under and fits and value not in self.excluded

    def _whole_ends(self) -> Range:
        low, high = self.low, self.high
        if low is not None:
            low = math.floor(low) + 1 if self.above else math.ceil(low)
            while low in self.excluded:
                low += 1
        if high is not None:
            high = math.ceil(high) - 1 if self.below else math.floor(high)
            while high in self.excluded:
                high -= 1
        return replace(self, low=low, high=high, above=False, below=False)


ANYTHING = Range(missing=True)
"""What can be anything, or missing."""
TIMES = Range(low=0, whole=True)
"""A count of something."""


def meet(one: Range, two: Range) -> Range:
    """Give the range of what is in both."""
    low, above = _inner(one.low, one.above, two.low, two.above, lambda a, b: a > b)
    high, below = _inner(one.high, one.below, two.high, two.below, lambda a, b: a < b)
    options = one.options if two.options is None else two.options
    if one.options is not None and two.options is not None:
        options = one.options & two.options
    return Range(
        low,
        high,
        above,
        below,
        options,
        one.excluded | two.excluded,
        one.whole or two.whole,
        one.missing and two.missing,
        one.known and two.known,
    ).tidy()


def _inner(
    one: Value, open_one: bool, two: Value, open_two: bool, tighter: Callable[[Value, Value], bool]
) -> tuple[Value, bool]:
    if one is None or two is None:
        return (two, open_two) if one is None else (one, open_one)
    if one == two:
        return one, open_one or open_two
    return (one, open_one) if tighter(one, two) else (two, open_two)


def join(ranges: Iterable[Range]) -> Range:
    """Give a range that holds all of what these hold."""
    all_of = list(ranges)
    known = [one for one in all_of if one.known]
    missing = any(one.missing for one in all_of)
    if not known:
        return Range(known=False, missing=missing)
    lists = [one.options for one in known]
    options = frozenset().union(*(one for one in lists if one is not None)) if None not in lists else None
    low, above = _outer([(one.low, one.above) for one in known], min)
    high, below = _outer([(one.high, one.below) for one in known], max)
    whole = all(one.whole for one in known)
    return Range(low, high, above, below, options, whole=whole, missing=missing).tidy()


def _outer(ends: list[tuple[Value, bool]], furthest: Callable[..., Value]) -> tuple[Value, bool]:
    values = [value for value, _ in ends]
    if None in values:
        return None, False
    end = furthest(values)
    return end, all(is_open for value, is_open in ends if value == end)


def mapped(one: Range, function: Callable[[Value], Value], *, whole: bool, strictly: bool = False) -> Range:
    """Give the range of a rising function of what is in a range.

    Args:
        one: The range.
        function: The function; it never falls.
        whole: Whether it gives whole numbers.
        strictly: Whether it always rises, so that an open end stays open.
    """
    low, high = (None if end is None else function(end) for end in (one.low, one.high))
    options = None if one.options is None else frozenset(map(function, one.options))
    above, below = one.above and strictly, one.below and strictly
    return Range(low, high, above, below, options, whole=whole, missing=one.missing, known=one.known).tidy()


def negative(one: Range) -> Range:
    """Give the range of the negatives.

    >>> negative(Range(low=1, high=3, above=True)).low, negative(Range(low=1, high=3, above=True)).below
    (-3, True)
    """
    low, high = (None if end is None else -end for end in (one.high, one.low))
    options = None if one.options is None else frozenset(-value for value in one.options)
    excluded = frozenset(-value for value in one.excluded)
    return replace(one, low=low, high=high, above=one.below, below=one.above, options=options, excluded=excluded)


def total(one: Range, two: Range) -> Range:
    """Give the range of sums; ends that are too large to be exact in reals are left out."""
    low = None if _lost(one.low, two.low) else _held(one.low + two.low)
    high = None if _lost(one.high, two.high) else _held(one.high + two.high)
    return _of_both(one, two, low, high)


def product(one: Range, two: Range) -> Range:
    """Give the range of products of what is never negative; of all else nothing is told."""
    if not _never_negative(one) or not _never_negative(two):
        return _of_both(one, two)
    low = 0 if _lost(one.low, two.low) else _held(one.low * two.low) or 0
    high = None if _lost(one.high, two.high) else _held(one.high * two.high)
    return _of_both(one, two, low, high)


def quotient(one: Range, two: Range) -> Range:
    """Give the range of quotients of what is never negative; by zero they are missing."""
    known = one.known and two.known and two.point != 0
    missing = one.missing or two.missing or may_be(two, 0)
    if not _never_negative(one) or not _never_negative(two):
        return Range(missing=missing, known=known).tidy()
    low = 0 if _lost(one.low, two.high) or two.high == 0 else _held(one.low / two.high) or 0
    high = None if _lost(one.high, two.low) or two.low == 0 else _held(one.high / two.low)
    return Range(low, high, missing=missing, known=known).tidy()


def may_be(one: Range, value: Value) -> bool:
    """Whether a value is in a range."""
    return meet(replace(one, missing=False), Range.of(value)).known


def _of_both(one: Range, two: Range, low: Value = None, high: Value = None) -> Range:
    whole, missing, known = one.whole and two.whole, one.missing or two.missing, one.known and two.known
    return Range(low, high, whole=whole, missing=missing, known=known).tidy()


def _lost(*ends: Value) -> bool:
    return any(end is None or abs(end) >= _EXACT for end in ends)


def _never_negative(one: Range) -> bool:
    return one.low is not None and one.low >= 0


def _held(end: Value) -> Value:
    return None if abs(end) >= _EXACT else end


_SIGNS = {
    op: frozenset(signs) for op, signs in {"=": "=", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}.items()
}


def implied(op: str, other: str) -> bool | None:
    """Give what another comparison of the same two values answers where this one is true; None if it may be either.

    >>> implied("<", "<="), implied("<", "="), implied("<=", "<")
    (True, False, None)
    """
    true_of, asked = _SIGNS[op], _SIGNS[other]
    if true_of <= asked:
        return True
    return None if true_of & asked else False


def allowed(op: str, other: Range) -> Range:
    """Give the range of what can stand in ``it op other``.

    >>> allowed("<", Range(low=1, high=3)) == Range(high=3, below=True)
    True
    """
    if op == "=":
        return replace(other, missing=False)
    if op == "!=":
        return Range(excluded=frozenset() if other.point is None else frozenset({other.point}))
    if op in ("<", "<="):
        return Range(high=other.high, below=other.high is not None and (op == "<" or other.below))
    return Range(low=other.low, above=other.low is not None and (op == ">" or other.above))


def answers(op: str, one: Range, two: Range) -> Answers:
    """Give the answers that ``one op two`` may have.

    >>> sorted(answers("=", Range.of("web"), Range.of("web", "shop")))
    [False, True]
    """
    found: set[bool | None] = {None} if one.missing or two.missing else set()
    if one.known and two.known:
        found |= {True} if _may(op, one, two) else set()
        found |= {False} if _may(OPPOSITES[op], one, two) else set()
    return frozenset(found)


def _may(op: str, one: Range, two: Range) -> bool:
    """Whether there are values of which the comparison is true."""
    if op in (">", ">="):
        return _may(MIRRORED[op], two, one)
    if op == "=":
        return meet(replace(one, missing=False), replace(two, missing=False)).known
    if op == "!=":
        return one.point is None or one.point != two.point
    if one.low is None or two.high is None or one.low < two.high:
        return True
    return op == "<=" and one.low == two.high and not one.above and not two.below
