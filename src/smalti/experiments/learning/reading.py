"""What came of a trial of policies: what each was worth per customer, and which was worth more."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from smalti.errors import ModelError
from smalti.experiments.learning.trial import Decided
from smalti.experiments.logged import Floats, Integers
from smalti.experiments.policies import Interval, interval_of
from smalti.experiments.readout import AlwaysValid, always_valid


@dataclass(frozen=True)
class TriedPolicy:
    """What a policy was worth to the customers who belonged to it.

    Attributes:
        name: Its name.
        decisions: How many decisions there were.
        worth: Per decision, after costs; NaN where there were none.
    """

    name: str
    decisions: int
    worth: Interval


@dataclass(frozen=True)
class PolicyGap:
    """By how much one policy was worth more than another, each to its own customers.

    Attributes:
        policy: The first.
        against: The second.
        gap: The first less the second, per decision, after costs.
        always: The interval that stays right for who looks every day; None where the trial's size was not stated.
    """

    policy: str
    against: str
    gap: Interval
    always: AlwaysValid | None = None


@dataclass(frozen=True)
class PolicyReadout:
    """What came of a trial of policies.

    Attributes:
        tried: Each policy, in the trial's order.
        gaps: Each pair, the later against the earlier.
    """

    tried: tuple[TriedPolicy, ...]
    gaps: tuple[PolicyGap, ...]

    def gap(self, policy: str, against: str) -> PolicyGap:
        """Give the gap between two policies, the later against the earlier.

        Raises:
            ModelError: There is no such pair.
        """
        for one in self.gaps:
            if (one.policy, one.against) == (policy, against):
                return one
        pairs = ", ".join(f"{one.policy} against {one.against}" for one in self.gaps)
        raise ModelError(f"gap: found '{policy}' against '{against}', wanted one of {pairs}")


def read_policies(
    decided: Decided,
    outcome: Floats,
    cost: Floats | None = None,
    customer: Integers | None = None,
    tuned_for: int | None = None,
    level: float = 0.95,
) -> PolicyReadout:
    """Read out a trial of policies, by who belonged to which.

    It asks only who belonged where, so it holds whatever the policies did. `policies.difference` on the log of the same
    decisions is sharper: there every decision speaks for every policy that could have taken it, and the floor's exceptions
    are taken out of what a policy is worth.

    Args:
        decided: The decisions, m rows.
        outcome: What came of each, shape (m,).
        cost: What each treatment costs, shape (K,), or (m,) what each decision did.
        customer: The place of each one's customer, where there are decisions of several occasions.
        tuned_for: How many customers the trial is planned for, both policies of a pair together, stated beforehand; gives the
            always-valid intervals.
        level: How often an interval is to hold the truth.

    Raises:
        ModelError: The shapes do not fit, or an outcome or a cost is not a finite number.

    Examples:
        >>> policy, treatment = np.tile([0, 1], 50), np.tile([0, 1], 50)
        >>> sure = np.ones(100)
        >>> decided = Decided(("hold-out", "generic"), ("none", "mail"), np.arange(100), policy, treatment, sure, sure / 2)
        >>> found = read_policies(decided, np.tile([1.0, 3.0], 50), cost=np.array([0.0, 0.5]))
        >>> found.gap("generic", "hold-out").gap.value
        1.5
    """
    net = _net(decided, outcome, cost)
    tried = tuple(_tried(decided, net, customer, place, level) for place in range(len(decided.policies)))
    gaps = [
        _gap(decided, net, customer, pair, (tuned_for, level)) for pair in combinations(range(len(decided.policies)), 2)
    ]
    return PolicyReadout(tried, tuple(one for one in gaps if one is not None))


def _net(decided: Decided, outcome: Floats, cost: Floats | None) -> Floats:
    rows = len(decided.policy)
    if outcome.shape != (rows,):
        raise ModelError(f"outcome: expected one for each of {rows} decisions, got shape {outcome.shape}")
    for name, given in (("outcome", outcome), ("cost", cost)):
        if given is not None and not np.isfinite(given).all():
            raise ModelError(f"{name}: expected finite numbers, got {given[~np.isfinite(given)][0]}")
    if cost is None:
        return outcome
    if cost.shape == (len(decided.treatments),):
        return outcome - cost[decided.treatment]
    if cost.shape == (rows,):
        return outcome - cost
    raise ModelError(f"cost: expected one for each treatment or for each decision, got shape {cost.shape}")


def _of(customer: Integers | None, rows: Integers) -> Integers | None:
    return None if customer is None else customer[rows]


def _tried(decided: Decided, net: Floats, customer: Integers | None, place: int, level: float) -> TriedPolicy:
    rows = np.flatnonzero(decided.policy == place)
    return TriedPolicy(decided.policies[place], len(rows), interval_of(net[rows], _of(customer, rows), level))


def _gap(
    decided: Decided, net: Floats, customer: Integers | None, pair: tuple[int, int], asked: tuple[int | None, float]
) -> PolicyGap | None:
    against, policy = pair
    rows = np.flatnonzero((decided.policy == against) | (decided.policy == policy))
    first = decided.policy[rows] == policy
    share = float(first.mean()) if len(rows) else 0.0
    if share in (0.0, 1.0):
        return None
    own = net[rows]
    centre = np.where(first, own[first].mean(), own[~first].mean())
    scale = np.where(first, 1 / share, -1 / (1 - share))
    value = float(own[first].mean() - own[~first].mean())
    customers = _of(customer, rows)
    tuned_for, level = asked
    gap = interval_of(value + scale * (own - centre), customers, level)
    always = None
    if tuned_for is not None:
        count = len(rows) if customers is None else len(np.unique(customers))
        always = always_valid(gap.value, gap.error, count, tuned_for, level)
    return PolicyGap(decided.policies[policy], decided.policies[against], gap, always)
