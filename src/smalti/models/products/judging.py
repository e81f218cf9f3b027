"""How well the next purchase is foretold: out of time, every customer's last basket left out, all items in the ranking.

Two days stand between the past and now, one and two horizons back. At the earlier one weights are learnt and the way of
forecasting is chosen; at the later one it is judged on what came since, which had no say in anything. Items are known as
of that day; the customer as of the day before her last basket, as a live forecast would know her.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from smalti.models.arrays import Booleans, Floats, Integers
from smalti.models.backtest import Measure
from smalti.models.products.items import ItemFacts
from smalti.models.products.learning import Weights, at_most, some_customers
from smalti.models.products.purchases import Purchases
from smalti.models.products.ranking import Marks, best, marks, mean_interval
from smalti.models.products.views import FACTORS, TOGETHER, View, views

JUDGED, JUDGED_CELLS = 3_000, 8_000_000
"""Customers whose rankings are judged, at most, and their pairs with items; a thousand customers in any case."""
POPULAR_ALONE, AGAIN_ALONE = "most popular", "buy again"
"""The two naive forecasts: what sells most of late; what she has bought most often, then what sells most."""
BASELINES = (POPULAR_ALONE, AGAIN_ALONE)
ALONE = (*BASELINES, "bought together", "factors")


@dataclass(frozen=True, eq=False)
class Baskets:
    """Last baskets left out, one per customer.

    Attributes:
        known: Lines before them.
        days: The day before each.
        bought: What they held, shape (customers, items).
        unknown: How many items they held that were not known yet.
    """

    known: Purchases
    days: Integers
    bought: Booleans
    unknown: Integers


def last_baskets(purchases: Purchases, day: int, until: int, *, seed: int = 0) -> Baskets:
    """Leave out the last basket of every customer who bought after a day and had bought before that basket.

    Args:
        purchases: Lines, later ones too.
        day: The day as of which the items are known.
        until: The last day that is looked at.
        seed: Of the draw where there are more than `JUDGED`.

    >>> lines = Purchases.of([0, 0, 1], ["tea", "mug", "tea"], [1, 9, 8], [5, 5, 5], 2)
    >>> left_out = last_baskets(lines, 5, 9)
    >>> left_out.days.tolist(), left_out.known.day.tolist(), left_out.unknown.tolist()
    ([8], [1], [1])
    """
    there = np.bincount(purchases.until(day).item, minlength=len(purchases.items)) > 0
    return _baskets(purchases.until(until), day, there, seed=seed, newcomers=False)[0]


def first_baskets(purchases: Purchases, day: int, until: int, *, seed: int = 0) -> tuple[Baskets, Integers]:
    """Leave out the first basket of every customer who came after a day: nothing is known of her before it.

    Returns:
        The baskets, and the places of the customers.
    """
    there = np.bincount(purchases.until(day).item, minlength=len(purchases.items)) > 0
    return _baskets(purchases.until(until), day, there, seed=seed, newcomers=True)


def _baskets(lines: Purchases, day: int, there: Booleans, *, seed: int, newcomers: bool) -> tuple[Baskets, Integers]:
    starts = np.flatnonzero(np.diff(lines.customer, prepend=-1))
    people = lines.customer[starts]
    first, last = _ends(lines.day, starts)
    left_out = first if newcomers else last
    chosen = (first > day) if newcomers else (last > day) & (first < last)
    who = some_customers(people[chosen], at_most(JUDGED, JUDGED_CELLS, len(lines.items)), seed)
    days = left_out[np.searchsorted(people, who)]
    mine = lines.chosen(who)
    basket = mine.where(mine.day == days[mine.customer])
    bought = np.zeros((len(who), len(lines.items)), dtype=np.bool_)
    bought[basket.customer, basket.item] = True
    unknown = np.asarray((bought & ~there).sum(axis=1), dtype=np.int64)
    bought &= there
    return Baskets(mine.until(days - 1), days - 1, bought, unknown), who


def _ends(days: Integers, starts: Integers) -> tuple[Integers, Integers]:
    if not len(starts):
        return days[:0], days[:0]
    return np.minimum.reduceat(days, starts), np.maximum.reduceat(days, starts)


def unaided(name: str, seen: View, facts: ItemFacts) -> Floats:
    """Give the ranking of one forecaster by itself, nothing fitted, as scores of shape (customers, items)."""
    popular = np.broadcast_to(facts.popular, seen.shape)
    if name == POPULAR_ALONE:
        return np.array(popular)
    if name == AGAIN_ALONE:
        scores = np.array(popular)
        np.add.at(scores, (seen.pairs.customer, seen.pairs.item), seen.pairs.times)
        return scores
    return np.array(seen.everywhere[TOGETHER[0] if name == "bought together" else FACTORS[0]])


@dataclass(frozen=True, eq=False)
class Judged:
    """Marks of forecasters on the same baskets.

    Attributes:
        marks: By forecaster and k.
        news: The same of what she had not bought before, ranked among what she had not bought.
        customers: How many baskets.
        newly: How many of them held something that she had not bought before.
        again: Share of what the baskets held that she had bought before.
        unknown: Share of what the baskets held that nobody had bought as of the day.
    """

    marks: Mapping[tuple[str, int], Marks]
    news: Mapping[tuple[str, int], Marks]
    customers: int
    newly: int
    again: float
    unknown: float


def judge(
    baskets: Baskets,
    facts: ItemFacts,
    ways: Mapping[str, Weights],
    ks: Sequence[int],
    names: Sequence[str],
    *,
    alone: Sequence[str] = ALONE,
) -> Judged:
    """Rank all items for every basket by every forecaster, fitted ones and those by themselves, and mark the rankings.

    Args:
        baskets: What was left out.
        facts: What was known of the items.
        ways: The fitted forecasters.
        ks: How many places count.
        names: What is to be seen.
        alone: Forecasters by themselves that are judged too.
    """
    collected: dict[tuple[bool, str, int], list[Marks]] = {}
    repeats = 0
    for seen in views(baskets.known, baskets.days, facts, names):
        block = slice(seen.start, seen.start + seen.shape[0])
        bought, unknown = baskets.bought[block], baskets.unknown[block]
        before = np.zeros(seen.shape, dtype=np.bool_)
        before[seen.pairs.customer, seen.pairs.item] = True
        repeats += int((bought & before).sum())
        fresh = bought & ~before
        newly = (fresh.sum(axis=1) + unknown) > 0
        for name in [*alone, *ways]:
            scores = ways[name].sum(seen) if name in ways else unaided(name, seen, facts)
            found = best(scores, max(ks))
            scores[before] = -np.inf
            new = best(scores[newly], max(ks))
            for k in ks:
                collected.setdefault((False, name, k), []).append(marks(found, bought, unknown, k))
                collected.setdefault((True, name, k), []).append(marks(new, fresh[newly], unknown[newly], k))
    whole = {key: _joined(parts) for key, parts in collected.items()}
    held = max(int(baskets.bought.sum() + baskets.unknown.sum()), 1)
    return Judged(
        {key[1:]: one for key, one in whole.items() if not key[0]},
        {key[1:]: one for key, one in whole.items() if key[0]},
        len(baskets.days),
        len(next((one.hit for key, one in whole.items() if key[0]), ())),
        repeats / held,
        int(baskets.unknown.sum()) / held,
    )


def _joined(parts: Sequence[Marks]) -> Marks:
    return Marks(*(np.concatenate([getattr(one, name) for one in parts]) for name in ("hit", "recall", "ndcg")))


def measures(judged: Judged, chosen: str, ks: Sequence[int]) -> tuple[Measure, ...]:
    """Tell marks as measures: those of the chosen way are the model's, others go by their names."""
    told = []
    for title, found in (("", judged.marks), (", new to her", judged.news)):
        for k in ks:
            for what in ("hit rate", "recall", "NDCG"):
                field = {"hit rate": "hit", "recall": "recall", "NDCG": "ndcg"}[what]
                names = [chosen, *(name for name, at in found if at == k and name != chosen)]
                for name in names:
                    if (name, k) not in found:
                        continue
                    mean, low, high = mean_interval(getattr(found[name, k], field))
                    of = "model" if name == chosen else name
                    if np.isfinite(mean):
                        told.append(Measure(f"{what} at {k}{title}", of, mean, _known(low), _known(high)))
    return tuple(told)


def _known(end: float) -> float | None:
    return float(min(max(end, 0.0), 1.0)) if np.isfinite(end) else None


def difference(judged: Judged, one: str, other: str, k: int, *, news: bool = False) -> tuple[float, float, float]:
    """Give the difference of two forecasters' NDCG at k over the same baskets, with its 95 % interval."""
    found = judged.news if news else judged.marks
    return mean_interval(found[one, k].ndcg - found[other, k].ndcg)


def choose(judged: Judged, simplest_first: Sequence[str], k: int) -> str:
    """Choose the simplest forecaster that no other beats beyond doubt, by NDCG at k of all and of what was new to her.

    Where each is beaten in one of the two, it is the one with the highest NDCG of all.
    """

    def beaten(name: str) -> bool:
        return any(
            difference(judged, other, name, k, news=news)[1] > 0 for other in simplest_first for news in (False, True)
        )

    leader = max(simplest_first, key=lambda name: float(judged.marks[name, k].ndcg.sum()))
    return next((name for name in simplest_first if not beaten(name)), leader)
