"""With which probability to try what: mostly what seems best, and never so rarely that nothing could be proven tomorrow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from smalti.errors import ModelError
from smalti.experiments.learning.amounts import AmountBelief
from smalti.experiments.learning.rates import RateBelief
from smalti.experiments.logged import Floats, Integers

_NODES = 250
_NORMAL_NODES = 32
_ROWS_AT_ONCE = 20_000
_SUM_TO_ONE = 1e-6


def chances_of_best(beliefs: Sequence[RateBelief | AmountBelief], cost: Floats | None = None) -> Floats:
    """Give how likely each arm is the best, as far as is believed: the probabilities of Thompson sampling, without drawing.

    Args:
        beliefs: One for each arm, independent of each other.
        cost: What each arm costs, in the unit of the beliefs; shape (K,).

    Returns:
        Chances that sum to 1, shape (K,); exact to about 1e-4.

    Raises:
        ModelError: There is no belief.

    Source: Thompson 1933. P(a best) is the integral of the density of a times the product of the other distribution functions,
    taken over quantiles of all arms together.

    Examples:
        >>> chances_of_best([RateBelief(0.1, 100), RateBelief(0.1, 100), RateBelief(0.2, 100)]).round(3).tolist()
        [0.02, 0.02, 0.96]
    """
    if not beliefs:
        raise ModelError("beliefs: expected one for each arm, got none")
    costs = np.zeros(len(beliefs)) if cost is None else cost
    chances = np.concatenate(
        [[1e-12, 1e-9, 1e-6, 1e-4], (np.arange(_NODES) + 0.5) / _NODES, [1 - 1e-4, 1 - 1e-6, 1 - 1e-9]]
    )
    grid = np.unique(np.concatenate([one.quantile(chances) - off for one, off in zip(beliefs, costs, strict=True)]))
    below = np.stack([one.cdf(grid + off) for one, off in zip(beliefs, costs, strict=True)])
    best = np.empty(len(beliefs))
    for place in range(len(beliefs)):
        others = np.delete(below, place, axis=0).prod(axis=0)
        best[place] = (np.diff(below[place]) * (others[1:] + others[:-1]) / 2).sum()
    return np.asarray(best / best.sum())


def chances_of_best_each(expected: Floats, error: Floats) -> Floats:
    """Give, for each customer, how likely each arm is the best for her: Thompson sampling of individual estimates.

    Args:
        expected: What each arm is expected to bring, shape (n, K).
        error: How unsure that is, as standard errors, at least 0; shape (n, K) or (K,). Taken as normal and independent.

    Returns:
        Chances that sum to 1 in each row, shape (n, K); exact to about 0.01.

    Raises:
        ModelError: The shapes do not fit, or a number is not finite.

    Examples:
        >>> chances_of_best_each(np.array([[0.0, 1.0], [1.0, 1.0]]), np.array([0.5, 0.5])).round(2).tolist()
        [[0.08, 0.92], [0.5, 0.5]]
    """
    wide = error.shape == expected.shape[1:]
    if expected.ndim != 2 or not (wide or error.shape == expected.shape):
        raise ModelError(f"error: expected shape {expected.shape} as expected has, got {error.shape}")
    if not (np.isfinite(expected).all() and np.isfinite(error).all()):
        raise ModelError("expected: wanted finite numbers and finite errors of them, found some that are not")
    spread = np.maximum(np.broadcast_to(error, expected.shape), 1e-12 * (1 + np.abs(expected).max(initial=0.0)))
    found = np.empty(expected.shape)
    for start in range(0, len(expected), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        found[rows] = _each(expected[rows], spread[rows])
    return found


def _each(expected: Floats, spread: Floats) -> Floats:
    nodes = ndtri((np.arange(_NORMAL_NODES) + 0.5) / _NORMAL_NODES)
    arms = expected.shape[1]
    best = np.zeros(expected.shape)
    for place in range(arms):
        at = expected[:, place, None] + spread[:, place, None] * nodes
        chance = np.ones(at.shape)
        for other in range(arms):
            if other != place:
                chance *= ndtr((at - expected[:, other, None]) / spread[:, other, None])
        best[:, place] = chance.mean(axis=1)
    best += 1e-300
    return np.asarray(best / best.sum(axis=1, keepdims=True))


def top_two(best: Floats, share: float = 0.5) -> Floats:
    """Give the probabilities of top-two sampling: the best with `share`, else the best of the others.

    Thompson sampling all but stops trying what is probably second best; top-two keeps telling the first two apart, which ends
    the sooner in knowing which is best, and costs more meanwhile.

    Args:
        best: How likely each arm is the best, shape (K,) or (n, K).
        share: How often the first pick stands, above 0, at most 1 (which is Thompson sampling).

    Returns:
        Probabilities of the same shape.

    Raises:
        ModelError: The share is not as said above.

    Source: Russo, Simple Bayesian algorithms for best-arm identification (2016).

    Examples:
        >>> top_two(np.array([0.0, 0.1, 0.9])).round(3).tolist()
        [0.0, 0.5, 0.5]
    """
    if not 0 < share <= 1:
        raise ModelError(f"share: expected one above 0 and at most 1, got {share:g}")
    odds = best / np.maximum(1 - best, 1e-12)
    second = best * (odds.sum(axis=-1, keepdims=True) - odds)
    whole = second.sum(axis=-1, keepdims=True)
    second = np.divide(second, whole, out=np.array(best, dtype=np.float64), where=whole > 0)
    return np.asarray(share * best + (1 - share) * second)


def softmax(expected: Floats, temperature: float) -> Floats:
    """Give probabilities that fall smoothly with what is expected to be lost.

    Args:
        expected: What each arm is expected to bring, shape (K,) or (n, K).
        temperature: By how much two arms must differ for the better to be e times as likely, in the same unit; above 0.

    Raises:
        ModelError: The temperature is not above 0.

    Examples:
        >>> softmax(np.array([0.0, 1.0]), 1.0).round(3).tolist()
        [0.269, 0.731]
    """
    if not temperature > 0:
        raise ModelError(f"temperature: expected a number above 0, got {temperature:g}")
    share = np.exp((expected - expected.max(axis=-1, keepdims=True)) / temperature)
    return np.asarray(share / share.sum(axis=-1, keepdims=True))


def with_floor(probabilities: Floats, floor: float) -> Floats:
    """Raise every probability to at least a floor, the rest shared out as before.

    What is never done is never known. With a floor f no decision weighs more than 1 / f in any later proof, and every
    policy can be proven; it costs at most K f of the difference between the best arm and the mean arm.

    Args:
        probabilities: They sum to 1; shape (K,) or (n, K).
        floor: The least probability, from 0 to 1 / K.

    Returns:
        floor + (1 - K floor) x probabilities, of the same shape.

    Raises:
        ModelError: The floor is higher than K arms can have, or the probabilities are none.

    Examples:
        >>> with_floor(np.array([0.0, 0.0, 1.0]), 0.05).round(2).tolist()
        [0.05, 0.05, 0.9]
        >>> with_floor(np.array([0.0, 1.0]), 0.6)
        Traceback (most recent call last):
        smalti.errors.ModelError: floor: expected one from 0 to 0.5, as there are 2 arms, got 0.6
    """
    arms = probabilities.shape[-1]
    if not 0 <= floor <= 1 / arms:
        raise ModelError(f"floor: expected one from 0 to {1 / arms:.4g}, as there are {arms} arms, got {floor:g}")
    if not ((probabilities >= 0).all() and (np.abs(probabilities.sum(axis=-1) - 1) <= _SUM_TO_ONE).all()):
        raise ModelError("probabilities: expected numbers of at least 0 that sum to 1")
    return np.asarray(floor + (1 - arms * floor) * probabilities)


def drawn(probabilities: Floats, draws: Floats) -> Integers:
    """Choose an arm for each customer by her draw.

    Args:
        probabilities: They sum to 1; shape (n, K).
        draws: One number of at least 0 and below 1 for each, as `assignment.bucket` gives them; shape (n,).

    Returns:
        Places of arms, shape (n,); never an arm of probability 0.

    Examples:
        >>> drawn(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([0.2, 0.0])).tolist()
        [0, 1]
    """
    upto = np.cumsum(probabilities, axis=1)
    place = (draws[:, None] * upto[:, -1:] >= upto).sum(axis=1)
    return np.asarray(place, dtype=np.int64)
