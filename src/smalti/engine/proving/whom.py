"""On whom does it work: do customers ranked first by their effects gain more, and what tells them apart?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from smalti.engine.proving.learning import Learnt
from smalti.engine.proving.readouts import MOST_ARMS
from smalti.engine.proving.trial import Trial
from smalti.errors import ModelError
from smalti.experiments.logged import Logged
from smalti.experiments.ranking import Measure, judge_ranking, within_folds
from smalti.models.effects import Driver, EffectData, Learner, fit_effects

DRIVER_ROWS = 40_000
"""What tells customers apart is found on about so many rows; more would only take longer."""


@dataclass(frozen=True)
class Ranked:
    """How well customers are ranked by the effect of one arm on them.

    Attributes:
        arm: The arm.
        qini: What choosing by the ranking gains over choosing at random, per customer, over all shares alike.
        coefficient: The same over that of the best order there can be.
        autoc: The same with more weight on the very top.
        shown: Whether customers ranked first are shown to gain more.
    """

    arm: str
    qini: Measure
    coefficient: Measure
    autoc: Measure
    shown: bool


def rankings(trial: Trial, log: Logged, learnt: Learnt, level: float) -> tuple[Ranked, ...]:
    """Judge the ranking by the effects of each arm; none where customers cannot be told apart or there are very many arms.

    Customers are ranked within folds, for what is told out of fold has a level of its own in each. Intervals hold for all arms
    at once (Bonferroni).
    """
    if learnt.effects is None or len(trial.arms) > MOST_ARMS:
        return ()
    control, found = trial.arms[trial.control], []
    level = 1 - (1 - level) / len(trial.treatments)
    for place in trial.treatments:
        score = within_folds(learnt.effects[:, place], trial.folds)
        told = judge_ranking(log, score, trial.arms[place], control, learnt.predicted, level=level)
        found.append(Ranked(trial.arms[place], told.qini, told.coefficient, told.autoc, told.qini.low > 0))
    return tuple(found)


def drivers(trial: Trial, log: Logged, learner: str, seed: int) -> tuple[Driver, ...]:
    """Say what tells on whom arms work, by customers left out of the fits; what is noise shows as nothing.

    Of a very large trial whole folds of customers are left out, as many as leave `DRIVER_ROWS` rows or the first fold.
    """
    sizes = np.cumsum(np.bincount(trial.folds))
    kept = trial.folds <= max(int((sizes <= DRIVER_ROWS).sum()) - 1, 0)
    part, outcome = (trial, log.outcome) if kept.all() else (trial.where(kept), log.outcome[kept])
    try:
        given = (part.arm, part.probability, outcome)
        data = EffectData(part.columns, part.arms, *given, customer=part.customer, control=part.control)
        return fit_effects(data, cast("Learner", learner), seed=seed).drivers
    except ModelError:
        return ()
