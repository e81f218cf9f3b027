"""Who buys what next: a fitted value that foretells, for anyone, the chance and the spend of every item within a horizon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from smalti.errors import ModelError
from smalti.models.arrays import Booleans, Floats, Integers
from smalti.models.backtest import BackTest
from smalti.models.products.items import ItemFacts
from smalti.models.products.learning import SPENDING, Weights, spending_view
from smalti.models.products.purchases import Purchases
from smalti.models.products.ranking import best
from smalti.models.products.regression import chance_of
from smalti.models.products.views import AGAIN, CUSTOMER, FACTORS, POPULAR, TOGETHER, View, views
from smalti.models.stored import same_names

WAYS: dict[str, tuple[str, ...]] = {
    "popularity": POPULAR + CUSTOMER,
    "repeats": POPULAR + AGAIN + CUSTOMER,
    "repeats and bought together": POPULAR + AGAIN + TOGETHER + CUSTOMER,
    "repeats and factors": POPULAR + AGAIN + FACTORS + CUSTOMER,
    "blend": POPULAR + AGAIN + TOGETHER + FACTORS + CUSTOMER,
}
"""The ways of forecasting, the simplest first: what each of them sees."""
REASONS = ("again", "with", "popular")
"""Why an item is foretold: bought before; goes with what she bought; sells well of late."""
MOST_SPEND = 1e12
"""No spend foretold is larger, minor units."""


@dataclass(frozen=True, eq=False)
class NextItems:
    """The items foretold for each customer; arrays of shape (customers, ranks).

    Attributes:
        item: Places of the items, best first; -1 where there is none.
        chance: Chance of buying it within the horizon; NaN for who never bought.
        spend: What she spends on it within the horizon if she buys it, minor units.
        why: Places in `REASONS`.
        new_spend: Expected spend within the horizon on items that she has not bought, shape (customers,); NaN where that
            was not asked for.
    """

    item: Integers
    chance: Floats
    spend: Floats
    why: Integers
    new_spend: Floats


@dataclass(frozen=True, eq=False)
class ProductModel:
    """A fitted forecast of what is bought next.

    Attributes:
        level: What an item is: `product` or `category`.
        day: The day as of which it was fitted.
        horizon: Days ahead.
        items: Their names, in ascending order.
        way: Which of `WAYS` it forecasts by.
        facts: What is known of the items.
        chances: Log-odds of buying within the horizon.
        spending: Log of the spend once bought.
        groups: Of whom what sells most is known apart, such as countries, for who never bought; often empty.
        popular_in: Share of recent baskets by group and item.
        customers: How many customers' purchases it knows.
        backtest: How it did on a past that it had not seen.
    """

    level: str
    day: int
    horizon: int
    items: tuple[str, ...]
    way: str
    facts: ItemFacts
    chances: Weights
    spending: Weights
    customers: int
    groups: tuple[str, ...] = ()
    popular_in: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    backtest: BackTest | None = None

    def forecast(self, seen: View) -> tuple[Floats, Floats]:
        """Give the chances, and the spend once bought, of every pair seen, shape (customers, items)."""
        return forecast(self.chances, self.spending, self.facts, seen)

    def next_items(
        self,
        purchases: Purchases,
        day: int,
        *,
        most: int = 3,
        groups: Integers | None = None,
        news: bool = True,
    ) -> NextItems:
        """Foretell what every customer buys next: what has the highest chance first.

        The items of who has never bought are what sells most of late, in her group where that is known.

        Args:
            purchases: Lines of the customers; later ones and unknown items are not looked at.
            day: As of which day.
            most: How many items each.
            groups: Place of each customer in the model's groups, -1 for none.
            news: Whether the spend on what she has not bought is wanted: it takes the chance of every item.

        Raises:
            ModelError: The day lies before the day of the fit.
        """
        if day < self.day:
            raise ModelError(f"a model fitted as of day {self.day} is asked about the earlier day {day}")
        known = purchases.until(day).with_items(self.items)
        names = [name for name in WAYS[self.way] if self.chances.weights[name]]
        parts = [self._next(seen, most, groups, news=news) for seen in views(known, day, self.facts, names)]
        if not parts:
            places, numbers = np.zeros((0, most), dtype=np.int64), np.zeros((0, most))
            return NextItems(places, numbers, numbers, places, np.zeros(0))
        return joined(parts)

    def _next(self, seen: View, most: int, groups: Integers | None, *, news: bool) -> NextItems:
        odds = self.chances.sum(seen)
        strangers = ~seen.shoppers.known
        new_spend = self._new_spend(seen, odds) if news else np.full(len(odds), np.nan)
        scores = odds
        if strangers.any():
            scores = odds.astype(np.float64)
            scores[strangers] = self._popular(groups, seen, strangers)
        found = best(scores, most)
        rows = np.repeat(np.arange(len(found)), found.shape[1])
        paid = spending_view(seen, self.facts).at(SPENDING, rows, found.ravel())
        spend = spend_of(self.spending.of(paid)).reshape(found.shape)
        unknown = strangers[:, None] | (found < 0)
        chance = chance_of(odds[np.arange(len(found))[:, None], found].astype(np.float64))
        return NextItems(
            found,
            np.where(unknown, np.nan, chance),
            np.where(unknown, np.nan, spend),
            np.where(strangers[:, None], REASONS.index("popular"), self._why(seen, found)),
            np.where(strangers & news, 0.0, new_spend),
        )

    def _new_spend(self, seen: View, odds: Floats) -> Floats:
        money = chance_of(odds) * spend_of(self.spending.sum(spending_view(seen, self.facts)))
        money[seen.pairs.customer, seen.pairs.item] = 0.0
        return np.asarray(money.sum(axis=1, dtype=np.float64))

    def _popular(self, groups: Integers | None, seen: View, whom: Booleans) -> Floats:
        known = np.tile(self.facts.popular, (int(whom.sum()), 1))
        if groups is not None and len(self.groups):
            mine = groups[seen.start : seen.start + seen.shape[0]][whom]
            known[mine >= 0] = self.popular_in[mine[mine >= 0]]
        return known

    def _why(self, seen: View, found: Integers) -> Integers:
        """Tell why: a likeness counts where it speaks for the item more than it usually does."""
        used = [name for name in (*TOGETHER, *FACTORS) if name in self.chances.weights and not name.endswith("_bought")]
        rows = np.arange(len(found))[:, None]
        likeness = np.zeros(found.shape)
        for name in used:
            above = seen.everywhere[name][rows, found] - self.chances.usual[name]
            likeness += self.chances.weights[name] * above
        other = np.where(likeness > 0, REASONS.index("with"), REASONS.index("popular"))
        return np.where(seen.place_of(rows, found) >= 0, REASONS.index("again"), other)

    def to_dict(self) -> dict[str, Any]:
        """Give the model as numbers, texts and lists that JSON keeps without loss; long where there are many items.

        See `ProductModel.from_dict`.
        """
        together = self.facts.together
        return {
            "level": self.level,
            "day": self.day,
            "horizon": self.horizon,
            "items": list(self.items),
            "way": self.way,
            "popular": self.facts.popular.tolist(),
            "again": self.facts.again.tolist(),
            "price": self.facts.price.tolist(),
            "together": [together.indptr.tolist(), together.indices.tolist(), together.data.tolist()],
            "factors": self.facts.factors.tolist(),
            "memory": self.facts.memory,
            "basket": self.facts.basket,
            "chances": _told(self.chances),
            "spending": _told(self.spending),
            "customers": self.customers,
            "groups": list(self.groups),
            "popular_in": self.popular_in.tolist(),
            "backtest": self.backtest.to_dict() if self.backtest is not None else None,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> ProductModel:
        """Give the model that `to_dict` gave.

        Raises:
            ModelError: A name is missing or unknown.
        """
        same_names(cls.__name__, stored, _STORED)
        count = len(stored["items"])
        starts, places, likeness = (np.asarray(part) for part in stored["together"])
        together = sparse.csr_array((likeness, places.astype(np.int32), starts.astype(np.int32)), shape=(count, count))
        facts = ItemFacts(
            np.asarray(stored["popular"], dtype=np.float64),
            np.asarray(stored["again"], dtype=np.float64),
            np.asarray(stored["price"], dtype=np.float64),
            together,
            np.asarray(stored["factors"], dtype=np.float64).reshape(count, -1),
            stored["memory"],
            stored["basket"],
        )
        backtest = stored["backtest"]
        return cls(
            stored["level"],
            stored["day"],
            stored["horizon"],
            tuple(stored["items"]),
            stored["way"],
            facts,
            Weights(**stored["chances"]),
            Weights(**stored["spending"]),
            stored["customers"],
            tuple(stored["groups"]),
            np.asarray(stored["popular_in"], dtype=np.float64).reshape(len(stored["groups"]), count),
            BackTest.from_dict(backtest) if backtest is not None else None,
        )


_STORED = (
    "level", "day", "horizon", "items", "way", "popular", "again", "price", "together", "factors", "memory", "basket",
    "chances", "spending", "customers", "groups", "popular_in", "backtest",
)  # fmt: skip


def _told(weights: Weights) -> dict[str, Any]:
    return {"constant": weights.constant, "weights": dict(weights.weights), "usual": dict(weights.usual)}


def forecast(chances: Weights, spending: Weights, facts: ItemFacts, seen: View) -> tuple[Floats, Floats]:
    """Give chances, and the spend once bought in minor units, of every pair seen, shape (customers, items)."""
    return chance_of(chances.sum(seen)), spend_of(spending.sum(spending_view(seen, facts)))


def spend_of(logarithm: Floats) -> Floats:
    """Give the spend of its logarithm, minor units, at most `MOST_SPEND`."""
    return np.asarray(np.minimum(np.exp(np.clip(logarithm, -40, 40)), MOST_SPEND))


def joined(parts: Sequence[NextItems]) -> NextItems:
    """Put together what is foretold of some customers and of those after them."""
    names = ("item", "chance", "spend", "why", "new_spend")
    return NextItems(*(np.concatenate([getattr(one, name) for one in parts]) for name in names))
