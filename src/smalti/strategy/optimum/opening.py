"""Actions that cost something to do at all: which of them are worth it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from smalti.strategy.optimum.passes import Parts
from smalti.strategy.optimum.problem import Floats, Integers
from smalti.strategy.optimum.table import Table

ALL_SETS = 4
"""So many set-up costs at most are tried in every combination."""


@dataclass(frozen=True, eq=False)
class SetUp:
    """What a group of actions costs as soon as one customer gets one of them.

    Attributes:
        actions: The places of the actions.
        cost: What it costs.
    """

    actions: tuple[int, ...]
    cost: float


@dataclass(frozen=True, eq=False)
class Solved:
    """A problem's solution without set-up costs.

    Attributes:
        choice: Each customer's action; shape (n,).
        value: What it is worth.
        bound: What no choice can exceed.
        prices: Of each limit, negative where `least` binds; shape (K,).
        told: The same as they are told: never negative; shape (K,).
        used: Of each limit; shape (K,).
        looks: How many times all customers were looked at.
    """

    choice: np.ndarray
    value: float
    bound: float
    prices: Floats
    told: Floats
    used: Floats
    looks: int


Solve = Callable[[Parts], Solved | None]


def set_ups(fixed: Floats | Mapping[tuple[int, ...], float] | None) -> tuple[SetUp, ...]:
    """Read set-up costs: one for each action, or for groups of actions.

    >>> set_ups(np.array([0.0, 5.0]))
    (SetUp(actions=(1,), cost=5.0),)
    """
    if fixed is None:
        return ()
    given = (
        fixed.items() if isinstance(fixed, Mapping) else [((place,), one) for place, one in enumerate(fixed.tolist())]
    )
    return tuple(SetUp(tuple(actions), float(cost)) for actions, cost in given if cost > 0 and len(actions))


def open_best(parts: Parts, groups: Sequence[SetUp], actions: int, solve: Solve) -> tuple[Solved, float, float] | None:
    """Find which groups are worth their cost: the solution, its value and the bound, both with costs taken off.

    What a group brings at the prices of the solution in which all are open is never less than what leaving it out
    costs the bound, so most sets need not be solved. With more than a few groups they are left out one after another.

    Args:
        parts: All customers.
        groups: What costs something to do at all.
        actions: How many actions there are.
        solve: What solves the problem for some customers; None where limits cannot be kept.
    """
    everything = solve(parts)
    if everything is None:
        return None
    costs = np.array([group.cost for group in groups])
    lost = _brought(parts, groups, everything.prices)
    bound = everything.bound - float(np.minimum(lost, costs).sum())
    best, value = everything, everything.value - _charged(everything.choice, groups)
    if len(groups) <= ALL_SETS:
        best, value, bound = _every_set(parts, groups, actions, solve, (everything, value, lost))
    else:
        left = np.ones(len(groups), dtype=bool)
        for place in np.argsort(lost - costs, kind="stable").tolist():
            if lost[place] >= 2 * costs[place]:
                break
            fewer = left.copy()
            fewer[place] = False
            found = solve(parts.with_closed(_closed(groups, fewer, actions)))
            if found is not None and found.value - _charged(found.choice, groups) > value:
                best, value, left = found, found.value - _charged(found.choice, groups), fewer
    return best, value, max(bound, value)


def _every_set(
    parts: Parts, groups: Sequence[SetUp], actions: int, solve: Solve, known: tuple[Solved, float, Floats]
) -> tuple[Solved, float, float]:
    everything, value, lost = known
    best = everything
    costs = np.array([group.cost for group in groups])
    sets = [np.array(one) for one in itertools.product((True, False), repeat=len(groups))][1:]
    hopes = [everything.bound - float(lost[~one].sum() + costs[one].sum()) for one in sets]
    bound = everything.bound - float(costs.sum())
    for place in np.argsort(-np.array(hopes), kind="stable").tolist():
        if hopes[place] <= value:
            break
        found = solve(parts.with_closed(_closed(groups, sets[place], actions)))
        if found is None:
            continue
        bound = max(bound, min(hopes[place], found.bound - float(costs[sets[place]].sum())))
        if found.value - _charged(found.choice, groups) > value:
            best, value = found, found.value - _charged(found.choice, groups)
    return best, value, bound


def _closed(groups: Sequence[SetUp], left: np.ndarray, actions: int) -> Floats:
    closed = np.zeros(actions)
    for group, open_ in zip(groups, left.tolist(), strict=True):
        if not open_:
            closed[list(group.actions)] = np.inf
    return closed


def _charged(choice: np.ndarray, groups: Sequence[SetUp]) -> float:
    used = set(np.unique(choice).tolist())
    return sum(group.cost for group in groups if used & set(group.actions))


def opened(choice: np.ndarray, groups: Sequence[SetUp]) -> tuple[int, ...]:
    """Give the places of the actions with a set-up cost that somebody gets."""
    used = set(np.unique(choice).tolist())
    return tuple(sorted({place for group in groups for place in group.actions if place in used}))


def _brought(parts: Parts, groups: Sequence[SetUp], prices: Floats) -> Floats:
    """Tell what each group adds to the bound at some prices; an action of several groups counts for its first."""
    owner: dict[int, int] = {}
    for place, group in enumerate(groups):
        for action in group.actions:
            owner.setdefault(action, place)

    def look(table: Table, _: int) -> Floats:
        lost = np.zeros(len(groups))
        with np.errstate(invalid="ignore"):
            for _begin, block in table.blocks():
                left = block.priced(prices)
                top = np.fmax(np.fmax.reduce(left, axis=0), 0.0)
                for place in range(len(groups)):
                    others: Integers = np.array([one for one in range(len(left)) if owner.get(one) != place], dtype=int)
                    without = np.fmax.reduce(left[others], axis=0, initial=0.0)
                    lost[place] += float((top - np.fmax(without, 0.0)).sum())
        return lost

    return np.asarray(np.sum(parts.each(look), axis=0))
