"""What a value can be, and what follows for what is made of it: intervals, and three-valued logic over them.

All sums, products and quotients are taken of the ends with the very operations of the step itself; rounding keeps order,
so what lies between the ends lies between the results.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, NamedTuple

from smalti.facts import (
    COUNTS,
    DAY,
    HOUR,
    Instant,
    civil,
    days_to_anniversary,
    local_day,
    offsets,
    today,
)
from smalti.rules.functions import TO_MINOR
from smalti.rules.step.emit import lower


class Unbounded:
    """The end of a reach of which nothing is known."""


class Reach(NamedTuple):
    """What a tree can be: from `low` to `high`, both None if it can only be missing, and whether it may be missing."""

    low: Any
    high: Any
    missing: bool

    @property
    def still(self) -> bool:
        """Whether it can be one thing only."""
        return self.low is None or (not self.missing and self.low is not Unbounded and bool(self.low == self.high))


ABSENT = Reach(None, None, True)
ANYTHING = Reach(Unbounded, Unbounded, True)


def exactly(value: Any) -> Reach:
    """Give the reach of one value, or of a missing one."""
    return ABSENT if value is None else Reach(value, value, False)


def outcome(true: bool, false: bool, unknown: bool) -> Reach:
    """Give the reach of an answer that may be any of these.

    >>> outcome(True, False, False), outcome(False, False, True) == ABSENT
    (Reach(low=True, high=True, missing=False), True)
    """
    return Reach(not false, true, unknown) if true or false else ABSENT


def answer(found: Reach) -> Reach:
    """Give the reach of an answer of which nothing may be known."""
    return outcome(True, True, True) if found.low is Unbounded else found


def strict(parts: list[Reach], ends: Callable[..., tuple[Any, Any] | None]) -> Reach:
    """Give the reach of what is missing when a part is; `ends` gives both ends, or None for anything at all."""
    if any(part.low is None for part in parts):
        return ABSENT
    missing = any(part.missing for part in parts)
    found = None if any(part.low is Unbounded for part in parts) else ends(*parts)
    if found is None or math.isnan(found[0]) or math.isnan(found[1]):
        return ANYTHING._replace(missing=True)
    return Reach(found[0], found[1], missing)


def plus(op: str, left: Reach, right: Reach) -> Reach:
    """Give the reach of a sum, difference or product.

    >>> plus("-", Reach(5, 7, False), Reach(1, 2, False))
    Reach(low=3, high=6, missing=False)
    """
    if op == "+":
        return strict([left, right], lambda one, two: (one.low + two.low, one.high + two.high))
    if op == "-":
        return strict([left, right], lambda one, two: (one.low - two.high, one.high - two.low))
    return strict([left, right], lambda one, two: _span(x * y for x in one[:2] for y in two[:2]))


def quotient(left: Reach, right: Reach) -> Reach:
    """Give the reach of a quotient; by zero it is missing."""
    if right.low is not None and right.low is not Unbounded and right.low <= 0 <= right.high:
        return ABSENT if right.low == right.high and not right.missing else ANYTHING
    return strict([left, right], lambda one, two: _span(x / y for x in one[:2] for y in two[:2]))


def _span(values: Any) -> tuple[Any, Any] | None:
    found = list(values)
    return None if any(math.isnan(value) for value in found) else (min(found), max(found))


_COMPARISONS: dict[str, Callable[[Reach, Reach], tuple[bool, bool]]] = {
    "<": lambda one, two: (one.low < two.high, one.high >= two.low),
    "<=": lambda one, two: (one.low <= two.high, one.high > two.low),
    ">": lambda one, two: (one.high > two.low, one.low <= two.high),
    ">=": lambda one, two: (one.high >= two.low, one.low < two.high),
}
"""Whether a comparison can be true, and whether it can be false."""


def compare(op: str, left: Reach, right: Reach) -> Reach:
    """Give what a comparison can be answered.

    >>> compare("<", Reach(1, 3, False), Reach(3, 5, False))
    Reach(low=False, high=True, missing=False)
    """
    if left.low is None or right.low is None:
        return ABSENT
    missing = left.missing or right.missing
    if left.low is Unbounded or right.low is Unbounded:
        return outcome(True, True, missing)
    if op in _COMPARISONS:
        return outcome(*_COMPARISONS[op](left, right), missing)
    same = left.low == left.high == right.low == right.high
    apart = left.high < right.low or right.high < left.low
    equal, unequal = not apart, not same
    return outcome(equal, unequal, missing) if op == "=" else outcome(unequal, equal, missing)


def logic(op: str, parts: list[Reach]) -> Reach:
    """Give what all (``and``) or any (``or``) of several answers can be."""
    ends = op == "or"
    can_end = any((part.high if ends else part.low) is ends for part in parts)
    can_not = all((part.low if ends else part.high) is (not ends) for part in parts)
    open_ones = all(part.missing or (part.low if ends else part.high) is (not ends) for part in parts)
    unknown = open_ones and any(part.missing for part in parts)
    return outcome(can_end, can_not, unknown) if ends else outcome(can_not, can_end, unknown)


def hull(parts: list[Reach]) -> Reach:
    """Give the reach of what is one of the parts."""
    known = [part for part in parts if part.low is not None]
    missing = any(part.missing for part in parts)
    if not known:
        return ABSENT
    if all(part.low == known[0].low and part.high == known[0].high for part in known):
        return Reach(known[0].low, known[0].high, missing)
    if any(part.low is Unbounded or isinstance(part.low, str) for part in known):
        return ANYTHING
    return Reach(min(part.low for part in known), max(part.high for part in known), missing)


def first_known(parts: list[Reach]) -> Reach:
    """Give the reach of the first of several values that is not missing."""
    found: list[Reach] = []
    for part in parts:
        if not part.missing:
            return hull([*(one._replace(missing=False) for one in found), part])
        if part.low is not None:
            found.append(part)
    return hull([*found, ABSENT])


def _negative(part: Reach) -> tuple[Any, Any]:
    return -part.high, -part.low


def _size(part: Reach) -> tuple[Any, Any]:
    ends = abs(part.low), abs(part.high)
    return (0 * part.low if part.low <= 0 <= part.high else min(ends)), max(ends)


def _whole(add: float) -> Callable[[Reach], tuple[Any, Any] | None]:
    def ends(part: Reach) -> tuple[Any, Any] | None:
        if not (math.isfinite(part.low) and math.isfinite(part.high)):
            return None
        return math.floor(part.low + add), math.floor(part.high + add)

    return ends


ENDS: dict[str, Callable[..., tuple[Any, Any] | None]] = {
    "-": _negative,
    "abs": _size,
    "floor": _whole(0),
    TO_MINOR: _whole(0.5),
    "least": lambda *parts: (min(part.low for part in parts), min(part.high for part in parts)),
    "greatest": lambda *parts: (max(part.low for part in parts), max(part.high for part in parts)),
}
"""Functions of numbers: both ends of the result from the ends of the parts."""

TEXTS: dict[str, Callable[..., Any]] = {
    "lower": lower,
    "trim": lambda text: text.strip(" "),
    "length": len,
    "contains": lambda text, part: part in text,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}
"""Functions of text, which stands still or can be anything."""


def since(function: str, then: Reach, low: Instant, high: Instant, zone: str) -> tuple[int, int]:
    """Give the ends of what a function that looks back can be in a stretch of time.

    >>> noon = Reach(DAY // 2, DAY // 2 + 1, False)
    >>> since("days_to_anniversary", noon, DAY, 3 * DAY, "UTC"), since("calendar_days_since", noon, DAY, 3 * DAY, "UTC")
    ((362, 364), (1, 3))
    """
    first, last = (reading // DAY for reading in _readings(then.low, then.high, zone))
    if function == "days_to_anniversary":
        left, days = days_to_anniversary(then.low, low, zone), today(high, zone) - today(low, zone)
        return (left - days, left) if first == last and days <= left else (0, 366)
    slack = 0 if (first, last) == (local_day(then.low, zone), local_day(then.high, zone)) else 2
    count = COUNTS[function]
    return count(then.high, low, zone) - slack, count(then.low, high, zone) + slack


def part_of_clock(function: str, low: Instant, high: Instant, zone: str) -> tuple[int, int]:
    """Give the ends of what a part of the clocks' reading can be from one instant to another.

    >>> part_of_clock("hour", 0, 3_600_000_000, "UTC"), part_of_clock("weekday", 0, 10**15, "UTC")
    ((0, 1), (1, 7))
    """
    first, last = _readings(low, high, zone)
    day, other = first // DAY, last // DAY
    if function == "hour":
        return (first % DAY // HOUR, last % DAY // HOUR) if day == other else (0, 23)
    if function == "weekday":
        one, two = (day + 3) % 7 + 1, (other + 3) % 7 + 1
        return (one, two) if other - day < 7 and one <= two else (1, 7)
    before, after = civil(day), civil(other)
    if function == "year":
        return before[0], after[0]
    if function == "month":
        return (before[1], after[1]) if before[0] == after[0] else (1, 12)
    return (before[2], after[2]) if before[:2] == after[:2] else (1, 31)


def _readings(low: Instant, high: Instant, zone: str) -> tuple[int, int]:
    """Give the earliest and the latest reading of the clocks between two instants, or a little more."""
    starts, ahead = offsets(zone)
    first, last = bisect_right(starts, low) - 1, bisect_right(starts, high) - 1
    held = ahead[first : last + 1]
    if last - first > 1:
        return low + min(held), high + max(held)
    ends = [low + held[0], high + held[-1]]
    if last > first:
        ends += [starts[last] - 1 + held[0], starts[last] + held[1]]
    return min(ends), max(ends)
