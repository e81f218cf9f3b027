"""Contacts spent: by calendar, on the same day of each week, or by trigger, on the day on which a moment is seen.

Either way the best offers for the best customers are chosen for all at once, under the number of contacts there is for the week
or the day (`strategy.optimum`). Nobody gets two, and nobody one who did not agree to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from smalti.experiments.logged import Booleans, Floats, Integers
from smalti.samples.campaigns import Campaign
from smalti.strategy.optimum import NOTHING, Limit, solve

WEEK = 7


@dataclass(frozen=True, eq=False)
class Spent:
    """Contacts as they were spent; m of them.

    Attributes:
        rows: Who was contacted; shape (m,).
        offer: What each was offered, as a place; shape (m,).
        day: On which day; shape (m,).
    """

    rows: Integers
    offer: Integers
    day: Integers

    @classmethod
    def of(cls, parts: list[tuple[Integers, Integers, int]]) -> Spent:
        """Join what was spent day by day."""
        none = np.zeros(0, np.int64)
        return cls(
            np.concatenate([none, *(rows for rows, _, _ in parts)]),
            np.concatenate([none, *(offer for _, offer, _ in parts)]),
            np.concatenate([none, *(np.full(len(rows), day, np.int64) for rows, _, day in parts)]),
        )

    def first(self, number: int, gain: Floats) -> Spent:
        """Give so many of them: those of earlier days before those of later ones, of a day those of which most is expected.

        Args:
            number: How many.
            gain: What each offer is expected to bring each customer; shape (n, offers).

        >>> spent = Spent(np.array([0, 1, 2]), np.zeros(3, int), np.array([1, 0, 1]))
        >>> spent.first(2, np.array([[1.0], [1.0], [2.0]])).rows.tolist()
        [1, 2]
        """
        kept = np.sort(np.lexsort((-gain[self.rows, self.offer], self.day))[:number])
        return Spent(self.rows[kept], self.offer[kept], self.day[kept])


def as_many(plans: Mapping[str, tuple[Spent, Floats]]) -> dict[str, Spent]:
    """Let all plans that contact anybody spend exactly as many contacts as the one that found use for fewest.

    Args:
        plans: Of each plan its contacts, and what each offer is expected to bring each customer; shape (n, offers).
    """
    number = min((len(spent.rows) for spent, _ in plans.values() if len(spent.rows)), default=0)
    return {name: spent.first(number, gain) for name, (spent, gain) in plans.items()}


def by_trigger(customers: Campaign, gain: Floats, cost: float, contacts: int, may: Booleans) -> Spent:
    """Spend contacts on customers whose moment is seen on that day; what is not used is left for the days to come.

    Args:
        customers: The customers.
        gain: What each offer is expected to bring each; shape (n, offers).
        cost: What a contact costs.
        contacts: How many there are.
        may: Who may be contacted; shape (n,).
    """
    noticed, spent, parts = customers.noticed(), 0, []
    for day in range(customers.days):
        due = np.flatnonzero((noticed == day) & may)
        quota = contacts * (day + 1) // customers.days - spent
        rows, offer = _best(gain, due, cost, quota)
        parts.append((rows, offer, day))
        spent += len(rows)
    return Spent.of(parts)


def by_calendar(customers: Campaign, gain: Floats, cost: float, contacts: int, may: Booleans) -> Spent:
    """Spend contacts on the last day of each week, the best first, on customers who had none yet.

    Args:
        customers: The customers.
        gain: What each offer is expected to bring each; shape (n, offers).
        cost: What a contact costs.
        contacts: How many there are.
        may: Who may be contacted; shape (n,).
    """
    weeks = customers.days // WEEK
    free, spent, parts = may.copy(), 0, []
    for week in range(weeks):
        rows, offer = _best(gain, np.flatnonzero(free), cost, contacts * (week + 1) // weeks - spent)
        parts.append((rows, offer, WEEK * (week + 1) - 1))
        free[rows] = False
        spent += len(rows)
    return Spent.of(parts)


def _best(gain: Floats, among: Integers, cost: float, most: int) -> tuple[Integers, Integers]:
    """Choose the best offers for the best of some customers, so many at most."""
    if not len(among) or most <= 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    choice = solve(gain[among] - cost, [Limit("contacts", columns=np.ones(gain.shape[1]), most=float(most))]).choice
    chosen = choice != NOTHING
    return among[chosen], choice[chosen].astype(np.int64)
