"""Who has never bought: what sells most of late, among those like her where something is known of her and it helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smalti.models.arrays import Floats, Integers
from smalti.models.backtest import Measure
from smalti.models.products.items import popular_of
from smalti.models.products.judging import Baskets, first_baskets
from smalti.models.products.purchases import Purchases
from smalti.models.products.ranking import best, marks, mean_interval

GROUP_WEIGHT = 50.0
"""Baskets that a group's own taste must outweigh."""
LEAST_NEWCOMERS = 30
MOST_GROUPS = 100


@dataclass(frozen=True, eq=False)
class Newcomers:
    """Forecasts for who has never bought.

    Attributes:
        groups: The groups whose own taste is used, in ascending order; empty where it does not help or is not known.
        place: Place of each customer's group, -1 for none.
        measures: Hit rates on first baskets, by what sells most among all and in the group.
    """

    groups: tuple[str, ...]
    place: Integers
    measures: tuple[Measure, ...]

    def shares(self, known: Purchases, day: int, half_life: float) -> Floats:
        """Give the share of recent baskets by group and item, shape (groups, items), drawn to that of all."""
        return popular_within(known, day, half_life, self.place, len(self.groups))


def popular_within(known: Purchases, day: int, half_life: float, place: Integers, groups: int) -> Floats:
    """Give the share of recent baskets by group and item, each drawn to the share among all by the weight of 50 baskets.

    Args:
        known: The lines as of the day.
        day: The day.
        half_life: Days in which a basket's say halves.
        place: Place of each customer's group, -1 for none.
        groups: How many groups there are.

    Returns:
        Shape (groups, items).

    >>> bought = Purchases.of([0, 1], ["tea", "mug"], [1, 1], [5, 7], 2)
    >>> popular_within(bought, 1, 60, np.array([0, 1]), 2).round(2).tolist()
    [[0.49, 0.51], [0.51, 0.49]]
    """
    items = len(known.items)
    among_all = popular_of(known, day, half_life)
    mine = place[known.customer]
    told = mine >= 0
    weight = 0.5 ** ((day - known.day[told]) / half_life)
    cell = mine[told] * items + known.item[told]
    held = np.bincount(cell, weight, minlength=groups * items).reshape(groups, items)
    baskets = np.bincount(mine[told], weight * known.of_day_order()[told], minlength=groups)[:, None]
    return np.asarray((held + GROUP_WEIGHT * among_all) / (baskets + GROUP_WEIGHT))


def newcomers(
    known: Purchases,
    days: tuple[int, int],
    half_life: float,
    said: Sequence[str | None] | None,
    ks: Sequence[int],
    seed: int,
) -> Newcomers:
    """Judge, on the first baskets of who came between two days, whether knowing a group helps.

    Args:
        known: Lines.
        days: The day as of which forecasts are made, and the last that is looked at.
        half_life: Days in which a basket's say in what is popular halves.
        said: What is said of each customer.
        ks: How many places count.
        seed: Of the draw where there are very many.
    """
    place, groups = _places(said, known.customers)
    left_out, who = first_baskets(known, *days, seed=seed)
    if len(who) < LEAST_NEWCOMERS:
        return Newcomers((), np.full(known.customers, -1), ())
    before = known.until(days[0])
    popular = popular_of(before, days[0], half_life)
    told = list(_measured("most popular", np.tile(popular, (len(who), 1)), left_out, ks))
    if not groups:
        return Newcomers((), place, tuple(told))
    shares = popular_within(before, days[0], half_life, place, len(groups))
    mine = place[who]
    within = np.where((mine >= 0)[:, None], shares[mine], popular)
    there = _measured("most popular where she is", within, left_out, ks)
    told, before_it = told + there, sum(one.value for one in told)
    if sum(one.value for one in there) <= before_it:
        return Newcomers((), np.full(known.customers, -1), tuple(told))
    return Newcomers(groups, place, tuple(told))


def _measured(of: str, scores: Floats, left_out: Baskets, ks: Sequence[int]) -> list[Measure]:
    found = best(scores, max(ks))
    told = []
    for k in ks:
        mean, low, high = mean_interval(marks(found, left_out.bought, left_out.unknown, k).hit)
        told.append(Measure(f"hit rate at {k}, new customers", of, mean, max(low, 0.0), min(high, 1.0)))
    return told


def _places(said: Sequence[str | None] | None, customers: int) -> tuple[Integers, tuple[str, ...]]:
    if said is None:
        return np.full(customers, -1), ()
    groups = tuple(sorted({one for one in said if one is not None}))
    if not 2 <= len(groups) <= MOST_GROUPS:
        return np.full(customers, -1), ()
    number = {name: place for place, name in enumerate(groups)}
    return np.array([-1 if one is None else number[one] for one in said], dtype=np.int64), groups
