"""Scores fitted to simulated customers whose truth is known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit

from smalti.errors import ModelError
from smalti.models.supervised import OTHER, Column, FittedScore, TrainingSet, fit_score

DAY = 86_400_000_000


def customers(count, cuts=2, seed=0):
    """Customers at cut-offs 90 days apart, what is known of them, and the true log-odds of what comes."""
    rng = np.random.default_rng(seed)
    rows = count * cuts
    recency, orders = rng.exponential(60, rows), rng.poisson(3, rows).astype(np.float64)
    age = np.where(rng.random(rows) < 0.2, np.nan, rng.uniform(18, 80, rows))
    plan = rng.choice(np.array(["basic", "plus", None], dtype=object), rows)
    told = 0.3 - recency / 50 + 0.25 * orders + 0.8 * (plan == "plus")
    columns = (
        Column("recency", "number", recency, "days"),
        Column("orders", "number", orders),
        Column("age", "number", age, "years"),
        Column("plan", "category", plan),
    )
    return columns, told, np.tile(np.arange(cuts) * 90 * DAY, count), np.repeat(_names(count), cuts), rng


def _names(count):
    return np.array([f"customer {number}" for number in range(count)], dtype=object)


def training(count=1000, cuts=2, seed=0, **changed):
    columns, told, cut_off, who, rng = customers(count, cuts, seed)
    came = (rng.random(len(told)) < expit(told)).astype(np.float64)
    given = {
        "task": "chance",
        "outcome": "a purchase within 90 days",
        "horizon_days": 90,
        "columns": columns,
        "target": came,
        "cut_off": cut_off,
        "customer": who,
        "baselines": {"recency alone": columns[0].values},
    }
    return TrainingSet(**{**given, **changed}), told


@pytest.fixture(scope="module")
def fitted():
    rows, told = training()
    return fit_score("will_buy", rows, seed=1), rows, told


def test_true_chances_are_recovered_and_the_simple_forecast_is_beaten(fitted):
    score, _, _ = fitted
    columns, told, *_ = customers(4000, 1, seed=99)
    found = score.score(columns).values
    assert np.abs(found - expit(told)).mean() < 0.07
    assert np.corrcoef(found, expit(told))[0, 1] > 0.93
    assert score.better
    assert "recency alone" in score.backtest.verdict
    assert score.warnings == ()


def test_the_back_test_is_out_of_time_and_complete(fitted):
    score, _, _ = fitted
    test = score.backtest
    assert test.cut_offs == (90 * DAY,)
    assert test.customers == 1000
    assert test.outcome == "a purchase within 90 days"
    area = test.measure("area under the ROC curve")
    assert area.low < area.value < area.high
    assert area.value > test.measure("area under the ROC curve", "recency alone").value
    assert [one.name for one in test.over_time] == ["1970-01-01", "1970-04-01"]
    assert len(test.lift) == len(test.calibration) == 10
    assert sum(one.held for one in test.calibration) >= 8
    assert sum(share for _, share in score.importance) == pytest.approx(1)
    assert score.importance[0][0] == "recency"


def test_one_customer_gets_the_same_number_and_a_stored_score_too(fitted):
    score, rows, _ = fitted
    stored = FittedScore.from_dict(json.loads(json.dumps(score.to_dict(), allow_nan=False)))
    assert stored.backtest == score.backtest
    many = score.score(rows.columns).values
    assert np.array_equal(stored.score(tuple(reversed(rows.columns))).values, many)
    for row in range(0, 2000, 40):
        values = {column.name: column.values[row] for column in rows.columns}
        assert stored.score_one(values).values[0] == many[row]
    assert ((many > 0) & (many < 1)).all()


def test_drivers_tell_the_strongest_traits_and_sum_to_the_raw_score(fitted):
    score, rows, _ = fitted
    told = score.contributions(rows.columns)
    raw = score.raw(rows.columns)[:, 0]
    assert np.allclose(told.sum(axis=1), raw - score.forests[0].expected, atol=1e-12)
    drivers = score.drivers(rows.columns, top=2)
    names = [one.name for one in score.inputs]
    for row in range(0, 2000, 100):
        sizes = [abs(size) for _, size in drivers[row]]
        assert sizes == sorted(sizes, reverse=True)
        assert all(told[row, names.index(name)] == size for name, size in drivers[row])
        assert sizes[0] == np.abs(told[row]).max()


def test_a_score_refuses_another_unit_or_version(fitted):
    score, rows, _ = fitted
    columns = [Column("recency", "number", rows.columns[0].values, "weeks"), *rows.columns[1:]]
    with pytest.raises(ModelError, match="fitted on days, got weeks"):
        score.score(columns)
    with pytest.raises(ModelError, match="stored in form 0, expected 1"):
        FittedScore.from_dict({**score.to_dict(), "version": 0})


@pytest.mark.slow
def test_the_order_of_rows_and_columns_changes_nothing(fitted):
    score, rows, _ = fitted
    order = np.random.default_rng(1).permutation(len(rows))
    shuffled = rows.take(order)
    turned = TrainingSet(**{**vars(shuffled), "columns": tuple(reversed(shuffled.columns))})
    assert fit_score("will_buy", turned, seed=1).to_dict() == score.to_dict()


@pytest.mark.slow
def test_what_comes_after_the_latest_cut_off_does_not_reach_what_it_is_tested_with(fitted):
    score, rows, _ = fitted
    latest = rows.cut_off == rows.cut_off.max()
    other = np.where(latest, 1 - rows.target, rows.target)
    changed = fit_score("will_buy", TrainingSet(**{**vars(rows), "target": other}), seed=1)
    forecasts = [[one.predicted for one in test.backtest.lift] for test in (score, changed)]
    assert forecasts[0] == forecasts[1]


@pytest.mark.slow
def test_rows_whose_outcome_reaches_beyond_the_tested_cut_off_are_not_learnt_from():
    rows, _ = training(cuts=3)
    near = np.where(rows.cut_off == 90 * DAY, 150 * DAY, rows.cut_off)
    wrong = np.where(near == 150 * DAY, 1 - rows.target, rows.target)
    given = {**vars(rows), "cut_off": near}
    clean = fit_score("will_buy", TrainingSet(**given), seed=1)
    spoilt = fit_score("will_buy", TrainingSet(**{**given, "target": wrong}), seed=1)
    assert clean.backtest.measures == spoilt.backtest.measures


@pytest.mark.slow
def test_noise_gives_an_area_of_a_half_and_no_better():
    inside, better = 0, 0
    for seed in range(6):
        rows, told = training(700, cuts=2, seed=seed)
        came = (np.random.default_rng(seed).random(len(told)) < 0.3).astype(np.float64)
        score = fit_score("noise", TrainingSet(**{**vars(rows), "target": came}), seed=seed)
        area = score.backtest.measure("area under the ROC curve")
        inside += area.low <= 0.5 <= area.high
        better += score.better
        assert not [one for one in score.warnings if "may know" in one]
    assert inside >= 5
    assert better == 0


@pytest.mark.slow
def test_calibration_bands_hold_what_comes_at_about_the_stated_rate():
    held = []
    for seed in range(4):
        rows, _ = training(2000, cuts=2, seed=seed)
        held += [one.held for one in fit_score("will_buy", rows, seed=seed).backtest.calibration]
    assert np.mean(held) >= 0.85


def test_one_cut_off_is_tested_on_other_customers_and_says_so():
    rows, _ = training(500, cuts=1)
    empty = Column("visits", "number", np.full(500, np.nan))
    score = fit_score("will_buy", TrainingSet(**{**vars(rows), "columns": (*rows.columns, empty)}), seed=1)
    assert score.warnings[0].startswith("What came is known as of one cut-off only")
    assert "visits is missing for everybody in what it was learnt from: it plays no part" in score.warnings
    assert score.backtest.customers == 500
    assert "visits" not in [one.name for one in score.inputs]
    said = score.score((*rows.columns, Column("visits", "number", np.ones(500)))).warnings
    assert said == ("visits was missing for everybody when will_buy was fitted and no longer is: it plays no part",)
    assert score.score(rows.columns).warnings == ()


@pytest.mark.parametrize(
    ("count", "came", "words"),
    [
        (150, None, "found 150 customers, wanted at least 200"),
        (400, np.zeros(400), "found 0 customers to whom it came, wanted at least 50"),
        (400, np.ones(400), "found 0 customers to whom it did not, wanted at least 50"),
    ],
)
def test_too_little_is_refused_with_what_was_found_and_wanted(count, came, words):
    rows, _ = training(count, cuts=1)
    given = vars(rows) if came is None else {**vars(rows), "target": came}
    with pytest.raises(ModelError, match=words):
        fit_score("will_buy", TrainingSet(**given), seed=1)


def test_a_training_set_is_checked():
    rows, _ = training(10, cuts=1)
    given = vars(rows)
    for changed, words in (
        ({"columns": ()}, "at least one trait"),
        ({"columns": (rows.columns[0], rows.columns[0])}, "each trait once, got twice: recency"),
        ({"target": np.full(10, 2.0)}, "expected 0 .* or 1"),
        ({"target": np.full(10, np.nan)}, "finite numbers"),
        ({"task": "category"}, "names of categories"),
        ({"cut_off": np.zeros(3, np.int64)}, "cut_off: expected 10 values, as many as targets, got 3"),
    ):
        with pytest.raises(ModelError, match=words):
            TrainingSet(**{**given, **changed})
    with pytest.raises(ModelError, match="got customer customer 0 twice"):
        TrainingSet(**{**given, "customer": np.array(["customer 0"] * 10, dtype=object)}).ordered()
    with pytest.raises(ModelError, match="row 1: expected a finite number"):
        Column("x", "number", np.array([0.0, np.inf]))


@pytest.fixture(scope="module")
def amounts():
    columns, told, cut_off, who, rng = customers(1500, 2, seed=5)
    mean = 4000 * np.exp(0.3 * columns[1].values)
    some = rng.random(len(told)) < expit(told)
    amount = np.where(some, mean * np.exp(rng.normal(-0.5, 1.0, len(told))), 0.0)
    rows = TrainingSet("amount", "spend", 90, columns, amount, cut_off, who, {"recency alone": columns[0].values})
    return fit_score("spend_ahead", rows, seed=1), rows, expit(told) * mean


@pytest.mark.slow
def test_amounts_are_right_in_total_and_near_their_means(amounts):
    score, rows, truth = amounts
    found = score.score(rows.columns).values
    assert found.sum() == pytest.approx(rows.target.sum(), rel=0.05)
    assert np.corrcoef(np.log(found), np.log(truth))[0, 1] > 0.85
    ratio = score.backtest.measure("predicted / observed")
    assert ratio.low <= 1 <= ratio.high
    assert score.better
    assert sum(one.held for one in score.backtest.calibration) >= 7


@pytest.mark.slow
def test_the_unit_of_money_changes_nothing_but_the_unit(amounts):
    score, rows, _ = amounts
    pounds = fit_score("spend_ahead", TrainingSet(**{**vars(rows), "target": rows.target / 128}), seed=1)
    assert np.allclose(pounds.score(rows.columns).values * 128, score.score(rows.columns).values, rtol=1e-6)


@pytest.fixture(scope="module")
def categories():
    columns, told, cut_off, who, rng = customers(600, 1, seed=6)
    liked = np.where(columns[3].values == "plus", "hats", "shoes").astype(object)
    any_one = rng.choice(np.array(["hats", "shoes", "books"], dtype=object), len(told), p=[0.49, 0.49, 0.02])
    came = np.where(rng.random(len(told)) < 0.7, liked, any_one)
    target = np.where(rng.random(len(told)) < expit(told), came, None)
    rows = TrainingSet("category", "the next category", 90, columns, target, cut_off, who, {})
    return fit_score("next_category", rows, seed=1), rows


def test_categories_have_chances_that_sum_to_one_and_nothing_is_a_class(categories):
    score, rows = categories
    assert score.classes == (None, "hats", "shoes", OTHER)
    found = score.score(rows.columns)
    assert np.allclose(found.chances.sum(axis=1), 1)
    assert np.array_equal(found.values, found.chances.max(axis=1))
    names, chances = found.if_any()
    plus = rows.columns[3].values == "plus"
    assert (names[plus] == "hats").mean() > 0.8
    assert (chances <= found.values + 1e-15).all()
    one = score.score_one({column.name: column.values[3] for column in rows.columns})
    assert one.chances.tolist()[0] == found.chances[3].tolist()
    assert one.labels[0] == found.labels[3]
    assert score.better
    assert any("foretold together, as 'other'" in one for one in score.warnings)


def test_contributions_for_a_category_are_those_of_its_likeliest_class(categories):
    score, rows = categories
    told, raw = score.contributions(rows.columns), score.raw(rows.columns)
    best = score.score(rows.columns).chances.argmax(axis=1)
    expected = np.array([forest.expected for forest in score.forests])[best]
    assert np.allclose(told.sum(axis=1), raw[np.arange(len(best)), best] - expected, atol=1e-12)
    again = FittedScore.from_dict(json.loads(json.dumps(score.to_dict(), allow_nan=False)))
    assert np.array_equal(again.score(rows.columns).chances, score.score(rows.columns).chances)
