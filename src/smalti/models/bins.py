"""An input's distribution as it was at the fit: bins, and how many customers were in each.

Numbers are cut at their quantiles, so that equal values share a bin; texts are their own bins, the rarer ones together. What is
missing has a bin of its own, and so has a text that was not known at the fit: both are there even while empty, because that
customers come to be in them is the drift that matters most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from smalti.errors import ModelError
from smalti.models.arrays import Floats, Integers

MOST = 10
"""Bins that are made of what is known."""

Holds = Literal["range", "category", "other", "missing"]


class Valued(Protocol):
    """A named input with a value for each customer."""

    @property
    def name(self) -> str:
        """The trait or attribute."""
        ...

    @property
    def kind(self) -> Literal["number", "category"]:
        """Whether values are floats with NaN, or texts with None."""
        ...

    @property
    def values(self) -> npt.NDArray[Any]:
        """One value per customer, shape (n,)."""
        ...


@dataclass(frozen=True)
class Bin:
    """One bin of an input.

    Attributes:
        holds: A `range` of numbers, a `category`, the `other` categories, or what is `missing`.
        customers: How many were in it.
        low: The range's lower end, not in it; None where it has none.
        high: Its upper end, in it; None where it has none.
        category: The text.
    """

    holds: Holds
    customers: int
    low: float | None = None
    high: float | None = None
    category: str | None = None


@dataclass(frozen=True)
class Bins:
    """An input in bins.

    Attributes:
        input: The trait or attribute.
        kind: `number` or `category`.
        bins: The bins: what is known in order, then, of texts, all others, then what is missing.
    """

    input: str
    kind: Literal["number", "category"]
    bins: tuple[Bin, ...]

    @property
    def counts(self) -> Integers:
        """How many customers are in each bin."""
        return np.array([one.customers for one in self.bins], dtype=np.int64)

    def place(self, values: npt.ArrayLike) -> Integers:
        """Give the bin of each value, from 0.

        Args:
            values: Floats with NaN, or texts with None, as the input's kind is, shape (n,).

        >>> bins_of(_Given("age", "number", np.array([1.0, 2.0, 3.0, 4.0])), most=2).place([2.5, np.nan, -7.0])
        array([1, 2, 0])
        """
        if self.kind == "number":
            numbers = np.asarray(values, dtype=np.float64)
            cuts = [one.high for one in self.bins if one.high is not None]
            placed = np.searchsorted(np.array(cuts, dtype=np.float64), numbers, side="left")
            found: Integers = np.where(np.isnan(numbers), len(self.bins) - 1, placed).astype(np.int64)
            return found
        known = {one.category: place for place, one in enumerate(self.bins) if one.holds == "category"}
        other, missing = len(self.bins) - 2, len(self.bins) - 1
        texts = np.asarray(values, dtype=object)
        return np.array([missing if one is None else known.get(one, other) for one in texts], dtype=np.int64)

    def counted(self, values: npt.ArrayLike) -> Bins:
        """Give the same bins with how many of other values are in each."""
        counts = np.bincount(self.place(values), minlength=len(self.bins)).tolist()
        return replace(self, bins=tuple(replace(one, customers=n) for one, n in zip(self.bins, counts, strict=True)))

    def rows(self, model: str) -> list[dict[str, Any]]:
        """Give a row of the table ``model_inputs`` for each bin.

        >>> bins_of(_Given("plan", "category", np.array(["gold", None], dtype=object))).rows("stays")[0]["category"]
        'gold'
        """
        everyone = max(int(self.counts.sum()), 1)
        return [
            {
                "model": model,
                "input": self.input,
                "bin": place,
                "holds": one.holds,
                "low": one.low,
                "high": one.high,
                "category": one.category,
                "share": one.customers / everyone,
                "n": one.customers,
            }
            for place, one in enumerate(self.bins)
        ]


def bins_from_rows(rows: Sequence[Mapping[str, Any]]) -> Bins:
    """Give the bins of one input of one model back from its rows of ``model_inputs``.

    Raises:
        ModelError: There is no row, or they are of several inputs.

    >>> made = bins_of(_Given("age", "number", np.array([1.0, 2.0, np.nan])))
    >>> bins_from_rows(made.rows("stays")) == made
    True
    """
    names = {row["input"] for row in rows}
    if len(names) != 1:
        raise ModelError(f"bins: expected the rows of one input, got {', '.join(sorted(names)) or 'none'}")
    bins = [
        Bin(row["holds"], row["n"], row["low"], row["high"], row["category"])
        for row in sorted(rows, key=lambda row: int(row["bin"]))
    ]
    return Bins(names.pop(), "category" if any(one.holds == "other" for one in bins) else "number", tuple(bins))


def bins_of(column: Valued, most: int = MOST) -> Bins:
    """Put an input's values into bins, as they are at the fit.

    Args:
        column: The input; numbers are finite or NaN.
        most: How many bins to make of what is known, where there are so many different values.

    >>> found = bins_of(_Given("orders", "number", np.array([1.0, 1.0, 2.0, 9.0, np.nan])), most=2)
    >>> [(one.holds, one.low, one.high, one.customers) for one in found.bins]
    [('range', None, 1.0, 2), ('range', 1.0, None, 2), ('missing', None, None, 1)]
    """
    bins = _ranges(np.asarray(column.values, dtype=np.float64), most) if column.kind == "number" else None
    if bins is None:
        texts = np.asarray(column.values, dtype=object)
        bins = [*_categories([one for one in texts if one is not None], most - 1), Bin("other", 0), Bin("missing", 0)]
    return Bins(column.name, column.kind, tuple(bins)).counted(column.values)


def _ranges(values: Floats, most: int) -> list[Bin]:
    known = values[~np.isnan(values)]
    cuts: list[float] = []
    if known.size:
        quantiles = np.quantile(known, np.arange(1, most) / most, method="inverted_cdf")
        cuts = [float(cut) for cut in np.unique(quantiles) if cut < known.max()]
    return [Bin("range", 0, low, high) for low, high in zip([None, *cuts], [*cuts, None], strict=True)] + [
        Bin("missing", 0)
    ]


def _categories(texts: Sequence[str], most: int) -> list[Bin]:
    names, counts = np.unique(np.array(texts, dtype=str), return_counts=True) if texts else (np.array([]), np.array([]))
    order = sorted(range(len(names)), key=lambda place: (-int(counts[place]), str(names[place])))
    return [Bin("category", 0, category=str(names[place])) for place in order[:most]]


@dataclass(frozen=True, eq=False)
class _Given:
    """An input for examples."""

    name: str
    kind: Literal["number", "category"]
    values: npt.NDArray[Any]
