"""Who bought what on which day: the sparse ground of all forecasts of the next product, and what it says as of a day.

Days are whole numbers in the project's time zone. What a customer bought of one item on one day is one line, however many
pieces or orders it was. As of a day everything on that day and before is known, and nothing after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from smalti.errors import ModelError
from smalti.models.arrays import Booleans, Floats, Integers

_FAMILIAR_BASKETS = 3.0
"""How many baskets a customer's own level of spend must outweigh before it counts for more than everybody's."""


@dataclass(frozen=True, eq=False)
class Purchases:
    """Lines in the order of customer, item and day; arrays of equal length.

    Attributes:
        customer: Place of the customer, 0 to `customers` - 1.
        item: Place of the item in `items`.
        day: The day.
        spend: What was paid for it that day, minor units.
        customers: How many customers there are, with purchases or without.
        items: Names of the items (products or categories), in ascending order.
    """

    customer: Integers
    item: Integers
    day: Integers
    spend: Floats
    customers: int
    items: tuple[str, ...]

    @classmethod
    def of(
        cls,
        customer: npt.ArrayLike,
        item: Sequence[str],
        day: npt.ArrayLike,
        spend: npt.ArrayLike,
        customers: int,
    ) -> Purchases:
        """Put lines in order; several of one customer, item and day become one.

        Args:
            customer: Place of the customer of each line.
            item: Name of the item of each line.
            day: Day of each line.
            spend: What was paid.
            customers: How many customers there are.

        Raises:
            ModelError: A place of a customer is not among them, or the columns differ in length.

        >>> two = Purchases.of([1, 0, 1], ["tea", "tea", "tea"], [5, 3, 5], [200, 300, 100], 2)
        >>> two.customer.tolist(), two.day.tolist(), two.spend.tolist()
        ([0, 1], [3, 5], [300.0, 300.0])
        """
        who, when = np.asarray(customer, dtype=np.int64), np.asarray(day, dtype=np.int64)
        paid = np.asarray(spend, dtype=np.float64)
        if not len(who) == len(item) == len(when) == len(paid):
            found = f"{len(who)}, {len(item)}, {len(when)} and {len(paid)} rows"
            raise ModelError(f"purchases: expected columns of one length, got {found} of customer, item, day and spend")
        if len(who) and not 0 <= int(who.min()) <= int(who.max()) < customers:
            raise ModelError(f"purchases: expected customers from 0 to {customers - 1}, got {who.min()} to {who.max()}")
        names, what = np.unique(np.asarray(item, dtype=str), return_inverse=True)
        return cls(who, what.astype(np.int64), when, paid, customers, tuple(names.tolist())).in_order()

    def in_order(self) -> Purchases:
        """Put lines in order of customer, item and day; several of one customer, item and day become one."""
        order = np.lexsort((self.spend, self.day, self.item, self.customer))
        who, what, when = self.customer[order], self.item[order], self.day[order]
        starts = np.flatnonzero(_differs(who) | _differs(what) | _differs(when))
        paid = np.add.reduceat(self.spend[order], starts) if len(starts) else np.zeros(0)
        return Purchases(who[starts], what[starts], when[starts], paid, self.customers, self.items)

    def __len__(self) -> int:
        return len(self.customer)

    def where(self, chosen: Booleans) -> Purchases:
        """Give some of the lines, all customers and items staying in their places."""
        return replace(
            self,
            customer=self.customer[chosen],
            item=self.item[chosen],
            day=self.day[chosen],
            spend=self.spend[chosen],
        )

    def until(self, day: int | Integers) -> Purchases:
        """Give what is known as of a day, or as of a day of each customer's own (shape (customers,))."""
        return self.where(self.day <= (day if np.ndim(day) == 0 else np.asarray(day)[self.customer]))

    def after(self, day: int, until: int) -> Purchases:
        """Give what came after a day, until another and on it."""
        return self.where((self.day > day) & (self.day <= until))

    def of_customers(self, first: int, last: int) -> Purchases:
        """Give the lines of the customers from place `first` up to `last`, who become 0 to `last - first - 1`."""
        start, end = np.searchsorted(self.customer, [first, last])
        part = slice(int(start), int(end))
        return Purchases(
            self.customer[part] - first, self.item[part], self.day[part], self.spend[part], last - first, self.items
        )

    def chosen(self, customers: Integers) -> Purchases:
        """Give the lines of some customers (places in ascending order), who become 0, 1, 2 ..."""
        place = np.full(self.customers, -1, dtype=np.int64)
        place[customers] = np.arange(len(customers))
        part = self.where(place[self.customer] >= 0)
        return replace(part, customer=place[part.customer], customers=len(customers))

    def with_items(self, items: tuple[str, ...]) -> Purchases:
        """Give the lines with other items (in ascending order); lines of what is not among them are left out."""
        if items == self.items:
            return self
        place = {name: number for number, name in enumerate(items)}
        told = np.array([place.get(name, -1) for name in self.items], dtype=np.int64)
        known = self.where(told[self.item] >= 0)
        return replace(known, item=told[known.item], items=items)

    def of_day_order(self) -> Integers:
        """Give for each line whether it is the first of its customer and day (1) or not (0)."""
        if not len(self):
            return np.zeros(0, dtype=np.int64)
        earliest = int(self.day.min())
        key = self.customer * (int(self.day.max()) - earliest + 1) + (self.day - earliest)
        order = np.argsort(key, kind="stable")
        marks = np.zeros(len(self), dtype=np.int64)
        marks[order] = _differs(key[order])
        return marks


def _differs(values: Integers) -> Booleans:
    """Tell where a sorted column begins a new value."""
    return np.concatenate([[True], values[1:] != values[:-1]]) if len(values) else np.zeros(0, dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Pairs:
    """What is known of each customer with each item she has bought, as of a day; in the order of customer and item.

    Attributes:
        customer: Place of the customer.
        item: Place of the item.
        times: Days on which she bought it.
        first: The first of them.
        last: The latest.
        spend: What she has paid for it.
    """

    customer: Integers
    item: Integers
    times: Floats
    first: Integers
    last: Integers
    spend: Floats

    def matrix(self, values: Floats, customers: int, items: int) -> sparse.csr_array:
        """Give values of the pairs as a sparse matrix, customers by items."""
        return sparse.csr_array((values, (self.customer, self.item)), shape=(customers, items))


def pairs_of(known: Purchases) -> Pairs:
    """Sum up lines by customer and item.

    >>> pairs_of(Purchases.of([0, 0, 0], ["tea", "tea", "mug"], [1, 9, 9], [5, 7, 9], 1)).times.tolist()
    [1.0, 2.0]
    """
    starts = np.flatnonzero(_differs(known.customer) | _differs(known.item))
    if not len(starts):
        nothing = np.zeros(0, dtype=np.int64)
        return Pairs(nothing, nothing, np.zeros(0), nothing, nothing, np.zeros(0))
    ends = np.append(starts[1:], len(known)) - 1
    times = (ends - starts + 1).astype(np.float64)
    spend = np.add.reduceat(known.spend, starts)
    return Pairs(known.customer[starts], known.item[starts], times, known.day[starts], known.day[ends], spend)


def latest_of(pairs: Pairs, most: int) -> Pairs:
    """Give of each customer the items that she bought last, at most so many; of those bought on one day the earlier items.

    >>> latest_of(pairs_of(Purchases.of([0, 0, 0], ["a", "b", "c"], [1, 9, 9], [5, 7, 9], 1)), 1).item.tolist()
    [1]
    """
    starts = np.flatnonzero(_differs(pairs.customer))
    count = np.diff(np.append(starts, len(pairs.customer)))
    if not (count > most).any():
        return pairs
    order = np.lexsort((-pairs.last, pairs.customer))
    rank = np.arange(len(order)) - np.repeat(starts, count)
    kept = np.sort(order[rank < most])
    return Pairs(
        pairs.customer[kept],
        pairs.item[kept],
        pairs.times[kept],
        pairs.first[kept],
        pairs.last[kept],
        pairs.spend[kept],
    )


@dataclass(frozen=True, eq=False)
class Shoppers:
    """What is known of each customer as of a day; one entry per customer, 0 for who never bought.

    Attributes:
        baskets: Days on which she bought.
        first: The first of them.
        last: The latest.
        lines: Items bought, counted once a day.
        spend: What she has paid.
    """

    baskets: Floats
    first: Integers
    last: Integers
    lines: Floats
    spend: Floats

    @property
    def known(self) -> Booleans:
        """Whether she has ever bought."""
        return self.baskets > 0

    def level(self, usual: Floats, basket: float) -> Floats:
        """Give how dear she buys: her spend over what the same lines usually cost, drawn to 1 by some baskets.

        Args:
            usual: What her lines usually cost, shape (customers,).
            basket: What a basket usually costs.
        """
        drawn = _FAMILIAR_BASKETS * max(basket, 1e-9)
        return (self.spend + drawn) / (usual + drawn)


def shoppers_of(known: Purchases) -> Shoppers:
    """Sum up lines by customer.

    >>> shoppers_of(Purchases.of([0, 0, 0], ["tea", "tea", "mug"], [1, 9, 9], [5, 7, 9], 2)).baskets.tolist()
    [2.0, 0.0]
    """
    count = known.customers
    first, last = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    starts = np.flatnonzero(_differs(known.customer))
    if len(starts):
        first[known.customer[starts]] = np.minimum.reduceat(known.day, starts)
        last[known.customer[starts]] = np.maximum.reduceat(known.day, starts)
    lines = np.bincount(known.customer, minlength=count).astype(np.float64)
    spend = np.bincount(known.customer, known.spend, minlength=count).astype(np.float64)
    baskets = np.bincount(known.customer, known.of_day_order(), minlength=count).astype(np.float64)
    return Shoppers(baskets, first, last, lines, spend)
