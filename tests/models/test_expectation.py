from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1
from scipy.stats import nbinom

from smalti.models import BuyingModel
from smalti.models.buying.counts import Counts
from smalti.models.buying.expectation import Steps, purchases_if_active
from smalti.models.buying.likelihood import Parameters

KINDS = ["mbg_nbd", "bg_nbd"]


def by_counting(law, x, span):
    """Sum the chance of an i-th purchase over i: the process would have reached it and she stayed up to it."""
    n, k = law.r + x, float(law.stayed(np.array(x)))
    chance = span / (1 + span)
    terms = int(nbinom.isf(1e-16, n, 1 - chance)) + 50
    steps = np.arange(terms)
    stays = np.concatenate([[1.0], np.cumprod((k + steps[:-1]) / (law.a + k + steps[:-1]))])
    return float((nbinom.sf(steps, n, 1 - chance) * stays).sum())


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(
    logs=st.tuples(st.floats(-3, 3), st.floats(-4, 3), st.floats(-3, 3)),
    x=st.integers(0, 60),
    span=st.floats(0.001, 30),
)
@example(logs=(-0.5, 0.0, 1.0), x=2, span=1.0)
@example(logs=(-0.5, -4.0, -3.0), x=0, span=30.0)
def test_expectation_is_the_sum_over_purchases(kind, logs, x, span):
    r, a, b = np.exp(logs).tolist()
    law = Parameters(kind, r, 1.0, a, b)
    got = purchases_if_active(law, np.array([float(x)]), np.array([span]))[0]
    assert got == pytest.approx(by_counting(law, x, span), rel=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_expectation_is_the_published_formula_away_from_its_singularity(kind):
    law = Parameters(kind, 0.25, 4.4, 0.8, 2.4)
    x, spans = 3.0, np.array([0.1, 1.0, 3.0])
    n, k, z = law.r + x, float(law.stayed(np.array(x))), spans / (1 + spans)
    published = (law.a + k - 1) / (law.a - 1) * (1 - (1 - z) ** n * hyp2f1(n, k, law.a + k - 1, z))
    assert purchases_if_active(law, np.full(3, x), spans) == pytest.approx(published, rel=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_expectation_is_smooth_through_a_of_one(kind):
    at = [
        purchases_if_active(Parameters(kind, 0.3, 1, a, 2.0), np.ones(1), np.ones(1))[0]
        for a in (1 - 1e-7, 1, 1 + 1e-7)
    ]
    assert at[1] == pytest.approx((at[0] + at[2]) / 2, rel=1e-12)
    assert at[0] > at[1] > at[2]


@pytest.mark.parametrize(
    "law", [("mbg_nbd", 0.5, 6.2, 0.9, 1.6), ("bg_nbd", 9.0, 1e-3, 0.05, 0.1), ("bg_nbd", 30, 4, 8, 90)]
)
def test_interpolation_for_many_is_what_each_alone_gets(law):
    model, rng = BuyingModel(*law), np.random.default_rng(3)
    x = np.repeat([0.0, 1.0, 700.0], 2_000)
    age = rng.uniform(0, 300, x.size)
    t_x = np.where(x > 0, age * rng.random(x.size), 0)
    together = model.expected_purchases(x, t_x, age, 52)
    some = rng.choice(x.size, 60, replace=False)
    alone = [float(model.expected_purchases(x[i], t_x[i], age[i], 52)) for i in some]
    assert together[some] == pytest.approx(alone, rel=1e-9)


def test_steps_weigh_the_growth_of_each_part():
    law, x, spans = Parameters("mbg_nbd", 0.5, 6.2, 0.9, 1.6), np.array([4.0]), np.array([2.0])
    half, whole = purchases_if_active(law, x, spans / 2), purchases_if_active(law, x, spans)
    got = purchases_if_active(law, x, spans, Steps((0.5, 1.0), (3.0, 5.0)))
    assert got == pytest.approx(3 * half + 5 * (whole - half), rel=1e-12)
    assert purchases_if_active(law, x, np.zeros(1)) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_distribution_of_purchases_has_the_expected_mean(kind):
    model = BuyingModel(kind, 0.6, 6.0, 0.9, 2.0)
    history = tuple(np.array(column, dtype=float) for column in ([0, 2, 9], [0, 7, 30], [20, 30, 31]))
    counts = Counts.of(model.parameters, history, np.full(3, 39.0))
    mean = sum(counts.more_than(i) for i in range(2_000))
    assert mean == pytest.approx(model.expected_purchases(*history, 39.0), rel=1e-9)
    assert counts.more_than(0) == pytest.approx(counts.any(), rel=1e-12)
    for level in (0.3, 0.9, 0.999):
        ends = counts.quantile(level)
        assert np.all(counts.more_than(ends) <= 1 - level)
        assert np.all((counts.more_than(ends - 1) > 1 - level)[ends > 0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("a", [1e-4, 0.2999, 0.3, 1e4])
@pytest.mark.parametrize("b", [1e-4, 0.2999, 0.3, 1e4])
@pytest.mark.parametrize("r", [1e-4, 1e4])
def test_corners_of_the_parameters_agree_with_counting(kind, a, b, r):
    law = Parameters(kind, r, 1.0, a, b)
    for x in (0.0, 1.0, 300.0):
        got = purchases_if_active(law, np.full(2, x), np.array([1e-6, 0.7]))
        assert got == pytest.approx([by_counting(law, x, span) for span in (1e-6, 0.7)], rel=1e-7)
