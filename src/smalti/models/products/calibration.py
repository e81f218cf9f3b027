"""Whether chances and money come true: what was foretold of pairs of customers and items against what came.

Pairs of one customer are not independent, so intervals are reckoned over customers, not over pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from smalti.models.arrays import Floats, Integers
from smalti.models.backtest import Band
from smalti.models.intervals import Z
from smalti.models.products.items import ItemFacts
from smalti.models.products.purchases import Purchases, pairs_of
from smalti.models.products.views import View, views

EDGES = (0.0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Edges of the bands of chance: chances of single products are small."""
_ITEMS_TOLD = 12


@dataclass(eq=False)
class _Sums:
    """Sums over pairs by customer and band, so that intervals can be taken over customers."""

    count: list[Floats] = field(default_factory=list)
    foretold: list[Floats] = field(default_factory=list)
    came: list[Floats] = field(default_factory=list)

    def add(self, band: Integers, foretold: Floats, came: Floats, bands: int) -> None:
        rows = np.arange(len(band))[:, None] * bands
        place = (rows + band).ravel()
        size, shape = len(band) * bands, (len(band), bands)
        self.count.append(np.bincount(place, minlength=size).reshape(shape).astype(np.float64))
        self.foretold.append(np.bincount(place, foretold.ravel(), minlength=size).reshape(shape).astype(np.float64))
        self.came.append(np.bincount(place, came.ravel(), minlength=size).reshape(shape).astype(np.float64))

    def bands(self, names: Sequence[str]) -> list[Band]:
        count, foretold, came = (np.concatenate(one) for one in (self.count, self.foretold, self.came))
        told = []
        for number, name in enumerate(names):
            pairs = count[:, number].sum()
            if not pairs:
                continue
            told.append(_band(name, count[:, number], float(foretold[:, number].sum() / pairs), came[:, number]))
        return told


def _band(name: str, count: Floats, foretold: float, came: Floats) -> Band:
    pairs, people = float(count.sum()), int((count > 0).sum())
    mean = float(came.sum()) / pairs
    reach = Z * float(np.sqrt(((came - mean * count) ** 2).sum())) / pairs
    if reach == 0.0:
        few = min(3.0 / people, 1.0)
        return Band(name, people, foretold, mean, max(mean - few, 0.0), min(mean + few, 1.0))
    return Band(name, people, foretold, mean, max(mean - reach, 0.0), min(mean + reach, 1.0))


@dataclass(frozen=True)
class Calibration:
    """What was foretold against what came.

    Attributes:
        bands: Pairs by their chance.
        items: Customers by item, of those bought most.
        pairs: How many purchases came of those foretold, foretold / came.
        spend: Money foretold / came.
        customers: How many customers were looked at.
    """

    bands: tuple[Band, ...]
    items: tuple[Band, ...]
    pairs: float
    spend: float
    customers: int


def calibrate(
    purchases: Purchases,
    days: tuple[int, int],
    facts: ItemFacts,
    names: Sequence[str],
    forecast: Callable[[View], tuple[Floats, Floats]],
) -> Calibration:
    """Compare the forecasts made as of a day with what came within the horizon.

    Args:
        purchases: Lines of the customers to look at, later ones too.
        days: The day, and the last day of the horizon.
        facts: What was known of the items as of the day.
        names: What is to be seen.
        forecast: Gives chances and spend once bought, of shape (customers, items).
    """
    known, came = purchases.until(days[0]), purchases.after(*days)
    outcome = pairs_of(came)
    by_chance, by_item = _Sums(), _Sums()
    told = np.argsort(-np.bincount(outcome.item, minlength=len(purchases.items)), kind="stable")[:_ITEMS_TOLD]
    money = np.zeros(2)
    for seen in views(known, days[0], facts, names):
        start, end = np.searchsorted(outcome.customer, [seen.start, seen.start + seen.shape[0]])
        bought = np.zeros(seen.shape)
        bought[outcome.customer[start:end] - seen.start, outcome.item[start:end]] = 1.0
        chance, spend = forecast(seen)
        band = np.clip(np.searchsorted(EDGES, chance, side="right") - 1, 0, len(EDGES) - 2)
        by_chance.add(band, chance, bought, len(EDGES) - 1)
        place = np.broadcast_to(np.arange(len(told)), (len(bought), len(told)))
        by_item.add(place, chance[:, told], bought[:, told], len(told))
        money += [float((chance * spend).sum()), float(outcome.spend[start:end].sum())]
    bands = by_chance.bands([f"{low:g} to {high:g}" for low, high in pairwise(EDGES)])
    foretold = sum(float(one.sum()) for one in by_chance.foretold)
    return Calibration(
        tuple(bands),
        tuple(by_item.bands([purchases.items[place] for place in told])),
        foretold / max(float(len(outcome.item)), 1.0),
        float(money[0] / max(money[1], 1e-9)),
        known.customers,
    )
