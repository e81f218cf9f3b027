"""What a customer will spend in a horizon, discounted, with an interval of the money that will truly come.

Two things are uncertain and both count: how many purchases she makes (the buying model's predictive distribution) and how
much each is (Gamma-Gamma: her own level of spend is not known exactly, and purchases scatter around it). Given n purchases
after x that brought a mean of m,

    spend / (v + x m) ~ beta prime(p n, p x + q),

since n purchases sum to Gamma(p n, nu) and nu is Gamma(p x + q, v + x m). So the chance to spend more than s is

    P(active) sum over n of P(n | active) I[1 / (1 + s / (v + x m)); p x + q, p n],

and the interval is its quantiles at the fitted parameters. How many purchases an active customer makes depends on her
repeats and age alone, so customers who share these share one curve, and a million customers need a few thousand: ages go
in bands of 5 %, and money is stretched by how her pace differs from that in the middle of her band. High ends are right
to about 1 %, low ones of a few coins to 3 %. A customer's answer does not depend on who else is asked about, but for
digits beyond the tenth (expected purchases are interpolated).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from smalti.models.arrays import Booleans, Floats, Integers
from smalti.models.buying.discounting import discount_steps
from smalti.models.buying.protocol import RepeatBuying
from smalti.models.intervals import check_level
from smalti.models.purchase_counts import PurchaseCounts, counts_if_active
from smalti.models.spend import GammaGamma

_BAND = 0.05
_YOUNG = 30.0
_EXACT = 10
_GROWTH = 1.2
_MOST = 20_000
_POINTS = 32
_LEAST_MASS = 1e-5
_CELLS = 4_000_000
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class ResidualValue:
    """What is yet to come of each customer; arrays of one length, money in the spend model's unit.

    Attributes:
        p_alive: Chance of still being a customer.
        purchases: Expected purchases in the horizon.
        discounted: The same, each discounted.
        spend: Expected spend of a purchase.
        value: Expected spend in the horizon, discounted.
        low: Lower end of the interval of what she will truly spend, discounted.
        high: Upper end.
    """

    p_alive: Floats
    purchases: Floats
    discounted: Floats
    spend: Floats
    value: Floats
    low: Floats
    high: Floats


def residual_value(
    buying: RepeatBuying,
    spend: GammaGamma,
    history: tuple[Floats, Floats, Floats],
    spent: tuple[Floats, Floats],
    horizon: float,
    *,
    annual_rate: float = 0.0,
    units_per_year: float = 365.25,
    level: float = 0.8,
) -> ResidualValue:
    """Return what customers will spend in the next `horizon`, discounted by twelfths of it, with an interval.

    Args:
        buying: The fitted buying model.
        spend: The fitted spend model.
        history: Repeats, recency and age of each customer, one-dimensional, in the buying model's unit of time.
        spent: Purchases that entered her mean spend, and that mean; 0 and 0 where nothing is known.
        horizon: In the same unit.
        annual_rate: Yearly rate of discount, 0.1 for 10 %.
        units_per_year: How many units of time make a year.
        level: Share of customers whose spend is to lie within the ends.

    Raises:
        ModelError: For histories that cannot be, or a horizon, rate or level that makes no sense.

    Examples:
        >>> from smalti.models import BuyingModel
        >>> buying = BuyingModel("mbg_nbd", 0.525, 6.183, 0.891, 1.614)
        >>> history = np.array([0.0, 9.0]), np.array([0.0, 37.0]), np.array([39.0, 39.0])
        >>> spent = np.array([1.0, 10.0]), np.array([30.0, 30.0])
        >>> found = residual_value(buying, GammaGamma(6.25, 3.74, 15.44, observed_mean=35.0), history, spent, 52)
        >>> found.value.round(), found.low.round(), found.high.round()
        (array([  6., 213.]), array([0., 0.]), array([ 22., 442.]))
    """
    steps = discount_steps(horizon, annual_rate, units_per_year, 12)
    alive, purchases = buying.p_alive(*history), buying.expected_purchases(*history, horizon)
    discounted = purchases if annual_rate == 0 else buying.expected_purchases(*history, horizon, steps)
    fade = np.divide(discounted, purchases, out=np.ones(alive.size), where=purchases > 0)
    each = spend.expected_spend(*spent)
    low, high = spend_interval(buying, spend, history, spent, horizon, level=level, alive=alive)
    return ResidualValue(alive, purchases, discounted, each, discounted * each, low * fade, high * fade)


def spend_interval(
    buying: RepeatBuying,
    spend: GammaGamma,
    history: tuple[Floats, Floats, Floats],
    spent: tuple[Floats, Floats],
    horizon: float,
    *,
    level: float = 0.8,
    alive: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Return the ends of the interval of what each customer will truly spend in the horizon, not discounted.

    Of customers who may well buy nothing the low end is 0, and more of them lie within than `level` says.

    Args:
        buying: The fitted buying model.
        spend: The fitted spend model.
        history: Repeats, recency and age of each customer, one-dimensional.
        spent: Purchases that entered her mean spend, and that mean.
        horizon: In the buying model's unit of time.
        level: Share of customers whose spend is to lie within the ends.
        alive: Their chances of being customers, where they are known already.

    Raises:
        ModelError: For histories that cannot be, or a level that is no share.
    """
    check_level(level)
    active = buying.p_alive(*history) if alive is None else alive
    (x, _, age), (count, mean) = history, spent
    known = np.asarray((mean > 0) & (count > 0))
    size = np.where(known, count, 0.0)
    band = np.rint(np.log1p(age / _YOUNG) / _BAND).astype(np.int64)
    order = np.lexsort((size, band, x))
    starts = _starts(x[order], band[order], size[order])
    first = order[starts]
    centre = _YOUNG * np.expm1(band * _BAND)
    curves = _Curves.of(buying, spend, x[first], centre[first], size[first], horizon)
    place = np.empty(x.size, dtype=np.int64)
    place[order] = np.cumsum(_flags(starts, x.size)) - 1
    faster = (buying.alpha + centre) / (buying.alpha + age)
    scale = np.asarray((spend.v + size * np.where(known, mean, 0.0)) * faster)
    tails = [(1 + level) / 2, (1 - level) / 2]
    chances = [np.minimum(tail / np.maximum(active, _TINY), 2.0) for tail in tails]
    return scale * curves.beyond(place, chances[0]), scale * curves.beyond(place, chances[1])


def _starts(*columns: Floats | Integers) -> Integers:
    differs = np.ones(columns[0].size, dtype=bool)
    if differs.size:
        differs[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return np.asarray(np.flatnonzero(differs), dtype=np.int64)


def _flags(starts: Integers, length: int) -> Booleans:
    flags = np.zeros(length, dtype=bool)
    flags[starts] = True
    return flags


@dataclass(frozen=True, eq=False)
class _Curves:
    """For each kind of customer the chance, if she is active, to spend more than s times her scale.

    Attributes:
        logs: Logarithms of s, one row per kind, rising.
        chances: The chance at each, falling.
    """

    logs: Floats
    chances: Floats

    @classmethod
    def of(
        cls, buying: RepeatBuying, spend: GammaGamma, repeats: Floats, age: Floats, size: Floats, horizon: float
    ) -> _Curves:
        """Reckon the curves of customers with these repeats, ages and numbers of purchases behind their mean spend."""
        below, above = _counts_told()
        masses = _masses(counts_if_active(buying, repeats, age, horizon), repeats.size, below, above)
        numbers = np.sqrt((below + 1.0) * above)
        shape = spend.p * size + spend.q
        logs = _grid(masses, numbers, spend.p, shape)
        chances = np.zeros(logs.shape)
        kinds, places = np.nonzero(masses > _LEAST_MASS)
        rows = max(1, _CELLS // _POINTS)
        for start in range(0, kinds.size, rows):
            kind, place = kinds[start : start + rows], places[start : start + rows]
            rest = 1 / (1 + np.exp(logs[kind]))
            spent = betainc(shape[kind][:, None], (spend.p * numbers[place])[:, None], rest)
            np.add.at(chances, kind, masses[kind, place][:, None] * spent)
        return cls(logs, np.minimum.accumulate(chances, axis=1))

    def beyond(self, place: Integers, chance: Floats) -> Floats:
        """Return what is exceeded, if active, with these chances, for customers of these kinds; 0 where even 0 is not."""
        found = np.zeros(place.size)
        order = np.argsort(place, kind="stable")
        starts = _starts(place[order])
        for begin, end in zip(starts, [*starts[1:], place.size], strict=True):
            rows = order[begin:end]
            kind = int(place[rows[0]])
            falling = self.chances[kind][::-1]
            wanted = np.interp(np.log(chance[rows]), np.log(np.maximum(falling, _TINY)), self.logs[kind][::-1])
            found[rows] = np.where(chance[rows] < falling[-1], np.exp(wanted), 0.0)
        return found


def _counts_told() -> tuple[Floats, Floats]:
    """Return classes of purchase counts, each more than the one number and at most the other; single ones at first."""
    ends = list(range(_EXACT + 1))
    while ends[-1] < _MOST:
        ends.append(int(np.ceil(ends[-1] * _GROWTH)))
    return np.array(ends[:-1], dtype=np.float64), np.array(ends[1:], dtype=np.float64)


def _masses(counts: PurchaseCounts, kinds: int, below: Floats, above: Floats) -> Floats:
    """Return the chance of each class of purchase counts, one row per kind; the rare rest is left out."""
    masses = np.zeros((kinds, below.size))
    more = counts.any()
    rows = np.arange(kinds)
    for place, most in enumerate(above):
        beyond = counts.more_than(np.full(rows.size, int(most)), rows)
        masses[rows, place] = more[rows] - beyond
        more[rows] = beyond
        rows = rows[beyond > _LEAST_MASS]
        if not rows.size:
            break
    return np.maximum(masses, 0.0)


def _grid(masses: Floats, numbers: Floats, p: float, shape: Floats) -> Floats:
    """Return logarithms of spend, evenly spaced, that reach from nearly nothing to nearly never exceeded, for each kind."""
    there = masses > _LEAST_MASS
    most = np.where(there, numbers, 1.0).max(axis=1)
    least = np.where(there, numbers, np.inf).min(axis=1)
    least = np.where(np.isfinite(least), least, 1.0)
    spread = np.sqrt(1 / (p * least) + 1 / shape)
    low = np.log(p * least / shape) - 4.0 * spread
    high = np.log(p * most / shape) + 5.0 * np.sqrt(1 / (p * most) + 1 / shape)
    return np.asarray(low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, _POINTS))
