from __future__ import annotations

import csv
import datetime as dt
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.models import BackTest, Period, RetentionModel, choose_retention, cohorts, contracts, fit_retention
from smalti.models.retention import LifeTable, backtest_retention, departing, departure, held_periods, local_days
from smalti.models.retention.backtest import BY_TENURE, ONE_RATE, Held, forecast, log_scores, simple_forecasts

MONTH = Period.parse("1 month")
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]


def lived(law, occasions, seed=0, times=None):
    """Play the model's own story; `times` multiplies the force to leave on the occasions it names."""
    rng, count = np.random.default_rng(seed), len(occasions)
    leaves, luck = rng.beta(law.alpha, law.beta, count), rng.random(count)
    steps = np.diff(np.arange(int(np.max(occasions)) + 1.0) ** law.c)
    for occasion, factor in (times or {}).items():
        steps[occasion - 1] *= factor
    stays = np.cumsum(steps[None, :] * np.log1p(-leaves)[:, None], axis=1)
    gone = (stays > np.log(luck)[:, None]).sum(axis=1) + 1
    return np.where(gone <= occasions, gone, 0)


def test_periods_are_those_of_the_calendar():
    def day(text):
        return np.array([dt.date.fromisoformat(text).toordinal() - dt.date(1970, 1, 1).toordinal()])

    for text, start, until, passed in [
        ("1 month", "2024-01-31", "2024-02-28", 0),
        ("1 month", "2024-01-31", "2024-02-29", 1),
        ("1 month", "2024-01-31", "2024-03-30", 1),
        ("1 month", "2024-01-31", "2024-03-31", 2),
        ("1 year", "2024-02-29", "2025-02-28", 1),
        ("1 quarter", "2024-01-15", "2025-01-14", 3),
        ("2 weeks", "2024-01-01", "2024-01-29", 2),
        ("1 day", "2024-01-05", "2024-01-01", -4),
        ("1 month", "2024-03-15", "2024-01-20", -2),
    ]:
        assert Period.parse(text).passed(day(start), day(until)).tolist() == [passed], (text, start, until)
    assert local_days(np.array([1_782_860_400_000_000]), "Europe/London").tolist() == [20635]
    for text in ("1 moth", "month", "0 days", "1.5 months", "one month", "", "99999999999999999999 days"):
        with pytest.raises(ModelError, match="not a period"):
            Period.parse(text)
    with pytest.raises(ModelError, match="did you mean 'month'"):
        Period.parse("1 moth")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 20_000), st.integers(0, 3_000), st.sampled_from(["1 month", "1 quarter", "10 days", "1 year"]))
def test_the_occasion_on_which_one_left_is_the_first_that_had_not_passed(start, length, text):
    period, began = Period.parse(text), np.array([start])
    left = int(period.left_on(began, began + length)[0])
    assert left >= 1
    assert int(period.passed(began, began + length - 1)[0]) < left
    assert int(period.passed(began, began + length + round(period.days) + 3)[0]) >= left


def test_a_life_table_by_hand():
    seen = contracts([4, 4, 3, 2, 0, 4], [0, 2, 3, 0, 0, 1], [10, 5, 2, 1, 7, 3])
    table = seen.life_table()
    assert table.at_risk.tolist() == [21, 18, 12, 10]
    assert table.lost.tolist() == [3, 5, 2, 0]
    assert table.survival() == pytest.approx([1, 18 / 21, 13 / 21, 13 / 21 * 10 / 12, 13 / 21 * 10 / 12])
    low, high = table.survival_interval()
    assert np.all((low <= table.survival()) & (table.survival() <= high))
    untouched = LifeTable(np.array([50.0, 40.0]), np.array([0.0, 0.0])).survival_interval()[0]
    assert untouched[1] == pytest.approx(0.929, abs=0.001)


def test_survival_intervals_cover_as_often_as_they_say():
    law, inside = RetentionModel("beta_geometric", 0.8, 6.0), []
    for seed in range(120):
        occasions = np.random.default_rng(seed).integers(1, 20, 400)
        table = contracts(occasions, lived(law, occasions, seed)).life_table()
        low, high = table.survival_interval()
        truth = law.survival(np.arange(low.size))
        inside.append(((low <= truth) & (truth <= high))[[1, 5, 12]])
    assert np.all(np.abs(np.mean(inside, axis=0) - 0.95) < 0.05)


def test_earlier_contracts_know_nothing_of_what_came():
    occasions = np.random.default_rng(2).integers(0, 30, 2000)
    left = lived(RetentionModel("beta_geometric", 0.8, 6.0), occasions, seed=2)
    altered = np.where((left > 0) & (left > occasions - 6), np.maximum(occasions, 1) * (occasions > 0), left)
    one, other = (contracts(occasions, end).before(6) for end in (left, altered))
    assert [getattr(one, name).tolist() for name in ("occasions", "left", "weights")] == [
        getattr(other, name).tolist() for name in ("occasions", "left", "weights")
    ]


def test_each_story_is_given_back():
    occasions = np.random.default_rng(3).integers(1, 40, 20_000)
    plain = choose_retention(
        contracts(occasions, lived(RetentionModel("beta_geometric", 0.8, 6.0), occasions, 3)), MONTH
    )
    assert plain.model.kind == "beta_geometric"
    assert plain.model.rates == ()
    assert "nothing says" in plain.sentence
    grown = choose_retention(
        contracts(occasions, lived(RetentionModel("beta_weibull", 0.8, 30.0, 1.9), occasions, 4)), MONTH
    )
    assert grown.model.kind == "beta_weibull"
    assert "grows with tenure" in grown.sentence
    for choice in (plain, grown):
        assert choice.backtest is not None
        assert choice.backtest.cut_offs == (0,)
        assert BackTest.from_dict(choice.backtest.to_dict()) == choice.backtest


def test_a_planted_departure_is_found_and_followed():
    occasions = np.random.default_rng(5).integers(1, 37, 20_000)
    left = lived(RetentionModel("beta_geometric", 2.0, 60.0), occasions, 5, times={12: 8.0, 24: 8.0})
    choice = choose_retention(contracts(occasions, left), MONTH)
    assert choice.model.rates
    assert "depart from its shape" in choice.sentence
    chances = choice.model.renewal_chance(np.arange(36))
    assert chances[11] < 0.84
    assert chances[10] > 0.95
    assert choice.backtest is not None
    assert np.mean([band.held for band in choice.backtest.calibration]) >= 0.8
    again = RetentionModel.from_dict(choice.model.to_dict())
    assert again == choice.model


def test_scatter_by_chance_is_no_departure():
    found = 0
    for seed in range(30):
        occasions = np.random.default_rng(seed).integers(1, 25, 1500)
        seen = contracts(occasions, lived(RetentionModel("beta_geometric", 0.8, 6.0), occasions, seed))
        found += departing(fit_retention(seen), seen.life_table()) is not None
    assert found <= 5
    assert departure(RetentionModel("beta_geometric", 1.0, 9.0), LifeTable(np.zeros(3), np.zeros(3))) > 0.05


def test_the_back_test_by_hand():
    seen = contracts([5, 5, 5, 5, 2], [0, 4, 1, 5, 0], [50, 20, 30, 10, 40])
    held = Held.of(seen, 2)
    assert held.tenure.tolist() == [0, 3, 3, 3]
    assert held.weights.sum() == 120
    model = RetentionModel("beta_geometric", 1.0, 9.0)
    curves = forecast(model, held)
    assert curves[0] == pytest.approx([1, 0.9, 0.9 * 10 / 11])
    rows = {
        (int(left), int(tenure)): score
        for left, tenure, score in zip(held.left, held.tenure, log_scores(curves, held), strict=True)
    }
    assert rows[(0, 0)] == pytest.approx(np.log(0.9 * 10 / 11))
    assert rows[(1, 3)] == pytest.approx(np.log(1 / 13))
    assert rows[(2, 3)] == pytest.approx(np.log(12 / 13 / 14))
    simple = simple_forecasts(held)
    # Before: 110 at risk on the first occasion, 30 of them lost; 80 and none, 80 and none.
    rate = (240.5) / 271
    assert simple[ONE_RATE][0] == pytest.approx([1, rate, rate**2])
    assert simple[BY_TENURE][held.tenure == 0][0] == pytest.approx([1, 80.5 / 111, 80.5 / 111 * 80.5 / 81])
    assert simple[BY_TENURE][held.tenure == 3][0] == pytest.approx([1, rate, rate**2])


def test_published_cohorts_are_foretold_better_than_by_one_rate():
    for kept, worst in ((HIGH_END, 0.025), (REGULAR, 0.02)):
        test = backtest_retention(cohorts([kept]), "beta_weibull", period=Period.parse("1 year"), held=5)
        assert test.customers == kept[7]
        assert "better than one rate for all" in test.verdict or "better than rate of each tenure" in test.verdict
        assert all(abs(band.predicted - band.observed) < worst for band in test.over_time)
        ratio = test.measure("customers kept, foretold over actual")
        assert ratio is not None
        assert abs(ratio.value - 1) < 0.03
        assert test.measures[0].of == "model"


def test_bands_hold_as_often_as_they_say():
    held, count = 0, 0
    for seed in range(15):
        occasions = np.random.default_rng(seed).integers(0, 30, 4000)
        seen = contracts(occasions, lived(RetentionModel("beta_geometric", 0.8, 8.0), occasions, seed))
        test = backtest_retention(seen, period=MONTH, held=6)
        held += sum(band.held for band in test.cohorts)
        count += len(test.cohorts)
    assert held / count > 0.88


def test_too_little_is_refused_or_said():
    with pytest.raises(ModelError, match="3 of 60 customers have left, and a model of contracts wants at least 20"):
        choose_retention(contracts([5] * 60, [2] * 3 + [0] * 57), MONTH)
    with pytest.raises(ModelError, match="too little to test a model of contracts on"):
        backtest_retention(contracts([5] * 60, [2] * 3 + [0] * 57), period=MONTH)
    assert held_periods(contracts([5] * 60, [2] * 3 + [0] * 57)) == 0
    short = choose_retention(contracts([2] * 100, [1] * 30 + [2] * 10 + [0] * 60), MONTH)
    assert "2 occasions only" in short.sentence
    assert short.backtest is None
    untested = choose_retention(contracts([3] * 100, [1] * 15 + [2] * 10 + [3] * 5 + [0] * 70), MONTH)
    assert "too short to test" in untested.sentence


@pytest.fixture(scope="module")
def telco():
    folder = os.environ.get("SMALTI_DATA")
    path = Path(folder or ".") / "churn" / "telco.csv"
    if not folder or not path.exists():
        pytest.skip("SMALTI_DATA does not lead to churn/telco.csv")
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    tenure = np.array([int(row["tenure"]) for row in rows])
    gone = np.array([row["Churn"] == "Yes" for row in rows])
    return tenure, np.where(gone, tenure, 0), np.array([row["Contract"] for row in rows])


@pytest.mark.realdata
def test_survival_on_telco_is_reliable_by_tenure(telco):
    tenure, left, _ = telco
    assert (left > 0).sum() == 1869
    order = np.random.default_rng(7).permutation(tenure.size)
    inside, steps = [], []
    for learnt, kept_back in ((order[::2], order[1::2]), (order[1::2], order[::2])):
        choice = choose_retention(contracts(tenure[learnt], left[learnt]), MONTH)
        assert choice.model.rates, "telco's contracts end as they were sold, not along a smooth curve"
        table = contracts(tenure[kept_back], left[kept_back]).life_table()
        low, high = table.survival_interval()
        foretold = choice.model.survival(np.arange(low.size))
        # Both halves are as uncertain: the difference of two has an interval wider by the root of two.
        middle, wide = table.survival(), np.sqrt(2.0)
        at = np.arange(1, 73, 6)
        inside += ((foretold >= middle - wide * (middle - low)) & (foretold <= middle + wide * (high - middle)))[
            at
        ].tolist()
        rows = np.repeat(np.arange(12), 6)
        risk, lost = (np.bincount(rows, weights=part) for part in (table.at_risk, table.lost))
        own = np.bincount(rows, weights=table.at_risk * (1 - choice.model.renewal_chance(np.arange(72))))
        noise = np.sqrt(2 * lost * (1 - lost / risk))
        steps += (np.abs(own - lost) < 1.96 * np.maximum(noise, 1)).tolist()
    assert np.mean(inside) >= 0.9
    assert np.mean(steps) >= 0.85


@pytest.mark.realdata
def test_the_smooth_curves_alone_miss_telco_and_say_so(telco):
    tenure, left, kinds = telco
    seen = contracts(tenure, left)
    table = seen.life_table()
    low, high = table.survival_interval()
    held = []
    for kind in ("beta_geometric", "beta_weibull"):
        model = fit_retention(seen, kind)
        assert departure(model, table) < 1e-3
        own = model.survival(np.arange(low.size))
        held.append(((own >= low) & (own <= high)).mean())
    assert held[0] < held[1] < 0.6
    followed = departing(fit_retention(seen, "beta_weibull"), table)
    assert followed is not None
    own = followed.survival(np.arange(low.size))
    assert ((own >= low) & (own <= high)).mean() > 0.95
    two_years = contracts(tenure[kinds == "Two year"], left[kinds == "Two year"])
    assert two_years.leavers == 48
