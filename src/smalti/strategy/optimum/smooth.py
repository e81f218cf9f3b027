"""Prices found where the best of each customer is taken softly: Newton's method on a smooth bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smalti.strategy.optimum.cells import Cells
from smalti.strategy.optimum.problem import Capacities, Floats

_STEPS = 12
_HALVINGS = 14
_ENOUGH = 2000


@dataclass(frozen=True, eq=False)
class Box:
    """Prices between two corners; shape (K,) each."""

    low: Floats
    high: Floats

    def clip(self, prices: Floats) -> Floats:
        """Give the nearest prices within."""
        return np.clip(prices, self.low, self.high)

    def around(self, prices: Floats, radius: Floats) -> Box:
        """Give the part of the box this near to some prices."""
        return Box(self.clip(prices - radius), self.clip(prices + radius))

    def holds(self, other: Box) -> bool:
        """Tell whether another lies within."""
        return bool(np.all(self.low <= other.low) and np.all(self.high >= other.high))


@dataclass(frozen=True, eq=False)
class _Soft:
    """The smooth bound at some prices."""

    value: float
    used: Floats
    curve: NDArray[np.float64]


def _soft(cells: Cells, prices: Floats, warmth: float, weight: float) -> _Soft:
    left = cells.priced(prices)
    top = np.maximum(np.maximum.reduceat(left, cells.starts), 0.0)
    share = np.exp((left - top[cells.numbers]) / warmth)
    whole = np.add.reduceat(share, cells.starts) + np.exp(-top / warmth)
    share /= whole[cells.numbers]
    value = weight * float(np.sum(top) + warmth * np.sum(np.log(whole)))
    shared = cells.use * share[:, None]
    summed = [np.add.reduceat(one, cells.starts) for one in np.ascontiguousarray(shared.T)]
    by_row = np.array(summed).reshape(len(prices), len(cells.starts))
    curve = (cells.use.T @ shared - by_row @ by_row.T) * (weight / warmth)
    return _Soft(value, weight * shared.sum(axis=0), curve)


def _slope(prices: Floats, used: Floats, capacities: Capacities, box: Box) -> Floats:
    """Give the derivative of the bound in each price; 0 where it cannot be lowered."""
    up, down = capacities.most - used, capacities.least - used
    at_zero = np.where(up < 0, up, np.where(down > 0, down, 0.0))
    slope = np.where(prices > 0, up, np.where(prices < 0, down, at_zero))
    stuck = ((prices <= box.low) & (slope > 0)) | ((prices >= box.high) & (slope < 0))
    return np.where(stuck | ~np.isfinite(slope), 0.0, slope)


@dataclass(frozen=True, eq=False)
class Estimate:
    """Prices, and how far they may be from right ones; shape (K,) each."""

    prices: Floats
    radius: Floats


def soften(
    cells: Cells, weight: float, capacities: Capacities, box: Box, start: Floats, warmths: list[float]
) -> Estimate:
    """Lower the bound in a box, the best of each customer taken softly.

    Args:
        cells: Customers, or a sample of them.
        weight: How many customers each stands for.
        capacities: What there is for all of them.
        box: Where prices may lie.
        start: Prices to begin with; shape (K,).
        warmths: How softly, in the unit of values; each in turn.
    """
    scale = _price_scale(cells)
    prices = box.clip(start)
    some, thinned = _thinned(cells)
    for warmth in warmths:
        prices = _newton(some, weight * thinned, capacities, box, prices, warmth, scale)
    if thinned > 1:
        prices = _newton(cells, weight, capacities, box, prices, warmths[-1], scale)
    return Estimate(prices, _radius(cells, weight, capacities, box, prices, warmths[-1], scale))


def _thinned(cells: Cells) -> tuple[Cells, float]:
    """Give a part of the customers, and how many each stands for: enough to come near the prices of all."""
    count = len(cells.starts)
    kept = np.arange(count) % max(count // _ENOUGH, 1) == 0
    return cells.pick(kept[cells.numbers]), count / max(int(kept.sum()), 1)


def _price_scale(cells: Cells) -> Floats:
    """Give the price at which a usual cell would be worth nothing; shape (K,)."""
    counted = (cells.use > 0).sum(axis=0)
    mean = cells.use.sum(axis=0) / np.maximum(counted, 1)
    size = float(np.mean(np.abs(cells.values))) or 1.0
    return np.where(mean > 0, size / np.where(mean > 0, mean, 1.0), 0.0)


def _newton(
    cells: Cells, weight: float, capacities: Capacities, box: Box, prices: Floats, warmth: float, scale: Floats
) -> Floats:
    here = _soft(cells, prices, warmth, weight)
    bound = here.value + capacities.worth(prices)
    for _ in range(_STEPS):
        slope = _slope(prices, here.used, capacities, box)
        free = np.flatnonzero((slope != 0) & (scale > 0))
        if not len(free):
            break
        step = np.zeros(len(prices))
        step[free] = -_solved(here.curve[np.ix_(free, free)], slope[free], scale[free])
        longest = np.maximum(scale, 2 * np.abs(prices))
        step *= min(1.0, float(np.min(longest[free] / np.maximum(np.abs(step[free]), 1e-300))))
        moved = False
        for halving in range(_HALVINGS):
            there = box.clip(prices + step * 0.5**halving)
            there[there * prices < 0] = 0.0
            new = _soft(cells, there, warmth, weight)
            lower = new.value + capacities.worth(there)
            if lower <= bound + 1e-4 * float(slope @ (there - prices)):
                moved = True
                break
        if not moved:
            break
        gained = bound - lower
        prices, here, bound = there, new, lower
        if gained <= 1e-10 * abs(bound):
            break
    return prices


def _solved(curve: NDArray[np.float64], slope: Floats, scale: Floats) -> Floats:
    """Solve Newton's equations, in units in which a usual price is 1."""
    scaled = curve * np.outer(scale, scale)
    size = max(float(np.trace(scaled)) / len(scale), float(np.max(np.abs(slope * scale))) * 1e-3)
    solved = np.linalg.solve(scaled + 1e-9 * size * np.eye(len(scale)), slope * scale)
    return np.asarray(solved * scale)


def _radius(
    cells: Cells, weight: float, capacities: Capacities, box: Box, prices: Floats, warmth: float, scale: Floats
) -> Floats:
    """Tell how far prices may be from the best, from what softness and sampling do to the use of limits."""
    soft = _soft(cells, prices, warmth, weight)
    _, chosen = cells.best(prices)
    hard = np.where((chosen >= 0)[:, None], cells.use[np.maximum(chosen, 0)], 0.0)
    centred = hard - hard.mean(axis=0)
    sampled = max(0.0, 1.0 - 1.0 / weight)
    noise = weight**2 * sampled * (centred.T @ centred)
    grain = 2.0 * weight * np.max(cells.use, axis=0, initial=0.0)
    used = weight * hard.sum(axis=0)
    free = np.flatnonzero((prices != 0) & (scale > 0) & (box.low < box.high))
    off = np.abs(used - np.where(prices > 0, capacities.most, capacities.least))
    radius = np.zeros(len(prices))
    if len(free):
        unit = scale[free]
        curve = soft.curve[np.ix_(free, free)] * np.outer(unit, unit)
        floor = 1e-9 * weight * float(np.sum(cells.use[:, free] * unit)) + 1e-200
        curve += (1e-9 * float(np.trace(curve)) / len(free) + floor) * np.eye(len(free))
        inverse = np.linalg.pinv(curve, rcond=1e-4, hermitian=True) * np.outer(unit, unit)
        spread = np.sqrt(np.maximum(np.diag(inverse @ noise[np.ix_(free, free)] @ inverse), 0.0))
        radius[free] = 4.0 * spread + np.abs(inverse) @ (grain[free] + 2.0 * off[free])
    idle = (prices == 0) & (scale > 0)
    stir = 4.0 * np.sqrt(np.maximum(np.diag(noise), 0.0)) + grain + np.abs(soft.curve[:, free]) @ radius[free]
    beyond = np.maximum(stir - np.minimum(capacities.most - used, used - capacities.least), 0.0)
    steep = np.maximum(np.diag(soft.curve), 1e-200)
    radius = np.where(
        idle, np.minimum(beyond / np.maximum(steep, 1e-3 * beyond / np.maximum(scale, 1e-200)), 10 * scale), radius
    )
    return np.asarray(np.minimum(radius, np.maximum(10 * scale, 10 * np.abs(prices))))
