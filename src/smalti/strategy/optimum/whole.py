"""From shares of customers to whole ones: rounded down, filled up, exchanged, and exactly where they are few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smalti.strategy.optimum.branching import branch
from smalti.strategy.optimum.cells import Cells
from smalti.strategy.optimum.exchanging import exchange, filled, floored
from smalti.strategy.optimum.problem import Capacities, Floats, Integers

TOLERANCE = 1e-10
"""What of a limit may be exceeded for the rounding of sums, as a share of it."""
_FEW_CELLS = 120
_NEAREST = (40, 160)
_NODES = (20, 80)


@dataclass(frozen=True, eq=False)
class Whole:
    """A choice of whole customers.

    Attributes:
        chosen: The cell that each customer gets, -1 for none; shape (m,).
        bound: What no choice of whole customers can exceed; infinite where that was not found.
    """

    chosen: Integers
    bound: float = np.inf


def round_whole(
    cells: Cells, shares: Floats, prices: Floats, capacities: Capacities, enough: float, everybody: bool
) -> Whole | None:
    """Choose for whole customers, near the shares of the linear program.

    Args:
        cells: What they may choose.
        shares: How much of its customer each cell gets; shape (c,).
        prices: Of the limits; shape (K,).
        capacities: What there is of the limits.
        enough: What is too little to look for.
        everybody: Whether these are all customers, so that a proof for them is one for all.

    Returns:
        The choice; None where none was found that has the least that is wanted.
    """
    if not len(cells):
        return Whole(np.empty(0, dtype=np.int64)) if capacities.slack(np.zeros(len(prices))) >= -TOLERANCE else None
    relaxed = float(shares @ cells.values)
    chosen = filled(cells, floored(cells, shares), capacities)
    fits = _fits(cells, chosen, capacities)
    if not fits or relaxed - cells.worth(chosen) > enough:
        chosen = filled(cells, exchange(cells, chosen, prices, capacities, relaxed - enough), capacities)
        fits = _fits(cells, chosen, capacities)
    if fits and relaxed - cells.worth(chosen) <= enough:
        return Whole(chosen)
    return (
        _improved(cells, chosen, relaxed, prices, capacities, enough, everybody)
        if fits
        else _forced(cells, shares, prices, capacities)
    )


def _fits(cells: Cells, chosen: Integers, capacities: Capacities) -> bool:
    return capacities.slack(cells.used(chosen)) >= -TOLERANCE


def _improved(
    cells: Cells,
    chosen: Integers,
    relaxed: float,
    prices: Floats,
    capacities: Capacities,
    enough: float,
    everybody: bool,
) -> Whole:
    """Branch over what can still be better: a cell that is further behind than the gap is in no better choice."""
    value = cells.worth(chosen)
    gap = relaxed - value + 1e-9 * abs(relaxed)
    if relaxed - value <= 200 * enough and not everybody:
        return Whole(chosen)
    top, best = cells.best(prices)
    keep = top[cells.numbers] - cells.priced(prices) <= gap
    free = np.bincount(cells.numbers[keep], minlength=len(top)) + (top <= gap) > 1
    complete = int((keep & free[cells.numbers]).sum()) <= _FEW_CELLS
    if not complete:
        free &= _nearest(cells, prices, _NEAREST[0])
    keep &= free[cells.numbers]
    fixed = np.where(free, -1, best)
    found = branch(
        cells.pick(keep), capacities.without(cells.used(fixed)), value - cells.worth(fixed), enough, _NODES[complete]
    )
    bound = max(found.bound + cells.worth(fixed), value) if everybody and complete else np.inf
    if found.chosen is None:
        return Whole(chosen, bound)
    better = np.where(free, _back(found.chosen, keep, cells), fixed)
    fits = _fits(cells, better, capacities) and cells.worth(better) > value
    return Whole(filled(cells, better, capacities) if fits else chosen, bound)


def _forced(cells: Cells, shares: Floats, prices: Floats, capacities: Capacities) -> Whole | None:
    """Branch for a choice that has the least that is wanted, among those whose two best are nearest, then among all."""
    for count in (*_NEAREST, len(cells.starts)):
        free = _nearest(cells, prices, count)
        fixed = np.where(free, -1, floored(cells, shares))
        keep = free[cells.numbers]
        found = branch(cells.pick(keep), capacities.without(cells.used(fixed)), -np.inf, np.inf)
        if found.chosen is not None:
            chosen = np.where(free, _back(found.chosen, keep, cells), fixed)
            if _fits(cells, chosen, capacities):
                return Whole(filled(cells, chosen, capacities))
        if free.all():
            break
    return None


def _back(picked: Integers, keep: NDArray[np.bool_], cells: Cells) -> Integers:
    """Give a choice among picked cells as one among all."""
    chosen = np.full(len(cells.starts), -1, dtype=np.int64)
    taken = np.flatnonzero(keep)[picked[picked >= 0]]
    chosen[cells.numbers[taken]] = taken
    return chosen


def _nearest(cells: Cells, prices: Floats, count: int) -> NDArray[np.bool_]:
    """Tell whose two best choices are nearest at the prices: those who are shared first, theirs are equal."""
    if len(cells.starts) <= count:
        return np.ones(len(cells.starts), dtype=bool)
    top, best = cells.best(prices)
    behind = top[cells.numbers] - cells.priced(prices)
    behind[best[best >= 0]] = np.inf
    margin = np.minimum(np.minimum.reduceat(behind, cells.starts), np.where(best >= 0, top, np.inf))
    near = np.zeros(len(margin), dtype=bool)
    near[np.argsort(margin, kind="stable")[:count]] = True
    return near
