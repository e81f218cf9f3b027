"""What each decision of a log says about the value of a policy: seven estimators, one row of numbers each.

Every estimator gives its influence function plus its estimate: an array whose mean is the estimate, and whose spread is
that of the estimate. So an interval, a difference of two policies and any grouping of rows need no more than means.

With `w = policy(arm) / probability`, `q` the outcome that was predicted and `d` the predicted outcome under the policy:

| estimator | estimate | unbiased when |
|---|---|---|
| `ipw` | mean(w y) | the probabilities are right |
| `snipw` | mean(w y) / mean(w) | the same, in large logs |
| `dm` | mean(d) | the predictions are right |
| `dr` | mean(d + w (y - q)) | either is right |
| `sndr` | mean(d) + mean(w (y - q)) / mean(w) | either, in large logs |
| `switch` | as `dr`, without the correction where w > threshold | predictions are right where w is large |
| `dros` | as `dr`, w shrunk to threshold w / (w^2 + threshold) | predictions are right where w is large |

Sources: Horvitz & Thompson 1952; Swaminathan & Joachims 2015 (self-normalised); Dudik, Langford & Li 2011 (doubly robust);
Wang, Agarwal & Dudik 2017 (SWITCH); Su, Dimakopoulou, Krishnamurthy & Dudik 2020 (optimistic shrinkage); Su, Srinath &
Krishnamurthy 2020 (the choice of a threshold, SLOPE).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from smalti.errors import ModelError, nearest
from smalti.experiments.logged import Floats, Integers, Logged, mean_and_error
from smalti.experiments.policies.policy import Policy, chance_of_done, expected_under

Estimator: TypeAlias = Literal["ipw", "snipw", "dm", "dr", "sndr", "switch", "dros"]
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)

WITHOUT_PREDICTIONS = ("ipw", "snipw")
WITH_THRESHOLD = ("switch", "dros")
TRUSTS_PREDICTIONS = ("dm", "switch", "dros")

_SHARES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What an estimator needs of each decision.

    Attributes:
        weight: How many times as likely the policy does what was done as the log was, shape (n,).
        outcome: What came of it, shape (n,).
        direct: The predicted outcome under the policy, shape (n,); zeros without predictions.
        residual: The outcome less what was predicted of the arm that was done, shape (n,).
        customer: As in `Logged`.
    """

    weight: Floats
    outcome: Floats
    direct: Floats
    residual: Floats
    customer: Integers | None

    @classmethod
    def of(cls, log: Logged, policy: Policy, predicted: Floats | None) -> Evidence:
        """Lay a policy beside a log; all arguments already checked."""
        weight = chance_of_done(log, policy) / log.probability
        if predicted is None:
            return cls(weight, log.outcome, np.zeros(log.rows), log.outcome, log.customer)
        done = np.take_along_axis(predicted, log.arm[:, None], axis=1)[:, 0]
        return cls(weight, log.outcome, expected_under(policy, predicted), log.outcome - done, log.customer)


def influence_of(evidence: Evidence, estimator: Estimator, threshold: float | None = None) -> Floats:
    """Give what each decision says: an array whose mean is the estimate and whose spread is its spread.

    Args:
        evidence: The decisions.
        estimator: One of `ESTIMATORS`.
        threshold: For `switch` the largest weight that is corrected by, for `dros` how much is shrunk (the larger the less).

    Returns:
        Shape (n,).

    Raises:
        ModelError: The policy never does what was done, so that there is nothing to divide by.

    Examples:
        >>> log = Logged(("none", "mail"), np.array([0, 1, 1, 0]), np.full(4, 0.5), np.array([0.0, 2.0, 4.0, 1.0]))
        >>> mailed = Evidence.of(log, np.ones(4, dtype=np.int64), None)
        >>> influence_of(mailed, "ipw").tolist(), influence_of(mailed, "snipw").tolist()
        ([0.0, 4.0, 8.0, 0.0], [3.0, 1.0, 5.0, 3.0])
    """
    if estimator == "dm":
        return evidence.direct
    if estimator in ("snipw", "sndr"):
        return evidence.direct + _self_normalised(evidence.weight, evidence.residual)
    weight = evidence.weight
    if estimator in WITH_THRESHOLD:
        weight = tamed(weight, estimator, float("inf") if threshold is None else threshold)
    return evidence.direct + weight * evidence.residual


def _self_normalised(weight: Floats, residual: Floats) -> Floats:
    total = weight.mean()
    if not total > 0:
        raise ModelError(
            "policy: no decision of the log is one that the policy would take, so there is no weight to share"
        )
    centre = (weight * residual).mean() / total
    return np.asarray(centre + weight * (residual - centre) / total)


def tamed(weight: Floats, estimator: Estimator, threshold: float) -> Floats:
    """Give weights with the large ones cut off (`switch`) or shrunk (`dros`).

    Examples:
        >>> tamed(np.array([0.5, 4.0]), "switch", 2.0).tolist(), tamed(np.array([1.0, 3.0]), "dros", 3.0).tolist()
        ([0.5, 0.0], [0.75, 0.75])
    """
    if estimator == "switch":
        return np.where(weight <= threshold, weight, 0.0)
    if np.isinf(threshold):
        return weight
    return np.divide(threshold * weight, weight**2 + threshold, out=np.zeros_like(weight), where=weight > 0)


def chosen_threshold(evidence: Evidence, estimator: Estimator) -> float:
    """Choose how far weights may go, by SLOPE.

    From the largest weight downwards the variance falls and the bias grows. The lowest threshold is taken whose interval of
    two standard errors still meets those of all higher ones; the first that does not shows a bias larger than noise.

    Args:
        evidence: The decisions.
        estimator: `switch` or `dros`.

    Returns:
        A threshold; infinite where nothing needs taming.

    Examples:
        >>> even = Evidence(np.ones(4), np.arange(4.0), np.zeros(4), np.arange(4.0), None)
        >>> chosen_threshold(even, "switch")
        inf
    """
    found, low, high = float("inf"), -np.inf, np.inf
    for threshold in _candidates(evidence.weight, estimator):
        value, error = mean_and_error(influence_of(evidence, estimator, threshold), evidence.customer)
        low, high = max(low, value - 2 * error), min(high, value + 2 * error)
        if not low <= high:
            break
        found = threshold
    return found


def _candidates(weight: Floats, estimator: Estimator) -> list[float]:
    some = weight[weight > 0]
    cuts = np.unique(np.quantile(some, _SHARES, method="inverted_cdf")) if len(some) else np.empty(0)
    if len(cuts) < 2:
        return [float("inf")]
    border = cuts[:-1] if estimator == "switch" else 10.0 * cuts**2
    return [float("inf"), *border[::-1].tolist()]


def check_estimator(estimator: str, predicted: Floats | None, threshold: float | None) -> None:
    """Refuse an estimator that is not there, or that lacks what it needs.

    Raises:
        ModelError: The name is unknown, predictions are missing, or the threshold is not above 0 or not for this estimator.

    Examples:
        >>> check_estimator("dr", None, None)
        Traceback (most recent call last):
        smalti.errors.ModelError: predicted: 'dr' needs the predicted outcome under each arm; without it take ipw or snipw
    """
    if estimator not in ESTIMATORS:
        near = nearest(estimator, ESTIMATORS)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ModelError(f"estimator: found '{estimator}', wanted one of {', '.join(ESTIMATORS)}{hint}")
    if predicted is None and estimator not in WITHOUT_PREDICTIONS:
        without = " or ".join(WITHOUT_PREDICTIONS)
        raise ModelError(
            f"predicted: '{estimator}' needs the predicted outcome under each arm; without it take {without}"
        )
    if threshold is None:
        return
    if estimator not in WITH_THRESHOLD:
        raise ModelError(f"threshold: only {' and '.join(WITH_THRESHOLD)} have one, got {threshold} for '{estimator}'")
    if not threshold > 0:
        raise ModelError(f"threshold: expected a number above 0, got {threshold}")
