"""Simple forecasts to hold a model against: one number made into a forecast as well as it can be, one trait alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smalti.models.arrays import Floats, Integers
from smalti.models.supervised.calibration import Calibration, choose_calibration
from smalti.models.supervised.inputs import SELDOM
from smalti.models.supervised.losses import anyone, losses
from smalti.models.supervised.training import Column, Task

_MOST_BINS, _LEAST_IN_BIN, _BORROWED = 50, 50, 2.0


@dataclass(frozen=True, eq=False)
class Recalibrated:
    """A number in any unit made into a forecast on rows learnt from.

    Attributes:
        held_out: Forecasts of the rows learnt from, each by the other folds; shape (n, 1) or (n, classes).
    """

    task: Task
    sign: float
    middle: float
    spread: float
    calibration: Calibration
    missing: Floats
    held_out: Floats

    def forecast(self, values: Floats) -> Floats:
        """Forecast other rows from the same number; shape (n, 1)."""
        known = ~np.isnan(values)
        told = np.repeat(self.missing, len(values), axis=0)
        raw = self.sign * (values[known] - self.middle) / self.spread
        told[known] = self.calibration.apply(raw[:, None])
        return told


def recalibrate(task: Task, values: Floats, target: Floats | Integers, folds: Integers) -> Recalibrated:
    """Make a number into an honest forecast: a line or rising steps, whichever way round and whichever holds out better.

    Where it is missing, the forecast is what came to those for whom it is missing.

    Args:
        task: `chance` or `amount`.
        values: The number, NaN where missing, shape (n,).
        target: What came, shape (n,).
        folds: The fold of each row.

    >>> recency = np.repeat([1.0, 100.0], 100)
    >>> came = np.repeat([1.0, 0.0, 1.0, 0.0], [80, 20, 10, 90])
    >>> made = recalibrate("chance", recency, came, np.arange(200) % 4)
    >>> made.forecast(np.array([1.0, 100.0, np.nan])).ravel().round(1).tolist()
    [0.8, 0.1, 0.5]
    """
    known = ~np.isnan(values)
    alike = anyone(task, target, 1)
    missing = anyone(task, target[~known], 1) if (~known).sum() >= SELDOM else alike
    held_out = np.repeat(missing, len(values), axis=0)
    if known.sum() < 4 * SELDOM or len(np.unique(values[known])) < 2 or len(np.unique(folds[known])) < 2:
        return Recalibrated(task, 1.0, 0.0, 1.0, _flat(task, alike), missing, np.repeat(alike, len(values), axis=0))
    middle, spread = float(values[known].mean()), float(values[known].std())
    scaled = (values[known] - middle) / spread
    tried = {}
    for sign in (1.0, -1.0):
        calibration, told = choose_calibration(task, sign * scaled[:, None], target[known], folds[known])
        tried[sign] = (float(losses(task, told, target[known]).sum()), calibration, told)
    sign = min(tried, key=lambda one: (tried[one][0], -one))
    _, calibration, told = tried[sign]
    held_out[known] = told
    return Recalibrated(task, sign, middle, spread, calibration, missing, held_out)


def _flat(task: Task, alike: Floats) -> Calibration:
    return Calibration(task, "isotonic", knots=(0.0,), heights=(float(alike[0, 0]),))


@dataclass(frozen=True, eq=False)
class Alone:
    """What one trait tells by itself: the outcome of those with about the same value.

    Attributes:
        name: Of the trait.
        rates: The forecast for each group, shape (groups, 1) or (groups, classes).
    """

    name: str
    edges: Floats
    categories: tuple[str, ...]
    kind: str
    rates: Floats

    def groups(self, column: Column) -> Integers:
        """Return the group of each customer; the last is for what is missing, or was seldom."""
        if self.kind == "number":
            return _number_groups(column.values, self.edges)
        return _category_groups(column.values, self.categories)

    def forecast(self, column: Column) -> Floats:
        """Forecast from this trait alone."""
        return self.rates[self.groups(column)]


def alone(task: Task, column: Column, target: Floats | Integers, classes: int) -> Alone:
    """Learn what one trait tells by itself: up to 50 groups of at least 50, or its categories.

    The outcome of a group is drawn a little to that of all (as if two more customers were like the average).

    >>> plan = Column("plan", "category", np.repeat(np.array(["a", "b"], dtype=object), 100))
    >>> alone("chance", plan, np.repeat([1.0, 0.0], 100), 1).forecast(plan)[[0, -1]].round(2).tolist()
    [[0.99], [0.01]]
    """
    edges: Floats = np.empty(0)
    categories: tuple[str, ...] = ()
    if column.kind == "number":
        edges = _edges(np.asarray(column.values, dtype=np.float64))
        groups = _number_groups(column.values, edges)
        count = len(edges) + 2
    else:
        names, sizes = np.unique([one for one in column.values.tolist() if one is not None], return_counts=True)
        categories = tuple(str(name) for name, size in zip(names, sizes, strict=True) if size >= SELDOM)
        groups = _category_groups(column.values, categories)
        count = len(categories) + 1
    came = (
        np.eye(classes)[target.astype(np.int64)]
        if task == "category"
        else np.asarray(target, dtype=np.float64)[:, None]
    )
    sums = np.column_stack([np.bincount(groups, weights=came[:, k], minlength=count) for k in range(came.shape[1])])
    sizes = np.bincount(groups, minlength=count)[:, None]
    rates = (sums + _BORROWED * anyone(task, target, classes)) / (sizes + _BORROWED)
    return Alone(column.name, edges, categories, column.kind, rates)


def _edges(values: Floats) -> Floats:
    known = values[~np.isnan(values)]
    count = max(1, min(_MOST_BINS, len(known) // _LEAST_IN_BIN))
    if not len(known):
        return np.empty(0)
    return np.unique(np.quantile(known, np.arange(1, count) / count, method="inverted_cdf"))


def _number_groups(values: NDArray[Any], edges: Floats) -> Integers:
    numbers = np.asarray(values, dtype=np.float64)
    return np.where(np.isnan(numbers), len(edges) + 1, np.searchsorted(edges, numbers, side="left"))


def _category_groups(values: NDArray[Any], categories: tuple[str, ...]) -> Integers:
    numbers = {name: place for place, name in enumerate(categories)}
    return np.array([numbers.get(one, len(categories)) for one in values.tolist()], dtype=np.int64)
