"""The value map as a density: a plane of two values, cut into square bins, counted.

Whatever the number of customers, the picture has the same few hundred bins. The scale is logarithmic far from zero and
straight near it (the inverse hyperbolic sine), so that zeros and losses have a place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from smalti.report.columns import Flags, Integers

COLUMNS, ROWS = 40, 26
"""Bins across and up."""
_TAIL = 0.0005
_MANY = 2_000
_LEAST = 0.001


@dataclass(frozen=True)
class Scale:
    """A symmetric logarithmic scale, asinh(value / knee), over [low, high].

    Attributes:
        knee: Where the scale bends from straight to logarithmic, in the values' unit; above 0.
        low: The value at position 0.
        high: The value at position 1; values outside are drawn at the edge.
    """

    knee: float
    low: float
    high: float

    def position(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Place values between 0 and 1.

        >>> Scale(1.0, 0.0, 100.0).position(np.array([0.0, 100.0, 1e9])).tolist()
        [0.0, 1.0, 1.0]
        """
        start, end = np.arcsinh(self.low / self.knee), np.arcsinh(self.high / self.knee)
        found: npt.NDArray[np.float64] = np.clip((np.arcsinh(values / self.knee) - start) / (end - start), 0.0, 1.0)
        return found

    def value(self, position: float) -> float:
        """Give the value at a position.

        >>> round(Scale(1.0, 0.0, 100.0).value(1.0), 6)
        100.0
        """
        start, end = np.arcsinh(self.low / self.knee), np.arcsinh(self.high / self.knee)
        return float(np.sinh(start + position * (end - start)) * self.knee)

    def ticks(self, apart: float = 0.1) -> list[float]:
        """Choose round values to label: zero first, then powers of ten, then 3s; none nearer than `apart` to another.

        >>> Scale(1.0, 0.0, 1000.0).ticks()
        [0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0]
        """
        powers = 10.0 ** np.arange(-3, 16)
        chosen: list[float] = []
        steps = [sign * step for step in (powers[::-1], 3 * powers[::-1]) for sign in (1, -1)]
        for value in [0.0, *np.concatenate(steps).tolist()]:
            near = self.position(np.array([value, *chosen]))
            if self.low <= value <= self.high and (len(near) == 1 or np.abs(near[1:] - near[0]).min() >= apart):
                chosen.append(value)
        return sorted(chosen)


def fit_scale(values: npt.NDArray[np.float64]) -> Scale:
    """Choose a scale for values: bent at the lower quartile of sizes, with the thinnest tails at the edges.

    >>> fit_scale(np.array([0.0, 10.0, 20.0, 1000.0]))
    Scale(knee=10.0, low=0.0, high=1000.0)
    """
    sizes = np.abs(values[values != 0])
    knee = _round_down(max(_LEAST, float(np.quantile(sizes, 0.25)))) if len(sizes) else 1.0
    tail = _TAIL if len(values) >= _MANY else 0.0
    low, high = (np.quantile(values, [tail, 1 - tail]) if len(values) else (0.0, 0.0)) + np.zeros(2)
    return Scale(knee, min(0.0, float(low)), max(knee, float(high)))


def _round_down(value: float) -> float:
    power = 10.0 ** float(np.floor(np.log10(value)))
    return float(max(step for step in (1.0, 2.0, 5.0) if step * power <= value * 1.0000001 or step == 1.0) * power)


@dataclass(frozen=True)
class Bin:
    """One filled bin.

    Attributes:
        column: From the left, 0 to COLUMNS - 1.
        row: From the bottom, 0 to ROWS - 1.
        customers: How many.
        kind: The commonest kind there (a code), -1 where none is known.
        kind_share: The share of customers in the bin who are of that kind.
    """

    column: int
    row: int
    customers: int
    kind: int
    kind_share: float


@dataclass(frozen=True)
class Quadrant:
    """A quarter of the map, cut at the two averages.

    Attributes:
        right: At or above the average of x.
        upper: At or above the average of y.
        customers: How many.
        x_total: Their x together, in minor units.
        y_total: Their y together, in minor units.
    """

    right: bool
    upper: bool
    customers: int
    x_total: int
    y_total: int


@dataclass(frozen=True)
class Density:
    """A plane of customers, counted.

    Attributes:
        x: Scale across, in major units.
        y: Scale up, in major units.
        x_cut: The average x, major units, where the map is quartered.
        y_cut: The average y.
        bins: The filled bins, by row and column.
        quadrants: Upper left, upper right, lower left, lower right.
        customers: How many are on the map.
    """

    x: Scale
    y: Scale
    x_cut: float
    y_cut: float
    bins: tuple[Bin, ...]
    quadrants: tuple[Quadrant, ...]
    customers: int


def density(x: Integers, y: Integers, known: Flags, kinds: npt.NDArray[np.int32], scale: int) -> Density | None:
    """Count customers on the plane of two values.

    Args:
        x: Minor units, one per customer.
        y: Minor units, one per customer.
        known: Which customers have both values; the others are left off.
        kinds: A code per customer from 0, -1 for none; the commonest in a bin colours it.
        scale: Minor units in a major one.

    Returns:
        The density, or None where nobody is known or every value is nought.

    >>> found = density(*np.array([[0, 500, 90000], [0, 100, 50]]), np.ones(3, bool), np.zeros(3, np.int32), 100)
    >>> sum(bin.customers for bin in found.bins), [quarter.customers for quarter in found.quadrants]
    (3, [1, 1, 1, 0])
    """
    x, y, kinds = x[known], y[known], kinds[known]
    if not len(x) or not (x.any() or y.any()):
        return None
    across, up = x / scale, y / scale
    x_scale, y_scale = fit_scale(across), fit_scale(up)
    x_cut, y_cut = float(across.mean()), float(up.mean())
    return Density(
        x_scale,
        y_scale,
        x_cut,
        y_cut,
        _bins(x_scale.position(across), y_scale.position(up), kinds),
        _quadrants(x, y, across >= x_cut, up >= y_cut),
        len(x),
    )


def _bins(
    across: npt.NDArray[np.float64], up: npt.NDArray[np.float64], kinds: npt.NDArray[np.int32]
) -> tuple[Bin, ...]:
    column = np.minimum((across * COLUMNS).astype(np.int64), COLUMNS - 1)
    row = np.minimum((up * ROWS).astype(np.int64), ROWS - 1)
    width = int(kinds.max(initial=-1)) + 2
    cell = row * COLUMNS + column
    counted = np.bincount(cell * width + kinds + 1, minlength=COLUMNS * ROWS * width).reshape(-1, width)
    totals = counted.sum(axis=1)
    commonest = counted[:, 1:].argmax(axis=1) if width > 1 else np.zeros(len(totals), np.int64)
    found = []
    for place in np.flatnonzero(totals).tolist():
        kind, total = int(commonest[place]), int(totals[place])
        members = int(counted[place, kind + 1]) if width > 1 else 0
        found.append(Bin(place % COLUMNS, place // COLUMNS, total, kind if members else -1, members / total))
    return tuple(found)


def _quadrants(x: Integers, y: Integers, right: Flags, upper: Flags) -> tuple[Quadrant, ...]:
    found = []
    for is_upper in (True, False):
        for is_right in (False, True):
            inside = (upper == is_upper) & (right == is_right)
            totals = int(x[inside].sum()), int(y[inside].sum())
            found.append(Quadrant(is_right, is_upper, int(inside.sum()), *totals))
    return tuple(found)
