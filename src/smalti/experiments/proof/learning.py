"""What one arm for all and one arm per segment are expected to bring, from the outcomes of some folds and nothing else.

Means are weighted by 1 / probability (Hajek 1971). How much more than everybody a segment gains by an arm is shrunk by
empirical Bayes: by the share of its variance among segments that is not noise (DerSimonian & Laird 1986; Efron & Morris 1975),
so that segments that do not differ are treated alike. No prediction is used here: predictions for a training fold come from
models that saw the fold to be judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.experiments.logged import Floats, Integers, Logged
from smalti.experiments.proof.evidence import Grouping

_PRIOR_ROWS = 20.0


@dataclass(frozen=True, eq=False)
class Sums:
    """Sufficient statistics by cell (fold and part), segment and arm; each of shape (cells, segments, K).

    Attributes:
        rows: How many rows the segment has under any arm; shape (cells, segments).
        weight: The sum of 1 / probability.
        outcome: The sum of outcome / probability.
        weight2: The sum of 1 / probability^2.
        outcome2: The sum of outcome / probability^2.
        square2: The sum of outcome^2 / probability^2.
    """

    rows: Floats
    weight: Floats
    outcome: Floats
    weight2: Floats
    outcome2: Floats
    square2: Floats

    @classmethod
    def of(cls, log: Logged, cell: Integers, cells: int, grouping: Grouping) -> Sums:
        """Sum up a log by cell, segment and arm."""
        segments, arms = len(grouping.labels), len(log.arms)
        shape = (cells, segments, arms)
        group = cell * segments + grouping.code
        key = group * arms + log.arm
        weight = 1 / log.probability
        moments = [weight, weight * log.outcome, weight**2, weight**2 * log.outcome, (weight * log.outcome) ** 2]
        summed = [np.bincount(key, one, minlength=cells * segments * arms) for one in moments]
        rows = np.bincount(group, minlength=cells * segments).reshape(cells, segments)
        return cls(rows.astype(np.float64), *(one.astype(np.float64).reshape(shape) for one in summed))

    def over(self, cells: Integers) -> Sums:
        """Give the sums over some cells; the first axis is gone."""
        parts = (self.rows, self.weight, self.outcome, self.weight2, self.outcome2, self.square2)
        return Sums(*(one[cells].sum(axis=0) for one in parts))


@dataclass(frozen=True, eq=False)
class Learnt:
    """What arms are expected to bring.

    Attributes:
        generic: The mean outcome of all under each arm; shape (K,).
        segment: The same for each segment, so far as it differs from all in what arms bring it; shape (segments, K).
        noise: The variance of `generic`; shape (K,).
        level: The mean outcome of all rows whatever was done.
    """

    generic: Floats
    segment: Floats
    noise: Floats
    level: float


def learn(sums: Sums, reference: int) -> Learnt:
    """Learn what arms bring from the sums over some cells.

    Args:
        sums: Over the cells to be learnt from; shapes (segments, K).
        reference: The place of the arm that the others are held against.

    Examples:
        >>> log = Logged(("a", "b"), np.array([0, 1, 0, 1]), np.full(4, 0.5), np.array([1.0, 2.0, 1.0, 4.0]))
        >>> whole = Sums.of(log, np.zeros(4, int), 1, Grouping(np.zeros(4, int), ("all",))).over(np.array([0]))
        >>> learn(whole, 0).generic.tolist()
        [1.0, 3.0]
    """
    weight, outcome = sums.weight.sum(axis=0), sums.outcome.sum(axis=0)
    level = float(outcome.sum() / max(weight.sum(), 1e-300))
    generic = np.divide(outcome, weight, out=np.full_like(outcome, level), where=weight > 0)
    # an arm that these cells do not know promises no more than the worst that they know
    generic[weight <= 0] = generic.min()
    mean = np.divide(
        sums.outcome, sums.weight, out=np.broadcast_to(generic, sums.weight.shape).copy(), where=sums.weight > 0
    )
    spread, seen = _spread(sums, generic)
    variance = _variance(sums, mean, spread)
    apart = (mean - mean[:, [reference]]) - (generic - generic[reference])
    doubt = variance + variance[:, [reference]]
    known = np.isfinite(doubt) & (doubt > 0)
    shrink = np.zeros_like(apart)
    for arm in range(len(generic)):
        rows = known[:, arm]
        if arm != reference and rows.sum() > 1:
            true = _between(apart[rows, arm], doubt[rows, arm])
            shrink[rows, arm] = true / (true + doubt[rows, arm])
    noise = np.divide(spread, seen, out=np.full_like(spread, np.inf), where=seen > 0)
    return Learnt(generic, generic + shrink * np.where(known, apart, 0.0), noise, level)


def _spread(sums: Sums, generic: Floats) -> tuple[Floats, Floats]:
    """The variance of outcomes under each arm, and how many rows of equal weight it has."""
    whole = (sums.square2 - 2 * generic * sums.outcome2 + generic**2 * sums.weight2).sum(axis=0)
    total, weight = sums.weight2.sum(axis=0), sums.weight.sum(axis=0)
    spread = np.divide(whole, total, out=np.zeros_like(whole), where=total > 0)
    return spread, np.divide(weight**2, total, out=np.zeros_like(whole), where=total > 0)


def _variance(sums: Sums, mean: Floats, spread: Floats) -> Floats:
    """The variance of each segment's mean, small segments leaning on the spread of all under the same arm."""
    square = sums.square2 - 2 * mean * sums.outcome2 + mean**2 * sums.weight2
    seen = np.divide(sums.weight**2, sums.weight2, out=np.zeros_like(mean), where=sums.weight2 > 0)
    own = np.divide(square, sums.weight2, out=np.zeros_like(mean), where=sums.weight2 > 0)
    steadied = (_PRIOR_ROWS * spread + seen * own) / (_PRIOR_ROWS + seen)
    variance: Floats = np.divide(steadied, seen, out=np.full_like(mean, np.inf), where=seen > 0)
    return variance


def _between(apart: Floats, noise: Floats) -> float:
    """The variance among segments that is not noise."""
    trust = 1 / noise
    centre = (trust * apart).sum() / trust.sum()
    excess = (trust * (apart - centre) ** 2).sum() - (len(apart) - 1)
    scale = trust.sum() - (trust**2).sum() / trust.sum()
    return float(max(excess / scale, 0.0)) if scale > 0 else 0.0


def loss(learnt: Learnt, judged: Sums, reference: int) -> float:
    """Say how badly effects learnt on some cells foretell those of others, up to a constant that all segmentations share.

    The sum over rows and arms of `expected^2 - 2 expected seen`, where seen is a row's weighted outcome under the arm less that
    under the reference: the squared error without the square of what is seen.
    """
    expected = learnt.segment - learnt.segment[:, [reference]]
    seen = judged.outcome - learnt.level * judged.weight
    seen = seen - seen[:, [reference]]
    return float((judged.rows[:, None] * expected**2 - 2 * expected * seen).sum())


def best_of(sums: dict[str, Sums], cells: Integers, parts: int, reference: int) -> str:
    """Choose the segmentation whose effects foretell those of customers it was not learnt from, within the cells given.

    Args:
        sums: Of each segmentation by cell; cell = fold * parts + part.
        cells: The cells that may be learnt from; each part of them is judged by what the others teach.
        parts: How many parts each fold has.
        reference: The place of the arm that the others are held against.

    Returns:
        Its name; of equals, the one with fewer segments, then the first by name.
    """

    def judged(name: str) -> tuple[float, int, str]:
        total = 0.0
        for part in range(parts):
            own = cells % parts == part
            total += loss(learn(sums[name].over(cells[~own]), reference), sums[name].over(cells[own]), reference)
        return total, sums[name].rows.shape[1], name

    return min(map(judged, sums))[2]
