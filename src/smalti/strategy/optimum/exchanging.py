"""Whole choices made better by changing one customer, or two at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smalti.strategy.optimum.cells import Cells
from smalti.strategy.optimum.problem import Capacities, Floats, Integers

_MOVES = 240
_ROUNDS = 60


@dataclass(frozen=True, eq=False)
class _Moves:
    """What could be changed: a customer's cell for another, or for none."""

    numbers: Integers
    cells: Integers
    gain: Floats
    more: NDArray[np.float64]


def floored(cells: Cells, shares: Floats) -> Integers:
    """Give customers what they get wholly, and nothing to those who are shared."""
    chosen = np.full(len(cells.starts), -1, dtype=np.int64)
    full = np.flatnonzero(shares > 1 - 1e-7)
    chosen[cells.numbers[full]] = full
    return chosen


def filled(cells: Cells, chosen: Integers, capacities: Capacities) -> Integers:
    """Give customers what is worth more to them and still fits, the largest gain first, until nothing does."""
    chosen = chosen.copy()
    used = cells.used(chosen)
    if np.any(used < capacities.least):
        return chosen
    for _ in range(3):
        has = chosen[cells.numbers]
        gain = cells.values - np.where(has >= 0, cells.values[has], 0.0)
        moved = False
        for cell in np.argsort(-gain, kind="stable")[: int((gain > 0).sum())].tolist():
            number = cells.numbers[cell]
            old = chosen[number]
            now = cells.values[old] if old >= 0 else 0.0
            after = used + cells.use[cell] - (cells.use[old] if old >= 0 else 0.0)
            if cells.values[cell] > now and np.all(after <= capacities.most) and np.all(after >= capacities.least):
                chosen[number], used, moved = cell, after, True
        if not moved:
            break
    return chosen


def exchange(cells: Cells, chosen: Integers, prices: Floats, capacities: Capacities, enough: float) -> Integers:
    """Change one or two customers' choices as long as that breaks limits less, or brings more and breaks none.

    Args:
        cells: What they may choose.
        chosen: The cell that each customer gets, -1 for none; shape (m,).
        prices: Of the limits, by which the most promising changes are found; shape (K,).
        capacities: What there is of the limits.
        enough: The value at which to stop.
    """
    chosen = chosen.copy()
    scale = np.maximum(np.max(cells.use, axis=0, initial=0.0), 1e-300)
    for _ in range(_ROUNDS):
        used = cells.used(chosen)
        broken = _broken(used, capacities, scale)
        if broken == 0 and cells.worth(chosen) >= enough:
            break
        moves = _moves(cells, chosen, prices)
        best = _best_pair(moves, used, capacities, scale, float(broken))
        if best is None:
            break
        for move in best:
            chosen[moves.numbers[move]] = moves.cells[move]
    return chosen


def _moves(cells: Cells, chosen: Integers, prices: Floats) -> _Moves:
    """Give the changes that cost least at the prices, and the one that changes nothing."""
    left = cells.priced(prices)
    has = chosen[cells.numbers]
    others = np.flatnonzero(has != np.arange(len(cells)))
    given = np.flatnonzero(chosen >= 0)
    numbers = np.concatenate([cells.numbers[others], given])
    targets = np.concatenate([others, np.full(len(given), -1)])
    old = chosen[numbers]

    def change(of: Floats) -> Floats:
        wide = (slice(None), *([None] * (of.ndim - 1)))
        return np.where((targets >= 0)[wide], of[targets], 0.0) - np.where((old >= 0)[wide], of[old], 0.0)

    order = np.argsort(-change(left), kind="stable")[:_MOVES]
    gain, more = change(cells.values)[order], change(cells.use)[order]
    return _Moves(
        np.append(numbers[order], -1),
        np.append(targets[order], -1),
        np.append(gain, 0.0),
        np.vstack([more, 0 * more[:1]]),
    )


def _broken(used: Floats, capacities: Capacities, scale: Floats) -> Floats:
    """Tell by how much limits are broken, in units of the largest use; shape of `used` without its last."""
    beyond = np.maximum(used - capacities.most, 0.0) + np.maximum(capacities.least - used, 0.0)
    return np.asarray((beyond / scale).sum(axis=-1))


def _best_pair(
    moves: _Moves, used: Floats, capacities: Capacities, scale: Floats, broken: float
) -> tuple[int, ...] | None:
    """Find the two changes that together break least, then bring most; None where none is better than to stay."""
    count = len(moves.gain)
    gain = moves.gain[:, None] + moves.gain[None, :]
    beyond = np.zeros((count, count))
    for place in range(len(used)):
        after = used[place] + moves.more[:, None, place] + moves.more[None, :, place]
        if np.isfinite(capacities.most[place]):
            beyond += np.maximum(after - capacities.most[place], 0.0) / scale[place]
        if np.isfinite(capacities.least[place]):
            beyond += np.maximum(capacities.least[place] - after, 0.0) / scale[place]
    beyond[moves.numbers[:, None] == moves.numbers[None, :]] = np.inf
    if broken > 0:
        least = float(beyond.min())
        if not least < broken * (1 - 1e-9):
            return None
        gain = np.where(beyond <= least + 1e-12 * broken, gain, -np.inf)
    else:
        gain = np.where(beyond <= 0, gain, -np.inf)
        if not gain.max() > 1e-12 * np.max(np.abs(moves.gain), initial=1e-300):
            return None
    one, other = np.unravel_index(int(np.argmax(gain)), gain.shape)
    return tuple(int(move) for move in (one, other) if moves.numbers[move] >= 0)
