"""What customers did before an instant and what came after it: the past to foretell from, and the truth to be held to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.models.arrays import Booleans, Floats


@dataclass(frozen=True, eq=False)
class Holdout:
    """Customers as of a cut-off and what they did within a horizon after it; arrays of one length, times in days.

    Attributes:
        cut_off: The instant, microseconds UTC; nothing before it knows anything after it.
        horizon: Days after the cut-off that were watched.
        repeats: Days of purchase after the first, up to the cut-off (x).
        recency: From the first to the latest (t_x), 0 without a repeat.
        age: From the first to the cut-off (T).
        before: Days of purchase within as many days before the cut-off as the horizon has.
        before_spend: What was spent on them, money.
        mean_spend: Mean spend per day of purchase up to the cut-off, money.
        later: Days of purchase within the horizon.
        later_spend: What was spent on them, money.
    """

    cut_off: int
    horizon: float
    repeats: Floats
    recency: Floats
    age: Floats
    before: Floats
    before_spend: Floats
    mean_spend: Floats
    later: Floats
    later_spend: Floats

    def __len__(self) -> int:
        return int(self.repeats.size)

    @property
    def history(self) -> tuple[Floats, Floats, Floats]:
        """Repeats, recency and age."""
        return self.repeats, self.recency, self.age

    @property
    def came_back(self) -> Booleans:
        """Whether she bought within the horizon."""
        return np.asarray(self.later > 0)

    @property
    def silence(self) -> Floats:
        """Days from the latest purchase to the cut-off."""
        return np.asarray(self.age - self.recency)
