"""A way of forecasting chosen at one day in the past and judged at a later one, before it is trusted with the present."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from smalti.models.backtest import BackTest
from smalti.models.products.calibration import Calibration, calibrate
from smalti.models.products.items import ItemFacts, Settings, item_facts, popular_of
from smalti.models.products.judging import (
    AGAIN_ALONE,
    POPULAR_ALONE,
    Judged,
    choose,
    difference,
    judge,
    last_baskets,
    measures,
)
from smalti.models.products.learning import fit_chances, fit_spending, lesson, some_customers
from smalti.models.products.model import WAYS, forecast
from smalti.models.products.newcomers import Newcomers
from smalti.models.products.purchases import Purchases
from smalti.models.products.ranking import best, marks, mean_interval
from smalti.models.products.season import in_season, season

HALF_LIVES = (14.0, 60.0, 365.0)
"""Days in which a basket's say in what is popular halves: what is tried."""
_DAY = 86_400_000_000
_CELLS = 4_000_000
"""Pairs whose chances are held against what came, at most."""
_NAIVE = {POPULAR_ALONE: "popularity", AGAIN_ALONE: "repeats"}
"""Naive forecasts, and the way that takes their place where nothing beats them."""


@dataclass(frozen=True, eq=False)
class Trial:
    """What two days in the past say: how to forecast, and how well it does.

    Attributes:
        way: The way of forecasting.
        settings: The settings.
        facts: What was known of the items at the later day.
        judged: Marks at the later day.
        calibration: Chances and money of the later day against what came.
        day: The later day.
        horizon: Days ahead.
        ks: At how many places rankings are marked.
        verdict: Which way and why, in sentences.
    """

    way: str
    settings: Settings
    facts: ItemFacts
    judged: Judged
    calibration: Calibration
    day: int
    horizon: int
    ks: tuple[int, ...]
    verdict: str

    def backtest(self, level: str, newcomers: Newcomers) -> BackTest:
        """Tell it as a back-test."""
        return BackTest(
            outcome=f"the {level} of the last basket; a {level} bought within {self.horizon} days",
            unit="chance",
            horizon_days=float(self.horizon),
            cut_offs=(self.day * _DAY,),
            customers=self.judged.customers,
            measures=measures(self.judged, self.way, self.ks) + newcomers.measures,
            calibration=self.calibration.bands,
            cohorts=self.calibration.items,
            verdict=self.verdict,
            warnings=tuple(self._warnings(level)),
        )

    def _warnings(self, level: str) -> list[str]:
        told = []
        held = sum(band.held for band in self.calibration.bands)
        if held < 0.8 * len(self.calibration.bands):
            told.append(
                f"Chances came true within their intervals in {held} of {len(self.calibration.bands)} bands; foretold "
                f"purchases were {self.calibration.pairs:.0%} of those that came."
            )
        if not 0.8 <= self.calibration.spend <= 1.25:
            told.append(f"The spend foretold was {self.calibration.spend:.0%} of what came.")
        if self.judged.unknown > 0.05:
            told.append(
                f"{self.judged.unknown:.0%} of what was bought was a {level} that nobody had bought before: no forecast "
                "from purchases can name it."
            )
        return told


def ranks_of(items: int) -> tuple[int, ...]:
    """Give at how many places rankings are marked: few where there are few items.

    >>> ranks_of(6), ranks_of(4000)
    ((1, 3), (5, 10, 20))
    """
    return (1, 3) if items <= 30 else (5, 10, 20)


def try_out(known: Purchases, day: int, horizon: int, *, seed: int = 0) -> Trial:
    """Choose and learn two horizons ago, judge one horizon ago on what came since.

    Args:
        known: Lines until the day.
        day: The last day.
        horizon: Days ahead.
        seed: Of all that is drawn by lot.

    Raises:
        ModelError: Too little was bought.
    """
    learning, judging = day - 2 * horizon, day - horizon
    everything, ks = WAYS["blend"], ranks_of(len(known.items))
    settings = Settings(half_life=_half_life(known, learning, judging, ks[-1], seed), seed=seed)
    facts = item_facts(known.until(learning), learning, settings)
    learnt = lesson(known, learning, horizon, facts, everything, seed=seed)
    ways = {name: fit_chances(learnt, names) for name, names in WAYS.items()}
    first = judge(last_baskets(known, learning, judging, seed=seed), facts, ways, ks[-1:], everything, alone=())
    later = item_facts(known.until(judging), judging, settings)
    second = judge(last_baskets(known, judging, day, seed=seed), later, ways, ks, everything)
    way, verdict = _honest(second, choose(first, list(WAYS), ks[-1]), ks[-1])
    most = max(_CELLS // len(known.items), 200)
    some = known.chosen(some_customers(np.unique(known.until(judging).customer), most, seed))
    ratio = season(known, judging, horizon)
    told = partial(forecast, in_season(ways[way], ratio), fit_spending(learnt), later)
    calibration = calibrate(some, (judging, day), later, WAYS[way], told)
    return Trial(way, settings, later, second, calibration, judging, horizon, ks, verdict)


def _half_life(known: Purchases, day: int, until: int, k: int, seed: int) -> float:
    """Choose the half-life of what is popular by how well that alone ranked the baskets after the earlier day."""
    before, left_out = known.until(day), last_baskets(known, day, until, seed=seed)
    gained = {}
    for half_life in HALF_LIVES:
        order = best(popular_of(before, day, half_life)[None, :], k)
        found = np.repeat(order, len(left_out.days), axis=0)
        gained[half_life] = float(marks(found, left_out.bought, left_out.unknown, k).ndcg.sum())
    return max(HALF_LIVES, key=lambda one: (gained[one], one))


def _honest(judged: Judged, way: str, k: int) -> tuple[str, str]:
    """Keep the way that was chosen unless a naive forecast beat it beyond doubt, and say how they compare."""
    chosen = way
    for naive, instead in _NAIVE.items():
        if difference(judged, naive, way, k)[1] > 0:
            chosen = instead
    told = []
    for naive in _NAIVE:
        mean, low, high = difference(judged, way, naive, k)
        worse = "better" if low > 0 else "worse" if high < 0 else "not to be told from"
        than = naive if worse.startswith("not") else f"than {naive}"
        told.append(f"{worse} {than} ({mean:+.3f}, {low:+.3f} to {high:+.3f})")
    mean, low, high = mean_interval(judged.marks[way, k].ndcg)
    verdict = (
        f"'{way}' was chosen on the earlier past as the simplest way that no other beat. Out of time it ranks last baskets "
        f"with an NDCG at {k} of {mean:.3f} ({low:.3f} to {high:.3f}): {'; '.join(told)}. {judged.again:.0%} of what "
        "baskets held had been bought before by the same customer."
    )
    if chosen != way:
        verdict += f" So '{chosen}' takes its place."
    return chosen, verdict
