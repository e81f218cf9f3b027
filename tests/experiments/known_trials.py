"""Invented trials of which all is known, proven many times: how often is the proof right?"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields, replace
from functools import cache, partial
from multiprocessing import get_context
from unittest.mock import patch

import numpy as np
from threadpoolctl import threadpool_limits

from smalti.experiments.logged import Logged
from smalti.experiments.proof import Budget, Evidence, Grouping, Proof, judging, prove
from smalti.experiments.proof.teaching import Taught

BUDGET = Budget("contacts", 0.2)


@dataclass(eq=False)
class World:
    """A trial, what its arms bring each customer in truth, and the evidence of it."""

    expected: np.ndarray
    evidence: Evidence


def ridge(traits, arm, outcome, arms, folds, penalty=50.0):
    """Expectations under each arm out of fold, by ridge regression: unshrunk enough to be wrong in noise."""
    rows = np.column_stack([np.ones(len(traits)), traits])
    told = np.empty((len(rows), arms))
    pull = np.eye(rows.shape[1]) * penalty
    pull[0, 0] = 1e-9
    for fold in np.unique(folds):
        here = folds == fold
        for place in range(arms):
            seen = rows[~here & (arm == place)]
            weights = np.linalg.solve(seen.T @ seen + pull, seen.T @ outcome[~here & (arm == place)])
            told[here, place] = rows[here] @ weights
    return told


def world(kind, rows, seed, arms=3, strength=0.3, cost=0.0):
    """Invent a trial in which nothing works ("noise"), all arms but the control work alike ("alike"), or one arm ("generic"),
    one per segment ("segment") or one per individual ("individual") is best."""
    rng = np.random.default_rng([seed, 77])
    traits = rng.standard_normal((rows, 8))
    segment = (traits[:, 0] > 0) + 2 * (traits[:, 1] > 0.5)
    gain = np.zeros((rows, arms))
    if kind == "alike":
        gain[:, 1:] = strength
    elif kind != "noise":
        gain += strength * np.concatenate([[0.0], np.linspace(1, 0.5, arms - 1)])
    if kind == "segment":
        gain[np.arange(rows), 1 + segment % (arms - 1)] += 1.5 * strength
    if kind == "individual":
        gain[:, 1:] += strength * traits[:, 3 : 2 + arms]
    expected = 0.5 * traits[:, [2]] + gain
    chance = np.where(traits[:, [4]] > 0, [[0.5, 0.3, 0.2]], [[1 / 3, 1 / 3, 1 / 3]])
    arm = (rng.random((rows, 1)) > np.cumsum(chance, axis=1)[:, :-1]).sum(axis=1)
    places = np.arange(rows)
    outcome = expected[places, arm] + rng.standard_normal(rows)
    log = Logged(("none", "red", "blue"), arm, chance[places, arm], outcome)
    folds = rng.permutation(rows) % 5
    told = ridge(traits, arm, outcome, arms, folds)
    groups = {
        "true": Grouping(segment, ("a", "b", "c", "d")),
        "idle": Grouping(rng.integers(0, 6, rows), tuple("uvwxyz")),
    }
    costs = np.array([0.0, cost, cost])
    return World(expected, Evidence(log, told, told, folds, groups, costs, "none"))


def proven(one: World, budgets):
    """Prove a world, and give besides what the proof's policies are worth in truth at each budget.

    Returns:
        The proof; the true values of its policies, first without a budget; the true slope; the share of rows truly missed.
    """
    seen, allocate = Taught.of(one.evidence, 0), judging.allocations_of
    once = cache(lambda cell: allocate(seen, cell, seen.cells.rows(cell)))
    with (
        patch.object(Taught, "of", lambda *_: seen),
        patch.object(judging, "allocations_of", lambda taught, cell, rows: once(cell)),
    ):
        proof = prove(one.evidence, budgets)
        given = {each.name: getattr(seen, each.name) for each in fields(Taught)}
        known = Taught(**(given | {"scores": one.expected}))
        found = judging.judge(known, [None, *budgets])
    values = [dict(zip(found.policies, tally.moments.mean, strict=True)) for tally in found.tallies]
    slope = known.slope_in(np.arange(len(one.expected))).value
    own, of_segment = seen.base + slope * seen.apart, seen.base.argmax(axis=1)
    return proof, values, slope, float((own.argmax(axis=1) != of_segment).mean())


@dataclass
class Tried:
    """What came of many proofs.

    Attributes:
        recommended: How often each policy was recommended.
        held: Whether each interval held, by what it was of.
        shown: How often it was shown that segments miss the person.
        share: The shares told.
    """

    recommended: Counter = field(default_factory=Counter)
    held: dict = field(default_factory=dict)
    shown: int = 0
    share: list = field(default_factory=list)

    def note(self, name, held):
        self.held.setdefault(name, []).append(held)

    def join(self, other):
        """Add what came of other proofs."""
        self.recommended += other.recommended
        self.shown += other.shown
        self.share += other.share
        for name, held in other.held.items():
            self.held.setdefault(name, []).extend(held)

    def rate(self, kind):
        """How often intervals of a kind held; those of certain zeros do not count."""
        return float(np.mean([one for name, every in self.held.items() if name[0] == kind for one in every]))

    def worst(self, kind):
        return min(float(np.mean(every)) for name, every in self.held.items() if name[0] == kind and len(every) >= 50)


def tried(kind, times, rows, first=0, control=True, budgets=(BUDGET,), **settings) -> Tried:
    """Prove a world so often, each time drawn anew; without a control if so asked."""
    found = Tried()
    for seed in range(first, first + times):
        one = world(kind, rows, seed, **settings)
        if not control:
            one.evidence = replace(one.evidence, control=None)
        proof, values, slope, share = proven(one, budgets)
        found.recommended[proof.recommended] += 1
        noted(found, proof, values)
        misses = proof.misses
        found.shown += misses.shown
        found.share.append(misses.share)
        found.note(("slope", ""), abs(slope - misses.slope) <= 1.96 * misses.slope_error)
        if misses.shown:
            found.note(("share", ""), misses.low <= share <= misses.high)
    return found


def tried_widely(kind, times, rows, **settings) -> Tried:
    """As `tried`, in two processes."""
    batch = 25
    work = partial(_batch, kind, rows, settings)
    begins = [(first, min(batch, times - first)) for first in range(0, times, batch)]
    found = Tried()
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for one in pool.map(work, begins):
            found.join(one)
    return found


def _batch(kind, rows, settings, begin):
    with threadpool_limits(1):
        return tried(kind, begin[1], rows, begin[0], **settings)


def noted(found: Tried, proof: Proof, values):
    for point, true in zip(proof.points, values, strict=True):
        for one in point.standings:
            found.note(("value", one.policy, str(point.budget)), one.low <= true[one.policy] <= one.high)
        together = []
        for one in point.leads:
            gap = true[one.policy] - true[one.over]
            if one.error > 0:
                found.note(("lead", one.policy, one.over, str(point.budget)), one.low <= gap <= one.high)
            if not one.policy.startswith("segment:"):
                together.append(one.low_together - 1e-12 <= gap <= one.high_together + 1e-12)
        found.note(("together", str(point.budget)), all(together))
