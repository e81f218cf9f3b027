"""Standard errors of what was learnt on the very folds that judge each other.

Each fold's policy is learnt from folds that are themselves judged by policies learnt from it. What is chance in one fold so
returns in the others: where there is nothing to learn, the product of the chances of two folds is counted twice, once in each,
and the sum varies with twice the variance that rows alone show (what this does to tests where there is no effect: Wager 2024,
arXiv 2405.05534). A policy that would be chosen again whatever the chance does not suffer from it. So variance is added in
proportion to what may have been chosen by chance:

- that one arm is best for all: as far as it is not settled, `unsettled`, 0 to 1;
- what segments add to generic, and persons to segments: in full, since whom they choose is never settled for all.

A lead over several steps bears what its steps bear, and no variance is more than doubled.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import norm

from smalti.experiments.logged import Floats
from smalti.experiments.proof.learning import Learnt
from smalti.experiments.proof.values import GENERIC, INDIVIDUAL, NOTHING, SEGMENT


def unsettled(learnt: Learnt, cost: Floats, folds: int) -> float:
    """Say how far it is a matter of chance which arm is best for all: 0 settled, 1 a toss-up.

    Args:
        learnt: What all rows teach.
        cost: What each arm costs on average; shape (K,).
        folds: How many folds there are; each is taught by one fewer.

    Returns:
        Twice the chance that another arm is better than the one that seems best, at most 1.

    Examples:
        >>> arms = np.array([0.0, 1.0, 1.0])
        >>> unsettled(Learnt(arms, arms[None], np.full(3, 0.01), 0.5), np.zeros(3), 5)
        1.0
        >>> unsettled(Learnt(arms, arms[None], np.full(3, 0.01), 0.5), np.array([0.0, 0.0, 1.5]), 5) < 1e-6
        True
    """
    value = learnt.generic - cost
    best = int(value.argmax())
    spread = np.sqrt((learnt.noise + learnt.noise[best]) * folds / max(folds - 1, 1))
    others = np.arange(len(value)) != best
    chance = norm.cdf(-(value[best] - value[others]) / np.maximum(spread[others], 1e-300))
    return float(min(1.0, 2 * chance.sum()))


def widened(policies: Sequence[str], leads: Sequence[tuple[int, int]], variance: Floats, doubt: float) -> Floats:
    """Add to each variance what chance shared between folds may add.

    Args:
        policies: The ladder, then segmentations.
        leads: Which is held against which, as places in `policies`.
        variance: Of the policies, then of the leads, as rows alone show it.
        doubt: As `unsettled` gives it.

    Returns:
        Variances in the same order.
    """
    places = {(policies[high], policies[low]): len(policies) + place for place, (high, low) in enumerate(leads)}

    def step(high: str, low: str) -> float:
        return float(variance[places[high, low]]) if (high, low) in places else float("inf")

    def borne(policy: str, since: str) -> float:
        """What a policy bears beyond a simpler one, step by step."""
        if policy in (since, NOTHING):
            return 0.0
        if policy == GENERIC:
            alone = step(GENERIC, NOTHING) if NOTHING in policies else float(variance[policies.index(GENERIC)])
            return doubt * alone
        lower = SEGMENT if policy == INDIVIDUAL and SEGMENT in policies else GENERIC
        return step(policy, lower) + (borne(lower, since) if lower != since else 0.0)

    added = [borne(one, "") for one in policies]
    added += [borne(policies[high], policies[low]) for high, low in leads]
    wide: Floats = variance + np.minimum(np.array(added), variance)
    return wide
