"""What earlier plans began: which of it limits on all customers together still allow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from smalti.facts import start_of
from smalti.strategy.candidates import Candidates, UnderWay
from smalti.strategy.limits import BudgetDefinition, Limits
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.plan.coupling import under_way_in
from smalti.strategy.plan.timetable import NOT_DUE


def within_limits(candidates: Candidates, limits: Limits) -> tuple[Candidates, int]:
    """Leave out contacts under way that budgets or channels do not reach for, the latest of them; and count them."""
    under = candidates.underway
    allowed = affordable(candidates, limits, under.due)
    if allowed.all():
        return candidates, 0
    kept: Integers = np.flatnonzero(allowed)
    fewer = UnderWay(
        under.rows[kept],
        tuple(under.contacts[one] for one in kept),
        under.due[kept],
        under.cost[kept],
        tuple(under.reasons[one] for one in kept),
    )
    return replace(candidates, underway=fewer), int((~allowed).sum())


def affordable(candidates: Candidates, limits: Limits, due: Integers) -> Booleans:
    """Say which contacts under way budgets and channels reach for, the earliest first; shape (m,).

    Args:
        candidates: What the plan is made from.
        limits: What it must respect.
        due: When each is due, `NOT_DUE` of those that do not come; shape (m,).
    """
    under = candidates.underway
    allowed: Booleans = due != NOT_DUE
    if not len(due):
        return allowed
    order = np.lexsort((np.arange(len(due)), due))
    until = candidates.at + limits.definition.window
    for channel, capacity in limits.definition.channels:
        if capacity.in_all is not None:
            mine = np.array([one.channel == channel for one in under.contacts], dtype=np.bool_) & (due < until)
            places = order[(mine & allowed)[order]]
            allowed[places[capacity.in_all :]] = False
    spent = (*candidates.spent, *[0.0] * len(limits.definition.budget))
    for place, budget in enumerate(limits.definition.budget):
        places = order[(under_way_in(budget, candidates) & allowed)[order]]
        left = _left(budget, candidates, candidates.budgets[place], spent[place], due[places])
        allowed[places[~_paid(left, under.cost[places])]] = False
    return allowed


def _left(
    budget: BudgetDefinition, candidates: Candidates, amount: float, spent: float, due: Integers
) -> tuple[Integers, Floats]:
    """Give the period of a budget in which each contact lies, and what is left of each period."""
    if budget.per == "plan":
        return np.zeros(len(due), dtype=np.int64), np.array([amount])
    first = start_of(budget.per, candidates.at, candidates.zone)
    starts, periods = np.unique(
        [start_of(budget.per, one, candidates.zone) for one in due.tolist()], return_inverse=True
    )
    return periods.ravel().astype(np.int64), np.where(starts <= first, amount - spent, amount)


def _paid(left: tuple[Integers, Floats], cost: Floats) -> Booleans:
    """Say what is paid, the first first, each passed over for which there is not enough."""
    periods, rooms = left[0], left[1].copy()
    paid = np.ones(len(cost), dtype=np.bool_)
    for place, (period, one) in enumerate(zip(periods.tolist(), cost.tolist(), strict=True)):
        paid[place] = one <= 0 or one <= rooms[period] + 1e-9
        rooms[period] -= one if paid[place] else 0.0
    return paid
