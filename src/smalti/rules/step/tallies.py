"""The algebra of what is kept instead of facts: empty, add, take away, merge.

An aggregate is read off a few *tallies*: a mean off a total and a number of known values, say. Each tally here is a line
of a table; its lines of Python are put into the step's own functions, so nothing is looked up when a fact comes.
`{t}` stands for the tally, `{v}` for the value, `{at}` for the instant.

Totals of plain numbers are kept in fixed point with nine places, like those of money in whole minor units, so that what
was added can be taken away again without a trace.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from smalti.rules.aggregates import NUMBER_PLACES

SCALE = 10**NUMBER_PLACES
"""Parts of one in which plain numbers are summed."""


class Tally(NamedTuple):
    """One thing kept: its kind, a key of `TALLIES`, of which column, and of ``nth`` how many of the first."""

    kind: str
    column: str | None = None
    first: int = 0


@dataclass(frozen=True)
class TallyKind:
    """How a tally is kept.

    Attributes:
        form: How it is held, a key of `slots.FORMS`.
        empty: What it is of no facts.
        add: Lines that add a value.
        remove: Lines that take a value away again; None where that can't be done.
        merge: The tally of two sets of facts together.
    """

    form: str
    empty: Any
    add: tuple[str, ...]
    remove: tuple[str, ...] | None
    merge: Callable[[Any, Any], Any]


def fixed(value: float) -> int:
    """Give a number as a whole count of 1e-9, halves away from zero.

    >>> fixed(0.1), fixed(-2.5), fixed(0.0000000005)
    (100000000, -2500000000, 1)
    """
    size, whole = abs(value).as_integer_ratio()
    rounded: int = (2 * size * SCALE + whole) // (2 * whole)
    return rounded if value >= 0 else -rounded


def add_nth(kept: list[tuple[int, Any]], known: tuple[int, Any], count: int) -> None:
    """Add an instant and a value to the `count` earliest."""
    insort(kept, known)
    del kept[count:]


def most_frequent(counts: Mapping[Any, int]) -> Any:
    """Give the smallest of the most frequent values.

    >>> most_frequent({"web": 2, "app": 2, "shop": 1})
    'app'
    """
    if not counts:
        return None
    most = max(counts.values())
    return min(value for value, count in counts.items() if count == most)


def _sum(one: int, two: int) -> int:
    return one + two


def _best(better: Callable[[Collection[Any]], Any]) -> Callable[[Any, Any], Any]:
    def merge(one: Any, two: Any) -> Any:
        known = [value for value in (one, two) if value is not None]
        return better(known) if known else None

    return merge


def _merge_counts(one: Mapping[Any, int], two: Mapping[Any, int]) -> dict[Any, int]:
    merged = dict(one)
    for value, count in two.items():
        merged[value] = merged.get(value, 0) + count
    return merged


TALLIES: dict[str, TallyKind] = {
    "facts": TallyKind("plain", 0, ("{t} += 1",), ("{t} -= 1",), _sum),
    "known": TallyKind("plain", 0, ("{t} += 1",), ("{t} -= 1",), _sum),
    "total": TallyKind("plain", 0, ("{t} += {v}",), ("{t} -= {v}",), _sum),
    "fixed_total": TallyKind("plain", 0, ("{t} += fixed({v})",), ("{t} -= fixed({v})",), _sum),
    "least": TallyKind(
        "plain", None, ("kept = {t}", "if kept is None or {v} < kept:", "    {t} = {v}"), None, _best(min)
    ),
    "greatest": TallyKind(
        "plain", None, ("kept = {t}", "if kept is None or {v} > kept:", "    {t} = {v}"), None, _best(max)
    ),
    "first": TallyKind(
        "pair",
        None,
        ("kept = {t}", "if kept is None or ({at}, {v}) < kept:", "    {t} = ({at}, {v})"),
        None,
        _best(min),
    ),
    "last": TallyKind(
        "pair",
        None,
        ("kept = {t}", "if kept is None or ({at}, {v}) > kept:", "    {t} = ({at}, {v})"),
        None,
        _best(max),
    ),
    "nth": TallyKind(
        "pairs", [], ("add_nth({t}, ({at}, {v}), {n})",), None, lambda one, two: list(heapq.merge(one, two))
    ),
    "seen": TallyKind("set", set(), ("{t}.add({v})",), None, lambda one, two: one | two),
    "counts": TallyKind(
        "counts",
        {},
        ("kept = {t}", "kept[{v}] = kept.get({v}, 0) + 1"),
        ("kept = {t}", "if kept[{v}] == 1:", "    del kept[{v}]", "else:", "    kept[{v}] -= 1"),
        _merge_counts,
    ),
}
"""How each kind of tally is kept. ``facts`` counts facts; all others look at known values of a column only."""


def tallies_of(function: str, column: str | None, count: int, *, number: bool, window: bool) -> tuple[Tally, ...]:
    """Give the tallies an aggregate is read off; none where it is read off the facts of its window themselves.

    >>> tallies_of("mean", "revenue", 0, number=False, window=False)
    (Tally(kind='total', column='revenue', first=0), Tally(kind='known', column='revenue', first=0))
    """
    total = Tally("fixed_total" if number else "total", column)
    if function in ("count", "any", "all"):
        return () if window else (Tally("facts"),)
    if function in ("sum", "mean"):
        return (total,) if function == "sum" else (total, Tally("known", column))
    if function == "most_frequent" or (function == "distinct" and window):
        return (Tally("counts", column),)
    if window:
        return ()
    if column == "at" and function in ("first", "last"):
        return (Tally("least" if function == "first" else "greatest", column),)
    kinds = {"distinct": "seen", "min": "least", "max": "greatest"}
    return (Tally(kinds.get(function, function), column, count),)


def summarise(function: str, known: list[tuple[int, Any]], count: int = 0) -> Any:
    """Give an aggregate of instants and known values, in any order.

    >>> summarise("last", [(1, "web"), (3, "app"), (3, "shop")]), summarise("mean", [(1, 2), (2, 3)])
    ('shop', 2.5)
    """
    if function in ("sum", "mean"):
        total = total_of([value for _, value in known])
        return total if function == "sum" else total / len(known) if known else None
    if function == "distinct":
        return len({value for _, value in known})
    if not known:
        return None
    if function == "most_frequent":
        counts: dict[Any, int] = {}
        for _, value in known:
            counts[value] = counts.get(value, 0) + 1
        return most_frequent(counts)
    if function == "nth":
        return sorted(known)[count - 1][1] if count <= len(known) else None
    if function in ("min", "max"):
        values = [value for _, value in known]
        return min(values) if function == "min" else max(values)
    return (min(known) if function == "first" else max(known))[1]


def total_of(values: list[Any]) -> Any:
    """Give the sum of values, plain numbers in fixed point.

    >>> total_of([0.1, 0.2]), total_of([1, 2])
    (0.3, 3)
    """
    if any(isinstance(value, float) for value in values):
        return sum(fixed(value) for value in values) / SCALE
    return sum(values)
