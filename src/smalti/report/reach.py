"""Intervals as lengths: where a low end, a value and a high end lie on a line that shows nought."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reach:
    """An interval on a line, each part in percent from its left end.

    Attributes:
        zero: Where nought is.
        low: The low end.
        point: The value.
        high: The high end.
    """

    zero: float
    low: float
    point: float
    high: float


def reaches(intervals: Iterable[tuple[int | None, int | None, int | None]]) -> list[Reach | None]:
    """Draw intervals (low, value, high) on one line, from the lowest end or nought to the highest.

    Returns:
        One reach per interval; None for one with an end missing or out of order, and for all where there is no length.

    >>> reaches([(-50, 50, 150), (None, 1, 2)])
    [Reach(zero=25.0, low=0.0, point=50.0, high=100.0), None]
    """
    whole = [_ordered(*interval) for interval in intervals]
    ends = [end for part in whole if part is not None for end in part]
    start, stop = min([0, *ends]), max([0, *ends])
    if start == stop:
        return [None for _ in whole]

    def place(value: int) -> float:
        return round((value - start) / (stop - start) * 100, 2)

    return [None if part is None else Reach(place(0), *map(place, part)) for part in whole]


def _ordered(low: int | None, value: int | None, high: int | None) -> tuple[int, int, int] | None:
    if low is None or value is None or high is None or not low <= value <= high:
        return None
    return low, value, high
