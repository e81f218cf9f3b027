"""What a log says of each arm, in the few numbers that a belief learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from smalti.errors import ModelError
from smalti.experiments.learning.amounts import AmountBelief
from smalti.experiments.learning.rates import RateBelief
from smalti.experiments.logged import Floats, Logged

BeliefT = TypeVar("BeliefT", RateBelief, AmountBelief)

SURPRISE = 0.05


@dataclass(frozen=True)
class ArmEvidence:
    """The outcomes of an arm, as if everybody had had it.

    Attributes:
        arm: Its name.
        decisions: How often it was done.
        count: How many decisions of equal weight know as much: `decisions` if its probability was always the same.
        mean: The mean outcome had all customers of the log had it; NaN where it was never done.
        variance: The variance of that outcome, with `count` as the divisor; NaN likewise.
    """

    arm: str
    decisions: int
    count: float
    mean: float
    variance: float


def evidence_of(log: Logged) -> tuple[ArmEvidence, ...]:
    """Sum up a log, arm by arm, each decision weighted by 1 / its probability.

    Where the probabilities hung on the customer, the plain mean of an arm is that of the customers who were likely to get
    it. The weighted mean is that of all; what the weighting loses is taken off the count: (sum w)^2 / sum w^2.

    Args:
        log: The decisions. They are taken for independent: where customers have several, take sums by customer first.

    Returns:
        One for each arm, in the order of the log's.

    Examples:
        >>> chances, clicks = np.array([0.5, 0.5, 0.25, 0.5]), np.array([0.0, 1.0, 0.0, 1.0])
        >>> evidence_of(Logged(("none", "mail"), np.array([0, 1, 1, 1]), chances, clicks))[1]
        ArmEvidence(arm='mail', decisions=3, count=2.6666666666666665, mean=0.5, variance=0.25)
    """
    arms = len(log.arms)
    weight = 1 / log.probability
    decisions = np.bincount(log.arm, minlength=arms)
    whole, squares = (np.bincount(log.arm, weight**power, arms) for power in (1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        count = np.where(decisions > 0, whole**2 / squares, 0.0)
        mean = np.bincount(log.arm, weight * log.outcome, arms) / whole
        apart = np.bincount(log.arm, weight * (log.outcome - mean[log.arm]) ** 2, arms) / whole
    return tuple(
        ArmEvidence(arm, int(decisions[place]), float(count[place]), float(mean[place]), float(apart[place]))
        for place, arm in enumerate(log.arms)
    )


@dataclass(frozen=True)
class Learnt:
    """What a belief became.

    Attributes:
        arm: Of which arm.
        before: What was believed.
        after: What is believed now.
        evidence: What was learnt from.
        surprise: How surprising that was: the chance of it or anything rarer under `before`; 1 without evidence.
    """

    arm: str
    before: RateBelief | AmountBelief
    after: RateBelief | AmountBelief
    evidence: ArmEvidence
    surprise: float

    @property
    def in_conflict(self) -> bool:
        """Whether what came contradicts what was believed."""
        return self.surprise < SURPRISE

    def __str__(self) -> str:
        low, high = self.after.interval()
        told = (
            f"{self.arm}: believed {self.before.mean:.4g}, measured {self.evidence.mean:.4g} in {self.evidence.decisions:,} "
            f"decisions; now {self.after.mean:.4g} (95 % interval {low:.4g} to {high:.4g})"
        )
        if self.in_conflict:
            told += ", which contradicts it"
        return told


def learn(beliefs: Sequence[BeliefT], log: Logged) -> tuple[Learnt, ...]:
    """Learn from a log, arm by arm.

    Args:
        beliefs: One for each arm of the log, in its order: of rates where outcomes are 0 or 1, or of amounts.
        log: The decisions since the beliefs were last updated.

    Raises:
        ModelError: There is not one belief for each arm, or an outcome is no 0 or 1 where a rate is believed.

    Examples:
        >>> log = Logged(("none", "mail"), np.tile([0, 1], 100), np.full(200, 0.5), np.tile([0.0, 1.0, 0.0, 0.0], 50))
        >>> mailed = learn([RateBelief(0.1, 20), RateBelief(0.1, 20)], log)[1]
        >>> print(mailed)
        mail: believed 0.1, measured 0.5 in 100 decisions; now 0.4333 (95 % interval 0.3463 to 0.5225), which contradicts it
        >>> round(mailed.surprise, 5)
        0.00028
    """
    if len(beliefs) != len(log.arms):
        raise ModelError(f"beliefs: expected one for each of {len(log.arms)} arms, got {len(beliefs)}")
    return tuple(_learnt(belief, one, log) for belief, one in zip(beliefs, evidence_of(log), strict=True))


def _learnt(before: BeliefT, found: ArmEvidence, log: Logged) -> Learnt:
    if found.decisions == 0:
        return Learnt(found.arm, before, before, found, 1.0)
    if isinstance(before, AmountBelief):
        after = before.updated(found.count, found.mean, found.variance)
        return Learnt(found.arm, before, after, found, before.conflict(found.count, found.mean))
    _only_rates(log.outcome)
    successes = min(found.mean, 1.0) * found.count
    learnt = before.updated(successes, found.count)
    return Learnt(found.arm, before, learnt, found, before.conflict(successes, found.count))


def _only_rates(outcome: Floats) -> None:
    right = (outcome == 0) | (outcome == 1)
    if not right.all():
        row = int(np.flatnonzero(~right)[0])
        raise ModelError(f"outcome: row {row}: expected 0 or 1 to learn a rate from, got {outcome[row]:g}")
