"""Waiting: when the next purchase comes, and how long a silence has to be until we know that she is gone.

All answers are times from the as-of instant, in the model's unit, for any kind of model. Medians and not means are
given, because the mean wait of a customer with r + x up to 1 is infinite: she may be one of the very slow.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from smalti.errors import ModelError
from smalti.models.arrays import Floats, Integers
from smalti.models.buying.asked import Asked
from smalti.models.buying.model import BuyingModel
from smalti.models.buying.pareto_counts import same_rows
from smalti.models.buying.protocol import RepeatBuying
from smalti.models.roots import rising_roots

_LONGEST = 460.0
"""No logarithm of a time is searched for beyond plus or minus this: times of 1e-200 to 1e200."""

_SLACK = 1e-6


def next_purchase(
    model: RepeatBuying, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, chance: float = 0.5
) -> Floats:
    """Return the time within which her next purchase comes with this chance, as long as she is and stays a customer.

    It is her rhythm: the quantile (the median when `chance` is not given) of the wait for the next purchase of an
    active customer with her history, (alpha + T) ((1 - chance)^(-1 / (r + x)) - 1), under every kind of model. Whether
    she is still a customer is another question: see `p_alive` and `purchase_by`. Always finite, but very long for a
    customer who has not come back for long: the model then takes her for a slow one.

    Args:
        model: the fitted buying model.
        repeats: x of each customer.
        recency: t_x of each customer.
        age: T of each customer.
        chance: with which the purchase comes within the time; above 0 and below 1.

    Raises:
        ModelError: for histories that cannot be, or a chance that is none.

    Examples:
        >>> model = BuyingModel("mbg_nbd", 0.525, 6.183, 0.891, 1.614)
        >>> next_purchase(model, [1, 5, 20], [10, 35, 38], 39).round(1)
        array([26. ,  6. ,  1.6])
    """
    asked = Asked.of(repeats, recency, age)
    log = -np.log1p(-_share("chance", chance)) / (model.r + asked.repeats)
    return _beyond(model.alpha + asked.age, log).reshape(asked.shape)


def purchase_by(
    model: RepeatBuying, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, chance: float = 0.5
) -> Floats:
    """Return the time within which she will have bought again with this chance, all told: she may be gone already.

    With the chance of one half, when not given, it is the expected next purchase in the plainest sense: the first
    instant at which it is as likely as not that she has bought again. Infinite where the chance is never reached:
    it is then likelier that she never buys again. In closed form for MBG/NBD and BG/NBD, otherwise by a bracketing
    search of `purchase_chance` to 1e-10 relative.

    Args:
        model: the fitted buying model.
        repeats: x of each customer.
        recency: t_x of each customer.
        age: T of each customer.
        chance: to be reached; above 0 and below 1.

    Raises:
        ModelError: for histories that cannot be, or a chance that is none.

    Examples:
        >>> model = BuyingModel("mbg_nbd", 0.525, 6.183, 0.891, 1.614)
        >>> purchase_by(model, [0, 5, 20], [0, 35, 38], 39).round(1)
        array([inf, 8.5, 1.7])
    """
    _share("chance", chance)
    asked = Asked.of(repeats, recency, age)
    active = model.p_alive(*asked.history)
    rows = np.flatnonzero(active > chance)
    history = asked.repeats[rows], asked.recency[rows], asked.age[rows]
    log = -np.log1p(-chance / active[rows]) / (model.r + history[0])
    wait = np.full(active.size, np.inf)
    wait[rows] = _beyond(model.alpha + history[2], log)
    if not isinstance(model, BuyingModel):
        # Who may leave before her next purchase waits no shorter than who leaves only after one.
        wait[rows] = _searched(lambda *asked: model.purchase_chance(*asked) - chance, history, wait[rows])
    return wait.reshape(asked.shape)


def gone_after(
    model: RepeatBuying, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, level: float = 0.1
) -> Floats:
    """Return the time after which, if she has not bought by then, her chance of being active is below the level.

    It answers "when will we know that she is gone": 0 where the chance is below the level already, infinite where it
    never will be: under BG/NBD a customer without a repeat purchase is active for ever. In closed form for MBG/NBD and
    BG/NBD, otherwise by a bracketing search of `p_alive` to 1e-10 relative.

    Args:
        model: the fitted buying model.
        repeats: x of each customer.
        recency: t_x of each customer.
        age: T of each customer.
        level: the chance below which she counts as gone; above 0 and below 1.

    Raises:
        ModelError: for histories that cannot be, or a level that is no chance.

    Examples:
        >>> model = BuyingModel("mbg_nbd", 0.525, 6.183, 0.891, 1.614)
        >>> gone_after(model, [0, 5, 20], [0, 35, 38], 39).round(1)
        array([1214.6,   42.9,   12.3])
        >>> gone_after(BuyingModel("bg_nbd", 0.243, 4.414, 0.793, 2.426), [0, 5], [0, 10], [39, 60]).round(1)
        array([inf,  0.])
    """
    _share("level", level)
    asked = Asked.of(repeats, recency, age)
    x, t_x, big_t = asked.history
    if isinstance(model, BuyingModel):
        silence = _silence(model, x, t_x, level)
    else:
        history = x, t_x, np.zeros_like(big_t)
        silence = _searched(lambda x, t_x, _, time: level - model.p_alive(x, t_x, t_x + time), history, history[2])
    return np.asarray(np.maximum(silence - (big_t - t_x), 0.0)).reshape(asked.shape)


def _silence(model: BuyingModel, repeats: Floats, recency: Floats, level: float) -> Floats:
    """Return how long after her last purchase the chance of being active is down at the level."""
    left = np.maximum(model.parameters.stayed(repeats) - 1.0, np.finfo(float).tiny)
    odds = np.log1p(-level) - np.log(level) - np.log(model.a) + np.log(left)
    silence = _beyond(model.alpha + recency, np.maximum(odds, 0.0) / (model.r + repeats))
    return np.where((repeats == 0) & (model.kind == "bg_nbd"), np.inf, silence)


def _beyond(start: Floats, log: Floats) -> Floats:
    """Return start (e^log - 1), infinite where that is beyond all numbers."""
    far = log > _LONGEST
    return np.where(far, np.inf, start * np.expm1(np.where(far, 0.0, log)))


def _searched(
    above: Callable[[Floats, Floats, Floats, Floats], Floats], history: tuple[Floats, Floats, Floats], least: Floats
) -> Floats:
    """Return for each history the time at which a rising function of history and time crosses zero, or infinity.

    Args:
        above: x, t_x, T and a time to a number that rises with the time.
        history: x, t_x and T.
        least: a time, equal for equal histories, that is not after the crossing; 0 when nothing is known.
    """
    place, first = same_rows(*history)
    x, t_x, big_t = (column[first] for column in history)

    def value(log: Floats, rows: Integers) -> Floats:
        return above(x[rows], t_x[rows], big_t[rows], np.exp(log))

    with np.errstate(divide="ignore"):
        low = np.clip(np.log(least[first]) - _SLACK, -_LONGEST, _LONGEST)
    high, step = np.where(low > -_LONGEST, low + 0.25, _LONGEST), 0.5
    rows = np.flatnonzero(high < _LONGEST)
    while (rows := rows[value(high[rows], rows) < 0]).size:
        low[rows], high[rows] = high[rows], np.minimum(high[rows] + step, _LONGEST)
        rows, step = rows[high[rows] < _LONGEST], 2 * step
    log = rising_roots(value, low, high)
    time = np.where(log <= -_LONGEST, 0.0, np.where(log >= _LONGEST, np.inf, np.exp(log)))
    return np.asarray(time[place])


def _share(name: str, value: float) -> float:
    if not 0 < value < 1:
        raise ModelError(f"{name}: expected a share between 0 and 1, got {value}")
    return value
