"""From an experiment to effects per customer: of anyone, by a fitted value, or of its own customers, out of fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smalti.errors import ModelError, nearest
from smalti.models.arrays import Floats, Integers
from smalti.models.effects.data import LEAST_IN_ARM, EffectData
from smalti.models.effects.drivers import find_drivers, group_effects
from smalti.models.effects.fitted import FittedEffects
from smalti.models.effects.learners import LEARNERS, Learner
from smalti.models.effects.learning import Learnt, dealt, learn_effects, prepare
from smalti.models.effects.outcomes import Setting
from smalti.models.effects.regression import raw_of
from smalti.models.effects.shrinking import Evidence
from smalti.models.supervised import Unlearnt
from smalti.models.supervised.trees import Forest

_MANY = 200_000
_ENOUGH, _SHARES = 300_000, 20
_ODD = 4.0


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """What is told of each customer by fits that never saw the fold she is in.

    Attributes:
        predicted: The outcome under each arm, for doubly robust scores; shape (n, arms).
        effects: The effect of each arm against the control, shrunk to what was borne out; the control's column is 0; shape
            (n, arms).
        evidence: For each fold what was known of each arm but the control, from the other folds.
    """

    predicted: Floats
    effects: Floats
    evidence: tuple[tuple[Evidence, ...], ...]

    @property
    def expected(self) -> Floats:
        """The outcome under each arm by which to decide: as `effects` apart, at the level of `predicted`; shape (n, arms)."""
        level = self.predicted.mean(axis=1) - self.effects.mean(axis=1)
        return np.asarray(level[:, None] + self.effects)


def out_of_fold(data: EffectData, folds: Integers, learner: Learner = "dr", seed: int = 0) -> OutOfFold:
    """Tell of each customer, by fits on the other folds alone, what comes under each arm and what each arm's effect is.

    No outcome, arm or probability of a row's own fold has any part in what is told of it. (Which categories are told apart
    is found from the traits of all rows.) Within the other folds customers are dealt into three parts, or two where there
    are more than 200,000 rows; outcomes and effects are learnt without each part in turn and the fits averaged. Of more than
    300,000 rows in the other folds, customers are drawn, with about 300,000 rows: small trees learn little from more.

    Args:
        data: The experiment.
        folds: The fold of each row, from 0 up; all rows of a customer are in one; shape (n,).
        learner: How effects are learnt: `dr` (doubly robust, the default), `t`, `x` or `r`.
        seed: Of how customers are dealt into parts.

    Raises:
        ModelError: When there are fewer than two folds, a customer is in two, or an arm was given to too few.

    Examples:
        >>> from smalti.models.supervised import Column
        >>> rng = np.random.default_rng(1)
        >>> age, arm = rng.uniform(20, 80, 4000), rng.integers(0, 2, 4000)
        >>> outcome = rng.normal(size=4000) + arm * (age > 50)
        >>> trait = Column("age", "number", age)
        >>> data = EffectData((trait,), ("none", "mail"), arm, np.full(4000, 0.5), outcome)
        >>> told = out_of_fold(data, rng.integers(0, 3, 4000), seed=1)
        >>> bool(told.effects[age > 55, 1].mean() > 0.7), bool(abs(told.effects[age < 45, 1].mean()) < 0.2)
        (True, True)
    """
    _check(data, folds, learner)
    setting, _ = prepare(data, seed)
    parts = dealt(setting.customer, 2 if len(data) > _MANY else 3, seed)
    predicted, effects = np.empty((len(data), setting.arms)), np.zeros((len(data), setting.arms))
    evidence = []
    for fold in np.unique(folds).tolist():
        others, here = _drawn(np.flatnonzero(folds != fold), setting, seed), np.flatnonzero(folds == fold)
        learnt = learn_effects(setting, data.arms, others, parts[others], learner)
        for place, forest in enumerate(learnt.outcomes.forests):
            predicted[here, place] = raw_of(forest, setting.data, here)
        predicted[here] = predicted[here].clip(setting.outcome[others].min(), setting.outcome[others].max())
        for one in learnt.arms:
            effects[here, one.place] = raw_of(one.forest, setting.data, here)
        evidence.append(tuple(one.evidence for one in learnt.arms))
    return OutOfFold(predicted, effects, tuple(evidence))


def _drawn(rows: Integers, setting: Setting, seed: int) -> Integers:
    """Return the rows of some customers, drawn at random, where there are more than `_ENOUGH` rows to learn from.

    Who is drawn depends on who is there and on the seed, on nothing that was done or came of it; but where too few of some
    arm would be left, all rows are kept.
    """
    if len(rows) <= _ENOUGH:
        return rows
    shares = _SHARES * -(-len(rows) // _ENOUGH)
    some: Integers = rows[dealt(setting.customer[rows], shares, seed + 1) < shares * _ENOUGH // len(rows)]
    fewest = int(np.bincount(setting.arm[some], minlength=setting.arms).min())
    return some if fewest >= LEAST_IN_ARM else rows


def fit_effects(data: EffectData, learner: Learner = "dr", folds: int = 5, seed: int = 0) -> FittedEffects:
    """Fit effects of each arm per customer, to be told of anyone.

    Customers are dealt into parts; outcomes and effects are learnt without each part in turn, held to it, shrunk to what it
    bears out, and averaged. What drives effects is told by the parts left out as well.

    Args:
        data: The experiment.
        learner: `dr` (doubly robust, the default), `t`, `x` or `r`.
        folds: Into how many parts customers are dealt, 2 to 20.
        seed: Of how they are dealt, and of shuffles.

    Raises:
        ModelError: When an arm was given to too few, or there is no such learner.

    Examples:
        >>> from smalti.models.supervised import Column
        >>> rng = np.random.default_rng(1)
        >>> age, arm = rng.uniform(20, 80, 4000), rng.integers(0, 2, 4000)
        >>> outcome = rng.normal(size=4000) + arm * (age > 50)
        >>> trait = Column("age", "number", age)
        >>> fitted = fit_effects(EffectData((trait,), ("none", "mail"), arm, np.full(4000, 0.5), outcome), folds=3, seed=1)
        >>> [bool(abs(fitted.effects_one({"age": age})[1] - effect) < 0.25) for age, effect in [(30, 0), (70, 1)]]
        [True, True]
        >>> fitted.evidence[0].shown, fitted.drivers[0].name, fitted.drivers[0].shown
        (True, 'age', True)
    """
    known_learner(learner)
    if not 2 <= folds <= 20:
        raise ModelError(f"folds: expected 2 to 20, got {folds}")
    data.sufficient()
    setting, unlearnt = prepare(data, seed)
    rows, parts = np.arange(len(data)), dealt(setting.customer, folds, seed)
    learnt = learn_effects(setting, data.arms, rows, parts, learner)
    forests = {one.place: one.forest for one in learnt.arms}
    return FittedEffects(
        arms=data.arms,
        control=data.control,
        learner=learner,
        inputs=setting.inputs,
        unlearnt=unlearnt,
        effect_forests=tuple(forests.get(place, Forest(0.0, ())) for place in range(setting.arms)),
        outcome_forests=learnt.outcomes.forests,
        lowest=float(data.outcome.min()),
        highest=float(data.outcome.max()),
        evidence=tuple(one.evidence for one in learnt.arms),
        drivers=find_drivers(setting, learnt, rows, parts),
        groups=group_effects(data.columns, data.arms, data.control, learnt.scores, setting.customer),
        warnings=(*_odd_chances(data), *_remarks(learnt, unlearnt)),
    )


def _odd_chances(data: EffectData) -> list[str]:
    """Tell of arms whose chances cannot be those of the draw: over its rows, 1 / chance has to sum to the number of rows."""
    told = []
    for place, name in enumerate(data.arms):
        own = np.where(data.arm == place, 1.0 / data.probability, 0.0)
        if abs(own.mean() - 1.0) > _ODD * max(float(own.std()), 1e-9) / len(own) ** 0.5:
            told.append(
                f"the mean of 1 / probability over the rows of {name}, per row of all, is {own.mean():.3f} and should be 1: "
                "the probabilities are not those of the draw, or some customers could not get this arm"
            )
    return told


def _remarks(learnt: Learnt, unlearnt: Sequence[Unlearnt]) -> tuple[str, ...]:
    told = [
        f"customers were not shown to differ in the effect of {one.evidence.arm}: "
        + (
            "what is told of differences is drawn far towards the mean"
            if one.evidence.kept
            else "all are told the mean"
        )
        for one in learnt.arms
        if not one.evidence.shown
    ]
    told += [f"{one.name} is {one.state} in what it was learnt from: it plays no part" for one in unlearnt]
    return tuple(told)


def _check(data: EffectData, folds: Integers, learner: str) -> None:
    known_learner(learner)
    if folds.shape != data.arm.shape:
        raise ModelError(f"folds: expected {len(data):,} rows as in arm, got {folds.shape}")
    if len(np.unique(folds)) < 2:
        raise ModelError(f"folds: expected at least two, got {len(np.unique(folds))}")
    if data.customer is not None:
        pairs = np.unique(np.column_stack([data.customer, folds]), axis=0)[:, 0]
        twice = pairs[1:][pairs[1:] == pairs[:-1]]
        if len(twice):
            raise ModelError(f"folds: expected each customer in one fold, got customer {twice[0]} in two")
    for fold in np.unique(folds).tolist():
        try:
            data.sufficient(folds != fold)
        except ModelError as error:
            raise ModelError(f"without fold {fold}: {error}") from error


def known_learner(learner: str) -> None:
    """Check the name of a learner.

    Raises:
        ModelError: There is no such learner.
    """
    if learner not in LEARNERS:
        near = nearest(learner, LEARNERS)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ModelError(f"learner: found '{learner}', wanted one of {', '.join(LEARNERS)}{hint}")
