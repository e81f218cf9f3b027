"""The linear program of what is left to decide, solved exactly by HiGHS (Huangfu and Hall 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from smalti.strategy.optimum.cells import Cells
from smalti.strategy.optimum.problem import Capacities, Floats, Integers
from smalti.strategy.optimum.smooth import Box


@dataclass(frozen=True, eq=False)
class Relaxed:
    """The optimum where a customer may be shared between actions.

    Attributes:
        shares: How much of its customer each cell gets; shape (c,).
        prices: What one more unit of each limit would bring, negative where `least` binds; shape (K,).
        beyond: In which direction prices want to leave the box: 1 up, -1 down, 0 not; shape (K,).
        feasible: Whether there is any.
    """

    shares: Floats
    prices: Floats
    beyond: NDArray[np.int64]
    feasible: bool = True


@dataclass(frozen=True, eq=False)
class _Rows:
    """Inequalities of limits: use times sign, with what leaving them costs."""

    limit: NDArray[np.int64]
    sign: Floats
    room: Floats
    over: Floats
    under: Floats


def relax(cells: Cells, capacities: Capacities, box: Box, ease: float = 0.0, counts: Integers | None = None) -> Relaxed:
    """Solve the linear program with prices held in a box: leaving a limit costs, and is paid, as much as the corners say.

    Args:
        cells: What customers may choose.
        capacities: What there is of the limits.
        box: Where prices may lie.
        ease: How much more there is of each limit, in units of the largest use. Where the price of one more unit is not
            that of one less, a little more makes the prices those of one more.
        counts: How many customers each stands for; shape (m,); None for one. Shares are of all of them together.

    >>> from smalti.strategy.optimum.table import Table
    >>> from smalti.strategy.optimum.problem import Limit
    >>> limits = [Limit("calls", columns=np.ones(1), most=1.5)]
    >>> none = np.zeros(1, dtype=bool)
    >>> cells = Cells.of(Table.of(np.array([[3.0], [2.0]]), limits), spent=none, forced=none)
    >>> relax(cells, Capacities.of(limits), Box(np.zeros(1), np.full(1, np.inf))).prices
    array([2.])
    """
    limits = len(capacities.most)
    if not len(cells):
        return _nothing(capacities, box)
    size = float(np.max(np.abs(cells.values))) or 1.0
    scale = np.max(cells.use, axis=0, initial=0.0)
    scale = np.where(scale > 0, scale, 1.0)
    rows = _rows(capacities, box)
    if not np.all(np.isfinite(rows.room)):
        raise ValueError("a limit without end")
    use = sparse.csr_array((cells.use[:, rows.limit] / scale[rows.limit] * rows.sign).T)
    over, under = np.isfinite(rows.over), rows.under > 0
    eye = sparse.eye_array(len(rows.limit), format="csc")
    several, at_most_one = _once(cells)
    left_over = int(over.sum() + under.sum())
    matrix = sparse.vstack(
        [
            sparse.hstack([at_most_one, sparse.csr_array((at_most_one.shape[0], left_over))]),
            sparse.hstack([use, -eye[:, over], eye[:, under]]),
        ],
        format="csc",
    )
    unit = scale[rows.limit] / size
    cost = np.concatenate([-cells.values / size, (rows.over * unit)[over], -(rows.under * unit)[under]])
    whole = np.ones(len(cells.starts)) if counts is None else counts.astype(float)
    room = np.concatenate([whole[several], rows.room / scale[rows.limit] + ease])
    upper = np.concatenate([whole[cells.numbers], np.full(left_over, np.inf)])
    bounds: Any = np.column_stack([np.zeros(len(upper)), upper])
    found = _solved(cost, matrix, room, bounds)
    if found.status != 0:
        return Relaxed(np.zeros(len(cells)), np.zeros(limits), np.zeros(limits, dtype=np.int64), feasible=False)
    duals = -found.ineqlin.marginals[at_most_one.shape[0] :] * size / scale[rows.limit]
    prices = np.zeros(limits)
    np.add.at(prices, rows.limit, rows.sign * duals)
    beyond = np.zeros(limits, dtype=np.int64)
    rest = found.x[len(cells) :]
    np.add.at(beyond, rows.limit[over], (rows.sign[over] * (rest[: over.sum()] > 1e-7)).astype(int))
    np.add.at(beyond, rows.limit[under], (-rows.sign[under] * (rest[over.sum() :] > 1e-7)).astype(int))
    return Relaxed(np.clip(found.x[: len(cells)], 0.0, upper[: len(cells)]), box.clip(prices), beyond)


def _solved(cost: Floats, matrix: Any, room: Floats, bounds: Any) -> Any:
    """Solve as exactly as can be, less so where that fails."""
    for tolerance in (1e-10, 1e-7):
        tight: Any = {"primal_feasibility_tolerance": tolerance, "dual_feasibility_tolerance": tolerance}
        found: Any = linprog(cost, A_ub=matrix, b_ub=room, bounds=bounds, method="highs", options=tight)
        if found.status in (0, 2):
            break
    return found


def _once(cells: Cells) -> tuple[NDArray[np.bool_], Any]:
    """Tell who has several cells, shape (m,), and give for each of those a row that counts them."""
    several = np.bincount(cells.numbers) > 1
    place = np.cumsum(several) - 1
    many = np.flatnonzero(several[cells.numbers])
    places = (place[cells.numbers[many]], many)
    return several, sparse.csr_array((np.ones(len(many)), places), shape=(int(several.sum()), len(cells)))


def _rows(capacities: Capacities, box: Box) -> _Rows:
    """Write limits as inequalities: no more than most, and no less than least with the sign turned."""
    most = np.flatnonzero(np.isfinite(capacities.most) & (box.high >= 0))
    least = np.flatnonzero(np.isfinite(capacities.least) & (box.low <= 0))
    return _Rows(
        np.concatenate([most, least]),
        np.concatenate([np.ones(len(most)), -np.ones(len(least))]),
        np.concatenate([capacities.most[most], -capacities.least[least]]),
        np.concatenate([box.high[most], -box.low[least]]),
        np.maximum(np.concatenate([box.low[most], -box.high[least]]), 0.0),
    )


def _nothing(capacities: Capacities, box: Box) -> Relaxed:
    """Tell what there is to tell where nothing can be chosen any more."""
    prices = box.clip(np.zeros(len(box.low)))
    short = (capacities.least > 1e-9) & (box.low > -np.inf)
    over = (capacities.most < -1e-9) & (box.high < np.inf)
    under = (prices > 0) & (capacities.most > 1e-9)
    spare = (prices < 0) & (capacities.least < -1e-9)
    beyond = over.astype(int) - short.astype(int) - under.astype(int) + spare.astype(int)
    impossible = (capacities.least > 1e-9) & (box.low == -np.inf)
    return Relaxed(np.zeros(0), prices, beyond.astype(np.int64), feasible=not impossible.any())
