"""The likelihood of BG/BB, its exact gradient, and the part of it that says she is a customer still.

A history (x, t_x, n) came about in one of n - t_x + 1 ways: she is a customer still, or was gone after opportunity j,
for one of j = t_x .. n - 1. The second kind is the same for all who share x and n but for where the sum begins, so it is
taken once per (x, n) from the end. All ratios of Beta functions here are of whole steps: sums of logarithms, exact at
parameters of any size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from smalti.models.arrays import Floats, Integers
from smalti.models.buying.histories import Histories
from smalti.models.fitting import Objective

Four: TypeAlias = tuple[float, float, float, float]
"""Alpha, beta, gamma, delta."""

_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class _Block:
    """Some pairs of x and n, and the rows that share them.

    Attributes:
        x: opportunities taken, one per pair.
        n: opportunities there were, one per pair.
        rows: which rows of the histories have one of these pairs.
        pair: for each of those rows, its pair within the block.
    """

    x: Integers
    n: Integers
    rows: Integers
    pair: Integers


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums of log(start + i) and of 1 / (start + i) over i < k, for k = 0, 1, ..."""

    logs: Floats
    slopes: Floats

    @classmethod
    def of(cls, start: float, longest: int) -> _Sums:
        steps = start + np.arange(longest)
        return cls(*(np.concatenate([[0.0], np.cumsum(part)]) for part in (np.log(steps), 1.0 / steps)))


@dataclass(frozen=True, eq=False)
class Ways:
    """Histories laid out by their pairs of x and n.

    Attributes:
        x: opportunities taken, one per row.
        t_x: the last one taken.
        n: how many there were.
        blocks: the rows by pair, few enough pairs at a time to be held in memory.
    """

    x: Integers
    t_x: Integers
    n: Integers
    blocks: tuple[_Block, ...]

    @classmethod
    def of(cls, x: Floats, t_x: Floats, n: Floats) -> Ways:
        """Lay out rows of whole numbers."""
        taken, last, there = (column.astype(np.int64) for column in (x, t_x, n))
        return cls(taken, last, there, tuple(_blocks(taken, there)))

    @property
    def longest(self) -> int:
        """The most opportunities that anybody had."""
        return int(self.n.max(initial=0))

    def logs(self, parameters: Four) -> tuple[Floats, Floats]:
        """Return the log-likelihood of each row, and of its part in which she is a customer still."""
        laid = _Laid(parameters, self.longest)
        still = laid.still(self.x, self.n)
        total = still.copy()
        for block in self.blocks:
            gone = _from_the_end(laid.gone(block))[block.pair, self.t_x[block.rows]]
            total[block.rows] = np.logaddexp(still[block.rows], gone)
        return total, still


class _Laid:
    """The logarithms that all histories are made of, at some parameters."""

    def __init__(self, parameters: Four, longest: int) -> None:
        alpha, beta, gamma, delta = parameters
        self.gamma = gamma
        self.take, self.leave = _Sums.of(alpha, longest), _Sums.of(beta, longest)
        self.meet, self.stay = _Sums.of(alpha + beta, longest), _Sums.of(delta, longest)
        self.risk = _Sums.of(gamma + delta, longest + 1)
        self.longest = longest

    def still(self, x: Integers, n: Integers) -> Floats:
        flips = self.take.logs[x] + self.leave.logs[n - x] - self.meet.logs[n]
        return np.asarray(flips + self.stay.logs[n] - self.risk.logs[n])

    def gone(self, block: _Block) -> Floats:
        """Return the log chance of being gone after j, a row per pair, j = 0 .. longest (the last one never)."""
        j = np.arange(self.longest + 1)
        of_j = np.log(self.gamma) + self.stay.logs - self.risk.logs[1:] - self.meet.logs
        missed = np.maximum(j[None, :] - block.x[:, None], 0)
        logs = self.take.logs[block.x][:, None] + self.leave.logs[missed] + of_j[None, :]
        out = (j[None, :] < block.x[:, None]) | (j[None, :] >= block.n[:, None])
        logs[out] = -np.inf
        return np.asarray(logs)


def _blocks(x: Integers, n: Integers) -> Iterator[_Block]:
    if not x.size:
        return
    pairs, place = np.unique(np.stack([x, n]), axis=1, return_inverse=True)
    place = place.ravel()
    order = np.argsort(place, kind="stable")
    step = max(1, _CELLS // (int(n.max()) + 1))
    for low in range(0, pairs.shape[1], step):
        high = min(low + step, pairs.shape[1])
        first, last = np.searchsorted(place[order], [low, high])
        rows = order[first:last]
        yield _Block(pairs[0, low:high], pairs[1, low:high], rows, place[rows] - low)


def _from_the_end(logs: Floats) -> Floats:
    return np.asarray(np.logaddexp.accumulate(logs[:, ::-1], axis=1)[:, ::-1])


def mean_loss(histories: Histories) -> Objective:
    """Return the function to minimise: log-parameters to (minus the mean log-likelihood, its exact gradient).

    Args:
        histories: grouped histories, recency and age in opportunities.

    Returns:
        A function of log(alpha, beta, gamma, delta), an array of 4, giving a number and an array of 4.
    """
    ways = Ways.of(histories.repeats, histories.recency, histories.age)
    share = histories.weights / histories.weights.sum()
    x, n, longest = ways.x, ways.n, ways.longest

    def loss(logs: Floats) -> tuple[float, Floats]:
        parameters: Four = tuple(np.exp(logs).tolist())
        laid = _Laid(parameters, longest)
        still = laid.still(x, n)
        value, by_n = 0.0, np.zeros(longest + 1)
        by_j, by_missed = np.zeros(longest + 1), np.zeros(longest + 1)
        for block in ways.blocks:
            rows, begins = block.rows, ways.t_x[block.rows]
            gone = laid.gone(block)
            total = np.logaddexp(still[rows], _from_the_end(gone)[block.pair, begins])
            value += float((share[rows] * total).sum())
            kept = share[rows] * np.exp(still[rows] - total)
            by_n += np.bincount(n[rows], weights=kept, minlength=longest + 1)
            by_missed += np.bincount((n - x)[rows], weights=kept, minlength=longest + 1)
            left = _posterior(gone, block.pair, begins, np.log(share[rows]) - total)
            by_j += left.sum(axis=0)
            missed = np.maximum(np.arange(longest + 1)[None, :] - block.x[:, None], 0)
            by_missed += np.bincount(missed.ravel(), weights=left.ravel(), minlength=longest + 1)
        taken = np.bincount(x, weights=share, minlength=longest + 1)
        meets = float((laid.meet.slopes * (by_n + by_j)).sum())
        risks = float((laid.risk.slopes[:-1] * by_n).sum() + (laid.risk.slopes[1:] * by_j).sum())
        slopes = np.array(
            [
                (laid.take.slopes * taken).sum() - meets,
                (laid.leave.slopes * by_missed).sum() - meets,
                by_j.sum() / laid.gamma - risks,
                (laid.stay.slopes * (by_n + by_j)).sum() - risks,
            ]
        )
        return -value, -slopes * np.array(parameters)

    return loss


def _posterior(gone: Floats, pair: Integers, begins: Integers, logs: Floats) -> Floats:
    """Return how much of the customers of each pair was gone after each j: shares of all, a row per pair.

    A row that begins at t_x spreads over j from t_x on; `logs` is the log of its share less its log-likelihood.
    """
    reach = np.full(gone.shape, -np.inf)
    reach[pair, begins] = logs
    return np.asarray(np.exp(np.logaddexp.accumulate(reach, axis=1) + gone))
