"""Policies tried against each other, live: each customer belongs to one, and what it wants is done to her, nearly always."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from smalti.errors import ModelError, nearest
from smalti.experiments.assignment import Arm, CustomerIds, Experiment, as_text, assign, bucket
from smalti.experiments.learning.exploring import drawn, with_floor
from smalti.experiments.logged import Floats, Integers, Logged
from smalti.experiments.policies import Policy

HOLD_OUT = "hold-out"
POLICIES = (HOLD_OUT, "generic", "segment", "individual")


@dataclass(frozen=True)
class PolicyTrial:
    """A trial of policies as a value.

    Attributes:
        experiment: Who belongs to which policy, by salted hash: its arms are the policies, its control the hold-out.
        treatments: What can be done to a customer; two or more.
        untouched: What is done to the hold-out, one of the treatments; by default the first.
        floor: The least probability of every treatment outside the hold-out.

    Raises:
        ModelError: Treatments or floor are not as said above.
    """

    experiment: Experiment
    treatments: tuple[str, ...]
    untouched: str = ""
    floor: float = 0.02

    def __post_init__(self) -> None:
        named = self.treatments
        if len(named) < 2 or len(set(named)) < len(named):
            raise ModelError(f"treatments: expected two or more different names, got {', '.join(named) or 'none'}")
        object.__setattr__(self, "untouched", self.untouched or named[0])
        if self.untouched not in named:
            near = nearest(self.untouched, named)
            hint = f"; did you mean '{near}'?" if near else ""
            raise ModelError(f"untouched: found '{self.untouched}', wanted one of {', '.join(named)}{hint}")
        with_floor(np.full(len(named), 1 / len(named)), self.floor)

    @property
    def policies(self) -> tuple[str, ...]:
        """The names of the policies, the hold-out among them."""
        return self.experiment.arm_names


def policy_trial(
    name: str,
    treatments: tuple[str, ...],
    weights: Mapping[str, float] | None = None,
    floor: float = 0.02,
) -> PolicyTrial:
    """Set up the trial of one mail for all against segments against one-to-one.

    Args:
        name: What it is called; also what its draws are salted with.
        treatments: What can be done to a customer, the first being nothing.
        weights: The share of each policy, the first being the hold-out; by default a tenth is held out and `generic`,
            `segment` and `individual` get three tenths each.
        floor: The least probability of every treatment.

    Examples:
        >>> policy_trial("spring", ("none", "mail", "letter")).experiment.arm_names
        ('hold-out', 'generic', 'segment', 'individual')
    """
    shares = dict(zip(POLICIES, (1.0, 3.0, 3.0, 3.0), strict=True)) if weights is None else weights
    arms = tuple(Arm(policy, weight) for policy, weight in shares.items())
    return PolicyTrial(Experiment(name, arms), treatments, floor=floor)


@dataclass(frozen=True, eq=False)
class Decided:
    """What was decided for the customers of a trial on one occasion; m of the n who were asked about are in it.

    Attributes:
        policies: The names of the policies.
        treatments: The names of the treatments.
        rows: The places of the customers among those asked about; shape (m,).
        policy: The place of the policy each belongs to; shape (m,).
        treatment: The place of what is to be done to her; shape (m,).
        within: The chance that her policy would do just this; 1 in the hold-out; shape (m,).
        probability: The chance that just this would be done, before it was drawn which policy she belongs to. It is this
            one that belongs in the log: any decision then speaks for every policy; shape (m,).
    """

    policies: tuple[str, ...]
    treatments: tuple[str, ...]
    rows: Integers
    policy: Integers
    treatment: Integers
    within: Floats
    probability: Floats

    def log(self, outcome: Floats, customer: Integers | None = None) -> Logged:
        """Give the log of the decisions, fit for `policies.value_of`.

        Args:
            outcome: What came of each, shape (m,).
            customer: The place of each one's customer, where decisions of several occasions are put together.
        """
        return Logged(self.treatments, self.treatment, self.probability, outcome, customer)


def decide(trial: PolicyTrial, customer_ids: CustomerIds, wanted: Mapping[str, Policy], occasion: str = "") -> Decided:
    """Decide what to do with customers: a pure function of the trial, their ids and what the policies want.

    Args:
        trial: The trial.
        customer_ids: Who is to be decided about; shape (n,).
        wanted: For every policy but the hold-out what it would do to each: places (n,) or probabilities (n, K).
        occasion: What is decided this time, such as a date. A customer belongs to the same policy on all occasions; whether
            she is the exception to what it wants is drawn anew on each.

    Raises:
        ModelError: A policy is missing or unknown, or is not one for these customers and treatments.

    Examples:
        >>> trial = policy_trial("spring", ("none", "mail"), {"hold-out": 1, "generic": 1}, floor=0.1)
        >>> found = decide(trial, ["C1", "C2", "C3", "C4"], {"generic": np.ones(4, dtype=np.int64)})
        >>> found.policy.tolist(), found.treatment.tolist(), found.probability.tolist()
        ([0, 0, 1, 1], [0, 0, 1, 1], [0.55, 0.55, 0.45, 0.45])
    """
    ids = as_text(customer_ids)
    assigned = assign(trial.experiment, ids)
    rows = np.flatnonzero(assigned.arm >= 0)
    policy = assigned.arm[rows]
    chances = [_chances(trial, name, wanted, len(ids))[rows] for name in trial.policies]
    _known(trial, wanted)
    own = np.zeros(chances[0].shape)
    for place, one in enumerate(chances):
        own[policy == place] = one[policy == place]
    salt = "/".join(("treatment", trial.experiment.salt, occasion))
    treatment = drawn(own, bucket(salt, ids.take(rows)))
    whole = np.zeros(own.shape)
    for weight, one in zip(trial.experiment.weights, chances, strict=True):
        whole += weight * one
    at = np.arange(len(rows))
    return Decided(trial.policies, trial.treatments, rows, policy, treatment, own[at, treatment], whole[at, treatment])


def _chances(trial: PolicyTrial, name: str, wanted: Mapping[str, Policy], customers: int) -> Floats:
    arms = len(trial.treatments)
    if name == trial.experiment.control:
        return np.broadcast_to(np.eye(arms)[trial.treatments.index(trial.untouched)], (customers, arms))
    if name not in wanted:
        raise ModelError(f"wanted: expected what each of {', '.join(trial.policies)} wants, found nothing of '{name}'")
    return with_floor(as_chances(wanted[name], customers, arms, name), trial.floor)


def as_chances(policy: Policy, customers: int, arms: int, name: str) -> Floats:
    """Give a policy as probabilities (n, K), if it is one for so many customers and arms.

    Raises:
        ModelError: It is not.
    """
    if policy.shape == (customers,) and np.issubdtype(policy.dtype, np.integer):
        if not ((policy >= 0) & (policy < arms)).all():
            raise ModelError(f"{name}: expected places in {arms} treatments, got {policy.min()} to {policy.max()}")
        return np.eye(arms)[policy.astype(np.int64, copy=False)]
    if policy.shape != (customers, arms):
        raise ModelError(f"{name}: expected shape ({customers},) or ({customers}, {arms}), got {policy.shape}")
    if not ((policy >= 0).all() and (np.abs(policy.sum(axis=1) - 1) <= 1e-6).all()):
        raise ModelError(f"{name}: expected probabilities of at least 0 that sum to 1")
    return policy.astype(np.float64, copy=False)


def _known(trial: PolicyTrial, wanted: Mapping[str, Policy]) -> None:
    for name in wanted:
        if name not in trial.policies:
            near = nearest(name, trial.policies)
            hint = f"; did you mean '{near}'?" if near else ""
            raise ModelError(f"wanted: found '{name}', wanted one of {', '.join(trial.policies)}{hint}")
