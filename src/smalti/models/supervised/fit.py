"""From a training set to a fitted score with its back-test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.errors import ModelError
from smalti.models.arrays import Booleans, Floats, Integers
from smalti.models.backtest import BackTest
from smalti.models.supervised.bands import cut_off_bands
from smalti.models.supervised.inputs import encode
from smalti.models.supervised.leaks import Evidence, find_leaks
from smalti.models.supervised.learning import Learnt, learn, learn_for_use, learn_plainly
from smalti.models.supervised.losses import anyone
from smalti.models.supervised.score import OTHER, FittedScore
from smalti.models.supervised.shapley import contributions
from smalti.models.supervised.simple import alone, recalibrate
from smalti.models.supervised.splits import Split, classes_of, deal, split
from smalti.models.supervised.training import Column, TrainingSet
from smalti.models.supervised.trial import ALIKE, Trial, in_one

_WEIGHED = 5_000
_UNITS = {"chance": "chance", "amount": "money", "category": "chance"}
_METHODS = {
    "chance": "gradient-boosted trees for the log-odds",
    "amount": (
        "gradient-boosted trees for the logarithm of the mean amount (Poisson quasi-likelihood, so that customers without any "
        "count fully; learnt on amounts capped at their 99.5th percentile, then brought to the uncapped total)"
    ),
    "category": "gradient-boosted trees for each class (softmax)",
}
_WAYS = {
    "none": "as they are, since no calibration did better",
    "sigmoid": "calibrated by a line on customers left out",
    "isotonic": "calibrated by rising steps on customers left out",
}


@dataclass(frozen=True, eq=False)
class _Setting:
    """A training set made ready: rows in order, outcomes as numbers, customers in folds."""

    rows: TrainingSet
    target: Floats | Integers
    classes: tuple[str | None, ...]
    folds: Integers
    seed: int

    @property
    def outputs(self) -> int:
        return len(self.classes) or 1

    def learn(self, which: Booleans) -> Learnt:
        """Learn from some rows."""
        settings = {"classes": self.outputs, "seed": self.seed}
        return learn(self.rows.task, self.columns(which), self.target[which], self.folds[which], **settings)

    def for_use(self, learnt: Learnt, parts: Split) -> Learnt:
        """Fit to all rows; the calibration is of the rows left out, in folds or in time."""
        if not parts.out_of_time:
            return learnt
        raw = np.concatenate([learnt.raw, learnt.raw_of(self.columns(parts.test))])
        came, folds = (np.concatenate([one[parts.learn], one[parts.test]]) for one in (self.target, self.folds))
        return learn_for_use(learnt, self.rows.columns, self.target, (raw, came, folds), seed=self.seed)

    def forecast(self, learnt: Learnt, parts: Split) -> Floats:
        """Forecast the tested rows, by what was learnt before them or from other customers."""
        if not parts.out_of_time:
            return learnt.held_out[parts.test[parts.learn]]
        return learnt.forecast(self.columns(parts.test))

    def columns(self, which: Booleans) -> tuple[Column, ...]:
        return tuple(one.take(which) for one in self.rows.columns)


def fit_score(name: str, training: TrainingSet, *, seed: int) -> FittedScore:
    """Fit a score and test it on a past it has not seen.

    The latest cut-off is left out: trees are learnt on earlier ones, whose outcome was known by then, and forecast it.
    Where there is one cut-off only, each customer is forecast by a fit on other customers, and the back-test says so. Then
    the score is fitted on all rows for use. Nothing depends on the order of rows or columns.

    Args:
        name: Of the score.
        training: What to learn from.
        seed: Of folds and resamples: the same seed gives the same score.

    Returns:
        The fitted score, with its back-test.

    Raises:
        ModelError: When there is too little to learn from or test on; it says what was found and what was wanted.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> recency = rng.exponential(60.0, 600)
        >>> came = (rng.random(600) < np.exp(-recency / 60)).astype(np.float64)
        >>> who = np.array([f"c{number}" for number in range(600)], dtype=object)
        >>> columns = (Column("recency", "number", recency, "days"),)
        >>> training = TrainingSet("chance", "a purchase within 30 days", 30, columns, came, np.zeros(600, np.int64), who, {})
        >>> score = fit_score("will_buy", training, seed=1)
        >>> chances = score.score([Column("recency", "number", np.array([1.0, 200.0]), "days")]).values
        >>> bool(chances[0] > 0.8 > 0.2 > chances[1]), score.better
        (True, True)
    """
    setting = _ready(training, seed)
    parts = split(setting.rows, setting.target)
    learnt = setting.learn(parts.learn)
    trial = _trial(setting, parts, learnt)
    told = trial.turned() if training.complement else trial
    better, verdict = told.verdict()
    last = setting.for_use(learnt, parts)
    if not last.inputs:
        raise ModelError(
            f"{name}: no trait to learn from: " + "; ".join(f"{one.name} is {one.state}" for one in last.unlearnt)
        )
    warnings = (*_remarks(setting, parts, (learnt, last), trial), *_leaks(setting, parts, learnt, trial))
    return FittedScore(
        name=name,
        task=training.task,
        outcome=training.outcome,
        horizon_days=training.horizon_days,
        method=f"{_METHODS[training.task]}, {_WAYS[last.calibration.way]}",
        inputs=last.inputs,
        classes=setting.classes,
        forests=last.forests,
        calibration=last.calibration,
        unlearnt=last.unlearnt,
        importance=_importance(setting, last),
        backtest=_back_test(setting, parts, learnt, told, verdict, warnings),
        better=better,
        warnings=warnings,
        complement=training.complement,
    )


def _ready(training: TrainingSet, seed: int) -> _Setting:
    rows = training.ordered()
    classes: tuple[str | None, ...] = ()
    target: Floats | Integers
    if rows.task == "category":
        classes, target = classes_of(rows.target, rows.customer, OTHER)
    else:
        target = np.asarray(rows.target, dtype=np.float64)
    return _Setting(rows, target, classes, deal(rows.customer, seed), seed)


def _trial(setting: _Setting, parts: Split, learnt: Learnt) -> Trial:
    """Hold the model's forecasts of the tested rows against simple ones, made from the rows learnt from."""
    task, target = setting.rows.task, setting.target
    tested = int(parts.test.sum())
    simple = {ALIKE: np.repeat(anyone(task, target[parts.learn], setting.outputs), tested, axis=0)}
    for name, values in setting.rows.baselines.items():
        simple[name] = _simple(setting, parts, name, np.asarray(values, dtype=np.float64))
    nothing = setting.classes.index(None) if None in setting.classes else None
    return Trial(task, target[parts.test], setting.forecast(learnt, parts), simple, nothing, setting.seed)


def _simple(setting: _Setting, parts: Split, name: str, values: Floats) -> Floats:
    task, learn_target, folds = setting.rows.task, setting.target[parts.learn], setting.folds[parts.learn]
    if task != "category":
        made = recalibrate(task, values[parts.learn], learn_target, folds)
        return made.forecast(values[parts.test]) if parts.out_of_time else made.held_out[parts.test[parts.learn]]
    column = Column(name, "number", values)
    if parts.out_of_time:
        return alone(task, column.take(parts.learn), learn_target, setting.outputs).forecast(column.take(parts.test))
    told = np.empty((int(parts.test.sum()), setting.outputs))
    for fold in np.unique(setting.folds):
        one = alone(task, column.take(setting.folds != fold), setting.target[setting.folds != fold], setting.outputs)
        here = parts.test & (setting.folds == fold)
        told[setting.folds[parts.test] == fold] = one.forecast(column.take(here))
    return told


def _leaks(setting: _Setting, parts: Split, fitted: Learnt, trial: Trial) -> tuple[str, ...]:
    """Look for traits that know the future; where nothing is out of time, one half of the customers is tested on the other."""
    early, tested = parts.learn, parts.test
    if not parts.out_of_time:
        early, tested = parts.learn & (setting.folds >= 2), parts.test & (setting.folds < 2)
    among = tested[parts.test]

    def without(names: frozenset[str]) -> Floats:
        kept = [one for one in setting.rows.columns if one.name not in names]
        if not kept:
            return np.repeat(anyone(trial.task, setting.target[early], setting.outputs), int(tested.sum()), axis=0)
        settings = {"classes": setting.outputs, "rounds": fitted.rounds, "seed": setting.seed}
        made = learn_plainly(trial.task, [one.take(early) for one in kept], setting.target[early], **settings)
        return made.forecast([one.take(tested) for one in kept])

    evidence = Evidence(
        task=trial.task,
        classes=setting.outputs,
        learnt=setting.columns(early),
        target=setting.target[early],
        tested=setting.columns(tested),
        came=setting.target[tested],
        model=trial.model[among],
        simple={name: told[among] for name, told in trial.simple.items()},
        without=without,
    )
    return tuple(one.sentence() for one in find_leaks(evidence))


def _remarks(setting: _Setting, parts: Split, fits: tuple[Learnt, Learnt], trial: Trial) -> tuple[str, ...]:
    """Say what a reader should know before believing the score, whose fits are the tested one and that for use."""
    told = []
    tested, last = fits
    if not parts.out_of_time:
        told.append(
            f"{parts.why[0].upper()}{parts.why[1:]}: the back-test forecasts customers left out of the fit, at the time of the "
            "fit; how it does at another time is not known"
        )
    told += [f"{one.name} is {one.state} in what it was learnt from: it plays no part" for one in last.unlearnt]
    early = {one.name: one for one in tested.unlearnt} if parts.out_of_time else {}
    told += [
        f"{column.name} was {early[column.name].state} at the earlier cut-offs and is not at the latest: the back-test knows "
        "nothing of what it adds"
        for column in setting.columns(parts.test)
        if column.name in early and early[column.name].differs(column)
    ]
    below = int((trial.target < 0).sum()) if trial.task == "amount" else 0
    if below:
        told.append(f"{below:,} amounts below nought are learnt as nought; the total is kept")
    if OTHER in setting.classes:
        told.append(
            f"categories that came to fewer customers than can be learnt from are foretold together, as '{OTHER}'"
        )
    return tuple(told)


def _importance(setting: _Setting, last: Learnt) -> tuple[tuple[str, float], ...]:
    """Return each trait's share of all that traits add or take away, in up to 5,000 rows evenly drawn."""
    rows = np.unique(np.linspace(0, len(setting.rows) - 1, _WEIGHED).astype(np.int64))
    data = encode(last.inputs, tuple(one.take(rows) for one in setting.rows.columns))
    sizes = sum(np.abs(contributions(forest, data, len(last.inputs))).mean(axis=0) for forest in last.forests)
    shares = np.asarray(sizes) / (float(np.sum(sizes)) or 1.0)
    told = [(one.name, float(share)) for one, share in zip(last.inputs, shares, strict=True)]
    return tuple(sorted(told, key=lambda one: (-one[1], one[0])))


def _back_test(
    setting: _Setting, parts: Split, learnt: Learnt, trial: Trial, verdict: str, warnings: tuple[str, ...]
) -> BackTest:
    rows, chance = setting.rows, setting.rows.task != "amount"
    forecast, came = in_one(rows.task, learnt.held_out, setting.target[parts.learn])
    instants = rows.cut_off[parts.learn]
    if rows.complement:
        forecast, came = 1.0 - forecast, 1.0 - came
    if parts.out_of_time:
        last, that = in_one(rows.task, trial.model, trial.target)
        forecast, came = np.concatenate([forecast, last]), np.concatenate([came, that])
        instants = np.concatenate([instants, rows.cut_off[parts.test]])
    return BackTest(
        outcome=rows.outcome,
        unit=_UNITS[rows.task],
        horizon_days=rows.horizon_days,
        cut_offs=tuple(np.unique(rows.cut_off[parts.test]).tolist()),
        customers=len(trial.target),
        measures=trial.measures(),
        calibration=trial.calibration(),
        lift=trial.lift(),
        over_time=cut_off_bands(instants, forecast, came, chance=chance, seed=setting.seed),
        verdict=verdict,
        warnings=warnings,
    )
