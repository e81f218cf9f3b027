"""Who gets what under a budget: one mechanism for all policies, so that they differ only in what they know.

The budget goes where it brings most. Of each row the arms worth paying for are the corners of the upper hull of value over
use: from the least use upwards, each step brings less per unit than the one before. All steps of all rows are taken from the
steepest down until the budget is used up; those that tie at the margin are taken with the same chance. This solves the
linear program of the multiple-choice knapsack exactly (Dantzig 1957; Zemel 1980; in uplift: Sverdrup, Wu, Athey & Wager 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.errors import ModelError
from smalti.experiments.logged import Floats, Integers

_ROUNDING = 1e-9


def allocate(value: Floats, use: Floats, budget: float | None = None, weight: Floats | None = None) -> Floats:
    """Choose arms so that the sum of values is largest and the budget is kept.

    Args:
        value: What each arm is expected to bring each row, after costs; shape (n, K).
        use: What each arm uses of the budget; 0 or more; shape (K,) or (n, K).
        budget: How much may be used by all rows together, or None for no limit: then each row gets its best arm, and of equals
            the one that uses less, then the first.
        weight: How many customers each row stands for; left out, one.

    Returns:
        The chance of each arm, shape (n, K); rows sum to 1, and at most the rows at the margin are mixed.

    Raises:
        ModelError: The budget does not suffice even for the arms of least use.

    Examples:
        >>> value = np.array([[0.0, 3.0], [0.0, 1.0], [0.0, 2.0], [0.0, -1.0]])
        >>> use = np.array([0.0, 1.0])
        >>> allocate(value, use)[:, 1].tolist(), allocate(value, use, 1.5)[:, 1].tolist()
        ([1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.5, 0.0])
    """
    return Frontier.of(value, use, weight).at(budget)


@dataclass(frozen=True, eq=False)
class Frontier:
    """The steps of all rows, from which the choice at any budget is read.

    Attributes:
        arms: How many arms there are.
        corner: The arm at each corner of the hull, the last one repeated; shape (n, corners).
        slope: Value per use of each step between corners, falling along a row; 0 where there is no step;
            shape (n, corners - 1).
        used: What each step uses, as often as its row counts; shape (n, corners - 1).
        least: What the first corners use together.
        steepest: The different slopes above 0, falling.
        spent: What is used when all steps up to each of `steepest` are taken, in the same order.
    """

    arms: int
    corner: Integers
    slope: Floats
    used: Floats
    least: float
    steepest: Floats
    spent: Floats

    @classmethod
    def of(cls, value: Floats, use: Floats, weight: Floats | None = None) -> Frontier:
        """Find the hull of every row; arguments as in `allocate`."""
        rows, arms = value.shape
        each = np.broadcast_to(use, value.shape)
        counts = np.ones(rows) if weight is None else weight
        corner, slope, used = _hulls(value, each)
        used = used * counts[:, None]
        least = float((each[np.arange(rows), corner[:, 0]] * counts).sum())
        taken = slope > 0
        steepest, place = np.unique(-slope[taken], return_inverse=True)
        spent: Floats = np.cumsum(np.bincount(place, used[taken], minlength=len(steepest))).astype(np.float64)
        return cls(arms, corner, slope, used, least, -steepest, spent)

    def at(self, budget: float | None) -> Floats:
        """Give the chance of each arm at a budget; shape (n, K).

        Raises:
            ModelError: The budget does not suffice even for the arms of least use.
        """
        low, high, share = self.levels(budget)
        rows = np.arange(len(self.corner))
        chance = np.zeros((len(rows), self.arms))
        chance[rows, self.corner[rows, low]] = 1.0
        if share > 0:
            mixed = np.flatnonzero(high > low)
            chance[mixed, self.corner[mixed, low[mixed]]] -= share
            chance[mixed, self.corner[mixed, high[mixed]]] += share
        return chance

    def levels(self, budget: float | None) -> tuple[Integers, Integers, float]:
        """Give the corner each row surely reaches, the one it reaches by lot, and the chance of that lot."""
        sure = (self.slope > 0).sum(axis=1)
        if budget is None:
            return sure, sure, 0.0
        left = budget - self.least
        if left < -_ROUNDING * max(abs(budget), self.least):
            raise ModelError(f"budget: the cheapest arms alone use {self.least:,.6g}, and there is {budget:,.6g}")
        place = int(np.searchsorted(self.spent, left * (1 + _ROUNDING), side="right"))
        if place == len(self.spent):
            return sure, sure, 0.0
        before = float(self.spent[place - 1]) if place else 0.0
        share = min(max((left - before) / (float(self.spent[place]) - before), 0.0), 1.0)
        margin = self.steepest[place]
        return (self.slope > margin).sum(axis=1), (self.slope >= margin).sum(axis=1), share


def _hulls(value: Floats, use: Floats) -> tuple[Integers, Floats, Floats]:
    """Walk every row's upper hull at once, from the least use to the best value."""
    rows, arms = value.shape
    start = np.where(use == use.min(axis=1, keepdims=True), value, -np.inf).argmax(axis=1)
    corner = np.repeat(start[:, None], arms, axis=1)
    slope, used = np.zeros((rows, arms - 1)), np.zeros((rows, arms - 1))
    active, last = np.arange(rows), 0
    for step in range(arms - 1):
        here = corner[active, step]
        rise = value[active] - value[active, here][:, None]
        run = use[active] - use[active, here][:, None]
        steep = np.divide(rise, run, out=np.zeros_like(rise), where=(run > 0) & (rise > 0))
        best = steep.argmax(axis=1)
        along = np.arange(len(active))
        goes = steep[along, best] > 0
        active, best, along = active[goes], best[goes], along[goes]
        if not len(active):
            break
        last = step + 1
        corner[active, last:] = best[:, None]
        slope[active, step] = (
            steep[along, best] if not step else np.minimum(steep[along, best], slope[active, step - 1])
        )
        used[active, step] = run[along, best]
    return corner[:, : last + 1], slope[:, :last], used[:, :last]
