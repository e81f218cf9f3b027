"""How much a log knows about a policy that did not make it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.experiments.logged import Floats, Logged, mean_and_error
from smalti.experiments.policies.policy import Policy

LEAST_EFFECTIVE = 100
LARGEST_SHARE = 0.05
FARTHEST_MEAN = 4.0
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Overlap:
    """How the weights of decisions lie: weight = chance under the policy / chance when it was logged.

    Attributes:
        decisions: How many decisions the log holds.
        effective: How many decisions of equal weight would know as much: (sum w)^2 / sum w^2 (Kish 1965).
        largest_weight: The largest weight.
        largest_share: The largest weight's share of all weight.
        matched: The share of decisions that the policy could have taken as they were.
        mean_weight: Their mean; 1 in expectation if the logged probabilities are right and every arm had a chance.
        mean_error: The standard error of that mean.
        unseen: Arms that the policy wants and the log never shows, with the share of decisions it wants them for.
    """

    decisions: int
    effective: float
    largest_weight: float
    largest_share: float
    matched: float
    mean_weight: float
    mean_error: float
    unseen: tuple[tuple[str, float], ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the log a poor witness, in sentences; none when there is nothing to say.

        Examples:
            >>> Overlap(1000, 40.0, 90.0, 0.4, 0.1, 1.01, 0.2).warnings[0]
            'the log knows as much about this policy as 40 decisions of equal weight would'
        """
        told = [
            f"the policy wants '{arm}' in {share:.1%} of decisions, and the log never shows it".replace("%", " %")
            for arm, share in self.unseen
        ]
        if self.effective < LEAST_EFFECTIVE:
            told.append(
                f"the log knows as much about this policy as {self.effective:.0f} decisions of equal weight would"
            )
        if self.largest_share > LARGEST_SHARE:
            told.append(f"a single decision carries {self.largest_share:.0%} of all weight".replace("%", " %"))
        if abs(self.mean_weight - 1) > FARTHEST_MEAN * self.mean_error + _ROUNDING:
            told.append(
                f"the mean weight is {self.mean_weight:.3f} and should be 1: the logged probabilities are not those of the "
                "draw, or what the policy wants had no chance in some decisions"
            )
        return tuple(told)


def overlap_of(log: Logged, policy: Policy, weight: Floats) -> Overlap:
    """Measure how much a log knows about a policy.

    Args:
        log: The decisions.
        policy: Places (n,) or probabilities (n, K).
        weight: Chance under the policy / chance when it was logged, shape (n,).

    Examples:
        >>> log = Logged(("none", "mail"), np.array([0, 1, 1, 0]), np.full(4, 0.5), np.arange(4.0))
        >>> found = overlap_of(log, np.ones(4, dtype=np.int64), np.array([0.0, 2.0, 2.0, 0.0]))
        >>> found.effective, found.matched, found.mean_weight
        (2.0, 0.5, 1.0)
    """
    total, squares = float(weight.sum()), float((weight**2).sum())
    mean, error = mean_and_error(weight, log.customer)
    largest = float(weight.max(initial=0.0))
    return Overlap(
        decisions=log.rows,
        effective=total**2 / squares if squares > 0 else 0.0,
        largest_weight=largest,
        largest_share=largest / total if total > 0 else 0.0,
        matched=float((weight > 0).mean()) if log.rows else 0.0,
        mean_weight=mean,
        mean_error=error,
        unseen=_unseen(log, policy),
    )


def _unseen(log: Logged, policy: Policy) -> tuple[tuple[str, float], ...]:
    arms = len(log.arms)
    seen = np.bincount(log.arm, minlength=arms) > 0
    wanted = np.bincount(policy, minlength=arms) / max(log.rows, 1) if policy.ndim == 1 else policy.mean(axis=0)
    return tuple(
        (log.arms[place], float(wanted[place])) for place in range(arms) if wanted[place] > 0 and not seen[place]
    )
