"""How a customer and an item look to a forecast, as of a day: numbers for every pair, in blocks that fit into memory.

What is so of every pair is held as a row, a column or a whole block; what is so only of what she has bought before, pair by
pair. The same functions serve learning and scoring, and one customer looks alone as she looks among a million.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from smalti.models.arrays import Floats, Integers
from smalti.models.products.items import ItemFacts, of_one_length
from smalti.models.products.purchases import Pairs, Purchases, Shoppers, pairs_of, shoppers_of
from smalti.models.products.regression import threads

CUSTOMER = ("baskets", "silence", "age", "breadth", "overdue")
"""How much a customer buys at all; the order of items for one customer does not depend on it."""
AGAIN = ("bought", "again", "times", "pace", "due", "due_squared", "popular_if_bought")
"""Her own repeats: how often, how fast, whether it is due by her own rhythm drawn to the item's."""
TOGETHER = ("together", "together_if_bought")
FACTORS = ("factors", "factors_if_bought")
POPULAR = ("popular",)

CELLS = 1_000_000
"""Pairs of customer and item that are looked at in one block."""
_ROWS = 64
"""Rows of every product of dense matrices: of one shape, so that a row does not depend on how many are asked for."""
_LEAST = 1e-3


@dataclass(frozen=True, eq=False)
class View:
    """Some customers and all items.

    Attributes:
        start: Place of the first customer among all.
        shoppers: The customers.
        pairs: What they have bought.
        everywhere: By name a row (1, items), a column (customers, 1) or a block (customers, items), blocks in single
            precision.
        bought: By name one value for each pair of `pairs`; 0 for all others.
        shape: Customers, items.
    """

    start: int
    shoppers: Shoppers
    pairs: Pairs
    everywhere: Mapping[str, Floats]
    bought: Mapping[str, Floats]
    shape: tuple[int, int]

    def sum(self, weights: Mapping[str, float], constant: float = 0.0) -> Floats:
        """Give the weighted sum of what is seen for every pair, shape (customers, items)."""
        row, column = np.full((1, self.shape[1]), constant), np.zeros((self.shape[0], 1))
        blocks: list[Floats] = []
        for name, weight in weights.items():
            seen = self.everywhere.get(name)
            if seen is None:
                continue
            if seen.dtype == np.float32:
                blocks.append(np.multiply(seen, np.float32(weight)))
            elif seen.shape[1] == 1:
                column = column + weight * seen
            else:
                row = row + weight * seen
        exact = np.float32 if blocks else np.float64
        whole: Floats = np.add(row.astype(exact), column.astype(exact))
        for block in blocks:
            whole += block
        own = np.zeros(len(self.pairs.item))
        for name, weight in weights.items():
            if name in self.bought:
                own += weight * self.bought[name]
        whole[self.pairs.customer, self.pairs.item] += own
        return whole

    def place_of(self, rows: Integers, columns: Integers) -> Integers:
        """Give the places in `pairs` of some pairs; -1 where she has not bought the item."""
        keys = self.pairs.customer * self.shape[1] + self.pairs.item
        wanted = rows * self.shape[1] + columns
        if not len(keys):
            return np.full(wanted.shape, -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, place, -1)

    def at(self, names: Sequence[str], rows: Integers, columns: Integers) -> Floats:
        """Give what is seen of some pairs, shape (pairs, names)."""
        mine = self.place_of(rows, columns)
        seen = np.zeros((len(rows), len(names)))
        for number, name in enumerate(names):
            if name in self.everywhere:
                seen[:, number] = np.broadcast_to(self.everywhere[name], self.shape)[rows, columns]
            else:
                seen[:, number] = np.where(mine >= 0, np.append(self.bought[name], 0.0)[mine], 0.0)
        return seen


def views(known: Purchases, as_of: int | Integers, facts: ItemFacts, names: Sequence[str]) -> Iterator[View]:
    """Look at all customers, block by block.

    Args:
        known: Their lines, of the items that `facts` tells of.
        as_of: The day, or one day for each customer; no line may be later.
        facts: What is known of the items.
        names: What is to be seen.
    """
    days = np.broadcast_to(np.asarray(as_of, dtype=np.int64), (known.customers,))
    size = max(CELLS // max(len(known.items), 1), 1)
    for start in range(0, known.customers, size):
        end = min(start + size, known.customers)
        yield view(known.of_customers(start, end), days[start:end], facts, names, start)


def view(known: Purchases, days: Integers, facts: ItemFacts, names: Sequence[str], start: int = 0) -> View:
    """Look at some customers.

    Args:
        known: Their lines.
        days: As of which day each is looked at.
        facts: What is known of the items.
        names: What is to be seen.
        start: Place of the first of them among all.
    """
    pairs, shoppers = pairs_of(known), shoppers_of(known)
    shape = (known.customers, len(known.items))
    odds = np.log(facts.popular / (1 - facts.popular))
    everywhere = {name: column[:, None] for name, column in _customer(shoppers, days).items()}
    everywhere["popular"] = odds[None, :]
    bought = _again(pairs, days, facts) | {"popular_if_bought": odds[pairs.item]}
    basket = pairs.matrix(0.5 ** ((days[pairs.customer] - pairs.last) / facts.memory), *shape)
    if "together" in names:
        everywhere["together"] = _together(basket, facts.together)
    if "factors" in names:
        everywhere["factors"] = _factors(basket, facts.factors)
    for name in ("together", "factors"):
        if name in everywhere:
            bought[f"{name}_if_bought"] = everywhere[name][pairs.customer, pairs.item]
    return View(start, shoppers, pairs, everywhere, bought, shape)


def _customer(shoppers: Shoppers, days: Integers) -> dict[str, Floats]:
    some = shoppers.known
    silence = np.where(some, days - shoppers.last, 0).astype(np.float64)
    age = np.where(some, days - shoppers.first, 0).astype(np.float64)
    return {
        "baskets": np.log(np.maximum(shoppers.baskets, 1.0)),
        "silence": np.log1p(silence),
        "age": np.log1p(age),
        "breadth": np.log(np.maximum(shoppers.lines, 1.0) / np.maximum(shoppers.baskets, 1.0)),
        "overdue": np.log1p(silence * shoppers.baskets / (age + 30.0)),
    }


def _again(pairs: Pairs, days: Integers, facts: ItemFacts) -> dict[str, Floats]:
    """See her repeats of each item: her own pace is drawn to the item's by the weight of one repeat."""
    usual = facts.again[pairs.item]
    exposed = (days[pairs.customer] - pairs.first).astype(np.float64)
    since = (days[pairs.customer] - pairs.last).astype(np.float64)
    pace = pairs.times / (exposed + 1 / usual)
    due = np.clip(np.log((since + 1.0) * pace), -4.0, 3.0)
    return {
        "bought": np.ones(len(pace)),
        "again": np.log(usual),
        "times": np.log(pairs.times),
        "pace": np.log(pace),
        "due": due,
        "due_squared": due**2,
    }


def _together(basket: sparse.csr_array, together: sparse.csr_array) -> Floats:
    whole = (basket.astype(np.float32) @ together.astype(np.float32)).toarray()
    whole += np.float32(_LEAST)
    return np.asarray(np.log(whole, out=whole))


def _factors(basket: sparse.csr_array, factors: Floats) -> Floats:
    if not factors.shape[1]:
        return np.zeros(basket.shape, dtype=np.float32)
    factors = factors.astype(np.float32)
    mine = np.asarray(of_one_length(basket).astype(np.float32) @ factors)
    whole = np.empty((mine.shape[0], factors.shape[0]), dtype=np.float32)
    block = np.zeros((_ROWS, factors.shape[1]), dtype=np.float32)
    with threads().limit(limits=1):
        for start in range(0, len(mine), _ROWS):
            rows = mine[start : start + _ROWS]
            block[:] = 0.0
            block[: len(rows)] = rows
            whole[start : start + len(rows)] = (block @ factors.T)[: len(rows)]
    return np.cbrt(whole, out=whole)
