"""A problem of assignment: values of customers and actions, and limits that couple all customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from smalti.errors import PlanError

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Marks: TypeAlias = NDArray[np.uint64]

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
        choice: The place of each customer's action, `NOTHING` for none; shape (n,). From `solve_blocks` int16.
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


@dataclass(frozen=True, eq=False)
class Capacities:
    """How much there is of each limit: K of them.

    Attributes:
        most: No more than this; infinite for any amount; shape (K,).
        least: No less than this; minus infinite for none; shape (K,).
    """

    most: Floats
    least: Floats

    @classmethod
    def of(cls, limits: Sequence[Limit]) -> Capacities:
        """Read them from limits; what is wanted of nothing or less is not wanted.

        >>> Capacities.of([Limit("calls", columns=np.ones(2), most=3.0, least=0.0)]).least
        array([-inf])
        """
        most = [np.inf if limit.most is None else float(limit.most) for limit in limits]
        least = [limit.least if limit.least is not None and limit.least > 0 else -np.inf for limit in limits]
        return cls(np.array(most, dtype=float), np.array(least, dtype=float))

    def without(self, used: Floats, share: float = 1.0) -> Capacities:
        """Take off what is used already, and give the share of the rest."""
        return Capacities((self.most - used) * share, (self.least - used) * share)

    def worth(self, prices: Floats) -> float:
        """Tell what all that there is costs at these prices; a negative price is one of `least`."""
        given = np.where(prices > 0, self.most, self.least)
        return float(np.sum(prices * np.where(prices == 0, 0.0, given)))

    def slack(self, used: Floats) -> float:
        """Tell how far the use keeps within, at least; negative where it does not, as a share of what is there."""
        size = np.maximum(1.0, np.abs(np.where(np.isfinite(self.most), self.most, 0.0)))
        floor = np.maximum(1.0, np.where(np.isfinite(self.least), self.least, 0.0))
        return float(
            min(np.min((self.most - used) / size, initial=np.inf), np.min((used - self.least) / floor, initial=np.inf))
        )

    def only(self, kept: NDArray[np.bool_]) -> Capacities:
        """Give those of some limits, as if there were no others."""
        return Capacities(np.where(kept, self.most, np.inf), np.where(kept, self.least, -np.inf))

    def told(self, place: int) -> str:
        """Say in words what one limit wants.

        >>> Capacities.of([Limit("calls", columns=np.ones(2), most=1200.0, least=1.5)]).told(0)
        'at least 1.5 and at most 1,200'
        """
        most, least = float(self.most[place]), float(self.least[place])
        told = [f"at least {written(least)}"] if np.isfinite(least) else []
        return " and ".join([*told, *([f"at most {written(most)}"] if np.isfinite(most) else [])])

    @property
    def none(self) -> NDArray[np.bool_]:
        """Of which limits there is nothing; shape (K,)."""
        return self.most <= 0


def written(number: float) -> str:
    """Write a number as it is read: two decimals at most.

    >>> written(1200.50)
    '1,200.5'
    """
    return f"{number:,.2f}".rstrip("0").rstrip(".")


def check_problem(values: Floats, limits: Sequence[Limit]) -> None:
    """Hold the shapes and signs of a problem to what is wanted.

    Raises:
        PlanError: A shape doesn't fit, a limit uses less than nothing, a name is there twice.

    >>> check_problem(np.zeros((2, 3)), [Limit("calls", columns=np.ones(2), most=1.0)])
    Traceback (most recent call last):
    smalti.errors.PlanError: limit 'calls': columns has the shape (2,), wanted (3,)
    """
    if values.ndim != 2:
        raise PlanError(f"values have the shape {values.shape}, wanted customers by actions")
    names = [limit.name for limit in limits]
    for name in names:
        if names.count(name) > 1:
            raise PlanError(f"limit '{name}' is there {names.count(name)} times, wanted one name for each")
    for limit in limits:
        _check_limit(limit, *values.shape)


def _check_limit(limit: Limit, customers: int, actions: int) -> None:
    if limit.columns is None and limit.rows is None and limit.each is None:
        raise PlanError(f"limit '{limit.name}' says nothing of what is used: wanted columns, rows or each")
    shapes = {"columns": (actions,), "rows": (customers,), "each": (customers, actions)}
    for part, wanted in shapes.items():
        given: Floats | None = getattr(limit, part)
        if given is None:
            continue
        if given.shape != wanted:
            raise PlanError(f"limit '{limit.name}': {part} has the shape {given.shape}, wanted {wanted}")
        if given.size and not (given.min() >= 0 and given.max() < np.inf):
            raise PlanError(f"limit '{limit.name}': {part} has values that are negative, missing or without end")
    if (limit.most is not None and not limit.most >= 0) or (limit.least is not None and np.isnan(limit.least)):
        raise PlanError(f"limit '{limit.name}': found most {limit.most}, least {limit.least}; wanted numbers from 0")
