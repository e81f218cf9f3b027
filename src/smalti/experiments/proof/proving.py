"""The three-policy proof: learnt on folds, judged out of fold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smalti.errors import ModelError
from smalti.experiments.policies import everyone, overlap_of
from smalti.experiments.proof.evidence import Budget, Evidence
from smalti.experiments.proof.judging import Judgement, Tally, judge, mean_costs
from smalti.experiments.proof.missing import missed
from smalti.experiments.proof.moments import together, two_sided
from smalti.experiments.proof.teaching import WHOLE, Taught
from smalti.experiments.proof.values import LADDER, Chosen, Lead, Point, Proof, Standing
from smalti.experiments.proof.widening import unsettled, widened

SHARES = tuple(Budget("contacts", share) for share in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0))
LEAST_IN_SEGMENT = 20


def prove(evidence: Evidence, budgets: Sequence[Budget] = (), level: float = 0.95, seed: int = 0) -> Proof:
    """Hold nothing, one for all, one per segment and one per person against each other, on the same logged decisions.

    All are learnt from folds they are not judged on, and go through one allocation (`allocate`): under a budget best first.

    - *nothing*: the control for everybody; there only where there is a control.
    - *generic*: the arm with the best mean for everybody. Under a budget those who get it are drawn by lot.
    - *segment*: the arm with the best mean in the segment, shrunk towards that of all; of several segmentations, the one that
      foretells best within the training folds.
    - *individual*: the segment's expectation and, on top, by how far the row's own lies from its segment's mean, times how far
      such deviations proved true in other parts of the same fold.

    Each is judged by doubly robust scores on rows it learnt nothing from; differences on the same rows, standard errors with
    what chance shared between folds may add (`widening`). A budget is divided among folds and their parts by their rows.

    The recommendation is the simplest policy that no other beats, where to beat is to have a difference whose interval lies
    above 0 while those of all differences together hold at `level`: one more complex than is warranted in about 1 - `level` of
    proofs at most. Where nothing works it is nothing, or generic where there is no control.

    Args:
        evidence: Log, expectations, folds, segmentations, costs and control.
        budgets: Budgets for the curve, such as `SHARES`; the proof always begins without one.
        level: Of all intervals.
        seed: Of the parts within folds and of the draws for intervals together; same input and seed, same proof.

    Raises:
        ModelError: A budget cannot be kept, contacts are to be counted without a control, or the level is not in 0 to 1.

    Examples:
        >>> from smalti.experiments import Grouping, Logged
        >>> rng = np.random.default_rng(1)
        >>> new, arm = rng.integers(2, size=4000), rng.integers(2, size=4000)
        >>> outcome = np.where(new == arm, 1.0, 0.0) + rng.standard_normal(4000)
        >>> log = Logged(("none", "mail"), arm, np.full(4000, 0.5), outcome)
        >>> known, folds = np.zeros((4000, 2)), np.arange(4000) % 5
        >>> proof = prove(Evidence(log, known, known, folds, {"newness": Grouping(new, ("old", "new"))}, control="none"))
        >>> proof.recommended, [(one.segment, one.arm) for one in proof.segments]
        ('segment', [('old', 'none'), ('new', 'mail')])
    """
    log, asked = evidence.log, _asked(evidence, budgets, level)
    taught = Taught.of(evidence, seed)
    doubt = unsettled(taught.whole.learnt[taught.whole.chosen], evidence.mean_costs, taught.cells.folds)
    points = _points(judge(taught, asked), asked, doubt, level, seed)
    named = [name for name in taught.groupings if name != WHOLE]
    return Proof(
        arms=log.arms,
        control=evidence.control,
        rows=log.rows,
        customers=log.customers,
        folds=taught.cells.folds,
        level=level,
        seed=seed,
        points=points,
        misses=missed(taught, points[0], level),
        best_segmentation=taught.whole.chosen if named else None,
        chosen_in_folds=tuple((name, sum(one.chosen == name for one in taught.lessons)) for name in named),
        generic=_chosen(taught, WHOLE)[0],
        segments=_chosen(taught, taught.whole.chosen) if named else (),
        warnings=_warnings(evidence),
    )


def _asked(evidence: Evidence, budgets: Sequence[Budget], level: float) -> list[Budget | None]:
    if not 0.0 < level < 1.0:
        raise ModelError(f"level: expected a number between 0 and 1, got {level}")
    if evidence.control is None and any(one.kind == "contacts" for one in budgets):
        raise ModelError("budget: contacts can be counted only where an arm is the control, which contacts nobody")
    return [None, *budgets]


def _points(
    found: Judgement, budgets: Sequence[Budget | None], doubt: float, level: float, seed: int
) -> tuple[Point, ...]:
    steps = found.contrasts[: found.ladder, : found.rungs_each]
    every = np.kron(np.eye(len(budgets)), steps)
    covariance = every @ found.rungs.covariance @ every.T
    alone = together(covariance[: found.ladder, : found.ladder], level, seed)
    curve = together(covariance[found.ladder :, found.ladder :], level, seed)
    reaches = [(two_sided(level), alone if budget is None else curve) for budget in budgets]
    return tuple(
        _point(found, tally, budget, doubt, reach)
        for tally, budget, reach in zip(found.tallies, budgets, reaches, strict=True)
    )


def _point(found: Judgement, tally: Tally, budget: Budget | None, doubt: float, reach: tuple[float, float]) -> Point:
    rows, size = tally.moments.rows, len(found.policies)
    both = np.vstack([np.eye(size), found.contrasts])
    mean = both @ tally.moments.mean
    variance = np.clip(np.einsum("ij,jk,ik->i", both, tally.moments.covariance, both), 0, None)
    error = np.sqrt(widened(found.policies, found.leads, variance, doubt))
    standings = tuple(
        Standing(
            policy=name,
            value=float(mean[place]),
            error=float(error[place]),
            low=float(mean[place] - reach[0] * error[place]),
            high=float(mean[place] + reach[0] * error[place]),
            outcome=float(mean[place] + tally.cost[place] / rows),
            cost=float(tally.cost[place] / rows),
            contacted=float(tally.contacted[place] / rows),
        )
        for place, name in enumerate(found.policies)
    )
    leads = []
    for place, (high, low) in enumerate(found.leads):
        differ = float(tally.differ[place] / rows)
        value, own = (float(mean[size + place]), float(error[size + place])) if differ else (0.0, 0.0)
        leads.append(_lead((found.policies[high], found.policies[low]), value, own, reach, differ))
    return Point(budget, standings, tuple(leads), _recommended(found.policies, leads[: found.ladder]))


def _lead(names: tuple[str, str], value: float, error: float, reach: tuple[float, float], differ: float) -> Lead:
    return Lead(
        policy=names[0],
        over=names[1],
        value=value,
        error=error,
        low=value - reach[0] * error,
        high=value + reach[0] * error,
        low_together=value - reach[1] * error,
        high_together=value + reach[1] * error,
        differ=differ,
    )


def _recommended(policies: Sequence[str], among: Sequence[Lead]) -> str:
    """The simplest policy of the ladder that none above it beats."""
    ladder = [one for one in LADDER if one in policies]
    beaten = {one.over for one in among if one.low_together > 0}
    return next(one for one in ladder if one not in beaten)


def _chosen(taught: Taught, name: str) -> tuple[Chosen, ...]:
    evidence, arms = taught.evidence, taught.evidence.log.arms
    learnt = taught.whole.learnt[name or taught.whole.chosen]
    if name:
        grouping = taught.groupings[name]
        labels, size = grouping.labels, grouping.size
        value = learnt.segment - mean_costs(evidence.costs, grouping.code, len(labels))
    else:
        labels, size = ("",), np.array([evidence.log.rows])
        value = (learnt.generic - evidence.mean_costs)[None]
    best = value.argmax(axis=1)
    more = value[np.arange(len(best)), best] - value[:, taught.reference]
    return tuple(
        Chosen(name, label, arms[best[place]], int(size[place]), float(more[place]))
        for place, label in enumerate(labels)
    )


def _warnings(evidence: Evidence) -> tuple[str, ...]:
    """Say where the log knows little of an arm given to everybody, and which segmentations are too fine."""
    log, told = evidence.log, []
    for place, arm in enumerate(log.arms):
        weight = np.where(log.arm == place, 1 / log.probability, 0.0)
        found = overlap_of(log, everyone(log, arm), weight)
        told += [f"{arm} for everybody: {one}" for one in found.warnings]
    for name, grouping in evidence.segmentations.items():
        mean = log.rows / max(int((grouping.size > 0).sum()), 1)
        if mean < LEAST_IN_SEGMENT:
            told.append(
                f"segmentation {name}: its segments have {mean:.1f} rows on average: so fine, it leaves next to nothing by "
                "which persons could differ from their segments, and where it is chosen, persons are not proven"
            )
    return tuple(told)
