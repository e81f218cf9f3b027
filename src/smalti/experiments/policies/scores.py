"""Doubly robust scores: what every arm would have brought, for every decision."""

from __future__ import annotations

import numpy as np

from smalti.errors import ModelError
from smalti.experiments.logged import Floats, Logged


def doubly_robust_scores(log: Logged, predicted: Floats) -> Floats:
    """Give for each decision and arm a score whose mean is what the arm is worth, whatever the predictions are.

    `predicted_ia + 1{arm_i = a} / probability_i x (outcome_i - predicted_ia)`. Where a row's own outcome took no part in its
    prediction (cross-fitting) and the probabilities are those of the draw, the mean of the scores over any group that is
    known beforehand is an unbiased estimate of the mean outcome had that arm been done to all of the group. The value of a
    policy is the mean of `sum_a policy_ia score_ia`; the better the predictions, the narrower its interval.

    Args:
        log: The decisions, n rows and K arms.
        predicted: The outcome predicted under each arm, shape (n, K); not learnt from the row itself.

    Returns:
        Shape (n, K).

    Raises:
        ModelError: The predictions have another shape, or are not finite.

    Source: Robins, Rotnitzky & Zhao 1994; Dudik, Langford & Li 2011.

    Examples:
        >>> log = Logged(("none", "mail"), np.array([0, 1]), np.array([0.5, 0.25]), np.array([1.0, 2.0]))
        >>> doubly_robust_scores(log, np.array([[0.5, 1.5], [0.5, 1.5]])).tolist()
        [[1.5, 1.5], [0.5, 3.5]]
    """
    check_predicted(log, predicted)
    scores = np.array(predicted, dtype=np.float64)
    rows = np.arange(log.rows)
    done = scores[rows, log.arm]
    scores[rows, log.arm] = done + (log.outcome - done) / log.probability
    return scores


def check_predicted(log: Logged, predicted: Floats) -> None:
    """Refuse predictions that are not one finite number for each decision and arm.

    Raises:
        ModelError: They are not.
    """
    wanted = (log.rows, len(log.arms))
    if predicted.shape != wanted:
        raise ModelError(f"predicted: expected one number for each decision and arm, {wanted}, got {predicted.shape}")
    finite = np.isfinite(predicted).all(axis=1)
    if not finite.all():
        row = int(np.flatnonzero(~finite)[0])
        raise ModelError(f"predicted: row {row}: expected finite numbers, got {predicted[row].tolist()}")
