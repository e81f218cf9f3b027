"""Mistakes in what is read, and experiments with hardly anybody in them, are told in words."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.errors import ModelError
from smalti.experiments.readout import (
    Baseline,
    Design,
    Inflow,
    Metric,
    Money,
    Observed,
    OutlierRule,
    ReadoutPlan,
    Statistics,
    customers_needed,
    power_of,
    read_out,
    read_statistics,
    sample_ratio,
)

SPEND = Metric("spend", "spend")
HALVES = np.tile([0, 1], 50)


def read(spend, arm=HALVES, **terms):
    plan = ReadoutPlan((SPEND,), "none", **terms)
    return read_out(plan, Observed(("none", "mail"), np.asarray(arm), {"spend": np.asarray(spend)}))


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: ReadoutPlan((SPEND,), "none", correction="holms"), "found 'holms', .*; did you mean 'holm'"),
        (lambda: ReadoutPlan((SPEND,), "none", outliers=(OutlierRule("a", 1.0),) * 2), "one rule for each column"),
        (lambda: OutlierRule("spend", at=float("nan")), "expected a finite amount"),
        (lambda: Metric("spend", "spend", better="more"), "better: found 'more', wanted higher or lower"),
        (lambda: Metric("spend", "spend", least=float("inf")), "smallest effect worth having"),
        (lambda: Statistics.of_counts(30.5, 100), "whole ones, got 30.5"),
        (lambda: sample_ratio([5, 5], [1.0, float("inf")]), r"got \[1.0, inf\] for 2"),
        (lambda: Design(weights=(1.0, float("nan"))), "weights: expected one above 0"),
        (lambda: customers_needed(Design(), Baseline.of_rate(0.1), float("nan")), "not 0, got nan"),
        (lambda: power_of(Design(), Baseline.of_rate(0.1), float("nan"), 1000), "effect: expected a finite number"),
        (lambda: Inflow(per_day=float("nan")), "inflow: expected customers per day"),
        (lambda: Money((0.0, float("nan"))), "money: expected finite costs and worth"),
        (lambda: read(np.full(100, "a")), "spend: expected numbers, got <U1"),
    ],
)
def test_mistakes_are_told(ask, told):
    with pytest.raises(ModelError, match=told):
        ask()


def test_an_unknown_outcome_is_named_before_a_quantile_is_taken_of_it():
    spend = np.where(np.arange(100) == 3, np.nan, 1.0)
    with pytest.raises(ModelError, match="spend: row 3: expected a finite number, got nan; 1 such in all"):
        read(spend, outliers=(OutlierRule("spend", quantile=0.9),))


def test_segments_must_have_every_arm():
    arms = {"none": Statistics.of_counts(1, 9), "mail": Statistics.of_counts(1, 9)}
    plan = ReadoutPlan((Metric("visit", "outcome"),), "none")
    with pytest.raises(ModelError, match="place: expected the statistics of 2 arms for each segment, got 2 labels"):
        read_statistics(plan, arms, {"place": (("FR", "DE"), [[arms["none"]]])})


@pytest.mark.parametrize(
    ("spend", "arm"),
    [([], []), ([1.0], [0]), ([0.0, 5.0], [0, 1]), (np.ones(100), HALVES), (HALVES * 1.0, HALVES)],
    ids=["nobody", "one customer", "one in each arm", "all alike", "alike within each arm"],
)
def test_where_chance_is_unknown_nobody_can_tell(spend, arm):
    found = read(np.asarray(spend, dtype=float), np.asarray(arm, dtype=np.int64))
    assert found.verdicts[0].answer == "cannot tell yet"
    assert "no interval: too few customers, or all alike" in found.verdicts[0].words
    assert found.effects[0].interval == (-np.inf, np.inf)


def test_amounts_of_a_thousand_million_lose_nothing():
    small = read(np.arange(100.0) % 7)
    large = read(1e9 + np.arange(100.0) % 7)
    assert large.effects[0].effect == pytest.approx(small.effects[0].effect, rel=1e-6)
    assert large.effects[0].error == pytest.approx(small.effects[0].error, rel=1e-6)
    assert not large.effects[0].rare


def test_a_verdict_on_a_rare_outcome_says_so():
    found = read_statistics(
        ReadoutPlan((Metric("visit", "outcome", unit="share"),), "none", weights=(9, 1)),
        {"none": Statistics.of_counts(9, 9_000), "mail": Statistics.of_counts(0, 1_000)},
    )
    assert found.verdicts[0].answer == "cannot tell yet"
    assert "In an arm fewer than 10 did it, or did not" in found.verdicts[0].words
