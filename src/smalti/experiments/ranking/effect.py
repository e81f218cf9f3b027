"""One number per customer that is unbiased for the effect on her of an arm against the control, costs taken off."""

from __future__ import annotations

import numpy as np

from smalti.errors import ModelError
from smalti.experiments.logged import Floats, Integers, Logged
from smalti.experiments.policies.scores import doubly_robust_scores


def effect_numbers(
    log: Logged, arm: int | Integers, control: int, predicted: Floats | None = None, cost: Floats | None = None
) -> Floats:
    """Give each decision's doubly robust score of an arm less that of the control, less what it costs more; shape (n,).

    The score of an arm is its predicted outcome, plus what came beyond it over the chance of the arm, where the arm was
    that one (Robins, Rotnitzky and Zhao 1994). Without predictions each arm's weighted mean takes their place; the mean of
    the numbers is then just the difference of weighted means, and adding a constant to all outcomes changes nothing.

    Args:
        log: The log; its chances are taken as right.
        arm: The place of the arm, or of each decision's arm; shape (n,).
        control: The place of the arm that it is held against.
        predicted: The outcome under each arm by fits that never saw the customer, shape (n, arms); None where there is none.
        cost: What each arm costs in the unit of the outcome, of shape (arms,) or (n, arms); None where nothing does.

    Raises:
        ModelError: Shapes are not as said, a number is not finite, or there are no predictions of an arm nobody was given.

    Examples:
        >>> log = Logged(("none", "mail"), np.array([0, 1, 1, 0]), np.full(4, 0.5), np.array([0.0, 1.0, 3.0, 2.0]))
        >>> effect_numbers(log, 1, 0).tolist()
        [3.0, -1.0, 3.0, -1.0]
        >>> effect_numbers(log, 1, 0, cost=np.array([0.0, 0.5])).mean().item()
        0.5
    """
    wanted = np.asarray(arm, dtype=np.int64)
    if wanted.shape not in ((), log.arm.shape):
        raise ModelError(f"arm: expected one place, or {log.rows:,} as in the log, got {wanted.shape}")
    for place in np.unique(np.append(wanted, control)).tolist():
        if not 0 <= place < len(log.arms):
            raise ModelError(f"arm: expected places in {len(log.arms)} arms, got {place}")
    wanted = np.broadcast_to(wanted, log.arm.shape)
    told = _means(log, np.union1d(wanted, [control])) if predicted is None else _whole(log, predicted, "predicted")
    each = np.arange(log.rows)
    scores = doubly_robust_scores(log, told)
    numbers = scores[each, wanted] - scores[:, control]
    if cost is not None:
        costs = cost_matrix(log, cost)
        numbers -= costs[each, wanted] - costs[:, control]
    return np.where(wanted == control, 0.0, numbers)


def best_arms(log: Logged, effects: Floats, control: int, cost: Floats | None = None) -> tuple[Integers, Floats]:
    """Give each customer's best arm but the control, by effects that are told less costs, and how much it is better by.

    Args:
        log: The log.
        effects: What is told of each arm's effect, out of fold, shape (n, arms); only differences to the control count.
        control: The place of the control.
        cost: As in `effect_numbers`.

    Returns:
        Places of arms (the first of those that tie), and effects less costs against the control; shape (n,) each.

    Raises:
        ModelError: As in `effect_numbers`, or there is no arm but the control.

    Examples:
        >>> log = Logged(("none", "mail", "call"), np.array([0, 1]), np.full(2, 0.3), np.zeros(2))
        >>> best_arms(log, np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 3.0]]), 0, cost=np.array([0.0, 0.0, 1.5]))
        (array([1, 2]), array([1. , 1.5]))
    """
    if len(log.arms) < 2:
        raise ModelError("arms: expected one or more besides the control, got none")
    net = _whole(log, effects, "effects") - (0.0 if cost is None else cost_matrix(log, cost))
    net = net - net[:, [control]]
    net[:, control] = -np.inf
    best = net.argmax(axis=1)
    return best, net[np.arange(log.rows), best]


def cost_matrix(log: Logged, cost: Floats) -> Floats:
    """Give what each arm costs for each decision, shape (n, arms)."""
    if cost.shape == (len(log.arms),):
        cost = np.broadcast_to(cost, (log.rows, len(log.arms)))
    return _whole(log, cost, "cost")


def _whole(log: Logged, values: Floats, name: str) -> Floats:
    if values.shape != (log.rows, len(log.arms)):
        raise ModelError(f"{name}: expected {log.rows:,} rows of {len(log.arms)} arms, got an array of {values.shape}")
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise ModelError(f"{name}: row {row}: expected finite numbers, got {values[row].tolist()}")
    return values


def _means(log: Logged, needed: Integers) -> Floats:
    weights = np.bincount(log.arm, 1.0 / log.probability, minlength=len(log.arms))
    for place in needed.tolist():
        if weights[place] == 0:
            raise ModelError(f"arm {log.arms[place]}: expected somebody who was given it, got nobody")
    # about one outcome in the middle of all, so that a constant added to every outcome cancels to the last bit but one
    middle = float(log.outcome.mean())
    sums = np.bincount(log.arm, (log.outcome - middle) / log.probability, minlength=len(log.arms))
    means = middle + np.divide(sums, weights, out=np.zeros_like(sums), where=weights > 0)
    return np.broadcast_to(means, (log.rows, len(log.arms)))
