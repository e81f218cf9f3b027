"""From the trees' raw scores to forecasts that hold on average: fitted on raw scores of customers left out of the fit.

Three ways, of which the simplest is taken that is not beaten in held-out loss by more than half its standard error: `none` (the
raw score as it is), `sigmoid` (a straight line through the raw score: Platt 1999; for an amount the logarithm of its mean;
for a category one temperature for all classes, Guo et al. 2017), `isotonic` (rising steps joined by lines: Zadrozny and
Elkan 2002; not for a category). Amounts are then brought to the total that came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy.special import expit

from smalti.models.arrays import Floats, Integers
from smalti.models.stored import same_names
from smalti.models.supervised.lines import log_line, logistic_line, rising, temperature
from smalti.models.supervised.losses import losses
from smalti.models.supervised.training import Task

Way: TypeAlias = Literal["none", "sigmoid", "isotonic"]
"""How raw scores become forecasts."""

_BEATEN = 0.5


@dataclass(frozen=True)
class Calibration:
    """How raw scores become forecasts.

    Attributes:
        task: What is foretold.
        way: `none`, `sigmoid` or `isotonic`.
        intercept: Of the line of `sigmoid`.
        slope: Of the line; for a category what raw scores are multiplied by.
        knots: Raw scores at the corners of `isotonic`, rising.
        heights: Forecasts at the corners.
        factor: What an amount is multiplied by at last.
        least: No chance is nearer to 0 or 1 than this (half a customer among those it was fitted on).

    >>> Calibration("chance", "sigmoid", slope=0.5).apply(np.array([[0.0], [2.0]])).round(3).tolist()
    [[0.5], [0.731]]
    """

    task: Task
    way: Way
    intercept: float = 0.0
    slope: float = 1.0
    knots: tuple[float, ...] = ()
    heights: tuple[float, ...] = ()
    factor: float = 1.0
    least: float = 1e-9

    def apply(self, raw: Floats) -> Floats:
        """Return forecasts, shape (n, 1), or (n, classes) whose rows sum to 1; chances lie strictly between 0 and 1."""
        if self.task == "category":
            return _bounded(_softmax(raw * self.slope), self.least)
        if self.way == "isotonic":
            told = _along(raw, np.array(self.knots), np.array(self.heights))
        else:
            line = self.intercept + self.slope * raw
            told = np.exp(line) if self.task == "amount" else expit(line)
        return told * self.factor if self.task == "amount" else np.clip(told, self.least, 1 - self.least)

    def to_dict(self) -> dict[str, Any]:
        """Return it as numbers, texts and lists."""
        return {**asdict(self), "knots": list(self.knots), "heights": list(self.heights)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Calibration:
        """Return what `to_dict` gave.

        Raises:
            ModelError: When a name is missing or unknown.
        """
        same_names(cls.__name__, stored, [field.name for field in fields(cls)])
        return cls(**{**stored, "knots": tuple(stored["knots"]), "heights": tuple(stored["heights"])})


def _softmax(raw: Floats) -> Floats:
    lifted = np.exp(raw - raw.max(axis=1, keepdims=True))
    # one column after another, so that one customer and many are summed in the same order
    total = lifted[:, 0].copy()
    for place in range(1, lifted.shape[1]):
        total += lifted[:, place]
    return np.asarray(lifted / total[:, None])


def _bounded(chances: Floats, least: float) -> Floats:
    """Mix in the same small chance for all classes, so that none is 0 or 1."""
    return np.asarray(chances * (1 - least * chances.shape[1]) + least)


def _along(raw: Floats, knots: Floats, heights: Floats) -> Floats:
    """Interpolate, level beyond the ends."""
    if len(knots) == 1:
        return np.full(raw.shape, heights[0])
    place = np.clip(np.searchsorted(knots, raw, side="right") - 1, 0, len(knots) - 2)
    share = np.clip((raw - knots[place]) / (knots[place + 1] - knots[place]), 0.0, 1.0)
    low, high = heights[place], heights[place + 1]
    return np.asarray(np.minimum(low + share * (high - low), high))


def fit_calibration(task: Task, way: Way, raw: Floats, target: Floats | Integers) -> Calibration:
    """Fit one way to raw scores of customers left out of the fit and what came.

    Args:
        task: What is foretold.
        way: Which way.
        raw: Raw scores, shape (n, forests).
        target: 0 or 1, an amount, or the number of a class; shape (n,).
    """
    made = Calibration(task, way, least=0.5 / (len(raw) + 1))
    if task == "category":
        return replace(made, slope=temperature(raw, target)) if way == "sigmoid" else made
    if way == "sigmoid":
        intercept, slope = (log_line if task == "amount" else logistic_line)(raw[:, 0], target)
        made = replace(made, intercept=intercept, slope=slope)
    elif way == "isotonic":
        knots, heights = rising(raw[:, 0], target)
        made = replace(made, knots=tuple(knots.tolist()), heights=tuple(heights.tolist()))
    if task == "amount":
        forecast = float(made.apply(raw).sum())
        made = replace(made, factor=float(target.sum()) / forecast if forecast > 0 else 1.0)
    return made


def choose_calibration(
    task: Task, raw: Floats, target: Floats | Integers, folds: Integers
) -> tuple[Calibration, Floats]:
    """Choose a way by held-out loss; return it fitted on all rows, and forecasts of each row by the others' folds.

    Args:
        task: What is foretold.
        raw: Raw scores of customers left out of the fit, shape (n, forests).
        target: What came, shape (n,).
        folds: The fold of each row, which never splits a customer; shape (n,).

    Returns:
        The calibration, and held-out forecasts of shape (n, 1) or (n, classes).
    """
    ways: tuple[Way, ...] = ("none", "sigmoid") if task == "category" else ("none", "sigmoid", "isotonic")
    held = {way: _held_out(task, way, raw, target, folds) for way in ways}
    best: Way = "none"
    for way in ways[1:]:
        gain = losses(task, held[best], target) - losses(task, held[way], target)
        if gain.mean() > _BEATEN * gain.std() / np.sqrt(len(gain)):
            best = way
    return fit_calibration(task, best, raw, target), held[best]


def _held_out(task: Task, way: Way, raw: Floats, target: Floats | Integers, folds: Integers) -> Floats:
    told = np.empty(raw.shape)
    for fold in np.unique(folds):
        out = folds == fold
        told[out] = fit_calibration(task, way, raw[~out], target[~out]).apply(raw[out])
    return told
