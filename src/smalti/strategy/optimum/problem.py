"""A problem of assignment: values of customers and actions, and limits that couple all customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

NOTHING = -1
"""What a customer is given who gets no action."""


@dataclass(frozen=True, eq=False)
class Limit:
    """What all customers together must keep to: the sum of what the chosen actions use.

    One chosen action a of customer i uses ``rows[i] * columns[a]``, or ``each[i, a]`` where that is given.

    Attributes:
        name: What it is called in messages, such as "budget".
        columns: What each action uses; shape (A,), not negative.
        rows: How much each customer counts; shape (n,), not negative; None where all count 1.
        each: In place of both, what every customer's action uses; shape (n, A), not negative.
        most: No more than this in all; None for any amount.
        least: No less than this in all; None for none.
    """

    name: str
    columns: Floats | None = None
    rows: Floats | None = None
    each: Floats | None = None
    most: float | None = None
    least: float | None = None


@dataclass(frozen=True, eq=False)
class Solution:
    """What is best, and how far from the best possible it can be at most.

    Attributes:
        choice: The place of each customer's action, `NOTHING` for none; shape (n,).
        value: What the choice is worth in all, fixed costs taken off.
        bound: What no choice within the limits can exceed.
        prices: By limit, what one more unit of it would bring: never negative for `most`, and what one unit less of
            `least` would bring; 0 where the limit does not bind.
        used: By limit, what is used.
        rounds: How many times all customers were looked at.
        opened: The places of the actions with a fixed cost that are used.
    """

    choice: Integers
    value: float
    bound: float
    prices: dict[str, float]
    used: dict[str, float]
    rounds: int = 0
    opened: tuple[int, ...] = ()

    @property
    def gap(self) -> float:
        """How much better the best possible may be, as a share of the bound; 0 where nothing can be gained."""
        return max(self.bound - self.value, 0.0) / abs(self.bound) if self.bound > 0 else 0.0
