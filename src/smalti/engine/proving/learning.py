"""What would come of each arm for each customer, told by fits that never saw her fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from smalti.engine.proving.trial import Trial
from smalti.errors import ModelError
from smalti.experiments.logged import Floats
from smalti.models.effects import EffectData, Learner, out_of_fold


@dataclass(frozen=True, eq=False)
class Learnt:
    """What is told of each customer, out of fold.

    Attributes:
        predicted: The outcome under each arm, for doubly robust scores; shape (n, K).
        expected: The outcome under each arm by which to decide, shrunk to what was borne out; shape (n, K).
        effects: The effect of each arm against the control; None where customers could not be told apart.
        note: Why not, a sentence; empty where they could.
    """

    predicted: Floats
    expected: Floats
    effects: Floats | None
    note: str = ""


def learn(trial: Trial, outcome: Floats, learner: str, seed: int) -> Learnt:
    """Learn outcomes and effects out of fold; where there is too little to learn from, the arms' means of the other folds.

    Args:
        trial: The trial.
        outcome: What came, in the unit in which it is judged; shape (n,).
        learner: ``dr``, ``t``, ``x`` or ``r``.
        seed: Of how customers are dealt into parts.
    """
    if not trial.columns:
        return _means(trial, outcome, "Nothing is known of the customers, so they cannot be told apart.")
    given = (trial.arm, trial.probability, outcome)
    try:
        data = EffectData(trial.columns, trial.arms, *given, customer=trial.customer, control=trial.control)
        told = out_of_fold(data, trial.folds, cast("Learner", learner), seed)
    except ModelError as error:
        return _means(trial, outcome, f"One-to-one could not be tried: {error}.")
    return Learnt(told.predicted, told.expected, told.effects)


def _means(trial: Trial, outcome: Floats, note: str) -> Learnt:
    """Give every customer the means of the arms in the other folds, rows weighed by the inverse of their chances."""
    predicted = np.empty((trial.rows, len(trial.arms)))
    weight = 1 / trial.probability
    whole = float(np.average(outcome, weights=weight))
    for fold in np.unique(trial.folds).tolist():
        others, here = trial.folds != fold, trial.folds == fold
        sizes = np.bincount(trial.arm[others], weight[others], len(trial.arms))
        sums = np.bincount(trial.arm[others], (weight * outcome)[others], len(trial.arms))
        predicted[here] = np.where(sizes > 0, sums / np.where(sizes > 0, sizes, 1.0), whole)
    return Learnt(predicted, predicted, None, note)
