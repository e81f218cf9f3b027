"""What a readout needs to know of one arm: how many customers, their means, and how their numbers vary together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from smalti.errors import ModelError, nearest
from smalti.experiments.logged import Booleans, Floats, Integers


@dataclass(frozen=True)
class Statistics:
    """Sufficient statistics of some customers, one row per customer; those of two groups add up to those of both.

    Attributes:
        count: How many customers.
        names: The columns, such as an outcome, its denominator and a covariate.
        means: The mean of each.
        products: For each pair of columns the sum over customers of the products of the deviations from the means; the
            sample covariance times `count` - 1.

    Examples:
        >>> first = Statistics.of({"orders": np.array([0.0, 2.0])})
        >>> both = first + Statistics.of({"orders": np.array([4.0])})
        >>> both.count, both.mean("orders"), both.variance("orders")
        (3, 2.0, 4.0)

    Source: Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing sample variances (1979).
    """

    count: int
    names: tuple[str, ...]
    means: tuple[float, ...]
    products: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, columns: Mapping[str, Floats]) -> Statistics:
        """Take them from arrays, one row per customer; each of shape (n,).

        Raises:
            ModelError: No columns, columns of different lengths, or a number that is not finite.
        """
        rows = len(next(iter(columns.values()), ()))
        return statistics_by(columns, np.zeros(rows, dtype=np.int64), 1)[0]

    @classmethod
    def of_counts(cls, yes: int, customers: int, name: str = "outcome") -> Statistics:
        """Take them from how many of how many customers did it.

        Raises:
            ModelError: The counts are not whole, or more did it than there are.

        >>> Statistics.of_counts(30, 100).variance("outcome").__round__(4)
        0.2121
        """
        if not (0 <= yes <= customers and yes == int(yes) and customers == int(customers)):
            raise ModelError(f"{name}: expected between 0 and {customers} customers who did it, whole ones, got {yes}")
        share = yes / customers if customers else 0.0
        return cls(customers, (name,), (share,), ((customers * share * (1 - share),),))

    @classmethod
    def of_amounts(cls, customers: int, mean: float, deviation: float, name: str = "outcome") -> Statistics:
        """Take them from a mean and a standard deviation (of the sample, n - 1) as somebody else has reported them.

        Raises:
            ModelError: The number of customers or the deviation is negative, or a number is not finite.

        >>> Statistics.of_amounts(400, 12.5, 30.0).variance("outcome")
        900.0
        """
        if customers < 0 or not np.isfinite(mean) or not 0 <= deviation < np.inf:
            raise ModelError(
                f"{name}: expected finite mean and deviation of a count of customers, got {mean}, {deviation}"
            )
        return cls(customers, (name,), (mean,), ((max(customers - 1, 0) * deviation**2,),))

    def __add__(self, other: Statistics) -> Statistics:
        """Give the statistics of both groups together.

        Raises:
            ModelError: They are not about the same columns.
        """
        if self.names != other.names:
            raise ModelError(f"statistics: expected the columns {', '.join(self.names)}, got {', '.join(other.names)}")
        count = self.count + other.count
        if not count:
            return self
        part = other.count / count
        apart = np.subtract(other.means, self.means)
        means = np.add(self.means, apart * part)
        products = np.add(self.products, other.products) + np.multiply.outer(apart, apart) * (self.count * part)
        return Statistics(count, self.names, _row(means), _square(products))

    def mean(self, name: str) -> float:
        """Give the mean of a column.

        Raises:
            ModelError: There is no such column.
        """
        return self.means[self._place(name)]

    def variance(self, name: str) -> float:
        """Give the sample variance of a column; NaN of fewer than two customers."""
        return self.covariance(name, name)

    def covariance(self, one: str, other: str) -> float:
        """Give the sample covariance of two columns; NaN of fewer than two customers."""
        if self.count < 2:
            return float("nan")
        return self.products[self._place(one)][self._place(other)] / (self.count - 1)

    def _place(self, name: str) -> int:
        if name in self.names:
            return self.names.index(name)
        near = nearest(name, self.names)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ModelError(f"column: found '{name}', wanted one of {', '.join(self.names)}{hint}")


def statistics_by(columns: Mapping[str, Floats], place: Integers, places: int) -> tuple[Statistics, ...]:
    """Take the statistics of each of several groups in one pass, such as of each arm, or of each arm in each segment.

    Args:
        columns: The numbers of each customer; each of shape (n,).
        place: The group of each customer, from 0 up; -1 where she belongs to none; shape (n,).
        places: How many groups there are.

    Raises:
        ModelError: No columns, columns of different lengths, or a number that is not finite.

    Examples:
        >>> orders = {"orders": np.array([0.0, 2.0, 5.0])}
        >>> [one.mean("orders") for one in statistics_by(orders, np.array([0, 0, 1]), 2)]
        [1.0, 5.0]
    """
    names = tuple(columns)
    if not names:
        raise ModelError("columns: expected one or more, got none")
    inside = place >= 0
    group = place[inside]
    count = np.bincount(group, minlength=places)
    if len(count) > places:
        raise ModelError(f"place: expected at most {places - 1}, got {len(count) - 1}")
    apart, means = [], np.zeros((places, len(names)))
    for column, name in enumerate(names):
        known = _known(columns[name], name, place)[inside]
        mean = np.bincount(group, known, places) / np.maximum(count, 1)
        rest = np.bincount(group, known - mean[group], places) / np.maximum(count, 1)
        means[:, column] = mean + rest
        apart.append(known - mean[group] - rest[group])
    products = np.zeros((places, len(names), len(names)))
    for one in range(len(names)):
        for other in range(one, len(names)):
            products[:, one, other] = np.bincount(group, apart[one] * apart[other], places)
            products[:, other, one] = products[:, one, other]
    return tuple(Statistics(int(count[at]), names, _row(means[at]), _square(products[at])) for at in range(places))


def total(parts: Sequence[Statistics]) -> Statistics:
    """Add up the statistics of several groups; at least one.

    >>> total([Statistics.of_counts(1, 4), Statistics.of_counts(3, 4)]).mean("outcome")
    0.5
    """
    whole = parts[0]
    for one in parts[1:]:
        whole = whole + one
    return whole


def _known(values: Floats, name: str, place: Integers) -> Floats:
    if values.shape != place.shape:
        raise ModelError(f"{name}: expected {len(place)} rows, one per customer, got {values.shape}")
    check_finite(values, name, place >= 0)
    return values.astype(np.float64)


def check_finite(values: Floats, name: str, among: Booleans) -> None:
    """Refuse a column with a number that is not finite.

    Args:
        values: The column; shape (n,).
        name: What it is called.
        among: The rows that count; shape (n,).

    Raises:
        ModelError: There is one.
    """
    wrong = np.flatnonzero(~np.isfinite(values) & among)
    if len(wrong):
        raise ModelError(
            f"{name}: row {wrong[0]}: expected a finite number, got {values[wrong[0]]}; {len(wrong)} such in all. "
            "Say beforehand what an unknown outcome is worth, the same for all arms"
        )


def _row(values: Floats) -> tuple[float, ...]:
    return tuple(float(one) for one in values)


def _square(values: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(_row(row) for row in values)
