"""How good a ranking is, with intervals."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import norm

from smalti.errors import ModelError
from smalti.experiments.logged import Floats, Integers, Logged, mean_and_error
from smalti.experiments.ranking.curve import Ranked, UpliftCurve, rank, uplift_curve
from smalti.experiments.ranking.effect import best_arms, cost_matrix, effect_numbers
from smalti.experiments.ranking.measures import autoc_influence, autoc_weights, qini_influence

_STEPS = 20


@dataclass(frozen=True)
class Measure:
    """A measure and its interval, in the unit of the outcome per customer where nothing else is said.

    Attributes:
        value: The estimate.
        error: Its standard error, customers with several rows taken together.
        low: The lower end of the interval.
        high: The upper end.
        level: How often such intervals hold the truth.
    """

    value: float
    error: float
    low: float
    high: float
    level: float


@dataclass(frozen=True)
class Point:
    """A point of the uplift curve: customers down to one score treated.

    Attributes:
        share: How many are treated, as a share of all.
        gain: What that gains per customer of all, costs taken off; the interval takes the score as fixed beforehand.
        cost: What the treatments cost per customer of all.
    """

    share: float
    gain: Measure
    cost: float


@dataclass(frozen=True, eq=False)
class RankingQuality:
    """How well a score ranks customers by the effect on them.

    Attributes:
        customers: How many customers were ranked.
        curve: The uplift curve.
        points: The curve at every twentieth of customers, with intervals.
        auuc: The area under the curve: what treating by the score gains per customer, over all shares alike.
        qini: The area between the curve and the straight line of treating at random: 0 for a constant score.
        coefficient: `qini` over that of the best order there can be, between -1 and 1. The best order is that of the
            customers' own noisy numbers, which no model can know: small values are usual. Compare it between scores on one
            table, never between tables. Its error takes the best order as estimated as well.
        autoc: As Qini, with more weight on the very top.
        perfect: The Qini measure of the best order.
        influence: Each row's influence on `qini`, plus `qini`; shape (n,).
        customer: Whose each row is, as in the log.
    """

    customers: int
    curve: UpliftCurve
    points: tuple[Point, ...]
    auuc: Measure
    qini: Measure
    coefficient: Measure
    autoc: Measure
    perfect: float
    influence: Floats = field(repr=False)
    customer: Integers | None = field(repr=False)


def judge_ranking(
    log: Logged,
    score: Floats,
    arm: str,
    control: str,
    predicted: Floats | None = None,
    cost: Floats | None = None,
    level: float = 0.95,
) -> RankingQuality:
    """Judge a score by which customers would be given one arm, the others the control.

    Args:
        log: The log of an experiment on customers that the score was not learnt from.
        score: Higher is treated first; only its order counts; shape (n,).
        arm: The name of the arm.
        control: The name of the arm that it is held against.
        predicted: The outcome under each arm by fits that never saw the customer, shape (n, arms): narrows intervals.
        cost: What each arm costs in the unit of the outcome, of shape (arms,) or (n, arms).
        level: Of intervals.

    Raises:
        ModelError: There is no such arm, or shapes do not fit.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> arm, likes = rng.integers(0, 2, 2000), rng.random(2000)
        >>> log = Logged(("none", "mail"), arm, np.full(2000, 0.5), arm * likes + rng.normal(size=2000))
        >>> told = judge_ranking(log, likes, "mail", "none")
        >>> bool(told.qini.low < 1 / 12 < told.qini.high), judge_ranking(log, np.zeros(2000), "mail", "none").qini.value
        (True, 0.0)
    """
    wanted, held = log.place_of(arm), log.place_of(control)
    if wanted == held:
        raise ModelError(f"arm: expected another than the control, got {arm} for both")
    return _judge(log, score, np.full(log.rows, wanted), held, (predicted, cost), level)


def judge_best_arm(
    log: Logged,
    effects: Floats,
    control: str,
    predicted: Floats | None = None,
    cost: Floats | None = None,
    level: float = 0.95,
) -> RankingQuality:
    """Judge what is told of several arms at once: each customer's best arm, those first to whom it is told to do most.

    Args:
        log: As in `judge_ranking`.
        effects: What is told of each arm's effect before costs, out of fold, shape (n, arms).
        control: The name of the control.
        predicted: As in `judge_ranking`.
        cost: As in `judge_ranking`: it counts in the choice of the arm, in the order and in the gain.
        level: Of intervals.

    Raises:
        ModelError: There is no such control, or shapes do not fit.
    """
    held = log.place_of(control)
    best, score = best_arms(log, effects, held, cost)
    return _judge(log, score, best, held, (predicted, cost), level)


def qini_difference(one: RankingQuality, other: RankingQuality) -> Measure:
    """Give by how much the Qini measure of one ranking is above that of another, on the same rows, paired.

    Raises:
        ModelError: They are not of the same rows.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> log = Logged(("none", "mail"), rng.integers(0, 2, 100), np.full(100, 0.5), rng.normal(size=100))
        >>> same = judge_ranking(log, rng.normal(size=100), "mail", "none")
        >>> qini_difference(same, same).value
        0.0
    """
    if len(one.influence) != len(other.influence):
        raise ModelError(f"rankings: expected both of {len(one.influence):,} rows, got {len(other.influence):,}")
    return _measured(one.influence - other.influence, one.customer, one.qini.level)


def _judge(
    log: Logged,
    score: Floats,
    arms: Integers,
    control: int,
    given: tuple[Floats | None, Floats | None],
    level: float,
) -> RankingQuality:
    predicted, cost = given
    if not 0.0 < level < 1.0:
        raise ModelError(f"level: expected a number between 0 and 1, got {level}")
    effect = effect_numbers(log, arms, control, predicted, cost)
    curve, ranked = uplift_curve(score, effect), rank(score)
    of_qini = qini_influence(ranked, effect)
    qini = _measured(of_qini, log.customer, level, curve.above_random)
    best = rank(effect)
    perfect = uplift_curve(effect, effect).above_random
    autoc = float((autoc_weights(ranked) * effect).mean()) if len(ranked.score) > 1 else 0.0
    return RankingQuality(
        customers=log.customers,
        curve=curve,
        points=_points(log, ranked, effect, _costs(log, arms, control, cost), level),
        auuc=_measured(of_qini + effect / 2, log.customer, level, curve.area),
        qini=qini,
        coefficient=_ratio((qini.value, of_qini), (perfect, qini_influence(best, effect)), log.customer, level),
        autoc=_measured(autoc_influence(ranked, effect), log.customer, level, autoc),
        perfect=perfect,
        influence=of_qini,
        customer=log.customer,
    )


def _costs(log: Logged, arms: Integers, control: int, cost: Floats | None) -> Floats:
    if cost is None:
        return np.zeros(log.rows)
    costs = cost_matrix(log, cost)
    return np.asarray(costs[np.arange(log.rows), arms] - costs[:, control])


def _points(log: Logged, ranked: Ranked, effect: Floats, cost: Floats, level: float) -> tuple[Point, ...]:
    """Give the curve at every twentieth; of customers with the score at the margin, each is treated by the share wanted."""
    points = []
    for step in range(1, _STEPS + 1):
        places = step / _STEPS * log.rows
        treated = ranked.spread(np.clip((places - ranked.starts) / ranked.counts, 0.0, 1.0))
        points.append(
            Point(step / _STEPS, _measured(effect * treated, log.customer, level), float((cost * treated).mean()))
        )
    return tuple(points)


def _measured(influence: Floats, customer: Integers | None, level: float, value: float | None = None) -> Measure:
    mean, error = mean_and_error(influence, customer)
    value = mean if value is None else value
    reach = float(norm.ppf((1 + level) / 2)) * error
    return Measure(value, error, value - reach, value + reach, level)


def _ratio(
    above: tuple[float, Floats], below: tuple[float, Floats], customer: Integers | None, level: float
) -> Measure:
    """Measure a ratio of two measures, both of them estimates, by their influence (delta method); 0 where below is 0."""
    if below[0] <= 0.0:
        return Measure(0.0, 0.0, 0.0, 0.0, level)
    value = above[0] / below[0]
    return _measured((above[1] - value * below[1]) / below[0], customer, level, value)
