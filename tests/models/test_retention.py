from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import betaln, hyp2f1

from smalti.errors import ModelError
from smalti.models import RetentionModel, cohorts, contracts, fit_retention
from smalti.models.retention.hazards import geometric_loss, weibull_loss

HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]
KINDS = ["beta_geometric", "beta_weibull"]
SIZES = st.floats(-5, 7).map(math.exp)
LAWS = st.one_of(
    st.builds(RetentionModel, st.just("beta_geometric"), SIZES, SIZES),
    st.builds(RetentionModel, st.just("beta_weibull"), SIZES, SIZES, st.floats(0.1, 4)),
)


def lived(law, occasions, seed=0):
    """Play the model's own story: an occasion to leave on for every customer, seen if it has been."""
    rng, count = np.random.default_rng(seed), len(occasions)
    leaves, luck = rng.beta(law.alpha, law.beta, count), rng.random(count)
    longest = int(np.max(occasions))
    steps = np.diff(np.arange(longest + 1.0) ** law.c)
    stays = np.cumsum(steps[None, :] * np.log1p(-leaves)[:, None], axis=1)
    gone = (stays > np.log(luck)[:, None]).sum(axis=1) + 1
    return np.where(gone <= occasions, gone, 0)


@pytest.mark.parametrize(
    ("kept", "golden", "log_likelihood"),
    [(HIGH_END, (0.668, 3.806), -1611.16), (REGULAR, (0.704, 1.182), -1680.27)],
    ids=["high end", "regular"],
)
def test_published_cohorts(kept, golden, log_likelihood):
    model = fit_retention(cohorts([kept[:8]]), unit="year")
    assert (model.alpha, model.beta) == pytest.approx(golden, abs=6e-4)
    assert model.log_likelihood == pytest.approx(log_likelihood, abs=0.006)
    assert model.converged
    assert (model.customers, model.leavers, model.occasions) == (1000, 1000 - kept[7], 7)
    # Twelve years of the cohort are foretold from seven.
    later = np.array(kept[8:]) / 1000
    assert model.survival(np.arange(8, 13)) == pytest.approx(later, abs=0.02 if kept is HIGH_END else 0.006)


def test_the_weibull_form_foretells_the_high_end_better():
    seen = cohorts([HIGH_END[:8]])
    plain, weibull = (fit_retention(seen, kind) for kind in KINDS)
    later = np.array(HIGH_END[8:]) / 1000
    far = np.arange(8, 13)
    assert np.abs(weibull.survival(far) - later).max() < np.abs(plain.survival(far) - later).max()
    assert weibull.c == pytest.approx(1.7236, abs=2e-3)
    assert weibull.log_likelihood - plain.log_likelihood == pytest.approx(5.844, abs=0.005)


def test_the_weibull_likelihood_is_the_published_one():
    kept = np.array(HIGH_END[:8])

    def loss(logs):
        a, b, c = np.exp(logs)
        share = np.exp(betaln(a, b + np.arange(8.0) ** c) - betaln(a, b))
        return -(-np.diff(kept) * np.log(-np.diff(share))).sum() - kept[-1] * np.log(share[-1])

    best = minimize(
        loss, [0.0, 1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-9, "maxiter": 4000}
    )
    model = fit_retention(cohorts([HIGH_END[:8]]), "beta_weibull")
    assert model.log_likelihood == pytest.approx(-best.fun, abs=1e-6)
    assert (model.alpha, model.beta, model.c) == pytest.approx(tuple(np.exp(best.x)), rel=1e-3)


@pytest.mark.parametrize("loss", [geometric_loss, weibull_loss], ids=KINDS)
def test_gradients_are_exact(loss):
    size = 2 if loss is geometric_loss else 3
    table = cohorts([HIGH_END, REGULAR[:5]]).life_table()
    objective, rng = loss(table, 2000.0, 7.0), np.random.default_rng(0)
    for _ in range(12):
        logs = rng.normal(0, 2, size)
        _, slope = objective(logs)
        around = [(objective(logs + move)[0] - objective(logs - move)[0]) / 2e-5 for move in np.eye(size) * 1e-5]
        assert slope == pytest.approx(around, rel=2e-6, abs=1e-7)


@pytest.mark.parametrize("loss", [geometric_loss, weibull_loss], ids=KINDS)
def test_losses_are_finite_in_every_corner(loss):
    size = 2 if loss is geometric_loss else 3
    for table in (cohorts([HIGH_END]).life_table(), contracts([5000, 5000], [0, 4000]).life_table()):
        for corner in np.array(np.meshgrid(*[[-9.2, 0.0, 9.2]] * size)).reshape(size, -1).T:
            value, slope = loss(table, 2.0, 5000.0)(corner)
            assert math.isfinite(value)
            assert np.all(np.isfinite(slope))


@settings(max_examples=25, deadline=None)
@given(LAWS, st.integers(0, 400), st.integers(1, 60))
def test_laws_of_staying(law, tenure, horizon):
    chances = law.survival_chance(tenure, np.arange(horizon + 1))
    assert chances[0] == 1
    assert np.all((chances >= 0) & (chances <= 1))
    assert np.all(np.diff(chances) <= 1e-12)
    expected = float(law.expected_periods(tenure, horizon))
    assert expected == pytest.approx(chances[1:].sum(), rel=1e-9, abs=1e-12)
    worth = law.discounted_periods(tenure, 0.1, horizon, until_renewal=1.0)
    assert float(worth) <= expected + 1e-12
    low, high = law.periods_interval(tenure, horizon, 0.8)
    assert 0 <= low <= high <= horizon
    # Less than `low` comes with at most a tenth of chance, and so does more than `high`.
    assert low == 0 or 1 - chances[low] <= 0.1 + 1e-9
    assert high == horizon or chances[high + 1] <= 0.1 + 1e-9
    assert high == 0 or chances[high] > 0.1 - 1e-9


@settings(max_examples=20, deadline=None)
@given(SIZES, SIZES, st.integers(0, 300))
def test_the_rate_of_renewal_rises_with_tenure_though_nobody_changes(alpha, beta, tenure):
    law = RetentionModel("beta_geometric", alpha, beta)
    rate = law.renewal_chance([tenure, tenure + 1])
    assert rate[0] == pytest.approx((beta + tenure) / (alpha + beta + tenure), rel=1e-9)
    assert rate[0] <= rate[1] + 1e-12


def test_residual_lifetime_is_the_published_closed_form():
    law, rate = RetentionModel("beta_geometric", 0.668, 3.806), 0.1
    for tenure in (0, 1, 5, 40):
        b = law.beta + tenure
        known = b / (law.alpha + b) * hyp2f1(1, b + 1, law.alpha + b + 1, 1 / (1 + rate))
        assert law.discounted_periods(tenure, rate) == pytest.approx(known, rel=1e-10)
        assert law.discounted_periods(tenure, rate, until_renewal=1) == pytest.approx(known / 1.1, rel=1e-10)
    low, high = law.discounted_interval([0, 5], rate, level=0.5)
    value = law.discounted_periods([0, 5], rate)
    assert np.all((low <= value) & (value <= high))
    assert law.discounted_interval(3, 0.0, horizon=12)[1] == law.periods_interval(3, 12)[1]


@pytest.mark.parametrize("kind", KINDS)
def test_known_parameters_are_recovered_within_their_errors(kind):
    truth = RetentionModel(kind, 0.8, 6.0, 1.0 if kind == "beta_geometric" else 1.4)
    occasions = np.random.default_rng(4).integers(0, 40, 40_000)
    left = lived(truth, occasions, seed=4)
    model = fit_retention(contracts(occasions, left), kind)
    assert model.standard_errors is not None
    fitted, true = np.array([model.alpha, model.beta, model.c]), np.array([truth.alpha, truth.beta, truth.c])
    size = len(model.standard_errors)
    off = np.log(fitted / true)[:size] / np.array(model.standard_errors)
    assert np.all(np.abs(off) < 3.5)
    assert 0 <= model.log_likelihood - truth.log_likelihood_of(occasions, left).sum() < 10


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_standard_errors_cover_the_truth_as_often_as_they_say(kind):
    truth = RetentionModel(kind, 0.8, 6.0, 1.0 if kind == "beta_geometric" else 1.4)
    offs = []
    for seed in range(60):
        occasions = np.random.default_rng(seed).integers(0, 40, 4000)
        model = fit_retention(contracts(occasions, lived(truth, occasions, seed=seed + 500)), kind)
        assert model.standard_errors is not None
        fitted = np.array([model.alpha, model.beta, model.c])[: len(model.standard_errors)]
        offs.append(np.log(fitted / [truth.alpha, truth.beta, truth.c][: fitted.size]) / model.standard_errors)
    inside = (np.abs(np.array(offs)) < 1.96).mean(axis=0)
    assert np.all(inside > 0.86)
    assert np.all(np.array(offs).std(axis=0) > 0.7)


def test_likelihood_weights_and_order():
    occasions = np.random.default_rng(6).integers(1, 20, 300)
    left, times = lived(RetentionModel("beta_geometric", 0.8, 4.0), occasions, seed=6), np.arange(300) % 3 + 1
    weighted = fit_retention(contracts(occasions, left, times))
    repeated = fit_retention(contracts(*(np.repeat(one, times)[::-1] for one in (occasions, left))))
    assert weighted == repeated
    each = weighted.log_likelihood_of(occasions, left)
    assert (each * times).sum() == pytest.approx(weighted.log_likelihood, rel=1e-10)


def test_finer_periods_are_no_harder():
    occasions = np.random.default_rng(8).integers(100, 1500, 4000)
    daily = RetentionModel("beta_geometric", 0.8, 400.0)
    model = fit_retention(contracts(occasions, lived(daily, occasions, seed=8)), unit="day")
    assert model.converged
    assert model.at_bound == ()
    assert model.survival(365) == pytest.approx(daily.survival(365), abs=0.02)
    loyal = fit_retention(contracts([3000] * 99_999 + [2000], [0] * 99_999 + [7]), unit="day")
    assert 0.9999 < float(loyal.renewal_chance(3000)) <= 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "seen",
    [
        cohorts([[1000, 999, 998, 998]]),
        cohorts([[10**9, 10**8, 10**7, 10**6]]),
        contracts([3, 3, 3], [1, 0, 0]),
        cohorts([[100, 1, 1, 1, 1, 1]]),
        contracts(np.arange(1, 5001), np.where(np.arange(5000) % 2, 0, np.arange(1, 5001))),
    ],
    ids=["hardly any", "nearly all", "three", "one stays", "long"],
)
def test_odd_bases_give_finite_answers(kind, seen):
    model = fit_retention(seen, kind)
    tenure = [0, 1, 10, 100_000]
    answers = [
        model.survival(tenure),
        model.renewal_chance(tenure),
        model.expected_periods(tenure, 120),
        model.discounted_periods(tenure, 1e-4),
        *model.periods_interval(tenure, 12),
        *model.discounted_interval(tenure, 0.01),
    ]
    assert math.isfinite(model.log_likelihood)
    assert all(np.all(np.isfinite(answer)) and np.all(np.asarray(answer) >= 0) for answer in answers)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: fit_retention(contracts([3, 2], [0, 0])), "none of 2 customers has left"),
        (lambda: fit_retention(contracts([1, 1], [0, 1])), "seen on 1 occasions to renew"),
        (lambda: fit_retention(contracts([2, 2, 2], [0, 1, 2]), "beta_weibull"), "needs at least 3"),
        (lambda: fit_retention(contracts([], [])), "none of 0 customers has left"),
        (lambda: fit_retention(contracts([3, 3], [0, 1]), "beta_geometri"), "did you mean 'beta_geometric'"),
        (lambda: contracts([3], [4]), "row 0 left on an occasion that has not been yet"),
        (lambda: contracts([3.5], [0]), "row 0 has part of an occasion"),
        (lambda: contracts([3, 4], [0, 1, 2]), "must have one length"),
        (lambda: contracts([3], [0], [1, 2]), "weights: expected one for each of 1 rows"),
        (lambda: cohorts([[100, 120]]), "cohort 0: expected no more customers after an occasion"),
        (lambda: cohorts([[]]), "cohort 0: expected the customers who began"),
        (lambda: cohorts([]), "no cohort"),
        (lambda: RetentionModel("beta_geometric", 1.0, 1.0, 2.0), "expected 1 in the shifted"),
        (lambda: RetentionModel("beta_weibull", 1.0, -1.0), "must be positive"),
        (lambda: RetentionModel("beta_weibull", 1.0, 1.0, rates=(0.0,)), "rates: expected chances above 0"),
        (lambda: RetentionModel("beta_geometric", 1.0, 1.0).survival(1.5), "periods: expected a whole number"),
        (lambda: RetentionModel("beta_geometric", 1.0, 1.0).periods_interval(1, 12, 80), "level: expected a share"),
        (lambda: RetentionModel("beta_geometric", 1.0, 1.0).periods_interval(1, -2), "horizon"),
        (lambda: RetentionModel("beta_geometric", 1.0, 1.0).discounted_periods(1, 0.0), "endless"),
        (lambda: RetentionModel("beta_geometric", 1.0, 1.0).discounted_interval(1, 0.0), "rate of discount"),
    ],
)
def test_what_cannot_be_is_refused(make, says):
    with pytest.raises(ModelError, match=says):
        make()


def test_a_stored_model_scores_the_same_and_shapes_are_kept():
    model = fit_retention(cohorts([HIGH_END]), "beta_weibull", unit="year")
    again = RetentionModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again == model
    assert again.expected_periods([[0, 1], [2, 3]], 12).shape == (2, 2)
    assert again.expected_periods([0, 9], 12).tobytes() == model.expected_periods([0, 9], 12).tobytes()
    assert model.renewal_chance(3).shape == ()
    with pytest.raises(ModelError, match=r"unknown \['d'\]"):
        RetentionModel.from_dict({**model.to_dict(), "d": 1})
