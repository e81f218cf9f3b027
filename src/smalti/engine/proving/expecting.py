"""What a plan expects each arm to bring a customer: all that is known of her, each part believed as far as it proved true.

Those who rank customers by response, by past value or by RFM know something: effects are often larger where responses are. A
plan that goes only by effects learnt for each person forgets it, and where effects are hard to learn it loses to the ranking.
So a plan expects of an arm

1. its mean effect, and on top a sum of what is known: the effect in her segment, how much she would respond at all, past
   value, RFM. How much of each is learnt from outcomes of the other folds and nothing else, and shrunk together by empirical
   Bayes (ridge regression with the penalty of largest marginal likelihood; Efron & Morris 1975): where nothing proves true,
   nothing is left but the mean effect;
2. what is told of her out of fold, her response and her own effect, beyond what that says already: times how far such
   deviations proved true in the other parts of her fold, nothing where that is not shown.

What is told out of fold of *other* folds comes from fits that saw this one, so it teaches nothing here; what segments teach in
step 1 of rows of another fold leaves out both that fold and this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from smalti.engine.proving.learning import Learnt
from smalti.engine.proving.segmenting import Cut
from smalti.engine.proving.standing import Standing
from smalti.engine.proving.trial import Trial
from smalti.experiments import doubly_robust_scores
from smalti.experiments.logged import Floats, Integers, Logged
from smalti.experiments.proof import Grouping
from smalti.experiments.proof.calibration import slope_of
from smalti.experiments.proof.cells import PARTS, Cells
from smalti.experiments.proof.learning import Sums, best_of, learn
from smalti.models.supervised import Column

_PENALTIES = np.concatenate([[0.0], np.geomspace(1e-4, 100.0, 60)])
_RIDGE = 10.0
_MOST_CATEGORIES = 12
_SHOWN = 2.0
"""What lies so many standard errors above 0 is shown."""


@dataclass(frozen=True, eq=False)
class Expected:
    """What is expected of each customer.

    Attributes:
        effects: What each arm brings her more than the control, before costs; shape (n, K), 0 for the control.
        means: The mean effect of each arm as the other folds have it, the same for all of a fold; shape (n, K).
        parts: The rows of each part of each fold. What came of a part never reaches what is expected of it; it reaches what is
            expected of the other parts of its fold, so parts must not compete for one budget.
    """

    effects: Floats
    means: Floats
    parts: tuple[Integers, ...]


def expected(
    trial: Trial, log: Logged, learnt: Learnt, cuts: tuple[Cut, ...], stand: Standing, seed: int = 0
) -> Expected:
    """Say what each arm is expected to bring each customer.

    Args:
        trial: The trial.
        log: Its decisions, with one outcome.
        learnt: What was foretold out of fold.
        cuts: The segmentations; the one that foretells best within the folds learnt from is taken.
        stand: How customers stand by what they were before.
        seed: Of the parts within folds.
    """
    cells = Cells.of(trial.folds, trial.customer, seed)
    knowing = _Knowing(trial, log, cells, _Segments(log, cells, cuts, trial.control), stand)
    scores = doubly_robust_scores(log, learnt.predicted)
    scores = scores - scores[:, [trial.control]]
    means, effects = np.zeros_like(scores), np.zeros_like(scores)
    for fold in range(cells.folds):
        here = cells.rows_of_fold(fold)
        told = knowing.for_fold(fold)
        for place in trial.treatments:
            means[here, place] = mean_effect(trial, log.outcome, told.others, place)
            parts = told.parts(place)
            weights = _weights(trial, log.outcome, told, place)
            effects[here, place] = means[here, place] + parts[here] @ weights
            beyond = []
            for own in _told_of_her(learnt, place):
                beyond.append(_beyond(own[here], parts[here]))
                parts = np.column_stack([parts, own])
            surprise = scores[here, place] - effects[here, place]
            effects[here, place] += _borne_out(beyond, surprise, cells.cell[here], trial, here)
    return Expected(effects, means, tuple(cells.rows(one) for one in cells.filled()))


def mean_effect(trial: Trial, outcome: Floats, rows: Integers, place: int) -> float:
    """Give an arm's mean outcome less the control's among some rows, each weighted by the inverse of its chance.

    Args:
        trial: The trial.
        outcome: Of all its rows; shape (n,).
        rows: The places of those to look at.
        place: The place of the arm.
    """
    arm, weight = trial.arm[rows], 1 / trial.probability[rows]
    told = []
    for one in (place, trial.control):
        here = arm == one
        told.append(float(np.average(outcome[rows][here], weights=weight[here])) if here.any() else 0.0)
    return told[0] - told[1]


@dataclass(eq=False)
class _Segments:
    """Effects in segments, taught by some folds and applied to others."""

    log: Logged
    cells: Cells
    cuts: Sequence[Cut]
    control: int
    _sums: dict[str, Sums] = field(default_factory=dict)
    _told: dict[frozenset[int], tuple[str, Floats]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        groups = {cut.name: Grouping(cut.codes, cut.labels) for cut in self.cuts}
        self._sums = {name: Sums.of(self.log, self.cells.cell, self.cells.count, one) for name, one in groups.items()}

    def for_fold(self, fold: int) -> Floats | None:
        """Give every row the effects in its segment, taught by neither its own fold nor this one; shape (n, K)."""
        if not self.cuts or self.cells.folds < 3:
            return None
        code = {cut.name: cut.codes for cut in self.cuts}
        told = np.zeros((self.log.rows, len(self.log.arms)))
        for one in range(self.cells.folds):
            rows = self.cells.rows_of_fold(one)
            name, effects = self._taught_without(frozenset((fold, one)))
            told[rows] = effects[code[name][rows]]
        return told

    def _taught_without(self, folds: frozenset[int]) -> tuple[str, Floats]:
        if folds not in self._told:
            cells = np.array([one for one in range(self.cells.count) if one // PARTS not in folds])
            name = best_of(self._sums, cells, PARTS, self.control) if len(self._sums) > 1 else next(iter(self._sums))
            segment = learn(self._sums[name].over(cells), self.control).segment
            self._told[folds] = name, segment - segment[:, [self.control]]
        return self._told[folds]


@dataclass(frozen=True, eq=False)
class _Told:
    """What is known of all rows without the outcomes of one fold."""

    others: Integers
    segment: Floats | None
    rest: tuple[Floats, ...]
    folds: Integers

    def parts(self, place: int) -> Floats:
        """Lay out what is known for an arm, each part apart from its mean within the fold; shape (n, parts)."""
        known = ([] if self.segment is None else [self.segment[:, place]]) + list(self.rest)
        size = np.maximum(np.bincount(self.folds), 1)
        return np.column_stack([one - (np.bincount(self.folds, one) / size)[self.folds] for one in known])


class _Knowing:
    """What is known of customers, for each fold without its own outcomes."""

    def __init__(self, trial: Trial, log: Logged, cells: Cells, segments: _Segments, stand: Standing) -> None:
        self._log, self._cells, self._segments, self._stand = log, cells, segments, stand
        self._design = design_of(trial.columns, trial.rows)

    def for_fold(self, fold: int) -> _Told:
        folds = self._cells.cell // PARTS
        others = np.flatnonzero(folds != fold)
        ranks = [one for one in (self._stand.value, self._stand.rfm) if one is not None]
        response = _response(self._design, self._log.outcome, others)
        return _Told(others, self._segments.for_fold(fold), (response, *ranks), folds)


def design_of(columns: Sequence[Column], rows: int) -> Floats:
    """Lay out what was known of customers as numbers of one scale.

    Args:
        columns: What was known before.
        rows: How many customers there are.

    Returns:
        A column for each number, for what is missing of it, and for each frequent category; shape (rows, columns).

    >>> design_of([Column("plan", "category", np.array(["a", "b"] * 50, dtype=object))], 100).shape
    (100, 2)
    """
    laid = [one for column in columns for one in _laid_out(column)]
    scaled = [(one - one.mean()) / one.std() for one in laid if one.std() > 0]
    return np.column_stack(scaled) if scaled else np.zeros((rows, 0))


def _laid_out(column: Column) -> list[Floats]:
    if column.kind == "number":
        values = column.values.astype(np.float64)
        missing = np.isnan(values)
        filled = np.where(missing, float(values[~missing].mean()) if not missing.all() else 0.0, values)
        return [filled, missing.astype(np.float64)]
    texts = np.array([str(one) for one in column.values.tolist()], dtype=str)
    names, code, size = np.unique(texts, return_inverse=True, return_counts=True)
    often = np.argsort(-size, kind="stable")[:_MOST_CATEGORIES]
    return [(code == one).astype(np.float64) for one in sorted(often.tolist()) if len(names) > 1]


def _response(design: Floats, outcome: Floats, rows: Integers) -> Floats:
    """Tell how much every customer would respond, whatever is done, by a linear fit on some rows; shape (n,)."""
    seen = design[rows]
    gram = seen.T @ seen + _RIDGE * np.eye(design.shape[1])
    told: Floats = design @ np.linalg.solve(gram, seen.T @ (outcome[rows] - outcome[rows].mean()))
    return told


def _told_of_her(learnt: Learnt, place: int) -> list[Floats]:
    """Give what is told of each customer out of fold: her response, whatever is done, and the effect of an arm."""
    return [learnt.predicted.mean(axis=1), *([] if learnt.effects is None else [learnt.effects[:, place]])]


def _beyond(own: Floats, parts: Floats) -> Floats:
    """Give what own effects say beyond what the parts say already; shape (rows,)."""
    design = np.column_stack([np.ones(len(own)), parts])
    beyond: Floats = own - design @ np.linalg.lstsq(design, own, rcond=None)[0]
    return (
        beyond if float(beyond.std()) > 1e-9 * max(float(np.abs(own).max(initial=0.0)), 1e-300) else np.zeros_like(own)
    )


def _borne_out(beyond: Sequence[Floats], surprise: Floats, cell: Integers, trial: Trial, rows: Integers) -> Floats:
    """Keep of each part of a fold as much as proved true in its other parts, one thing told after the other; shape (rows,)."""
    kept = np.zeros_like(surprise)
    customer = None if trial.customer is None else trial.customer[rows]
    for one in np.unique(cell).tolist():
        others = cell != one
        rest, who = surprise[others], None if customer is None else customer[others]
        for told in beyond:
            pair = [np.column_stack([np.zeros(len(rest)), values]) for values in (told[others], rest)]
            slope = slope_of(pair[0], pair[1], 0, who)
            share = believed(slope.value, slope.error)
            kept[~others] += share * told[~others]
            rest = rest - share * told[others]
    return kept


def believed(slope: float, error: float) -> float:
    """Say how much of a deviation to keep that proved true so far: nothing where that is not shown, all at most.

    What is shown is drawn towards 0 by the share of it that chance would show (James & Stein 1961).

    Args:
        slope: How much of it proved true; NaN where there was no deviation.
        error: The standard error of that.

    >>> believed(0.8, 0.1) > 0.78, believed(0.8, 0.5), believed(-0.8, 0.1), believed(3.0, 0.1)
    (True, 0.0, 0.0, 1.0)
    """
    if not np.isfinite(error) or slope <= _SHOWN * error:
        return 0.0
    return float(np.clip(slope * (1 - (error / slope) ** 2), 0.0, 1.0))


def _weights(trial: Trial, outcome: Floats, told: _Told, place: int) -> Floats:
    """Learn in the other folds how much of an arm's effect goes with each part; shape (parts,).

    What segments teach counts only the right way round: that it be worth less where it is worth more is chance, for what is
    taught by some folds runs against the luck of the others.
    """
    parts, rows = told.parts(place), told.others
    scale = parts[rows].std(axis=0)
    used = scale > 1e-9 * max(float(np.abs(parts[rows]).max(initial=0.0)), 1e-300)
    slopes, covariance = _slopes(trial, outcome, parts[:, used] / scale[used], rows, place)
    if told.segment is not None and used[0] and slopes[0] < 0:
        used[0] = False
        slopes, covariance = _slopes(trial, outcome, parts[:, used] / scale[used], rows, place)
    weights = np.zeros(parts.shape[1])
    if used.any():
        weights[used] = shrunk(slopes, covariance) / scale[used]
    return weights


def _slopes(trial: Trial, outcome: Floats, parts: Floats, rows: Integers, place: int) -> tuple[Floats, Floats]:
    """Regress the effect of an arm on parts: outcomes less what the parts foretell, weighted by the inverse of their chances.

    Returns:
        The slopes, shape (parts,), and their covariance whatever the variance of rows, shape (parts, parts).
    """
    design = np.column_stack([np.ones(len(rows)), parts[rows]])
    arm, chance, seen = trial.arm[rows], trial.probability[rows], outcome[rows]
    inverse = np.linalg.pinv(design.T @ design)
    rest = seen - design @ (inverse @ (design.T @ seen))
    apart = ((arm == place) * 1.0 - (arm == trial.control) * 1.0) / chance * rest
    slopes = inverse @ (design.T @ apart)
    noise = (apart - design @ slopes)[:, None] * design
    covariance = inverse @ (noise.T @ noise) @ inverse
    return slopes[1:], covariance[1:, 1:]


def shrunk(slopes: Floats, covariance: Floats) -> Floats:
    """Draw slopes towards 0 together, by as much as is likely if they are drawn from one normal distribution about 0.

    Args:
        slopes: Of parts of one scale; shape (m,).
        covariance: Of their errors; shape (m, m).

    >>> shrunk(np.array([0.1, -0.1]), np.eye(2)).tolist()
    [0.0, 0.0]
    >>> bool((shrunk(np.array([9.0, 9.0]), np.eye(2)) > 8.8).all())
    True
    """
    noise, axes = np.linalg.eigh(covariance)
    noise = np.clip(noise, 1e-12 * max(float(noise.max(initial=0.0)), 1e-300), None)
    turned = axes.T @ slopes
    spread = _PENALTIES * float(noise.mean())
    total = spread[:, None] + noise
    likely = -(np.log(total) + turned**2 / total).sum(axis=1)
    best = float(spread[int(likely.argmax())])
    kept: Floats = axes @ (best / (best + noise) * turned)
    return kept
