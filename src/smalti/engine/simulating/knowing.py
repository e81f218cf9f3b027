"""What is learnt before contacts are spent: what offers bring, from a trial on other customers; and which way suits whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.engine.simulating.asked import Simulating
from smalti.experiments.logged import Booleans, Floats, Integers, Logged
from smalti.experiments.proof import Grouping
from smalti.experiments.proof.learning import Sums, learn
from smalti.facts import SECOND
from smalti.models.effects import EffectData, fit_effects
from smalti.models.supervised import Column
from smalti.samples.campaigns import HOURS, OFFERS, REGIONS, WAYS, Campaign, campaign, instant_of
from smalti.strategy.timing import Clocks, Moments, best_hours, channel_reach

KNOWLEDGE = ("generic", "segment", "individual")
_NUMBERS = ("age", "visits", "spend_before")
_FOLDS = 3


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of the customers planned for.

    Attributes:
        gain: For each way of knowing what an offer is expected to bring each customer, in money; shape (n, offers).
        common: The way and hour that suit most, as places.
        way: Of the ways that she agreed to the one that suits her best, as far as what she answered tells; shape (n,).
        hour: The hour that suits her best; shape (n,).
        may: Who agreed to be contacted in the common way: the same customers for all plans; shape (n,).
    """

    gain: dict[str, Floats]
    common: tuple[int, int]
    way: Integers
    hour: Integers
    may: Booleans


def know(asked: Simulating, customers: Campaign, seed: int) -> Known:
    """Learn what can be known of customers.

    Args:
        asked: What is simulated.
        customers: Who is planned for.
        seed: Of the trial.
    """
    way, hour = _tastes(customers)
    some = customers.agreed.any(axis=1)
    common = int(np.bincount(way[some], minlength=2).argmax()), int(np.bincount(hour, minlength=2).argmax())
    return Known(_gains(asked, customers, seed, common), common, way, hour, customers.agreed[:, common[0]])


def _gains(asked: Simulating, customers: Campaign, seed: int, common: tuple[int, int]) -> dict[str, Floats]:
    """Learn from a trial in which offers were drawn at random and sent on any day, among those who agreed."""
    tried = campaign(max(round(asked.pilot * asked.customers), 400), asked.days, asked.planted, seed=seed)
    rng = np.random.default_rng([seed, 21])
    rows, arms = np.flatnonzero(tried.agreed[:, common[0]]), len(OFFERS) + 1
    size = len(rows)
    arm, day = rng.integers(arms, size=size), rng.integers(asked.days, size=size)
    way, hour = (np.full(size, place, np.int64) for place in common)
    chance = tried.chance(rows, np.maximum(arm - 1, 0), instant_of(day, hour), way, hour)
    bought = rng.random(size) < asked.planted.base + np.where(arm > 0, chance, 0.0)
    outcome = np.where(bought, asked.margin, 0.0)
    log = Logged(("none", *OFFERS), arm, np.full(size, 1 / arms), outcome)
    told = learn(Sums.of(log, np.zeros(size, np.int64), 1, _regions(tried, rows)).over(np.array([0])), 0)
    everyone = np.arange(customers.size)
    segment = (told.segment - told.segment[:, [0]])[_regions(customers, everyone).code, 1:]
    fitted = fit_effects(
        EffectData(_columns(tried, rows), log.arms, arm, log.probability, outcome), folds=_FOLDS, seed=seed
    )
    return {
        "generic": np.tile(told.generic[1:] - told.generic[0], (customers.size, 1)),
        "segment": segment,
        "individual": fitted.effects(_columns(customers, everyone))[:, 1:],
    }


def _regions(customers: Campaign, rows: Integers) -> Grouping:
    names = {name: place for place, name in enumerate(REGIONS)}
    code = np.array([names[one] for one in customers.customers["region"].to_pylist()], np.int64)
    return Grouping(code[rows], REGIONS)


def _columns(customers: Campaign, rows: Integers) -> tuple[Column, ...]:
    table = customers.customers
    region = np.array(table["region"].to_pylist(), dtype=object)[rows]
    numbers = (Column(name, "number", table[name].to_numpy()[rows]) for name in _NUMBERS)
    return (Column("region", "category", region), *numbers)


def _tastes(customers: Campaign) -> tuple[Integers, Integers]:
    """Tell the way and hour that suit each customer from what she answered before, held against what all answered."""
    touches = customers.touches
    place = {name: at for at, name in enumerate(customers.customers["customer_id"].to_pylist())}
    rows = np.array([place[one] for one in touches["customer_id"].to_pylist()], np.int64)
    channel = np.array([WAYS.index(one) for one in touches["channel"].to_pylist()], np.int64)
    opened = touches["opened"].to_numpy(zero_copy_only=False)
    alike = np.zeros(customers.size, np.int64)
    reach = channel_reach(rows, channel, opened, (customers.size, len(WAYS)), alike, 1).chance
    at = touches["at"].cast("int64").to_numpy()
    seen = Moments(rows[opened], at[opened] // SECOND * SECOND, np.full(int(opened.sum()), -1, np.int64))
    hours = best_hours(seen, Clocks.of(None, "UTC", customers.size), ("any",), alike, 1)["any"]
    nearest = np.abs(hours[:, None] - np.asarray(HOURS)).argmin(axis=1)
    reach = np.where(customers.agreed, np.nan_to_num(reach, nan=0.0), -1.0)
    return reach.argmax(axis=1).astype(np.int64), nearest.astype(np.int64)
