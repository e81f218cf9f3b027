"""What the buying models need to know of each customer, checked and grouped.

The likelihood of a buying model depends on a customer only through three numbers, so customers who share them are
counted once with a weight: a fit on millions of customers works on thousands of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from smalti.errors import ModelError
from smalti.models.arrays import Floats, Integers, numbers
from smalti.models.distinct import Places, distinct_of, packed, unpacked

_MOST_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class Histories:
    """Purchase histories as sufficient statistics; four arrays of one length.

    Attributes:
        repeats: purchases after the first (x), whole numbers from 0.
        recency: time of the last purchase, counted from the first (t_x); 0 where there is no repeat.
        age: time from the first purchase to the as-of instant (T), in the same unit as recency.
        weights: how many customers share the row; positive.
        tables: the distinct repeats, recencies and ages, rising, and each row's place among them, where grouping came
            to know them.
    """

    repeats: Floats
    recency: Floats
    age: Floats
    weights: Floats
    tables: tuple[tuple[Floats, Places], ...] | None = None

    def __len__(self) -> int:
        return int(self.repeats.size)

    @property
    def customers(self) -> float:
        """The number of customers: the sum of the weights."""
        return float(self.weights.sum())

    @property
    def repeat_customers(self) -> float:
        """The number of customers with at least one repeat purchase."""
        return float(self.weights[self.repeats > 0].sum())

    def in_units_of(self, scale: float) -> Histories:
        """Return the same histories with time counted in units of `scale`."""
        counts, lasts, ends = self.distinct()
        tables = counts, (lasts[0] / scale, lasts[1]), (ends[0] / scale, ends[1])
        return Histories(self.repeats, self.recency / scale, self.age / scale, self.weights, tables)

    def distinct(self) -> tuple[tuple[Floats, Places], ...]:
        """Return the distinct repeats, recencies and ages, rising, and each row's place among them."""
        return self.tables or tuple(distinct_of(column) for column in (self.repeats, self.recency, self.age))

    def binned(self, bins: int) -> Histories:
        """Return the histories gathered in bins of time, each with the weighted mean recency and age of its members.

        Args:
            bins: into how many equal parts the longest recency and the range of ages are cut; repeats are kept apart.
        """
        (counts, place), lasts, ends = self.distinct()
        parts = [place, _bin_of(lasts[0], bins)[lasts[1]], _bin_of(ends[0], bins)[ends[1]]]
        keys = packed(parts, [counts.size, bins, bins])
        if keys is None or counts.size * bins * bins > _MOST_CELLS:
            return self
        totals = np.bincount(keys, weights=self.weights)
        filled = np.flatnonzero(totals)
        weights = np.asarray(totals[filled], dtype=np.float64)
        sums = (np.bincount(keys, weights=self.weights * times)[filled] for times in (self.recency, self.age))
        recency, age = (np.asarray(total / weights, dtype=np.float64) for total in sums)
        repeats = counts[unpacked(filled, [counts.size, bins, bins])[0]]
        return Histories(repeats, np.where(repeats > 0, np.minimum(recency, age), 0.0), age, weights)


def _bin_of(times: Floats, bins: int) -> Places:
    low, high = float(times.min()), float(times.max())
    width = (high - low) / bins if high > low else 1.0
    return np.minimum(((times - low) / width).astype(np.intp), bins - 1)


def checked(repeats: ArrayLike, recency: ArrayLike, age: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return the three statistics broadcast to one shape, or say which row cannot be a purchase history.

    Raises:
        ModelError: a missing, negative or infinite number; a fraction of a purchase; a last purchase after the
            as-of instant; a recency without a repeat purchase; arrays of different lengths.
    """
    arrays = numbers(repeats, "repeats"), numbers(recency, "recency"), numbers(age, "age")
    try:
        x, t_x, big_t = np.broadcast_arrays(*arrays)
    except ValueError as error:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ModelError(f"repeats, recency and age must have one length, got the shapes {shapes}") from error
    _refuse(x != np.floor(x), "has a fraction of a purchase", x, t_x, big_t)
    _refuse(t_x > big_t, "has its last purchase after the as-of instant", x, t_x, big_t)
    _refuse((x == 0) & (t_x > 0), "has no repeat purchase, so its recency must be 0", x, t_x, big_t)
    return x, t_x, big_t


def _refuse(bad: NDArray[np.bool_], why: str, x: Floats, t_x: Floats, big_t: Floats) -> None:
    if bad.any():
        rows = np.flatnonzero(bad)
        row = rows[0]
        found = f"repeats {x.flat[row]:g}, recency {t_x.flat[row]:g}, age {big_t.flat[row]:g}"
        raise ModelError(f"row {row} {why}: {found} ({rows.size} such rows)")


def group_histories(
    repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, weights: ArrayLike | None = None
) -> Histories:
    """Return the distinct histories in sorted order with the number of customers that share each.

    Args:
        repeats: purchases after the first, per customer.
        recency: time from first to last purchase, per customer.
        age: time from first purchase to the as-of instant, per customer; the same unit as recency.
        weights: how many customers each row stands for; 1 each when not given. Rows of weight 0 are left out.

    Raises:
        ModelError: when a row cannot be a purchase history.

    Examples:
        >>> together = group_histories([0, 2, 0], [0, 5, 0], [9, 8, 9])
        >>> together.repeats.tolist(), together.age.tolist(), together.weights.tolist()
        ([0.0, 2.0], [9.0, 8.0], [2.0, 1.0])
    """
    x, t_x, big_t = (np.atleast_1d(array).ravel() for array in checked(repeats, recency, age))
    w = np.ones(x.size) if weights is None else np.atleast_1d(numbers(weights, "weights")).ravel()
    if w.size != x.size:
        raise ModelError(f"weights: expected one for each of {x.size} rows, got {w.size}")
    kept = w > 0
    return grouped(Histories(x[kept], t_x[kept], big_t[kept], w[kept]))


def grouped(histories: Histories) -> Histories:
    """Return the histories sorted, equal rows made one and their weights added."""
    if not len(histories):
        return histories
    columns = [distinct_of(column) for column in (histories.repeats, histories.recency, histories.age)]
    sizes = [found.size for found, _ in columns]
    keys = packed([places for _, places in columns], sizes)
    if keys is None:
        return _grouped_by_columns(histories)
    starts, sorted_keys, weights = _runs(keys, histories.weights)
    parts = unpacked(sorted_keys[starts], sizes)
    tables = tuple((found, places) for (found, _), places in zip(columns, parts, strict=True))
    x, t_x, big_t = (found[places] for found, places in tables)
    return Histories(x, t_x, big_t, weights, tables)


def _runs(keys: Integers, weights: Floats) -> tuple[Places, Integers, Floats]:
    """Return where each run of equal keys starts once they are sorted, the sorted keys, and the weight of each run."""
    alike = bool(weights.min() == weights.max())
    order = None if alike else np.argsort(keys, kind="stable")
    sorted_keys = np.sort(keys) if order is None else keys[order]
    starts = np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]]))
    if order is None:
        return starts, sorted_keys, weights[0] * np.diff(starts, append=keys.size)
    return starts, sorted_keys, np.add.reduceat(weights[order], starts)


def _grouped_by_columns(histories: Histories) -> Histories:
    order = np.lexsort((histories.age, histories.recency, histories.repeats))
    columns = [column[order] for column in (histories.repeats, histories.recency, histories.age)]
    differs = np.zeros(order.size, dtype=bool)
    differs[0] = True
    for column in columns:
        differs[1:] |= column[1:] != column[:-1]
    starts = np.flatnonzero(differs)
    x, t_x, big_t = (column[starts] for column in columns)
    return Histories(x, t_x, big_t, np.add.reduceat(histories.weights[order], starts))
