"""Measures with intervals, calibration, simple forecasts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import norm
from sklearn.metrics import average_precision_score, d2_tweedie_score, mean_tweedie_deviance, roc_auc_score

from smalti.models.backtest import Band
from smalti.models.intervals import share_interval
from smalti.models.supervised import accuracy
from smalti.models.supervised.bands import band, calibration_bands, lift_bands
from smalti.models.supervised.calibration import Calibration, choose_calibration, fit_calibration
from smalti.models.supervised.lines import log_line, logistic_line
from smalti.models.supervised.losses import anyone, losses
from smalti.models.supervised.simple import alone, recalibrate
from smalti.models.supervised.training import Column
from smalti.models.supervised.trial import ALIKE, Trial

tied = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=4, max_size=40).filter(
    lambda pairs: 2 <= sum(one for one, _ in pairs) <= len(pairs) - 2
)


@settings(max_examples=20, deadline=None)
@given(tied)
def test_areas_and_precision_are_those_of_scikit_learn_with_ties(pairs):
    came, told = (np.array(one, dtype=np.float64) for one in zip(*pairs, strict=True))
    assert accuracy.area(came, told).value == pytest.approx(roc_auc_score(came, told), abs=1e-12)
    ours = accuracy.average_precision(came, told, seed=1)
    assert ours.value == pytest.approx(average_precision_score(came, told), abs=1e-12)


def test_the_deviance_of_amounts_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    came, told = rng.gamma(1.0, 10.0, 200) * (rng.random(200) < 0.4), rng.gamma(2.0, 3.0, 200)
    ours = losses("amount", told[:, None], came)
    assert ours.mean() == pytest.approx(mean_tweedie_deviance(came, told, power=1.5))
    alike = losses("amount", np.repeat(anyone("amount", came, 1), 200, axis=0), came)
    assert accuracy.share_explained(ours, alike).value == pytest.approx(d2_tweedie_score(came, told, power=1.5))


@pytest.mark.parametrize("apart", [0.0, 1.5, 3.0])
def test_intervals_of_areas_cover_the_truth_at_the_stated_rate(apart):
    rng, truth, held = np.random.default_rng(2), norm.cdf(apart / np.sqrt(2)), 0
    for _ in range(400):
        came = np.repeat([0.0, 1.0], [150, 50])
        _, low, high = accuracy.area(came, rng.normal(size=200) + apart * came)
        held += low <= truth <= high
    assert 0.92 <= held / 400 <= 0.98


def test_intervals_of_slope_odds_and_ratio_cover_the_truth():
    rng, held = np.random.default_rng(3), np.zeros(4)
    for _ in range(200):
        chances = expit(rng.normal(-1, 1, 600))
        came = (rng.random(600) < chances).astype(np.float64)
        for place, (_, low, high) in enumerate(
            (
                accuracy.calibration_slope(came, chances),
                accuracy.calibration_odds(came, chances),
                accuracy.ratio_of(chances, came),
                accuracy.mean_of(
                    losses("chance", chances[:, None], came)
                    + chances * np.log(chances)
                    + (1 - chances) * np.log1p(-chances)
                ),
            )
        ):
            held[place] += low <= (1.0 if place < 3 else 0.0) <= high
    assert (held / 200 >= 0.90).all(), held


def test_lines_find_what_made_the_data():
    rng = np.random.default_rng(4)
    x = rng.normal(3, 50, 40_000)
    came = (rng.random(40_000) < expit(-1 + 0.02 * x)).astype(np.float64)
    assert logistic_line(x, came) == pytest.approx((-1, 0.02), abs=0.05)
    counts = rng.poisson(np.exp(1 + 0.01 * x)).astype(np.float64)
    intercept, slope = log_line(x, counts)
    assert (intercept, slope) == pytest.approx((1, 0.01), abs=0.02)
    assert np.exp(intercept + slope * x).sum() == pytest.approx(counts.sum(), rel=1e-6)


def test_lines_stand_what_cannot_be_a_line():
    same, parted = np.ones(50), np.repeat([0.0, 1.0], 25)
    assert logistic_line(same, parted)[1] == 0.0
    slope = logistic_line(parted, parted)[1]
    assert np.isfinite(slope)
    assert slope > 4


@pytest.mark.parametrize("way", ["none", "sigmoid", "isotonic"])
@pytest.mark.parametrize("task", ["chance", "amount"])
def test_forecasts_rise_with_the_raw_score_and_hold_their_bounds(task, way):
    rng = np.random.default_rng(5)
    raw = rng.normal(0, 3, (800, 1))
    came = (rng.random(800) < expit(raw[:, 0])).astype(np.float64)
    target = came if task == "chance" else came * np.exp(raw[:, 0] / 3 + rng.normal(0, 1, 800))
    made = fit_calibration(task, way, raw, target)
    assert Calibration.from_dict(made.to_dict()) == made
    wide = np.linspace(-80, 80, 500)[:, None]
    told = made.apply(wide)
    assert (np.diff(told[:, 0]) >= 0).all()
    if task == "chance":
        assert ((told > 0) & (told < 1)).all()
    else:
        assert made.apply(raw).sum() == pytest.approx(target.sum(), rel=1e-9)
    assert [float(made.apply(row[None, :])[0, 0]) for row in raw[:200]] == made.apply(raw)[:200, 0].tolist()


def test_bold_raw_scores_are_drawn_in_and_right_ones_left_alone():
    rng = np.random.default_rng(6)
    right = rng.normal(size=(4000, 1))
    came, folds = (rng.random(4000) < expit(right[:, 0])).astype(np.float64), np.arange(4000) % 4
    assert choose_calibration("chance", right, came, folds)[0].way == "none"
    bold, held = choose_calibration("chance", 3 * right, came, folds)
    assert bold.way == "sigmoid"
    assert bold.slope == pytest.approx(1 / 3, abs=0.05)
    assert losses("chance", held, came).mean() < losses("chance", expit(3 * right), came).mean()
    bent = np.where(right > 0, 4 * right, 0.1 * right)
    assert choose_calibration("chance", bent, came, folds)[0].way == "isotonic"


def test_chances_of_classes_sum_to_one_and_are_tempered():
    rng = np.random.default_rng(7)
    raw = rng.normal(0, 1, (3000, 3))
    target = (raw + rng.gumbel(size=raw.shape)).argmax(axis=1)
    made, _ = choose_calibration("category", 2.5 * raw, target, np.arange(3000) % 4)
    assert made.way == "sigmoid"
    assert made.slope == pytest.approx(0.4, abs=0.06)
    told = made.apply(raw * 100)
    assert np.allclose(told.sum(axis=1), 1)
    assert ((told > 0) & (told < 1)).all()
    assert made.apply(raw[:1]).tolist()[0] == made.apply(raw)[0].tolist()


def test_a_baseline_in_any_unit_and_either_way_round_becomes_the_best_forecast_it_can_be():
    rng = np.random.default_rng(8)
    days = rng.exponential(60, 4000)
    truth = 0.9 * np.exp(-days / 60)
    came, folds = (rng.random(4000) < truth).astype(np.float64), np.arange(4000) % 4
    for values in (days, -days, days * 24 + 5):
        told = recalibrate("chance", values, came, folds).forecast(values)[:, 0]
        assert np.abs(told - truth).mean() < 0.045
    gaps = np.where(rng.random(4000) < 0.3, np.nan, days)
    told = recalibrate("chance", gaps, came, folds).forecast(np.array([np.nan]))[0, 0]
    assert told == pytest.approx(came[np.isnan(gaps)].mean(), abs=0.01)


def test_a_constant_baseline_is_the_same_forecast_for_everybody():
    came = np.repeat([0.0, 1.0], 100)
    made = recalibrate("chance", np.ones(200), came, np.arange(200) % 4)
    assert made.forecast(np.array([1.0, 7.0])).ravel().tolist() == pytest.approx([0.5, 0.5])


def test_one_trait_alone_sees_what_is_not_a_line():
    rng = np.random.default_rng(9)
    age = rng.uniform(-1, 1, 5000)
    came = (np.abs(age) > 0.5).astype(np.float64)
    column = Column("age", "number", age)
    assert accuracy.area(came, alone("chance", column, came, 1).forecast(column)[:, 0]).value > 0.97


def test_bands_hold_the_truth_at_the_stated_rate():
    rng, held = np.random.default_rng(10), []
    for _ in range(60):
        chances = expit(rng.normal(-2, 1.5, 1500))
        came = (rng.random(1500) < chances).astype(np.float64)
        held += [one.held for one in calibration_bands(chances, came, chance=True, seed=1)]
    assert 0.93 <= np.mean(held) <= 0.985


def test_tenths_fall_and_equal_forecasts_stay_in_one_band():
    told = np.repeat([0.1, 0.2, 0.9], [500, 300, 200])
    came = np.zeros(1000)
    assert [one.customers for one in calibration_bands(told, came, chance=True, seed=1)] == [500, 300, 200]
    tenths = lift_bands(told, came, chance=True, seed=1)
    assert [one.name for one in tenths[:2]] == ["tenth 1", "tenth 2"]
    assert [one.predicted for one in tenths] == sorted((one.predicted for one in tenths), reverse=True)


def test_a_band_in_which_nobody_bought_says_what_may_come_all_the_same():
    came = np.concatenate([np.zeros(300), np.full(300, 50.0)])
    found = band("low", np.full(600, 0.2), came, np.arange(600) < 300, chance=False, seed=1)
    assert isinstance(found, Band)
    assert found.low == 0.0
    assert found.high == pytest.approx(share_interval(0, 300)[1] * 50)


def test_the_verdict_is_paired_and_knows_when_the_simple_forecast_is_as_good():
    rng = np.random.default_rng(11)
    chances = expit(rng.normal(size=2000))
    came = (rng.random(2000) < chances).astype(np.float64)
    alike = np.full((2000, 1), came.mean())
    good = Trial("chance", came, chances[:, None], {ALIKE: alike}, None, 1)
    assert good.verdict()[0]
    assert good.verdict()[1].startswith(f"Better than the best simple forecast, {ALIKE}: it explains")
    nearly = Trial("chance", came, chances[:, None], {ALIKE: alike, "recency alone": chances[:, None] * 0.999}, None, 1)
    better, sentence = nearly.verdict()
    assert not better
    assert sentence.startswith("Not shown to be better than recency alone")
    assert sentence.endswith("use that one, it is simpler.")


def test_measures_put_the_models_first():
    rng = np.random.default_rng(12)
    came = (rng.random(100) < 0.3).astype(np.float64)
    told = np.clip(rng.random((100, 1)), 0.01, 0.99)
    trial = Trial("chance", came, told, {ALIKE: np.full((100, 1), 0.3), "recency alone": told}, None, 1)
    for name in {one.name for one in trial.measures()}:
        assert next(one.of for one in trial.measures() if one.name == name) == "model"
