"""Groups around centres: found by k-means, given back as points for each answer, so that a rule and `assign` never differ.

A customer x is nearest to the centre c whose
``sum (c_j - m_j) (x_j - m_j) / s_j^2 - sum (c_j - m_j)^2 / (2 s_j^2)`` is largest, m being the means and s the scales: a sum
of points. Points are rounded to whole thousandths and quantities are counted in whole steps, so that all arithmetic is in
whole numbers: no reading of a rule can round otherwise, ties are ties, and every customer is in exactly one group, the first
of several she is equally near to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from smalti.discovery.clustering import Starts, distinct_rows, k_means, nearest
from smalti.discovery.measures import (
    NOBODYS,
    Floats,
    Labels,
    Measure,
    columns_of,
    may_be_unknown,
    measures_of,
    scaled,
    unknown,
)
from smalti.discovery.naming import group_names
from smalti.discovery.wording import answered, points_term
from smalti.errors import ModelError
from smalti.facts import Type

POINTS = 1000
"""Points per unit of squared scaled distance."""


@dataclass(frozen=True)
class Centres:
    """Groups of customers, each around a centre; a plain value that assigns anybody.

    Attributes:
        names: What the groups are called, the largest first.
        measures: The traits they are told apart by.
        centres: The mean of each trait in each group, by k-means, in the traits' own units, shape (groups, measures).
        points: What one step of each trait counts for each group, for a boolean what true counts; shape (groups, measures).
        absent: What a missing value of each trait counts for each group, shape (groups, measures).
        start: What each group has from the start, shape (groups,).
        sizes: How many customers of those it was fitted for are in each group.
        spread: The share of the customers' squared scaled distances from the mean that is left within groups, by k-means.
        moved: The share of customers whom rounding put into another group than k-means.
        nobodys: How many customers are in no group, as nothing is known of them.
        sampled_from: How many customers there were, where the centres were fitted to a sample of them; else None.
    """

    names: tuple[str, ...]
    measures: tuple[Measure, ...]
    centres: tuple[tuple[float, ...], ...]
    points: tuple[tuple[int, ...], ...]
    absent: tuple[tuple[int, ...], ...]
    start: tuple[int, ...]
    sizes: tuple[int, ...]
    spread: float
    moved: float
    nobodys: int
    sampled_from: int | None

    def assign(self, values: Mapping[str, npt.ArrayLike]) -> Labels:
        """Give each customer her group, by its place among the names, or -1 where nothing is known of her; shape (n,).

        Args:
            values: One value per customer and measure, missing as NaN; booleans as such or as 0 and 1, money in major units.
        """
        columns = columns_of(self.measures, values)
        return np.asarray(np.where(unknown(self.measures, columns), NOBODYS, self._most_points(columns)))

    def _most_points(self, columns: Floats) -> Labels:
        total = np.tile(np.array(self.start, dtype=np.int64), (len(columns), 1))
        for at, one in enumerate(self.measures):
            missing = np.isnan(columns[:, at])
            steps = np.floor(np.where(missing, 0.0, columns[:, at]) / one.step).astype(np.int64)
            each, none = (np.array([row[at] for row in table]) for table in (self.points, self.absent))
            total += np.where(missing[:, None], none, steps[:, None] * each)
        return np.asarray(total.argmax(axis=1), dtype=np.int64)

    def texts(self) -> dict[str, str]:
        """Give each group's rule, in the language: she has at least as many points for it as for each other group.

        Every customer is in exactly one, except those of whom nothing is known.
        """
        return {name: self._text(group) for group, name in enumerate(self.names)}

    def _text(self, group: int) -> str:
        known = [answered(self.measures)] if may_be_unknown(self.measures) else []
        beats = [self._beats(group, other) for other in range(len(self.names)) if other != group]
        return " and ".join(known + beats) or "true"

    def _beats(self, group: int, other: int) -> str:
        terms = []
        for at, one in enumerate(self.measures):
            each = self.points[group][at] - self.points[other][at]
            term = points_term(one, each, self.absent[group][at] - self.absent[other][at])
            terms += [term] if term else []
        least = self.start[other] - self.start[group]
        return f"{' + '.join(terms) or '0'} {'>=' if group < other else '>'} {least}"


def fit_centres(
    values: Mapping[str, npt.ArrayLike],
    groups: int,
    types: Mapping[str, Type] | None = None,
    *,
    starts: Starts = "spread",
    restarts: int = 25,
    at_most: int = 100_000,
    seed: int = 0,
) -> Centres:
    """Find groups of customers who are alike in these traits.

    A customer of whom nothing is known is set aside; where only some traits are missing, the mean of all stands for them.
    Booleans count as 0 and 1, quantities are divided by two standard deviations. Names tell what sets a group apart.

    Args:
        values: One value per customer and trait, missing as NaN; booleans as such or as 0 and 1, money in major units.
        groups: How many groups.
        types: Types by name; where none is given, an array of booleans is boolean and all else a number.
        starts: How first centres are drawn.
        restarts: How often; the best is kept.
        at_most: To how many customers the centres are fitted; of more, a sample without replacement. All are assigned.
        seed: Of all that is random.

    Raises:
        ModelError: Traits that cannot be grouped by (see `measures_of`), or fewer different customers than groups.

    Examples:
        >>> likes = {"tasty": [True, True, True, False, False], "cheap": [False, False, False, True, True]}
        >>> found = fit_centres(likes, 2)
        >>> found.names, found.sizes, found.assign(likes).tolist()
        (('tasty_not_cheap', 'cheap_not_tasty'), (3, 2), [0, 0, 0, 1, 1])
        >>> print(found.texts()["cheap_not_tasty"])  # doctest: +NORMALIZE_WHITESPACE
        case when tasty then -1000 when tasty is missing then -600 else 0 end
        + case when cheap then 1000 when cheap is missing then 400 else 0 end > 0
    """
    measures = measures_of(values, types)
    columns = columns_of(measures, values)
    known = ~unknown(measures, columns)
    table = scaled(measures, columns[known])
    different = len(distinct_rows(table)[0])
    if not 1 <= groups <= different:
        raise ModelError(f"groups: expected from 1 to {different:,} groups, as many as customers differ, got {groups}")
    fitted_to = _sample(len(table), at_most, seed)
    found = k_means(table[fitted_to], groups, np.random.default_rng([seed, 1]), starts=starts, restarts=restarts)
    order = np.argsort(-np.bincount(nearest(table, found), minlength=groups), kind="stable")
    return _told(measures, columns, found[order], len(table) if len(fitted_to) < len(table) else None)


def _sample(customers: int, at_most: int, seed: int) -> Labels:
    if customers <= at_most:
        return np.arange(customers)
    return np.sort(np.random.default_rng([seed, 0]).choice(customers, at_most, replace=False))


def _told(measures: tuple[Measure, ...], columns: Floats, found: Floats, sampled_from: int | None) -> Centres:
    own_units = found * np.array([one.scale for one in measures])
    points, absent, start = _points(measures, own_units)
    nobody = unknown(measures, columns)
    table = scaled(measures, columns[~nobody])
    exact = nearest(table, found)
    draft = Centres(
        names=group_names(measures, own_units),
        measures=measures,
        centres=tuple(tuple(float(value) for value in row) for row in own_units),
        points=_whole(points),
        absent=_whole(absent),
        start=tuple(int(value) for value in start),
        sizes=(),
        spread=float(((table - found[exact]) ** 2).sum() / ((table - table.mean(axis=0)) ** 2).sum()),
        moved=0.0,
        nobodys=int(nobody.sum()),
        sampled_from=sampled_from,
    )
    rounded = draft._most_points(columns[~nobody])
    sizes = tuple(int(size) for size in np.bincount(rounded, minlength=len(found)))
    return replace(draft, sizes=sizes, moved=float((rounded != exact).mean()))


def _points(measures: Sequence[Measure], centres: Floats) -> tuple[Labels, Labels, Labels]:
    means, scales, steps = (np.array([getattr(one, what) for one in measures]) for what in ("mean", "scale", "step"))
    apart = (centres - means) / scales
    each = np.rint(POINTS * apart / scales * steps).astype(np.int64)
    boolean = np.array([one.boolean for one in measures])
    at_mean = np.where(boolean, means, means / steps - 0.5)
    absent = np.where(boolean, np.rint(each * means), each * np.floor(means / steps)).astype(np.int64)
    start = np.rint(-(each * at_mean).sum(axis=1) - POINTS * (apart**2).sum(axis=1) / 2).astype(np.int64)
    return each, absent, start


def _whole(table: Labels) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(value) for value in row) for row in table)
