"""Plans at several budgets, held against ranking customers by response, by value, by RFM or by lot: on the same customers.

The plan gives each customer of a part of a fold the action that is best for all of the part together within its part of the
budget (`strategy.optimum`), by what is expected of each without the outcomes of the part (`expecting`). A ranking gives the arm
that is best on average to those who rank first, as many as the budget buys: it says who is first, not when to stop. All are
judged by doubly robust values, differences row by row on the same customers, and errors widened for the chance that folds share
which teach each other (`smalti.experiments.proof.widening`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from smalti.engine.proving.expecting import Expected, expected
from smalti.engine.proving.learning import Learnt
from smalti.engine.proving.readouts import plain
from smalti.engine.proving.segmenting import Cut
from smalti.engine.proving.standing import Standing, standing
from smalti.engine.proving.trial import Trial
from smalti.experiments import doubly_robust_scores
from smalti.experiments.logged import Floats, Integers, Logged
from smalti.experiments.proof import Budget, Grouping
from smalti.experiments.proof.learning import Sums, learn
from smalti.experiments.proof.moments import Moments, together, two_sided
from smalti.experiments.proof.widening import unsettled
from smalti.strategy.optimum import NOTHING, Limit, solve

PLAN, RESPONSE, VALUE, RFM, LOT = "plan", "response", "value", "rfm", "lot"


@dataclass(frozen=True)
class PlanValue:
    """What one way of choosing brings at one budget, per customer of all and after costs, more than the control for all.

    Attributes:
        policy: ``plan``, ``response``, ``value``, ``rfm`` or ``lot``.
        value: How much more.
        error: Its standard error, with what chance shared between folds may add.
        low: Low end of its own interval.
        high: High end.
        contacted: The share of customers contacted.
        cost: What it costs per customer of all.
    """

    policy: str
    value: float
    error: float
    low: float
    high: float
    contacted: float
    cost: float


@dataclass(frozen=True)
class PlanLead:
    """By how much the plan brings more than a ranking, per customer of all.

    Attributes:
        over: The ranking.
        value: How much more.
        error: Its standard error, on the same customers, with what chance shared between folds may add.
        low: Low end of the interval for this difference alone.
        high: High end.
        low_together: Low end of the interval that holds for all budgets and rankings at once.
        high_together: High end.
    """

    over: str
    value: float
    error: float
    low: float
    high: float
    low_together: float
    high_together: float


@dataclass(frozen=True)
class PlanPoint:
    """All ways of choosing at one budget."""

    budget: Budget
    values: tuple[PlanValue, ...]
    leads: tuple[PlanLead, ...]


@dataclass(frozen=True)
class PlanCurve:
    """Plans at several budgets.

    Attributes:
        points: One for each budget.
        columns: Of value, recency and frequency the column that tells it.
        gap: How much more than the plan any choice could be expected to bring that keeps the budget of each part of each fold,
            as a share; the largest over budgets.
        level: Of all intervals.
    """

    points: tuple[PlanPoint, ...]
    columns: Mapping[str, str]
    gap: float
    level: float


@dataclass(frozen=True, eq=False)
class Setting:
    """What plans are made from.

    Attributes:
        trial: The trial.
        log: Its decisions, with one outcome.
        learnt: What was foretold out of fold.
        cuts: The segmentations.
        cost: What each arm costs; shape (K,). None where nothing does, or costs are not counted.
    """

    trial: Trial
    log: Logged
    learnt: Learnt
    cuts: tuple[Cut, ...]
    cost: Floats | None

    @property
    def costs(self) -> Floats:
        """What each arm costs; shape (K,)."""
        return np.zeros(len(self.trial.arms)) if self.cost is None else self.cost

    def use(self, budget: Budget) -> Floats:
        """Give what each arm uses of a budget; shape (K,)."""
        one = np.ones(len(self.trial.arms)) if budget.kind == "contacts" else self.costs.copy()
        one[self.trial.control] = 0.0
        return one


def plan_curve(
    setting: Setting,
    budgets: tuple[Budget, ...],
    ranks: tuple[tuple[str, str], ...] = (),
    level: float = 0.95,
    seed: int = 0,
) -> PlanCurve | None:
    """Hold the plan against rankings at each budget.

    Args:
        setting: The trial, an outcome, what was learnt and what arms cost.
        budgets: Shares of customers contacted, or money for all together.
        ranks: Of value, recency and frequency the column that tells it; others are found by their names.
        level: Of all intervals.
        seed: Of parts within folds, of lots, and of the draws for intervals together.

    Returns:
        The curve; None where nothing is known of customers, there is no budget, or money is to be spent where nothing costs.

    Raises:
        SmaltiError: A column for a rank is not there.
    """
    trial = setting.trial
    budgets = tuple(one for one in budgets if one.kind == "contacts" or setting.costs.any())
    if not trial.columns or not budgets or setting.learnt.effects is None:
        return None
    stand = standing(trial.columns, ranks)
    known = expected(trial, setting.log, setting.learnt, setting.cuts, stand, seed)
    choosing = Choosing(setting, known, stand, seed)
    scores = doubly_robust_scores(setting.log, setting.learnt.predicted)
    net = scores - scores[:, [trial.control]] - (setting.costs - setting.costs[trial.control])
    chances = [choosing.at(budget) for budget in budgets]
    names = tuple(chances[0])
    says = np.column_stack([np.einsum("ij,ij->i", one[name], net) for one in chances for name in names])
    curve = _Curve(setting, chances, _moments(says, trial), level)
    return PlanCurve(curve.points(budgets, seed), dict(stand.columns), choosing.gap, level)


def _moments(says: Floats, trial: Trial) -> Moments:
    found = Moments(says.shape[1])
    if trial.customer is None:
        found.add(np.ones(len(says)), says)
    else:
        who = np.unique(trial.customer, return_inverse=True)[1]
        found.add(np.bincount(who).astype(np.float64), np.column_stack([np.bincount(who, column) for column in says.T]))
    return found


class Choosing:
    """Who is given what at a budget, by the plan and by rankings."""

    def __init__(self, setting: Setting, known: Expected, stand: Standing, seed: int) -> None:
        self._setting, self._known, self.gap = setting, known, 0.0
        trial = setting.trial
        self._shuffled = np.random.default_rng(seed).permutation(trial.rows)
        self._folds = [self._shuffled[trial.folds[self._shuffled] == one] for one in np.unique(trial.folds).tolist()]
        predicted = setting.learnt.predicted
        scores = {VALUE: stand.value, RFM: stand.rfm, LOT: np.zeros(trial.rows)}
        self._scores = {name: one for name, one in scores.items() if one is not None}
        self._predicted = predicted

    def at(self, budget: Budget) -> dict[str, Floats]:
        """Give for each way of choosing the chance of each arm for each row; shapes (n, K)."""
        shape = self._predicted.shape
        found = {name: np.zeros(shape) for name in (PLAN, RESPONSE, *self._scores)}
        self._plan(budget, found[PLAN])
        for rows in self._folds:
            arm = self._commonly_best(rows)
            ranks = {RESPONSE: self._predicted[rows, arm]}
            ranks |= {name: score[rows] for name, score in self._scores.items()}
            for name, score in ranks.items():
                self._rank(rows, score, arm, budget, found[name])
        return found

    def _plan(self, budget: Budget, chance: Floats) -> None:
        """Plan for each part of each fold by itself: what came of it must not reach it by what others leave of a budget."""
        setting, given = self._setting, np.array(self._setting.trial.treatments)
        control, effects = setting.trial.control, self._known.effects
        use, value, bound = setting.use(budget)[given], 0.0, 0.0
        for rows, most in zip(self._known.parts, self._parts(budget), strict=True):
            values = effects[rows][:, given] - (setting.costs[given] - setting.costs[control])
            solution = solve(values, [Limit("budget", columns=use, most=most)])
            value, bound = value + solution.value, bound + solution.bound
            chance[rows, np.where(solution.choice == NOTHING, control, given[solution.choice])] = 1.0
            chance[rows] = alike(effects[rows], chance[rows])
        self.gap = max(self.gap, (bound - value) / bound if bound > 0 else 0.0)

    def _parts(self, budget: Budget) -> list[float]:
        """Give what of a budget falls to each part: whole contacts, as many together as the budget allows."""
        each = [self._part(rows, budget) for rows in self._known.parts]
        if budget.kind != "contacts":
            return each
        whole = np.floor(np.cumsum([0.0, *each]) + 1e-9)
        return [float(one) for one in np.diff(whole)]

    def _commonly_best(self, rows: Integers) -> int:
        """Give the arm with the best mean after costs, as the other folds have it."""
        mean = self._known.means[rows[0]] - self._setting.costs
        return max(self._setting.trial.treatments, key=lambda place: float(mean[place]))

    def _part(self, rows: Integers, budget: Budget) -> float:
        """Give what of a budget falls to some rows."""
        whole = 1 if budget.kind == "contacts" else self._setting.trial.rows
        return budget.amount * len(rows) / whole

    def _rank(self, rows: Integers, score: Floats, arm: int, budget: Budget, chance: Floats) -> None:
        use = float(self._setting.use(budget)[arm])
        number = min(self._part(rows, budget) / use, float(len(rows))) if use > 0 else float(len(rows))
        chosen = first(score, number)
        chance[rows, arm] += chosen
        chance[rows, self._setting.trial.control] += 1 - chosen


def first(score: Floats, number: float) -> Floats:
    """Give each the chance to be among the first so many; those who tie at the margin share what is left.

    >>> first(np.array([3.0, 1.0, 1.0, 2.0]), 3.0).tolist()
    [1.0, 0.5, 0.5, 1.0]
    """
    _, place, size = np.unique(-score, return_inverse=True, return_counts=True)
    before = np.cumsum(size) - size
    share: Floats = np.clip((number - before) / size, 0.0, 1.0)[place]
    return share


def alike(values: Floats, chance: Floats) -> Floats:
    """Give customers of whom the same is expected the same chances: among them it is a lot.

    >>> alike(np.array([[1.0], [1.0], [2.0]]), np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])).tolist()
    [[0.5, 0.5], [0.5, 0.5], [0.0, 1.0]]
    """
    order = np.lexsort(values.T)
    new = np.concatenate([[True], (values[order][1:] != values[order][:-1]).any(axis=1)])
    group = np.empty(len(values), np.int64)
    group[order] = np.cumsum(new) - 1
    size = np.bincount(group)
    if len(size) == len(values):
        return chance
    return np.column_stack([np.bincount(group, column) / size for column in chance.T])[group]


class _Curve:
    """What ways of choosing bring, and how sure that is."""

    def __init__(self, setting: Setting, chances: list[dict[str, Floats]], moments: Moments, level: float) -> None:
        self._setting, self._chances, self._level = setting, chances, level
        self._names, self._mean, self._covariance = tuple(chances[0]), moments.mean, moments.covariance
        self._unsettled = doubt(setting)

    def points(self, budgets: tuple[Budget, ...], seed: int) -> tuple[PlanPoint, ...]:
        """Give all ways of choosing at each budget."""
        size = len(self._names)
        ladder = np.zeros((len(budgets) * (size - 1), len(budgets) * size))
        for place in range(len(ladder)):
            point, rival = divmod(place, size - 1)
            ladder[place, point * size], ladder[place, point * size + rival + 1] = 1.0, -1.0
        reach, wide = two_sided(self._level), together(ladder @ self._covariance @ ladder.T, self._level, seed)
        return tuple(self._point(place, budget, reach, wide) for place, budget in enumerate(budgets))

    def _point(self, place: int, budget: Budget, reach: float, wide: float) -> PlanPoint:
        size, chance = len(self._names), self._chances[place]
        here = slice(place * size, (place + 1) * size)
        mean, (errors, doubts) = (
            self._mean[here],
            widened_errors(self._names, self._covariance[here, here], self._unsettled),
        )
        values = tuple(
            _value(name, float(mean[at]), float(errors[at]), reach, _spent(chance[name], self._setting))
            for at, name in enumerate(self._names)
        )
        leads = tuple(
            _lead(name, float(mean[0] - mean[at]), float(doubts[at]), reach, wide)
            for at, name in enumerate(self._names)
            if name != PLAN
        )
        return PlanPoint(budget, values, leads)


def doubt(setting: Setting) -> float:
    """Say how far it is a matter of chance which arm is best for all: 0 settled, 1 a toss-up."""
    rows = setting.trial.rows
    whole = Sums.of(setting.log, np.zeros(rows, np.int64), 1, Grouping(np.zeros(rows, np.int64), ("all",)))
    told = learn(whole.over(np.array([0])), setting.trial.control)
    return unsettled(told, setting.costs, len(np.unique(setting.trial.folds)))


def widened_errors(names: tuple[str, ...], covariance: Floats, doubt: float) -> tuple[Floats, Floats]:
    """Give standard errors with what chance shared between folds may add, as the proof of policies adds it.

    What is learnt bears it: in full, whom the plan and a ranking by response choose, for that is never settled for all; as
    far as it is a toss-up, which arm is best. How customers stood before is not learnt. No variance is more than doubled.

    Args:
        names: Ways of choosing, the plan first, the lot among them.
        covariance: Of their values; shape (m, m).
        doubt: How far it is a toss-up which arm is best, 0 to 1.

    Returns:
        Errors of the values, and of how much more than each the plan brings; shapes (m,).

    >>> values, leads = widened_errors(("plan", "value", "lot"), np.eye(3), 0.0)
    >>> values.round(3).tolist(), leads.round(3).tolist()
    ([1.414, 1.0, 1.0], [0.0, 2.0, 2.0])
    """
    lot, variance = names.index(LOT), np.clip(np.diag(covariance), 0, None)
    apart = np.clip(variance + variance[lot] - 2 * covariance[lot], 0, None)
    learnt = np.where(np.isin(names, (PLAN, RESPONSE)), apart, 0.0)
    values = variance + np.minimum(variance, learnt + doubt * variance[lot])
    leads = np.clip(variance + variance[0] - 2 * covariance[0], 0, None)
    leads = leads + np.minimum(leads, np.where(np.arange(len(names)) > 0, learnt + learnt[0], 0.0))
    return np.sqrt(values), np.sqrt(leads)


def _spent(chance: Floats, setting: Setting) -> tuple[float, float]:
    """Give the share of customers contacted, and what that costs per customer."""
    return float(1 - chance[:, setting.trial.control].mean()), float(chance.mean(axis=0) @ setting.costs)


def _value(name: str, value: float, error: float, reach: float, spent: tuple[float, float]) -> PlanValue:
    return PlanValue(name, value, error, value - reach * error, value + reach * error, *spent)


def _lead(name: str, value: float, error: float, reach: float, wide: float) -> PlanLead:
    ends = (value - reach * error, value + reach * error, value - wide * error, value + wide * error)
    return PlanLead(name, value, error, *ends)


def stored(curve: PlanCurve) -> dict[str, Any]:
    """Give a curve as JSON keeps it, and as the report takes it."""
    told: dict[str, Any] = plain(curve)
    return told | {"columns": dict(curve.columns)}
