"""What past purchases foretell of the next: weights fitted at an earlier day on what came after it.

The chance of buying an item within the horizon is a logistic regression on what is seen of customer and item; what she then
spends on it is a Poisson regression of the amount (Gourieroux, Monfort and Trognon 1984: right in the mean whatever the
spread), so that chance times spend adds up to what was spent.

Pairs that came to nothing and were never bought are by far the most; of them a share is drawn, each standing for
many. Forecasts are never *judged* on such a draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from smalti.errors import ModelError
from smalti.models.arrays import Floats, Integers
from smalti.models.products.items import ItemFacts
from smalti.models.products.purchases import Pairs, Purchases, pairs_of
from smalti.models.products.regression import regress
from smalti.models.products.views import View, views

PAIRS = 50_000
"""Pairs that came to nothing that are learnt from, about: of those bought before, and of those never bought."""
LEARNT_FROM, LEARNT_CELLS = 5_000, 8_000_000
"""Customers that are learnt from, at most, and their pairs with items; a thousand customers in any case."""
LEAST_BOUGHT = 50
"""With fewer pairs bought within the horizon, a fit says more about chance than about customers."""

SPENDING = ("price", "level", "own", "baskets", "overdue", "pace")
_FAMILIAR_TIMES = 2.0


@dataclass(frozen=True)
class Weights:
    """A fitted sum: a constant and a weight for each name.

    Attributes:
        constant: The constant.
        weights: The weights.
        usual: What is usual of each name, among the pairs learnt from.
    """

    constant: float
    weights: Mapping[str, float]
    usual: Mapping[str, float]

    def sum(self, seen: View) -> Floats:
        """Give the sum for every pair, shape (customers, items)."""
        return seen.sum(self.weights, self.constant)

    def of(self, seen: Floats) -> Floats:
        """Give the sum for some pairs of which the names of the weights were seen, shape (pairs, names)."""
        whole = np.full(len(seen), self.constant)
        for number, weight in enumerate(self.weights.values()):
            whole += weight * seen[:, number]
        return whole


@dataclass(frozen=True, eq=False)
class Lesson:
    """Pairs of customers and items as of a day, and what came of them.

    Attributes:
        names: What is seen.
        seen: The pairs, shape (pairs, names).
        bought: Whether it was bought within the horizon.
        stands_for: How many pairs each stands for.
        spending: Of the pairs that were bought, what is seen of spending, shape (bought, names of `SPENDING`).
        spend: What was then spent, minor units.
    """

    names: tuple[str, ...]
    seen: Floats
    bought: Floats
    stands_for: Floats
    spending: Floats
    spend: Floats


def some_customers(among: Integers, most: int, seed: int) -> Integers:
    """Give at most so many customers, drawn by lot, in ascending order."""
    if len(among) <= most:
        return among
    return np.sort(np.random.default_rng(seed).choice(among, most, replace=False))


def at_most(customers: int, cells: int, items: int) -> int:
    """Give how many customers are looked at where there are so many items: pairs are bounded, a thousand are enough.

    >>> at_most(5_000, 15_000_000, 10), at_most(5_000, 15_000_000, 5_000), at_most(5_000, 15_000_000, 50_000)
    (5000, 3000, 1000)
    """
    return max(min(customers, cells // max(items, 1)), 1_000)


def lesson(
    purchases: Purchases, day: int, horizon: int, facts: ItemFacts, names: Sequence[str], *, seed: int = 0
) -> Lesson:
    """Look at customers as of a day and at what they bought within the horizon after it.

    Args:
        purchases: Lines, later ones too.
        day: The day.
        horizon: Days ahead.
        facts: What was known of the items as of the day.
        names: What is to be seen.
        seed: Of what is drawn by lot.

    Raises:
        ModelError: Too little was bought within the horizon.
    """
    known, came = purchases.until(day), purchases.after(day, day + horizon)
    who = some_customers(np.unique(known.customer), at_most(LEARNT_FROM, LEARNT_CELLS, len(known.items)), seed)
    known, came = known.chosen(who), came.chosen(who)
    outcome = pairs_of(came)
    if len(outcome.item) < LEAST_BOUGHT:
        raise ModelError(
            f"{len(outcome.item)} purchases by known customers in the {horizon} days after an earlier day, and a fit wants "
            f"at least {LEAST_BOUGHT}"
        )
    before = len(pairs_of(known).item)
    shares = (min(1.0, PAIRS / max(before, 1)), min(1.0, PAIRS / max(len(who) * len(purchases.items), 1)))
    parts = [_part(seen, outcome, shares, names, (facts, seed)) for seen in views(known, day, facts, names)]
    columns = [np.concatenate([part[number] for part in parts]) for number in range(5)]
    return Lesson(tuple(names), *columns)


def _part(
    seen: View, outcome: Pairs, shares: tuple[float, float], names: Sequence[str], known: tuple[ItemFacts, int]
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    facts, seed = known
    start, end = np.searchsorted(outcome.customer, [seen.start, seen.start + seen.shape[0]])
    rows, columns = outcome.customer[start:end] - seen.start, outcome.item[start:end]
    came = np.zeros(seen.shape, dtype=np.bool_)
    came[rows, columns] = True
    share = np.full(seen.shape, shares[1])
    share[seen.pairs.customer, seen.pairs.item] = shares[0]
    share[came] = 1.0
    at_rows, at_columns = np.nonzero(np.random.default_rng([seed, seen.start]).random(seen.shape) < share)
    stands_for = 1 / share[at_rows, at_columns]
    bought = came[at_rows, at_columns].astype(np.float64)
    spending = spending_view(seen, facts).at(SPENDING, rows, columns)
    return seen.at(names, at_rows, at_columns), bought, stands_for, spending, outcome.spend[start:end]


def spending_view(seen: View, facts: ItemFacts) -> View:
    """See what tells how much a customer spends on an item in the horizon, once she buys it."""
    pairs, shoppers = seen.pairs, seen.shoppers
    usual = np.bincount(pairs.customer, pairs.times * facts.price[pairs.item], minlength=seen.shape[0])
    level = shoppers.level(usual.astype(np.float64), facts.basket)
    expected = facts.price[pairs.item] * level[pairs.customer]
    own = (pairs.spend + _FAMILIAR_TIMES * expected) / ((pairs.times + _FAMILIAR_TIMES) * expected)
    everywhere = {
        "price": np.log(facts.price)[None, :],
        "level": np.log(level)[:, None],
        "baskets": seen.everywhere["baskets"],
        "overdue": seen.everywhere["overdue"],
    }
    bought = {"own": np.log(own), "pace": np.log(pairs.times)}
    return View(seen.start, shoppers, pairs, everywhere, bought, seen.shape)


def fit_chances(learnt: Lesson, names: Sequence[str]) -> Weights:
    """Fit the log-odds of buying on some of what was seen."""
    seen = learnt.seen[:, [learnt.names.index(name) for name in names]]
    others = learnt.bought == 0
    usual = np.average(seen[others], axis=0, weights=learnt.stands_for[others]) if others.any() else seen.mean(axis=0)
    return _told(regress(seen, learnt.bought, learnt.stands_for), names, usual)


def fit_spending(learnt: Lesson) -> Weights:
    """Fit the log of what is spent on an item by those who buy it within the horizon."""
    scale = max(float(learnt.spend.mean()), 1e-9)
    constant, weights = regress(learnt.spending, learnt.spend / scale, np.ones(len(learnt.spend)), amounts=True)
    return _told((constant + float(np.log(scale)), weights), SPENDING, learnt.spending.mean(axis=0))


def _told(fitted: tuple[float, Floats], names: Sequence[str], usual: Floats) -> Weights:
    by_name = dict(zip(names, fitted[1].tolist(), strict=True))
    return Weights(fitted[0], by_name, dict(zip(names, usual.tolist(), strict=True)))
