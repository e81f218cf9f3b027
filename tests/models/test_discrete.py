from __future__ import annotations

import csv
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln, logsumexp

from smalti.errors import ModelError
from smalti.models import DiscreteModel, fit_discrete
from smalti.models.buying.histories import Histories, grouped
from smalti.models.discrete.likelihood import mean_loss

DONORS = DiscreteModel(1.20352083, 0.74971453, 0.65671220, 2.78340801)
SIZES = st.floats(-4, 6).map(math.exp)
LAWS = st.builds(DiscreteModel, SIZES, SIZES, SIZES, SIZES)


@st.composite
def histories(draw, most=40):
    n = draw(st.integers(0, most))
    t_x = draw(st.integers(0, n))
    return (draw(st.integers(1, t_x)), t_x, n) if t_x else (0, 0, n)


def published_likelihood(law, x, t_x, n):
    """Equation 3 of the paper, term by term."""
    a, b, g, d = law.parameters
    terms = [betaln(a + x, b + n - x) + betaln(g, d + n)]
    terms += [betaln(a + x, b + t_x - x + i) + betaln(g + 1, d + t_x + i) for i in range(n - t_x)]
    return logsumexp(terms) - betaln(a, b) - betaln(g, d)


def played(law, opportunities, later=0, seed=0):
    """Play the model's own story: gone before an opportunity or not, then take it or not."""
    rng, count = np.random.default_rng(seed), len(opportunities)
    takes, leaves = rng.beta(law.alpha, law.beta, count), rng.beta(law.gamma, law.delta, count)
    x, t_x, after = np.zeros(count), np.zeros(count), np.zeros(count)
    there = np.ones(count, dtype=bool)
    for step in range(1, int(opportunities.max()) + later + 1):
        there &= rng.random(count) >= leaves
        bought = there & (rng.random(count) < takes)
        now = bought & (step <= opportunities)
        x, t_x = x + now, np.where(now, step, t_x)
        after += bought & (step > opportunities) & (step <= opportunities + later)
    return x, t_x, after


@settings(max_examples=25, deadline=None)
@given(LAWS, histories())
def test_the_likelihood_is_the_published_one(law, history):
    wanted = published_likelihood(law, *history)
    assert law.log_likelihood_of(*history) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(LAWS, histories())
def test_answers_are_the_published_ones(law, history):
    x, _, n = history
    a, b, g, d = law.parameters
    alike = betaln(a + x, b + n - x) - betaln(a, b) - published_likelihood(law, *history)
    alive = math.exp(alike + betaln(g, d + n + 1) - betaln(g, d))
    assert law.p_alive(*history) == pytest.approx(alive, rel=1e-8, abs=1e-12)
    steps = np.arange(1, 600)
    stays = np.exp(alike + betaln(g, d + n + steps) - betaln(g, d))
    residual = (a + x) / (a + b + n) * (stays / 1.1**steps).sum()
    assert law.discounted_purchases(*history, rate=0.1) == pytest.approx(residual, rel=1e-8, abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(LAWS, histories(), st.integers(0, 30))
def test_the_distribution_has_the_expectation_as_its_mean(law, history, horizon):
    asked = law._asked(*history)
    more = law._more_than(asked, horizon)[0]
    expected = law.expected_purchases(*history, horizon)
    assert more.sum() == pytest.approx(float(expected), rel=1e-8, abs=1e-12)
    assert np.all(np.diff(more) <= 1e-12)
    assert np.all((more >= 0) & (more <= 1 + 1e-12))
    assert law.purchase_chance(*history, horizon) == pytest.approx(more[0] if horizon else 0.0)
    low, high = law.purchases_interval(*history, horizon)
    assert 0 <= low <= high <= horizon


@settings(max_examples=20, deadline=None)
@given(LAWS, st.integers(0, 30), st.integers(1, 8))
def test_more_opportunities_are_more_purchases_and_less_chance_to_stay(law, n, ahead):
    stays = [float(law.p_alive(0, 0, n, ahead=step)) for step in range(ahead + 1)]
    assert stays == sorted(stays, reverse=True)
    grows = [float(law.expected_purchases(0, 0, n, step)) for step in range(ahead + 1)]
    assert grows == sorted(grows)
    assert float(law.expected_purchases(0, 0, n, ahead)) <= ahead


def test_the_gradient_is_exact():
    rng = np.random.default_rng(3)
    n = rng.integers(0, 30, 300)
    x, t_x, _ = played(DiscreteModel(1.0, 3.0, 0.8, 6.0), n, seed=3)
    loss = mean_loss(grouped(Histories(x, t_x, n.astype(float), rng.uniform(0.5, 3, 300))))
    for _ in range(8):
        logs = rng.normal(0, 2, 4)
        _, slope = loss(logs)
        moves = np.eye(4) * 1e-5
        around = [(loss(logs + move)[0] - loss(logs - move)[0]) / 2e-5 for move in moves]
        assert slope == pytest.approx(around, rel=1e-6, abs=1e-8)


def test_few_pairs_at_a_time_are_the_same_as_all(monkeypatch):
    n = np.random.default_rng(5).integers(1, 12, 120)
    x, t_x, _ = played(DONORS, n, seed=5)
    whole = fit_discrete(x, t_x, n)
    monkeypatch.setattr("smalti.models.discrete.likelihood._CELLS", 60)
    parts = fit_discrete(x, t_x, n)
    assert parts.parameters == pytest.approx(whole.parameters, rel=1e-6)


def test_known_parameters_are_recovered_within_their_errors():
    truth = DiscreteModel(1.2, 0.75, 0.66, 2.8)
    n = np.random.default_rng(1).integers(3, 15, 40_000)
    x, t_x, _ = played(truth, n, seed=1)
    model = fit_discrete(x, t_x, n)
    assert model.converged
    assert model.standard_errors is not None
    off = np.log(np.array(model.parameters) / np.array(truth.parameters)) / np.array(model.standard_errors)
    assert np.all(np.abs(off) < 3.5)
    assert 0 <= model.log_likelihood - truth.log_likelihood_of(x, t_x, n).sum() < 12


@pytest.mark.slow
def test_standard_errors_cover_the_truth_as_often_as_they_say():
    truth = DiscreteModel(0.8, 1.6, 0.7, 4.0)
    offs = []
    for seed in range(60):
        n = np.random.default_rng(seed).integers(4, 16, 1500)
        x, t_x, _ = played(truth, n, seed=seed + 1000)
        model = fit_discrete(x, t_x, n)
        assert model.standard_errors is not None
        offs.append(np.log(np.array(model.parameters) / truth.parameters) / model.standard_errors)
    inside = (np.abs(np.array(offs)) < 1.96).mean(axis=0)
    assert np.all(inside > 0.86)
    assert np.all(np.array(offs).std(axis=0) > 0.75)


def test_forecasts_and_intervals_hold_on_played_futures():
    law = DiscreteModel(0.9, 1.8, 0.7, 4.0)
    n = np.random.default_rng(2).integers(1, 12, 30_000)
    x, t_x, later = played(law, n, later=8, seed=2)
    expected = law.expected_purchases(x, t_x, n, 8)
    for part in (x == 0, x == 1, x > 2, t_x == n, t_x < n / 2):
        error = later[part] - expected[part]
        assert abs(error.mean()) < 4.5 * error.std() / math.sqrt(part.sum())
    chance = law.purchase_chance(x, t_x, n, 8)
    assert abs(((later > 0) - chance).mean()) < 4.5 * math.sqrt((chance * (1 - chance)).mean() / later.size)
    low, high = law.purchases_interval(x, t_x, n, 8, 0.8)
    assert ((later >= low) & (later <= high)).mean() >= 0.79
    some = high > 0
    assert (later[some] > high[some] - 1).mean() > 0.1


@pytest.mark.parametrize(
    "history",
    [
        ([3, 3], [3, 3], [3, 3]),
        ([0] * 500 + [1, 1], [0] * 500 + [3, 4], [50] * 502),
        ([1, 1], [1, 2], [2, 2]),
        ([2000, 1999, 0], [2000, 2000, 0], [2000] * 3),
        ([1, 1, 0], [1, 1, 0], [1, 2, 0]),
    ],
    ids=["all taken", "one-time base", "two", "very long histories", "without an opportunity"],
)
def test_odd_bases_give_finite_answers(history):
    model = fit_discrete(*history)
    answers = [
        model.p_alive(*history),
        model.expected_purchases(*history, 10),
        model.purchase_chance(*history, 10),
        model.discounted_purchases(*history, rate=0.001),
        *model.purchases_interval(*history, 10),
        np.array(model.expected_new(10)),
    ]
    assert math.isfinite(model.log_likelihood)
    assert all(np.all(np.isfinite(answer)) for answer in answers)
    if model.at_bound:
        assert model.standard_errors is None


@pytest.mark.parametrize(
    ("history", "says"),
    [
        (([0, 0, 1], [0, 0, 1], 5), "1 of 3 customers took an opportunity"),
        (([1, 1, 1], [1, 1, 1], 1), "nobody had more than one opportunity"),
        (([3], [2], [4]), "row 0 took more opportunities than there were up to the last one taken"),
        (([1], [5], [4]), "row 0 took one after the latest opportunity"),
        (([0], [2], [4]), "row 0 took none, so its recency must be 0"),
        (([1], [1.5], [4]), "row 0 has part of an opportunity"),
        (([1], [math.nan], [4]), "recency: row 0"),
        (([1, 2], [1, 2], [4, 4, 4]), "must have one length"),
    ],
)
def test_what_cannot_be_is_refused(history, says):
    with pytest.raises(ModelError, match=says):
        fit_discrete(*history)


def test_mistakes_are_named():
    with pytest.raises(ModelError, match="weights: expected one for each of 2 rows, got 3"):
        fit_discrete([1, 1], [1, 1], 4, weights=[1, 2, 3])
    with pytest.raises(ModelError, match="must be positive numbers"):
        DiscreteModel(1.0, 0.0, 1.0, 1.0)
    with pytest.raises(ModelError, match="ahead: expected 0 or more"):
        DONORS.p_alive(0, 0, 4, ahead=-1)
    with pytest.raises(ModelError, match="horizon: expected 0 to 2000"):
        DONORS.purchase_chance(0, 0, 4, 100_000)
    with pytest.raises(ModelError, match="level: expected a share"):
        DONORS.purchases_interval(0, 0, 4, 5, level=80)
    with pytest.raises(ModelError, match=r"missing \['alpha'\]"):
        DiscreteModel.from_dict({name: value for name, value in DONORS.to_dict().items() if name != "alpha"})


def test_a_stored_model_scores_the_same_and_shapes_are_kept():
    model = fit_discrete([0, 1, 2, 3, 3], [0, 2, 3, 3, 4], 4, weights=[5, 4, 3, 2, 2], unit="year")
    again = DiscreteModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again == model
    assert again.unit == "year"
    history = [[0, 1], [2, 3]], [[0, 2], [3, 4]], 4
    assert again.expected_purchases(*history, 5).tobytes() == model.expected_purchases(*history, 5).tobytes()
    assert model.expected_purchases(*history, 5).shape == (2, 2)
    assert model.purchases_interval([], [], [], 5)[0].shape == (0,)
    assert model.p_alive(0, 0, 4).shape == ()


@pytest.mark.realdata
def test_the_published_donors():
    folder = os.environ.get("SMALTI_DATA")
    path = Path(folder or ".") / "orders" / "donations.csv"
    if not folder or not path.exists():
        pytest.skip("SMALTI_DATA does not lead to orders/donations.csv")
    with path.open(encoding="utf-8") as lines:
        rows = [tuple(float(value) for value in row.values()) for row in csv.DictReader(lines)]
    x, t_x, n, weights = np.array(rows).T
    model = fit_discrete(x, t_x, n, weights=weights, unit="year")
    assert model.customers == 11_104
    assert (model.alpha, model.beta, model.gamma, model.delta) == pytest.approx((1.204, 0.750, 0.657, 2.783), abs=6e-4)
    assert model.log_likelihood == pytest.approx(-33225.58, abs=0.005)
    # The stored digits come from a looser search: ours lies higher on the same ridge.
    assert model.expected_new(10) == pytest.approx(3.179805, abs=5e-5)
    assert model.standard_errors is not None
    # Expected donations in the next five years by number of donations (rows) and year of the last one, 2001 to 2006.
    table = {(0, 0): 0.07, (1, 1): 0.09, (1, 6): 1.15, (2, 2): 0.12, (4, 4): 0.58, (5, 6): 3.23, (6, 6): 3.75}
    for (taken, last), mean in table.items():
        assert model.expected_purchases(taken, last, 6, 5) == pytest.approx(mean, abs=0.006)
