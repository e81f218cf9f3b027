"""What the buying models need to know of each customer, checked and grouped.

The likelihood of a buying model depends on a customer only through three numbers, so customers who share them are
counted once with a weight: a fit on millions of customers works on thousands of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from smalti.errors import ModelError
from smalti.models.arrays import Floats, numbers


@dataclass(frozen=True, eq=False)
class Histories:
    """Purchase histories as sufficient statistics; four arrays of one length.

    Attributes:
        repeats: purchases after the first (x), whole numbers from 0.
        recency: time of the last purchase, counted from the first (t_x); 0 where there is no repeat.
        age: time from the first purchase to the as-of instant (T), in the same unit as recency.
        weights: how many customers share the row; positive.
    """

    repeats: Floats
    recency: Floats
    age: Floats
    weights: Floats

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
        return Histories(self.repeats, self.recency / scale, self.age / scale, self.weights)

    def coarsened(self, grain: float) -> Histories:
        """Return the histories with times rounded to whole multiples of `grain`, grouped again."""
        recency, age = np.rint(self.recency / grain) * grain, np.rint(self.age / grain) * grain
        return grouped(Histories(self.repeats, recency, age, self.weights))


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
    rows = np.flatnonzero(bad)
    if rows.size:
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
    order = np.lexsort((histories.age, histories.recency, histories.repeats))
    columns = [column[order] for column in (histories.repeats, histories.recency, histories.age)]
    differs = np.zeros(order.size, dtype=bool)
    differs[0] = True
    for column in columns:
        differs[1:] |= column[1:] != column[:-1]
    starts = np.flatnonzero(differs)
    x, t_x, big_t = (column[starts] for column in columns)
    return Histories(x, t_x, big_t, np.add.reduceat(histories.weights[order], starts))
