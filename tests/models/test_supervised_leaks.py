"""Planted leaks are caught, and honest traits are left in peace."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.models.supervised import Column, TrainingSet, fit_score

DAY = 86_400_000_000


def shop(seed, count=900, cuts=2, busy=False):
    """Customers who buy at their own rates until they leave: honest traits at cut-offs, and whether they came back."""
    rng = np.random.default_rng(seed)
    rate, life = rng.gamma(0.7, 0.15 if busy else 0.03, count), rng.exponential(600 if busy else 250, count)
    rows = []
    for who in range(count):
        start = rng.uniform(0, 400)
        at = np.sort(start + np.append(0, rng.uniform(0, life[who], rng.poisson(rate[who] * life[who]))))
        for cut in range(cuts):
            now = 720 - 90 * (cut + 1)
            past = at[at <= now]
            if len(past):
                came = ((at > now) & (at <= now + 90)).any()
                recent = [(past > now - days).sum() for days in (30, 90)]
                rows.append((who, now * DAY, now - past[-1], now - past[0], len(past), *recent, came))
    who, cut_off, recency, tenure, orders, in_30, in_90, came = (np.array(one) for one in zip(*rows, strict=True))
    traits = {"recency": recency, "tenure": tenure, "orders": orders, "orders_30d": in_30, "orders_90d": in_90}
    columns = [Column(name, "number", values.astype(np.float64)) for name, values in traits.items()]
    return columns, came.astype(np.float64), cut_off, who.astype(str).astype(object), rng


def planted(kind, came, recency, rng):
    rows = len(came)
    if kind == "nearly the outcome":
        return [Column("leak", "number", came + rng.normal(0, 0.2, rows))]
    if kind == "filled in for some":
        return [
            Column("leak", "category", np.where((came == 1) & (rng.random(rows) < 0.5), "filled", None).astype(object))
        ]
    later = np.where(came == 1, -rng.uniform(0, 90, rows), recency)
    if kind == "days since the last purchase of all":
        return [Column("leak", "number", later)]
    return [Column("leak", "number", later), Column("leak_too", "number", later + 1.0)]


def suspects(columns, came, cut_off, who, baselines):
    rows = TrainingSet("chance", "a purchase", 90, tuple(columns), came, cut_off, who, baselines)
    return [one.split(" may know")[0] for one in fit_score("will_buy", rows, seed=1).warnings if "may know" in one]


@pytest.mark.slow
def test_a_planted_leak_is_caught():
    columns, came, cut_off, who, rng = shop(1, 700)
    leak = planted("nearly the outcome", came, columns[0].values, rng)
    assert suspects([*columns, *leak], came, cut_off, who, {"recency alone": columns[0].values}) == ["leak"]


@pytest.mark.slow
@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize(
    "kind", ["nearly the outcome", "filled in for some", "days since the last purchase of all", "twice the same"]
)
def test_leaks_of_many_kinds_are_caught(kind, busy):
    columns, came, cut_off, who, rng = shop(2, 1200, busy=busy)
    leaks = planted(kind, came, columns[0].values, rng)
    found = suspects([*columns, *leaks], came, cut_off, who, {"recency alone": columns[0].values})
    assert sorted(found) == [one.name for one in leaks]


@pytest.mark.slow
@pytest.mark.parametrize("busy", [False, True])
def test_honest_traits_are_not_suspected_however_well_they_foretell(busy):
    for seed in range(3, 5):
        columns, came, cut_off, who, _ = shop(seed, busy=busy)
        for baselines in ({"recency alone": columns[0].values}, {}):
            assert suspects(columns, came, cut_off, who, baselines) == []


@pytest.mark.slow
def test_recency_alone_is_no_leak_where_it_is_the_only_trait_and_the_simple_forecast():
    columns, came, cut_off, who, _ = shop(8, busy=True)
    assert suspects(columns[:1], came, cut_off, who, {"recency alone": columns[0].values}) == []
