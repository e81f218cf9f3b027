"""What a policy would have been worth, from decisions that another one made; and which of two is worth more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.errors import ModelError
from smalti.experiments.logged import Floats, Logged
from smalti.experiments.policies.estimators import (
    TRUSTS_PREDICTIONS,
    WITH_THRESHOLD,
    WITHOUT_PREDICTIONS,
    Estimator,
    Evidence,
    check_estimator,
    chosen_threshold,
    influence_of,
)
from smalti.experiments.policies.intervals import Interval, interval_of
from smalti.experiments.policies.overlap import Overlap, overlap_of
from smalti.experiments.policies.policy import Policy, check_policy, expected_under
from smalti.experiments.policies.scores import check_predicted

_ALIKE = "everything that speaks for the policy came out alike: the interval knows nothing of chance"
_BENT = "the predictions are wrong by more than chance: without trust in them the value lies within {:.4g} to {:.4g}"


@dataclass(frozen=True)
class PolicyValue:
    """The value of a policy per decision, after what it costs.

    Attributes:
        estimator: By which estimator.
        value: Per decision, in the unit of the outcome, after costs.
        error: Its standard error, decisions about one customer taken together.
        low: The lower end of its interval.
        high: The upper end.
        level: How often such intervals hold the truth.
        cost: What the policy costs per decision, already taken off `value`.
        decisions: How many decisions there were.
        overlap: How much the log knows about the policy.
        threshold: Of `switch` and `dros`, stated or chosen; None for others.
        warnings: What makes the number less sure than its interval says, in sentences.
    """

    estimator: Estimator
    value: float
    error: float
    low: float
    high: float
    level: float
    cost: float
    decisions: int
    overlap: Overlap
    threshold: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def ess(self) -> float:
        """How many decisions of equal weight would know as much: the effective sample size."""
        return self.overlap.effective

    @property
    def largest_weight(self) -> float:
        """The largest weight of a decision."""
        return self.overlap.largest_weight

    @property
    def total(self) -> float:
        """What the policy would have brought over all the decisions, after costs."""
        return self.value * self.decisions

    @property
    def total_interval(self) -> tuple[float, float]:
        """The interval of the total."""
        return self.low * self.decisions, self.high * self.decisions

    def __str__(self) -> str:
        return f"{_told(self)}, by {self.estimator} from {self.decisions:,} decisions, worth {self.ess:,.0f} of equal weight"


@dataclass(frozen=True)
class PolicyDifference:
    """By how much one policy is worth more than another per decision, both judged on the same decisions.

    Attributes:
        estimator: By which estimator.
        value: The first less the second, per decision, after costs.
        error: Its standard error: that of the difference, decision by decision, not of two numbers apart.
        low: The lower end of its interval.
        high: The upper end.
        level: How often such intervals hold the truth.
        decisions: How many decisions there were.
        alike: The share of decisions in which both do the same.
        warnings: What makes the number less sure than its interval says, in sentences.
    """

    estimator: Estimator
    value: float
    error: float
    low: float
    high: float
    level: float
    decisions: int
    alike: float
    warnings: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """What the first would have brought more over all the decisions."""
        return self.value * self.decisions

    @property
    def total_interval(self) -> tuple[float, float]:
        """The interval of the total."""
        return self.low * self.decisions, self.high * self.decisions

    @property
    def better(self) -> bool:
        """Whether the first is worth more, beyond chance."""
        return self.low > 0

    @property
    def worse(self) -> bool:
        """Whether the first is worth less, beyond chance."""
        return self.high < 0

    def __str__(self) -> str:
        return f"{_told(self)}, by {self.estimator} from {self.decisions:,} decisions"


def _told(found: PolicyValue | PolicyDifference) -> str:
    between = f"{found.low:.4g} to {found.high:.4g}"
    return f"{found.value:.4g} per decision ({100 * found.level:g} % interval {between})"


def value_of(
    log: Logged,
    policy: Policy,
    estimator: Estimator = "dr",
    predicted: Floats | None = None,
    cost: Floats | None = None,
    threshold: float | None = None,
    level: float = 0.95,
) -> PolicyValue:
    """Say what a policy would have been worth per decision, from decisions drawn with known probabilities.

    Args:
        log: The decisions as they were made, n rows and K arms.
        policy: For each decision the place of the arm it would do, shape (n,); or its probabilities, shape (n, K). It must
            not have been learnt from the outcomes it is judged on: learn it out of fold.
        estimator: One of `ESTIMATORS`; see there for what each relies on.
        predicted: The outcome predicted under each arm, not learnt from the row itself, shape (n, K); `ipw` and `snipw`
            need none.
        cost: What each arm costs, in the unit of the outcome; shape (K,), or (n, K) where it differs by decision.
        threshold: Of `switch` and `dros`; None lets the log choose, see `chosen_threshold`.
        level: How often the interval is to hold the truth.

    Returns:
        The value with its interval: that of the mean of the influence function, by customers, stretched for skewness. `dm`,
        `switch` and `dros` lean on the predictions, and nothing in their own spread tells how wrong those are: their intervals
        are stretched to hold that of `dr`.

    Raises:
        ModelError: The log is empty, or shows nothing of what the policy would do; or the policy, predictions, costs,
            estimator, threshold or level are not as said above.

    Examples:
        >>> log = Logged(("none", "mail"), np.array([0, 1, 1, 0]), np.full(4, 0.5), np.array([0.0, 2.0, 4.0, 1.0]))
        >>> mailed = value_of(log, np.ones(4, dtype=np.int64), "snipw", cost=np.array([0.0, 0.5]))
        >>> mailed.value, mailed.cost, mailed.ess, mailed.total
        (2.5, 0.5, 2.0, 10.0)
    """
    reckoned = _reckon(log, policy, _Wanted(estimator, predicted, cost, threshold))
    found, warnings = _judged(log, reckoned.net, reckoned.unbent, level)
    return PolicyValue(
        estimator=estimator,
        value=found.value,
        error=found.error,
        low=found.low,
        high=found.high,
        level=level,
        cost=float(reckoned.cost.mean()),
        decisions=log.rows,
        overlap=reckoned.overlap,
        threshold=reckoned.threshold,
        warnings=(*reckoned.overlap.warnings, *warnings, *(() if found.low < found.high else (_ALIKE,))),
    )


def difference(
    log: Logged,
    policy: Policy,
    other: Policy,
    estimator: Estimator = "dr",
    predicted: Floats | None = None,
    cost: Floats | None = None,
    threshold: float | None = None,
    level: float = 0.95,
) -> PolicyDifference:
    """Say by how much one policy would have been worth more than another, on the same decisions.

    Where both do the same, what came of it cancels out: two policies that differ in few decisions are told apart far more
    sharply than their two intervals would say.

    Args:
        log: The decisions as they were made.
        policy: The first policy, as in `value_of`.
        other: The second.
        estimator: As in `value_of`, for both.
        predicted: As there.
        cost: As there.
        threshold: As there; chosen for each policy apart where None.
        level: As there.

    Returns:
        The first less the second.

    Raises:
        ModelError: As in `value_of`.

    Examples:
        >>> log = Logged(("none", "mail"), np.array([0, 1, 1, 0]), np.full(4, 0.5), np.array([0.0, 2.0, 4.0, 1.0]))
        >>> found = difference(log, np.ones(4, dtype=np.int64), np.array([0, 1, 1, 1]), "ipw")
        >>> found.value, found.alike
        (0.0, 0.75)
    """
    wanted = _Wanted(estimator, predicted, cost, threshold)
    first, second = _reckon(log, policy, wanted), _reckon(log, other, wanted, "other")
    unbent = None if first.unbent is None or second.unbent is None else first.unbent - second.unbent
    found, warnings = _judged(log, first.net - second.net, unbent, level)
    return PolicyDifference(
        estimator=estimator,
        value=found.value,
        error=found.error,
        low=found.low,
        high=found.high,
        level=level,
        decisions=log.rows,
        alike=_alike(policy, other),
        warnings=tuple(dict.fromkeys((*first.overlap.warnings, *second.overlap.warnings, *warnings))),
    )


@dataclass(frozen=True, eq=False)
class _Wanted:
    estimator: Estimator
    predicted: Floats | None
    cost: Floats | None
    threshold: float | None


@dataclass(frozen=True, eq=False)
class _Reckoned:
    """The decisions as an estimator sees them: `net` of costs, and `unbent` by predictions where it trusts them."""

    net: Floats
    unbent: Floats | None
    cost: Floats
    overlap: Overlap
    threshold: float | None


def _reckon(log: Logged, policy: Policy, wanted: _Wanted, name: str = "policy") -> _Reckoned:
    estimator, threshold = wanted.estimator, wanted.threshold
    if log.rows == 0:
        raise ModelError("log: expected decisions, got none")
    check_estimator(estimator, wanted.predicted, threshold)
    check_policy(log, policy, name)
    predicted = None if estimator in WITHOUT_PREDICTIONS else wanted.predicted
    if predicted is not None:
        check_predicted(log, predicted)
    evidence = Evidence.of(log, policy, predicted)
    if estimator != "dm" and not evidence.weight.any():
        raise ModelError(f"{name}: the log never shows what it would do, so that nothing is known of what it is worth")
    if estimator in WITH_THRESHOLD and threshold is None:
        threshold = chosen_threshold(evidence, estimator)
    cost = _costs(log, policy, wanted.cost)
    return _Reckoned(
        net=influence_of(evidence, estimator, threshold) - cost,
        unbent=influence_of(evidence, "dr") - cost if estimator in TRUSTS_PREDICTIONS else None,
        cost=cost,
        overlap=overlap_of(log, policy, evidence.weight),
        threshold=threshold,
    )


def _judged(log: Logged, net: Floats, unbent: Floats | None, level: float) -> tuple[Interval, tuple[str, ...]]:
    found = interval_of(net, log.customer, level)
    if unbent is None:
        return found, ()
    sure = interval_of(unbent, log.customer, level)
    told = () if sure.low <= found.value <= sure.high else (_BENT.format(sure.low, sure.high),)
    return found.holding(sure), told


def _costs(log: Logged, policy: Policy, cost: Floats | None) -> Floats:
    if cost is None:
        return np.zeros(log.rows)
    arms = len(log.arms)
    if cost.shape not in ((arms,), (log.rows, arms)):
        raise ModelError(f"cost: expected one for each of {arms} arms, or ({log.rows}, {arms}), got shape {cost.shape}")
    if not np.isfinite(cost).all():
        raise ModelError("cost: expected finite numbers")
    return expected_under(policy, cost)


def _alike(policy: Policy, other: Policy) -> float:
    if policy.ndim == other.ndim == 1:
        return float((policy == other).mean())
    arms = policy.shape[1] if policy.ndim == 2 else other.shape[1]
    apart = np.abs(_matrix(policy, arms) - _matrix(other, arms)).sum(axis=1) / 2
    return float(1 - apart.mean())


def _matrix(policy: Policy, arms: int) -> Floats:
    if policy.ndim == 1:
        return np.eye(arms)[policy.astype(np.int64, copy=False)]
    return policy.astype(np.float64, copy=False)
