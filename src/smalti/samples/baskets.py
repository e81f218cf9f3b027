"""What is in each order, and what comes back.

An order's value is drawn from the Gamma-Gamma model (Fader & Hardie 2013) and shared out over its lines; each line is
then priced in whole pence, and from there on the lines are the truth: an order is worth the sum of its lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from smalti.samples.catalogue import SHELF, UNIT_COST_SHARE, USUAL_PRICE
from smalti.samples.columns import Floats, Ints
from smalti.samples.draws import Aspect, generator, pick_each
from smalti.samples.lives import Purchases, Traits, share_of_favourite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smalti.samples.personas import Persona

_DAY = 86400
_WEB = 0
_LEAST = 600
"""Pence of order value that a further line calls for."""
_DEPTHS = np.array([0.10, 0.15, 0.20, 0.25, 0.30, 0.40])


class Lines(NamedTuple):
    """Order lines; arrays of equal length, by order.

    Attributes:
        order: Place of the order.
        product: Place of the product in the catalogue.
        quantity: Pieces.
        listed: Price of a piece before discount, in pence.
        price: Price of a piece as paid, in pence.
        cost: What a piece cost the shop, in pence.
    """

    order: Ints
    product: Ints
    quantity: Ints
    listed: Ints
    price: Ints
    cost: Ints

    @property
    def amount(self) -> Ints:
        """What was paid for the line, in pence."""
        return self.quantity * self.price


class Returns(NamedTuple):
    """Lines sent back; arrays of equal length.

    Attributes:
        line: Place of the line that came back, whole.
        at: Seconds since 1970-01-01 UTC.
    """

    line: Ints
    at: Ints


def channels(who: Traits, bought: Purchases, seed: int, block: int) -> Ints:
    """Draw the channel of each purchase: the main one mostly, and the web whenever shop and telephone are closed."""
    rng = generator(seed, block, Aspect.CHANNELS)
    main = who.channel[bought.customer]
    drawn = np.where(rng.random(len(main)) < 0.88, main, rng.integers(0, 2, len(main)))
    hour = bought.at % _DAY // 3600
    return np.where((hour >= 9) & (hour < 18), drawn, _WEB)


def lines(who: Traits, bought: Purchases, personas: Sequence[Persona], seed: int, block: int) -> Lines:
    """Draw the lines of each purchase."""
    rng = generator(seed, block, Aspect.BASKETS)
    persona = who.persona[bought.customer]
    value = _values(rng, who, bought, np.array([kind.spend_shape for kind in personas])[persona])
    more = rng.poisson(np.array([kind.lines - 1 for kind in personas])[persona])
    counts = np.minimum(np.minimum(more, value // _LEAST) + 1, SHELF).astype(np.int64)
    order = np.repeat(np.arange(len(counts)), counts)
    part = _parts(rng.standard_gamma(3.0, len(order)), order, counts)
    tastes = share_of_favourite(personas, who.persona, who.favourite)
    category = pick_each(rng, tastes[bought.customer[order]])
    product = category * SHELF + (rng.integers(0, SHELF, len(counts))[order] + _places(counts)) % SHELF
    cut = _cuts(rng, who.sensitivity[bought.customer])[order]
    return _priced(order, product, value[order] * part, cut)


def _values(rng: np.random.Generator, who: Traits, bought: Purchases, shape: Floats) -> Floats:
    return who.spend[bought.customer] * rng.standard_gamma(shape) / shape


def _cuts(rng: np.random.Generator, sensitivity: Floats) -> Floats:
    """The discount of each order as a share: deeper for those who wait for offers."""
    offered = rng.random(len(sensitivity)) < sensitivity
    depth = _DEPTHS[np.minimum((rng.random(len(sensitivity)) + sensitivity) * 3, 5).astype(np.int64)]
    return np.where(offered, depth, 0.0)


def _places(counts: Ints) -> Ints:
    """0, 1, ... within each order."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)


def _parts(weights: Floats, order: Ints, counts: Ints) -> Floats:
    return weights / np.bincount(order, weights, minlength=len(counts))[order]


def _priced(order: Ints, product: Ints, value: Floats, cut: Floats) -> Lines:
    """Choose pieces so that a piece costs about what it usually does, and prices that end in nine."""
    before = value / (1 - cut)
    quantity = np.clip(np.rint(before / USUAL_PRICE[product]), 1, 500).astype(np.int64)
    listed = np.maximum(np.rint(before / quantity / 10).astype(np.int64) * 10 - 1, 9)
    price = np.maximum(np.rint(listed * (1 - cut)).astype(np.int64), 1)
    cost = np.rint(listed * UNIT_COST_SHARE[product // SHELF]).astype(np.int64)
    return Lines(order, product, quantity, listed, price, cost)


def returns(who: Traits, bought: Purchases, sold: Lines, end: int, seed: int, block: int) -> Returns:
    """Draw which lines come back, those of one order together, 3 to 30 days later and before the end."""
    rng = generator(seed, block, Aspect.RETURNS)
    sent = rng.random(len(sold.order)) < who.returning[bought.customer[sold.order]]
    days = 3 + np.minimum(rng.standard_exponential(len(bought.at)) * 9, 27).astype(np.int64)
    back = bought.at + days * _DAY + rng.integers(-1800, 1801, len(bought.at))
    line = np.flatnonzero(sent & (back < end)[sold.order])
    return Returns(line, back[sold.order[line]])


def main_category(sold: Lines, orders: int) -> Ints:
    """The category of each order's dearest line; the first of them where two are equal."""
    firsts = np.searchsorted(sold.order, np.arange(orders))
    place = np.arange(len(sold.order)) - firsts[sold.order]
    # Amount above, place below: one maximum per order finds the dearest line and, among equals, the first.
    dearest = np.maximum.reduceat(sold.amount * SHELF + (SHELF - 1 - place), firsts)
    main: Ints = sold.product[firsts + SHELF - 1 - dearest % SHELF] // SHELF
    return main
