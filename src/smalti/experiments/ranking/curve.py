"""The uplift curve: what is gained per customer when customers are treated from the highest score down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.errors import ModelError
from smalti.experiments.logged import Floats, Integers


@dataclass(frozen=True, eq=False)
class UpliftCurve:
    """Gain by share of customers treated, corners at distinct scores only.

    Attributes:
        share: Shares of customers treated, from 0 to 1; shape (distinct scores + 1,).
        gain: What is gained per customer of all, treated or not, in the unit of the outcome; the same shape.
        score: The score down to which customers are treated, infinite at share 0; the same shape.
    """

    share: Floats
    gain: Floats
    score: Floats

    def at(self, share: Floats | float) -> Floats:
        """Give the gain at any share; among customers with one score it grows in a straight line, as if they were drawn."""
        return np.asarray(np.interp(share, self.share, self.gain))

    @property
    def area(self) -> float:
        """The area under the curve, in the unit of the outcome."""
        return float(np.trapezoid(self.gain, self.share))

    @property
    def above_random(self) -> float:
        """The area between the curve and the straight line to its end: the Qini measure, 0 for a constant score."""
        return self.area - float(self.gain[-1]) / 2


@dataclass(frozen=True, eq=False)
class Ranked:
    """Customers from the highest score down, those with one score together.

    Attributes:
        order: Places of rows, the highest score first.
        starts: Where in `order` each distinct score begins, shape (distinct,).
        counts: How many rows have it, shape (distinct,).
        score: The distinct scores, falling.
    """

    order: Integers
    starts: Integers
    counts: Integers
    score: Floats

    def grouped(self, values: Floats) -> Floats:
        """Sum values over rows with one score, shape (distinct,)."""
        return np.asarray(np.add.reduceat(values[self.order], self.starts))

    def spread(self, values: Floats) -> Floats:
        """Give each row the value of its score's group, shape (n,)."""
        out = np.empty(len(self.order))
        out[self.order] = np.repeat(values, self.counts)
        return out


def rank(score: Floats) -> Ranked:
    """Rank customers by score, the highest first; equal scores are one group, and 0 and -0 are equal.

    Raises:
        ModelError: There is nobody, or a score is not a number.

    >>> rank(np.array([1.0, 3.0, 1.0])).counts.tolist()
    [1, 2]
    """
    if not len(score):
        raise ModelError("score: expected one or more customers, got none")
    if np.isnan(score).any():
        row = int(np.flatnonzero(np.isnan(score))[0])
        raise ModelError(f"score: row {row}: expected a number, got a missing one")
    order = np.argsort(-score, kind="stable")
    falling = score[order]
    starts = np.flatnonzero(np.concatenate([[True], falling[1:] != falling[:-1]]))
    counts = np.diff(np.concatenate([starts, [len(score)]]))
    return Ranked(order, starts, counts, falling[starts])


def within_folds(score: Floats, folds: Integers) -> Floats:
    """Give each customer's place among those of her own fold, as the share ranked lower, ties by halves; shape (n,).

    Scores told out of fold have a level of their own in each fold, learnt from the others: where a fold's customers gained
    much by luck, the others gained less, and their level is told to it. Ranked over folds, such scores look worse than
    they are; a model that says the same of everybody would seem to rank them the wrong way round. Places within folds do not.

    Args:
        score: Told out of fold; higher first; shape (n,).
        folds: The fold of each; shape (n,).

    Raises:
        ModelError: Lengths differ, or a score is not a number.

    Examples:
        >>> within_folds(np.array([3.0, 1.0, 7.0, 7.0]), np.array([0, 0, 1, 1])).tolist()
        [0.75, 0.25, 0.5, 0.5]
    """
    if folds.shape != score.shape:
        raise ModelError(f"folds: expected {len(score):,} rows as in score, got {folds.shape}")
    places = np.empty(len(score))
    for fold in np.unique(folds).tolist():
        rows = folds == fold
        ranked = rank(score[rows])
        places[rows] = ranked.spread(1.0 - (ranked.starts + ranked.counts / 2) / len(ranked.order))
    return places


def uplift_curve(score: Floats, effect: Floats) -> UpliftCurve:
    """Give the uplift curve of a score.

    Args:
        score: By which customers are ranked, higher first; shape (n,).
        effect: One number per customer that is unbiased for her effect (`effect_numbers`); shape (n,).

    Raises:
        ModelError: Lengths differ, there is nobody, or a number is missing.

    Examples:
        >>> curve = uplift_curve(np.array([2.0, 1.0, 1.0, 0.0]), np.array([4.0, 1.0, 3.0, -2.0]))
        >>> curve.share.tolist(), curve.gain.tolist()
        ([0.0, 0.25, 0.75, 1.0], [0.0, 1.0, 2.0, 1.5])
        >>> uplift_curve(np.zeros(4), np.array([4.0, 1.0, 3.0, -2.0])).above_random
        0.0
    """
    if score.shape != effect.shape:
        raise ModelError(f"score: expected {len(effect):,} rows as in effect, got {score.shape}")
    if not np.isfinite(effect).all():
        row = int(np.flatnonzero(~np.isfinite(effect))[0])
        raise ModelError(f"effect: row {row}: expected a finite number, got {effect[row]}")
    ranked = rank(score)
    share = np.concatenate([[0.0], np.cumsum(ranked.counts) / len(score)])
    gain = np.concatenate([[0.0], np.cumsum(ranked.grouped(effect)) / len(score)])
    return UpliftCurve(share, gain, np.concatenate([[np.inf], ranked.score]))
