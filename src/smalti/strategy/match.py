"""The match: for each customer the strategy with the largest expected gain, and the best that works by another mechanism."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import betaincinv, gammaincinv

from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.playbook import DO_NOT_TARGET, LEAVE_ALONE, Basis, StrategyDefinition

LEVEL = 0.8
"""What the intervals are to hold."""
LEVEL_Z = 1.2815515655446004
"""Standard deviations on either side that a normal interval of this level reaches."""
_SHARES = (np.arange(64) + 0.5) / 64
_DOUBTS = np.concatenate([[0.0], np.geomspace(0.01, 10, 60)])


@dataclass(frozen=True)
class Option:
    """One strategy, reckoned for all customers.

    Attributes:
        name: The strategy.
        definition: What the playbook says of it.
        eligible: For whom it may be chosen.
        gain: Expected gain in minor units: rate x headroom - cost, in whole minor units.
        low: Low end of the 80 % interval of the expected gain.
        high: High end.
        doubt: Relative standard deviation of the headroom.
        cost: Cost of one try, in minor units.
        basis: Where the gain comes from: the weakest of what it rests on.
    """

    name: str
    definition: StrategyDefinition
    eligible: Booleans
    gain: Floats
    low: Floats
    high: Floats
    doubt: Floats
    cost: int
    basis: Basis


@dataclass(frozen=True)
class Match:
    """The strategies of all customers, as positions in the list of options.

    Attributes:
        primary: The option with the largest expected gain.
        secondary: The best option that works by another mechanism.
        runner_up: The best option that is neither, or -1.
    """

    primary: Integers
    secondary: Integers
    runner_up: Integers


def reckon(
    name: str,
    definition: StrategyDefinition,
    eligible: Booleans,
    headroom: Floats,
    doubt: Floats,
    cost: int,
    *,
    modelled: bool,
) -> Option:
    """Reckon one strategy's expected gain and interval for all customers.

    The interval covers the doubt about the success rate (its Beta distribution) and about the headroom (a Gamma
    distribution with `doubt` as relative standard deviation), taken as independent and multiplied. It is an interval of
    the *expected* gain; one customer's luck is not in it.

    Args:
        name: The strategy.
        definition: What the playbook says of it.
        eligible: For whom it may be chosen.
        headroom: What is to be won, in minor units.
        doubt: Relative standard deviation of the headroom.
        cost: Cost of one try, in minor units.
        modelled: Whether the headroom comes from fitted models and known costs alone, and nothing assumed.
    """
    belief = definition.success
    won = belief.rate * headroom
    ends = np.sort([won * np.interp(doubt, _DOUBTS, end) for end in _ends(belief.rate, belief.strength)], axis=0)
    bases: list[Basis] = [belief.basis, "modelled" if modelled else "assumed"]
    return Option(
        name=name,
        definition=definition,
        eligible=eligible,
        gain=np.floor(won + 0.5) - cost,
        low=np.floor(np.minimum(ends[0], won) + 0.5) - cost,
        high=np.floor(np.maximum(ends[1], won) + 0.5) - cost,
        doubt=doubt,
        cost=cost,
        basis=min(bases, key=("assumed", "modelled", "measured").index),
    )


def match(options: Sequence[Option]) -> Match:
    """Choose for every customer; the first of equal options wins, leave alone before all others at no gain.

    Leaving alone and not targeting are always possible, so everybody gets two answers. Not targeting goes with nothing but
    leaving alone. Where leaving alone comes first, the second is the best of the others, with the loss that is expected of it.

    Raises:
        ValueError: One of these two is not among the options.
    """
    names = [option.name for option in options]
    last_resorts = {names.index(LEAVE_ALONE), names.index(DO_NOT_TARGET)}
    scores = np.stack(
        [
            np.where(option.eligible | (position in last_resorts), option.gain, -np.inf)
            for position, option in enumerate(options)
        ]
    )
    order = [names.index(LEAVE_ALONE), *(place for place, name in enumerate(names) if name != LEAVE_ALONE)]
    everyone = np.arange(scores.shape[1])
    primary = _best(scores, order)
    rest = scores.copy()
    mechanisms = np.unique([option.definition.mechanism for option in options], return_inverse=True)[1]
    rest[mechanisms[:, None] == mechanisms[primary][None, :]] = -np.inf
    alone, restrained = names.index(LEAVE_ALONE), names.index(DO_NOT_TARGET)
    rest[restrained, primary != alone] = -np.inf
    others = np.arange(len(names)) != alone
    rest[others[:, None] & (primary == restrained)[None, :]] = -np.inf
    secondary = _best(rest, order)
    left = scores.copy()
    left[primary, everyone] = -np.inf
    left[secondary, everyone] = -np.inf
    runner_up = _best(left, order)
    return Match(primary, secondary, np.where(np.isfinite(left[runner_up, everyone]), runner_up, -1))


@dataclass(frozen=True)
class Total:
    """The expected gain of many customers together, in minor units.

    Attributes:
        gain: Its sum.
        low: Low end of its 80 % interval.
        high: High end.
    """

    gain: int
    low: int
    high: int


def totals(options: Sequence[Option], chosen: Integers) -> tuple[list[Total], Total]:
    """Sum the gains of the customers for whom each option was chosen, and of all.

    A strategy's success rate is one number for all its customers, so its doubt does not average out; the doubts about their
    headrooms do, being independent; strategies are independent of each other. The ends are those of a normal distribution with
    the summed variance.

    Args:
        options: The strategies, reckoned.
        chosen: The option of each customer.
    """
    sums, variances = [], []
    for position, option in enumerate(options):
        rows = chosen == position
        belief, won = option.definition.success, option.gain[rows] + option.cost
        shared = _rate_spread(belief.rate, belief.strength) * float(won.sum())
        sums.append(float(option.gain[rows].sum()))
        variances.append(shared**2 + float(((won * option.doubt[rows]) ** 2).sum()))
    return [_total(*one) for one in zip(sums, variances, strict=True)], _total(sum(sums), sum(variances))


def _total(gain: float, variance: float) -> Total:
    reach = LEVEL_Z * variance**0.5
    return Total(round(gain), round(gain - reach), round(gain + reach))


def _rate_spread(rate: float, strength: float) -> float:
    """Give the relative standard deviation of a Beta distribution with this mean and weight."""
    return 0.0 if rate in (0.0, 1.0) else ((1 - rate) / (rate * (strength + 1))) ** 0.5


def _best(scores: Floats, order: Sequence[int]) -> Integers:
    places: Integers = np.asarray(order, dtype=np.int64)[np.argmax(scores[list(order)], axis=0)]
    return places


@cache
def _ends(rate: float, strength: float) -> tuple[Floats, Floats]:
    """Give both ends of rate x headroom as shares of its mean, for each of `_DOUBTS`: quantiles of products of quantiles."""
    sure = rate in (0.0, 1.0)
    rates = np.ones(1) if sure else betaincinv(max(rate * strength, 1e-9), (1 - rate) * strength, _SHARES) / rate
    products = (_headrooms()[:, :, None] * rates).reshape(len(_DOUBTS), -1)
    low, high = np.quantile(products, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1, method="hazen")
    return low, high


@cache
def _headrooms() -> Floats:
    shapes = _DOUBTS[1:, None] ** -2
    return np.concatenate([np.ones((1, len(_SHARES))), gammaincinv(shapes, _SHARES) / shapes])
