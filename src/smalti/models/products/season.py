"""The season: what the horizon ahead brought a year ago, beside what the horizon learnt from brought a year ago."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from smalti.models.products.learning import Weights
from smalti.models.products.purchases import Purchases

YEAR = 365
_ACTIVE = 180
_MOST = 3.0


def season(purchases: Purchases, day: int, horizon: int) -> float | None:
    """Give how much more active customers bought in the horizon after a day than in the one before it, a year ago.

    Customers are active who bought in the half year before. None where the history does not reach back so far.

    Args:
        purchases: Lines; what is later than the day is not looked at.
        day: The day whose horizon is ahead.
        horizon: Days in it.

    >>> days = [0, 10, 20, 30, 31, 32, 60]
    >>> season(Purchases.of([0] * 7, ["tea"] * 7, days, [1] * 7, 1), 365 + 25, 10)
    3.0
    >>> season(Purchases.of([0] * 7, ["tea"] * 7, days, [1] * 7, 1), 100, 10) is None
    True
    """
    known = purchases.until(day)
    then = day - YEAR
    if not len(known) or then - horizon <= int(known.day.min()):
        return None
    before, after = (_bought(known, start, horizon) for start in (then - horizon, then))
    return None if not before or not after else float(np.clip(after / before, 1 / _MOST, _MOST))


def _bought(known: Purchases, start: int, horizon: int) -> float:
    """Give lines per active customer in a horizon."""
    active = np.zeros(known.customers, dtype=np.bool_)
    active[known.after(start - _ACTIVE, start).customer] = True
    lines = known.after(start, start + horizon)
    return float(active[lines.customer].sum()) / max(int(active.sum()), 1)


def in_season(weights: Weights, ratio: float | None) -> Weights:
    """Give weights whose odds are multiplied by a ratio; as they are where none is known."""
    return weights if ratio is None else replace(weights, constant=weights.constant + float(np.log(ratio)))
