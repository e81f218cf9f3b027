"""Branch and bound over a few cells, with the linear program as the bound (Land and Doig 1960)."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smalti.strategy.optimum.cells import Cells
from smalti.strategy.optimum.exchanging import filled, floored
from smalti.strategy.optimum.linear import relax
from smalti.strategy.optimum.problem import Capacities, Floats, Integers
from smalti.strategy.optimum.smooth import Box


@dataclass(frozen=True, eq=False)
class Branched:
    """What was found.

    Attributes:
        chosen: The cell that each customer gets, -1 for none; shape (m,); None where nothing better was found.
        bound: What no choice can exceed.
    """

    chosen: Integers | None
    bound: float


def branch(cells: Cells, capacities: Capacities, beat: float, enough: float, nodes: int = 200) -> Branched:
    """Look for a choice of whole customers that is worth more than what there is.

    Args:
        cells: What they may choose.
        capacities: What there is of the limits.
        beat: What is to be exceeded.
        enough: What is too little to look for; infinite to take the first that fits.
        nodes: How many linear programs are solved at most.
    """
    free = Box(
        np.where(np.isfinite(capacities.least), -np.inf, 0.0), np.where(np.isfinite(capacities.most), np.inf, 0.0)
    )
    best: Integers | None = None
    waiting = [(-np.inf, 0, (np.zeros(len(cells), dtype=bool), np.zeros(len(cells), dtype=bool)))]
    least = enough if np.isfinite(enough) else 0.0
    for node in range(nodes):
        if not waiting or -waiting[0][0] <= beat + least:
            break
        _, _, (taken, gone) = heapq.heappop(waiting)
        shares, value = _relaxed(cells, capacities, free, taken, gone)
        if value <= beat + least:
            continue
        rounded = filled(cells, floored(cells, shares), capacities)
        if capacities.slack(cells.used(rounded)) >= -1e-10 and cells.worth(rounded) > beat:
            best, beat = rounded, cells.worth(rounded)
            if np.isinf(enough):
                break
        shared = np.flatnonzero((shares > 1e-7) & (shares < 1 - 1e-7))
        if len(shared):
            cell = int(shared[np.argmin(np.abs(shares[shared] - 0.5))])
            without, alone = gone.copy(), gone | (cells.numbers == cells.numbers[cell])
            own = taken.copy()
            without[cell], own[cell] = True, True
            heapq.heappush(waiting, (-value, 2 * node + 1, (own, alone)))
            heapq.heappush(waiting, (-value, 2 * node + 2, (taken, without)))
    return Branched(best, max([beat + enough, *(-above for above, _, _ in waiting)]))


def _relaxed(
    cells: Cells, capacities: Capacities, free: Box, taken: NDArray[np.bool_], gone: NDArray[np.bool_]
) -> tuple[Floats, float]:
    """Solve the linear program of a node: shares of all cells, and what they are worth; minus infinite for none."""
    keep = ~(taken | gone)
    relaxed = relax(cells.pick(keep), capacities.without(cells.use[taken].sum(axis=0)), free)
    if not relaxed.feasible:
        return np.zeros(len(cells)), -np.inf
    shares = taken.astype(float)
    shares[keep] = relaxed.shares
    return shares, float(shares @ cells.values)
