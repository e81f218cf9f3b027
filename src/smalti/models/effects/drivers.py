"""What effects depend on, told honestly: by customers left out of the fit, so that a trait that is noise shows as nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from smalti.models.arrays import Floats, Integers
from smalti.models.effects.learning import Learnt
from smalti.models.effects.outcomes import Setting
from smalti.models.effects.regression import raw_of
from smalti.models.effects.shrinking import mean_error
from smalti.models.supervised import Column

_SHUFFLES, _WEIGHED = 3, 100_000
_CUTS, _NAMED, _FEWEST = 4, 8, 30


@dataclass(frozen=True)
class Driver:
    """How much a trait tells of whom an arm does what to.

    Attributes:
        name: Of the trait.
        gain: By how much the mean squared error of effects told of customers left out of the fit rises when the trait is
            shuffled among them, summed over arms; in the unit of the outcome squared. About 0 for a trait that is noise.
        error: Its standard error.
        share: Of the gains above 0 of all traits, from 0 to 1.
    """

    name: str
    gain: float
    error: float
    share: float

    @property
    def shown(self) -> bool:
        """Whether the trait was shown to tell something (a one-sided test at 5 %)."""
        return self.error > 0 and self.gain > 1.645 * self.error


@dataclass(frozen=True)
class GroupEffect:
    """The mean effect of an arm among customers who share something, by doubly robust scores, not by the model of effects.

    Attributes:
        trait: The name of the trait.
        group: What they share: a category, a range of numbers, `missing` or `other`.
        arm: The name of the arm.
        customers: How many rows are in the group.
        effect: The mean effect.
        error: Its standard error, rows of one customer taken together.
        chance: How likely groups of this trait would differ so much in this arm's effect if it were the same in all (a
            chi-square test of the groups' means); the same for all groups of a trait and arm.
    """

    trait: str
    group: str
    arm: str
    customers: int
    effect: float
    error: float
    chance: float


def find_drivers(setting: Setting, learnt: Learnt, rows: Integers, parts: Integers) -> tuple[Driver, ...]:
    """Say how much each trait tells, the most first.

    Args:
        setting: The experiment.
        learnt: What was learnt from the rows.
        rows: The places of the rows learnt from.
        parts: The part of each; shape (rows,).
    """
    chosen = np.unique(np.linspace(0, len(rows) - 1, _WEIGHED).astype(np.int64)) if len(rows) else rows
    rows, parts = rows[chosen], parts[chosen]
    found = []
    for place, one in enumerate(setting.inputs):
        worse = np.zeros(len(rows))
        for part in np.unique(parts).tolist():
            worse[parts == part] = _worse(setting, learnt, rows[parts == part], part, place)
        gain, error = _mean(worse, setting.customer[rows])
        found.append((one.name, gain, error))
    total = sum(max(gain, 0.0) for _, gain, _ in found) or 1.0
    drivers = [Driver(name, gain, error, max(gain, 0.0) / total) for name, gain, error in found]
    return tuple(sorted(drivers, key=lambda one: (-one.gain, one.name)))


def _worse(setting: Setting, learnt: Learnt, rows: Integers, part: int, place: int) -> Floats:
    """Return by how much squared errors of held-out effects rise when one trait is shuffled, summed over arms."""
    rng = np.random.default_rng([setting.seed, part, place])
    whole = tuple(column[rows] for column in setting.data)
    each, worse = np.arange(len(rows)), np.zeros(len(rows))
    for arm in learnt.arms:
        forest = arm.parts[part]
        if not any(question.feature == place for tree in forest.trees for question in tree.questions):
            continue
        told = raw_of(forest, whole, each)
        score = learnt.scores[rows, arm.place] - learnt.scores[rows, setting.control]
        for _ in range(_SHUFFLES):
            shuffled = tuple(
                column[rng.permutation(len(rows))] if other == place else column for other, column in enumerate(whole)
            )
            other_told = raw_of(forest, shuffled, each)
            worse += ((score - other_told) ** 2 - (score - told) ** 2) / _SHUFFLES
    return worse


def group_effects(
    columns: Sequence[Column], arms: Sequence[str], control: int, scores: Floats, customer: Integers
) -> tuple[GroupEffect, ...]:
    """Give mean effects by groups of each trait: its categories, the most frequent, or quarters of its numbers.

    Groups of fewer than 30 customers are left out: an interval of so few would not hold.

    Args:
        columns: The traits, n values each.
        arms: The names of the arms.
        control: The place of the control.
        scores: Doubly robust scores by outcomes held out, shape (n, arms).
        customer: The place of each row's customer; shape (n,).
    """
    told = []
    for column in columns:
        names, places = groups_of(column)
        if len(names) < 2:
            continue
        for place, arm in enumerate(arms):
            if place != control:
                effect = scores[:, place] - scores[:, control]
                told += _by_group(column.name, arm, names, places, effect, customer)
    return tuple(told)


def groups_of(column: Column) -> tuple[tuple[str, ...], Integers]:
    """Put customers into groups by a trait: up to 8 categories and `other`, or quarters; `missing` where there are such.

    Returns:
        The names of the groups, and the place of each customer's; shape (n,).

    >>> groups_of(Column("age", "number", np.array([1.0, 2.0, 3.0, 4.0, np.nan])))[0]
    ('1', '2', '3', '4', 'missing')
    """
    if column.kind == "number":
        names, places = _quarters(column.values.astype(np.float64))
    else:
        names, places = _categories(column.values.tolist())
    here = np.unique(places)
    return tuple(names[place] for place in here.tolist()), np.searchsorted(here, places).astype(np.int64)


def _quarters(values: Floats) -> tuple[list[str], Integers]:
    known = values[~np.isnan(values)]
    cuts = np.unique(np.quantile(known, np.arange(1, _CUTS) / _CUTS, method="inverted_cdf")) if len(known) else known
    cuts = cuts[cuts < known.max()] if len(known) else cuts
    places = np.searchsorted(cuts, values, side="left")
    names = []
    for place in range(len(cuts) + 1):
        inside = known[np.searchsorted(cuts, known, side="left") == place]
        low, high = (float(inside.min()), float(inside.max())) if len(inside) else (0.0, 0.0)
        names.append(f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}")
    return [*names, "missing"], np.where(np.isnan(values), len(cuts) + 1, places).astype(np.int64)


def _categories(values: Sequence[str | None]) -> tuple[list[str], Integers]:
    counts: dict[str | None, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    frequent = sorted((one for one in counts if one is not None), key=lambda one: (-counts[one], one))[:_NAMED]
    names = [*sorted(frequent), "other", "missing"]
    places: dict[str | None, int] = {name: place for place, name in enumerate(sorted(frequent))}
    known = {one: places.get(one, len(frequent)) for one in counts} | {None: len(frequent) + 1}
    return names, np.array([known[value] for value in values], dtype=np.int64)


def _by_group(
    trait: str, arm: str, names: tuple[str, ...], places: Integers, effect: Floats, customer: Integers
) -> list[GroupEffect]:
    found = []
    for place, name in enumerate(names):
        rows = places == place
        if len(np.unique(customer[rows])) < _FEWEST:
            continue
        found.append((name, int(rows.sum()), *_mean(effect[rows], customer[rows])))
    sure = [(mean, 1.0 / error**2) for _, _, mean, error in found if error > 0]
    chance = 1.0
    if len(sure) > 1:
        middle = sum(mean * weight for mean, weight in sure) / sum(weight for _, weight in sure)
        apart = sum(weight * (mean - middle) ** 2 for mean, weight in sure)
        chance = float(chi2.sf(apart, len(sure) - 1))
    return [GroupEffect(trait, name, arm, rows, mean, error, chance) for name, rows, mean, error in found]


def _mean(values: Floats, customer: Integers) -> tuple[float, float]:
    mean = float(values.mean())
    return mean, mean_error(values - mean, customer)
