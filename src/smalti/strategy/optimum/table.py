"""Many customers by their actions, looked at in blocks that fit a core's cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from smalti.strategy.optimum.problem import NOTHING, Floats, Integers, Limit, Marks

BLOCK = 8192
"""Customers looked at together: 12 actions of them are 0.8 MB."""
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, eq=False)
class Table:
    """Customers, what their actions are worth and what they use.

    Attributes:
        values: What each action is worth; NaN where it may not be; shape (n, A).
        columns: What each action uses of each limit, all ones where `each` says it; shape (K, A).
        outer: What customers count in limits that count them; shape (n, number of those).
        outer_places: Which limits those are.
        each: What every cell uses in limits that say it by cell; shape (n, A) each.
        each_places: Which limits those are.
        closed: 0 for each action that there is, infinite for each that there is not; shape (A,).
        marks: A number of each customer by which ties are broken; shape (n,).
        tilt: How much a tie may be tilted at most, in the unit of values.
    """

    values: Floats
    columns: Floats
    outer: Floats
    outer_places: tuple[int, ...]
    each: tuple[Floats, ...]
    each_places: tuple[int, ...]
    closed: Floats
    marks: Marks | None = None
    tilt: float = 0.0

    @classmethod
    def of(cls, values: Floats, limits: Sequence[Limit], ids: Marks | None = None) -> Table:
        """Take the parts of limits apart by their kind.

        >>> Table.of(np.zeros((2, 3)), [Limit("budget", columns=np.ones(3)), Limit("calls", each=np.ones((2, 3)))]).each_places
        (1,)
        """
        actions = values.shape[1]
        ones = np.ones(actions)
        columns = [ones if one.columns is None or one.each is not None else one.columns for one in limits]
        each = {place: np.ascontiguousarray(one.each) for place, one in enumerate(limits) if one.each is not None}
        outer = {place: one.rows for place, one in enumerate(limits) if one.each is None and one.rows is not None}
        return cls(
            np.asarray(values, dtype=float),
            np.array(columns, dtype=float).reshape(len(limits), actions),
            np.column_stack(list(outer.values())).astype(float) if outer else np.empty((len(values), 0)),
            tuple(outer),
            tuple(each.values()),
            tuple(each),
            np.zeros(actions),
            ids,
        )

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: Integers | slice) -> Table:
        """Give some of the customers; a slice without copying."""
        marks = None if self.marks is None else self.marks[rows]
        each = tuple(one[rows] for one in self.each)
        return replace(self, values=self.values[rows], outer=self.outer[rows], each=each, marks=marks)

    def blocks(self) -> Iterator[tuple[int, Table]]:
        """Give all customers in blocks, with the place of the first of each."""
        for begin in range(0, len(self), BLOCK):
            yield begin, self.take(slice(begin, begin + BLOCK))

    def priced(self, prices: Floats) -> Floats:
        """Give what each action is worth less what it uses at these prices; shape (A, n), NaN where it may not be."""
        flat = prices.copy()
        flat[[*self.outer_places, *self.each_places]] = 0.0
        asked = self.closed + flat @ self.columns
        if any(prices[place] for place in self.each_places):
            worth = self.values - asked
            scratch = np.empty_like(worth)
            for place, one in zip(self.each_places, self.each, strict=True):
                if prices[place]:
                    worth -= np.multiply(one, prices[place], out=scratch)
            left = np.ascontiguousarray(worth.T)
        else:
            left = np.subtract(self.values.T, asked[:, None], order="C")
        places = list(self.outer_places)
        if np.any(prices[places]):
            left -= (prices[places, None] * self.columns[places]).T @ self.outer.T
        if self.tilt and self.marks is not None:
            for action in range(len(left)):
                left[action] -= self.tilt * draws(self.marks, action)
        return np.asarray(left)

    def uses(self, rows: Integers, actions: Integers) -> Floats:
        """Give what cells use of each limit; shape (number of cells, K)."""
        used = self.columns[:, actions].T.copy()
        for column, place in enumerate(self.outer_places):
            used[:, place] *= self.outer[rows, column]
        for place, one in zip(self.each_places, self.each, strict=True):
            used[:, place] = one[rows, actions]
        return used

    def spent(self, choice: NDArray[np.signedinteger]) -> Floats:
        """Give what the choices use of each limit in all; shape (K,)."""
        actions = self.values.shape[1]
        shifted = choice.astype(np.int64) + 1
        used = self.columns @ np.bincount(shifted, minlength=actions + 1)[1:].astype(float)
        for column, place in enumerate(self.outer_places):
            counted = np.bincount(shifted, weights=self.outer[:, column], minlength=actions + 1)
            used[place] = self.columns[place] @ counted[1:]
        if self.each:
            rows = np.flatnonzero(choice != NOTHING)
            cells = rows * actions + choice[rows]
            for place, one in zip(self.each_places, self.each, strict=True):
                used[place] = one.ravel()[cells].sum()
        return np.asarray(used)

    def worth(self, choice: NDArray[np.signedinteger]) -> Floats:
        """Give what every customer's choice is worth, 0 for none; shape (n,)."""
        found = self.values[np.arange(len(self)), np.maximum(choice, 0)]
        return np.where(choice == NOTHING, 0.0, found)

    def contents(self) -> Marks:
        """Give a number of each customer that is the same for all who are alike in what can be chosen; shape (n,)."""
        barred = ~np.isfinite(self.values)
        return _scattered(
            (
                np.where(barred, np.nan, self.values),
                np.where(np.asarray(barred.all(axis=1))[:, None], 0.0, self.outer),
                *(np.where(barred, 0.0, one) for one in self.each),
            )
        )

    def marked(self) -> Marks:
        """Give a number of each customer that goes by what is in her row, and by the order of rows only among equal ones."""
        marks = _scattered((self.values, self.outer, *self.each))
        order = np.argsort(marks, kind="stable")
        new = np.ones(len(marks), dtype=bool)
        new[1:] = marks[order][1:] != marks[order][:-1]
        first = np.maximum.accumulate(np.where(new, np.arange(len(marks)), 0))
        times = np.empty(len(marks), dtype=np.uint64)
        times[order] = (np.arange(len(marks)) - first).astype(np.uint64)
        return mixed(marks + times * _GOLDEN)


def _scattered(parts: Sequence[Floats]) -> Marks:
    """Give a number of each row that goes by all that is in it."""
    marks = np.zeros(len(parts[0]), dtype=np.uint64)
    for part in parts:
        bits = np.ascontiguousarray(part + 0.0).view(np.uint64)
        for column in range(bits.shape[1]):
            marks = mixed(marks + _GOLDEN + bits[:, column])
    return marks


def mixed(numbers: Marks) -> Marks:
    """Scatter numbers evenly (the finaliser of SplitMix64, Steele, Lea and Flood 2014).

    >>> bool(mixed(np.array([1], dtype=np.uint64))[0] == mixed(np.array([1], dtype=np.uint64))[0])
    True
    """
    one = (numbers ^ (numbers >> np.uint64(30))) * _FIRST
    other = (one ^ (one >> np.uint64(27))) * _SECOND
    return other ^ (other >> np.uint64(31))


def draws(marks: Marks, action: int) -> Floats:
    """Give a number from 0 to 1 for each customer and this action, always the same."""
    with np.errstate(over="ignore"):
        step = np.uint64(action + 1) * _GOLDEN
    return (mixed(marks + step) >> np.uint64(11)).astype(float) * 2.0**-53
