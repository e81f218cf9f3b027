"""How much a customer's buying hangs on discounts, drawn to that of customers like her as far as little is known of her.

Two questions, each with an interval and a least of data (empirical Bayes: what customers of a segment have in common is fitted,
then each is told as the mixture of that and her own):

- *discount sensitivity*: the share of her orders that she places on offer. Her orders are binomial with a share of her own, and
  shares are Beta(a, b) over the customers of a segment (beta-binomial; Skellam 1948). Hers is then Beta(a + k, b + n - k).
- *price sensitivity index*: by how much more she takes home, at list prices, when the discount is ten points of the price
  deeper: 0.2 is 20 % more. A line through her own orders - logarithm of the basket at list prices against the depth of the
  discount - has a slope with a standard error; slopes are normal over the customers of a segment (DerSimonian and Laird 1986).

Neither is an effect: discounts were not given at random, and who buys on offer may be waiting for offers or may meet many.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, betaln, digamma, ndtri

from smalti.errors import ModelError
from smalti.models.arrays import Booleans, Floats, Integers, numbers
from smalti.models.fitting import Objective, best_of
from smalti.models.intervals import check_level
from smalti.models.stored import same_names

LEAST_CUSTOMERS = 30
"""A segment of fewer customers takes what all customers have in common."""
LEAST_ORDERS = 3
"""Orders of known discount, at different depths, that a line through a customer's own orders wants."""
STEP = 0.1
"""The index is told for so much of the price: ten points."""
_NARROWEST = 0.02


@dataclass(frozen=True, eq=False)
class Estimate:
    """One number per customer; NaN where nothing can be said.

    Attributes:
        value: What is expected of her.
        low: Lower end of the interval.
        high: Upper end.
    """

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class OfferShares:
    """How the shares of orders on offer differ between customers; a plain value that scores any customer.

    Attributes:
        a: First parameter of the Beta distribution over customers, by segment; the key -1 is all customers.
        b: Its second parameter.
        customers: How many customers each was fitted to.
    """

    a: Mapping[int, float]
    b: Mapping[int, float]
    customers: Mapping[int, int]

    def share(
        self, orders: ArrayLike, on_offer: ArrayLike, segment: ArrayLike | None = None, level: float = 0.8
    ) -> Estimate:
        """Return the share of a customer's orders that she places on offer; missing without an order of known discount.

        Args:
            orders: Orders of which the discount is known.
            on_offer: Those of them with a discount.
            segment: The segment of each; unknown ones, and all if not given, take what all have in common.
            level: Of the interval.

        Examples:
            >>> all_alike = OfferShares({-1: 2.0}, {-1: 6.0}, {-1: 100})
            >>> found = all_alike.share([0, 2, 200], [0, 2, 200])
            >>> found.value.round(2).tolist(), found.low.round(2).tolist()
            ([nan, 0.4, 0.97], [nan, 0.21, 0.96])
        """
        check_level(level)
        n, k = _orders(orders, on_offer)
        place, (n, k, own) = _distinct(n, k, _codes(segment, n.size))
        a, b = _looked_up(self.a, own) + k, _looked_up(self.b, own) + n - k
        known = n > 0
        low, high = betaincinv(a, b, (1 - level) / 2), betaincinv(a, b, (1 + level) / 2)
        return Estimate(*(np.where(known, one, np.nan)[place] for one in (a / (a + b), low, high)))

    def to_dict(self) -> dict[str, Any]:
        """Return the model as numbers that JSON keeps without loss."""
        return _stored(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> OfferShares:
        """Return the model that `to_dict` gave.

        Raises:
            ModelError: when a name is missing or unknown.
        """
        same_names(cls.__name__, stored, [field.name for field in fields(cls)])
        return cls(**{name: _read(by_segment) for name, by_segment in stored.items()})


@dataclass(frozen=True)
class Slopes:
    """How the slopes of baskets against discounts differ between customers; a plain value that scores any customer.

    Attributes:
        mean: Their mean, by segment; the key -1 is all customers.
        spread: Their standard deviation.
        noise: Standard deviation of a basket's logarithm around a customer's own line, one for all.
        customers: How many customers each was fitted to.
    """

    mean: Mapping[int, float]
    spread: Mapping[int, float]
    noise: float
    customers: Mapping[int, int]

    def index(self, lines: Lines, segment: ArrayLike | None = None, level: float = 0.8) -> Estimate:
        """Return the price sensitivity index; missing for who has too few orders, or all at one depth of discount.

        Args:
            lines: What is known of the customers' orders.
            segment: The segment of each.
            level: Of the interval.
        """
        check_level(level)
        own = _codes(segment, lines.orders.size)
        told = lines.told
        spread2 = np.maximum(_looked_up(self.spread, own), 1e-9) ** 2
        mean, error2 = _looked_up(self.mean, own), self.noise**2 / np.where(told, lines.depths, 1.0)
        weight = spread2 / (spread2 + error2)
        middle = weight * np.where(told, lines.slope, 0.0) + (1 - weight) * mean
        half = float(ndtri((1 + level) / 2)) * np.sqrt(weight * error2)
        return Estimate(
            *(np.where(told, np.expm1(STEP * one), np.nan) for one in (middle, middle - half, middle + half))
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the model as numbers that JSON keeps without loss."""
        return _stored(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Slopes:
        """Return the model that `to_dict` gave.

        Raises:
            ModelError: when a name is missing or unknown.
        """
        same_names(cls.__name__, stored, [field.name for field in fields(cls)])
        read: dict[str, Any] = {name: one if name == "noise" else _read(one) for name, one in stored.items()}
        return cls(**read)


@dataclass(frozen=True, eq=False)
class Lines:
    """A line through each customer's orders, as sums over them; arrays of one length.

    Attributes:
        orders: Orders of known discount and a basket of more than nothing.
        depths: Sum of squares of the discounts' depths around her mean depth.
        products: Sum of the products of depth and logarithm of the basket at list prices, both around her means.
        baskets: Sum of squares of the logarithms around her mean.
    """

    orders: Floats
    depths: Floats
    products: Floats
    baskets: Floats

    @property
    def told(self) -> Booleans:
        """Whether there are orders enough, at different depths."""
        return np.asarray((self.orders >= LEAST_ORDERS) & (self.depths > _NARROWEST**2))

    @property
    def slope(self) -> Floats:
        """Her own slope; 0 where nothing is told."""
        return np.divide(self.products, self.depths, out=np.zeros(self.orders.size), where=self.told)


def fit_offer_shares(orders: ArrayLike, on_offer: ArrayLike, segment: ArrayLike | None = None) -> OfferShares:
    """Fit how shares of orders on offer differ between customers, for all and for each segment of enough customers.

    Args:
        orders: Orders of known discount of each customer; who has none is left out.
        on_offer: Those of them with a discount.
        segment: The segment of each, whole numbers from 0; one for all when not given.

    Raises:
        ModelError: For numbers that cannot be, fewer than 30 customers, or nobody with two orders.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> orders = rng.integers(1, 12, 2000)
        >>> model = fit_offer_shares(orders, rng.binomial(orders, rng.beta(2.0, 6.0, 2000)))
        >>> abs(model.a[-1] - 2.0) < 0.4, abs(model.b[-1] - 6.0) < 1.2
        (True, True)
    """
    n, k = _orders(orders, on_offer)
    own, kept = _codes(segment, n.size), n > 0
    n, k, own = n[kept], k[kept], own[kept]
    if n.size < LEAST_CUSTOMERS or not (n > 1).any():
        raise ModelError(
            f"{n.size} customers with orders of known discount: a model of discounts wants at least {LEAST_CUSTOMERS}, "
            "some with more than one order"
        )
    groups = {-1: np.ones(n.size, dtype=bool)} | {int(one): own == one for one in np.unique(own[own >= 0])}
    fitted = {name: _beta_of(n[who], k[who]) for name, who in groups.items() if _enough(n[who])}
    return OfferShares(
        {name: a for name, (a, _) in fitted.items()},
        {name: b for name, (_, b) in fitted.items()},
        {name: int(groups[name].sum()) for name in fitted},
    )


def fit_slopes(lines: Lines, segment: ArrayLike | None = None) -> Slopes:
    """Fit how the slopes of baskets against discounts differ between customers, for all and for each segment.

    Args:
        lines: What is known of the customers' orders.
        segment: The segment of each, whole numbers from 0; one for all when not given.

    Raises:
        ModelError: Fewer than 30 customers have orders enough at different depths.
    """
    told = lines.told
    if told.sum() < LEAST_CUSTOMERS:
        raise ModelError(
            f"{int(told.sum())} customers have at least {LEAST_ORDERS} orders at different discounts, and a model of what a "
            f"discount does to a basket wants {LEAST_CUSTOMERS}"
        )
    own, slope, depths = _codes(segment, told.size)[told], lines.slope[told], lines.depths[told]
    left = np.maximum(lines.baskets[told] - slope * lines.products[told], 0.0)
    noise = math.sqrt(max(float(left.sum()) / float((lines.orders[told] - 2).sum()), 1e-12))
    groups = {-1: np.ones(slope.size, dtype=bool)} | {int(one): own == one for one in np.unique(own[own >= 0])}
    enough = {name: who for name, who in groups.items() if who.sum() >= LEAST_CUSTOMERS}
    fitted = {name: _normal_of(slope[who], noise**2 / depths[who]) for name, who in enough.items()}
    return Slopes(
        {name: mean for name, (mean, _) in fitted.items()},
        {name: spread for name, (_, spread) in fitted.items()},
        noise,
        {name: int(who.sum()) for name, who in enough.items()},
    )


def _enough(orders: Floats) -> bool:
    return orders.size >= LEAST_CUSTOMERS and bool((orders > 1).any())


def _beta_of(n: Floats, k: Floats) -> tuple[float, float]:
    """Return the Beta distribution of highest likelihood; customers with equal numbers are counted once with a weight."""
    place, (count, offers, _) = _distinct(n, k, np.zeros(n.size, dtype=np.int64))
    weights = np.bincount(place) / n.size
    mean = float(np.clip(k.sum() / n.sum(), 0.001, 0.999))
    starts = [np.log([mean * size, (1 - mean) * size]) for size in (0.5, 2.0, 8.0, 32.0)]
    a, b = np.exp(best_of(_beta_loss(count, offers, weights), starts).logs).tolist()
    return float(a), float(b)


def _beta_loss(n: Floats, k: Floats, share: Floats) -> Objective:
    def loss(logs: Floats) -> tuple[float, Floats]:
        a, b = np.exp(logs).tolist()
        value = (share * (betaln(a + k, b + n - k) - betaln(a, b))).sum()
        both = digamma(a + b) - digamma(a + b + n)
        slopes = np.array(
            [
                (share * (digamma(a + k) - digamma(a) + both)).sum(),
                (share * (digamma(b + n - k) - digamma(b) + both)).sum(),
            ]
        )
        return -float(value), -slopes * np.array([a, b])

    return loss


def _normal_of(slope: Floats, error2: Floats) -> tuple[float, float]:
    """Return mean and standard deviation of the true slopes, by the moments of DerSimonian and Laird."""
    weight = 1 / error2
    rough = float((weight * slope).sum() / weight.sum())
    excess = float((weight * (slope - rough) ** 2).sum()) - (slope.size - 1)
    scale = float(weight.sum() - (weight**2).sum() / weight.sum())
    spread2 = max(excess / scale, 0.0) if scale > 0 else 0.0
    both = 1 / (error2 + spread2)
    return float((both * slope).sum() / both.sum()), math.sqrt(spread2)


def _orders(orders: ArrayLike, on_offer: ArrayLike) -> tuple[Floats, Floats]:
    n, k = np.atleast_1d(numbers(orders, "orders")).ravel(), np.atleast_1d(numbers(on_offer, "orders on offer")).ravel()
    if n.shape != k.shape:
        raise ModelError(f"orders and orders on offer must have one length, got {n.size} and {k.size}")
    if np.any(k > n):
        row = int(np.flatnonzero(k > n)[0])
        raise ModelError(f"row {row}: {k[row]:g} orders on offer of {n[row]:g} orders")
    return n, k


def _distinct(n: Floats, k: Floats, own: Integers) -> tuple[Integers, tuple[Floats, Floats, Integers]]:
    """Return the distinct rows, and for each row its place among them: many customers share few numbers of orders."""
    order = np.lexsort((k, n, own))
    differs = np.ones(order.size, dtype=bool)
    differs[1:] = np.logical_or.reduce([np.diff(column[order]) != 0 for column in (n, k, own)])
    place = np.empty(order.size, dtype=np.int64)
    place[order] = np.cumsum(differs) - 1
    first = order[differs]
    return place, (n[first], k[first], own[first])


def _codes(segment: ArrayLike | None, length: int) -> Integers:
    codes = np.full(length, -1, dtype=np.int64) if segment is None else np.asarray(segment, dtype=np.int64).ravel()
    if codes.size != length:
        raise ModelError(f"segment: expected one for each of {length} customers, got {codes.size}")
    return codes


def _looked_up(by_segment: Mapping[int, float], own: Integers) -> Floats:
    found = np.full(own.size, by_segment[-1])
    for name, value in by_segment.items():
        found[own == name] = value
    return found


def _stored(model: OfferShares | Slopes) -> dict[str, Any]:
    told = asdict(model)
    return {
        name: {str(key): value for key, value in one.items()} if isinstance(one, dict) else one
        for name, one in told.items()
    }


def _read(by_segment: Mapping[str, float]) -> dict[int, Any]:
    return {int(name): value for name, value in by_segment.items()}
