"""Sufficient statistics: those of two groups add up to those of both, from arrays and from counts alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.errors import ModelError
from smalti.experiments.readout import Metric, Observed, Segmented, Statistics, of_customers, statistics_by, total

numbers = st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e3, 1e3)), min_size=1, max_size=30)


def taken(rows):
    one, other = np.array(rows, dtype=np.float64).T
    return Statistics.of({"spend": one, "before": other})


def near(found, wanted):
    assert (found.count, found.names) == (wanted.count, wanted.names)
    np.testing.assert_allclose(found.means, wanted.means, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(found.products, wanted.products, rtol=1e-7, atol=1e-3)


@given(numbers, numbers)
def test_the_sum_is_that_of_all_customers(left, right):
    near(taken(left) + taken(right), taken(left + right))
    near(taken(right) + taken(left), taken(left + right))


@given(numbers, numbers, numbers)
def test_the_order_of_adding_does_not_matter(one, two, three):
    near(total([taken(one), taken(two), taken(three)]), taken(one) + (taken(two) + taken(three)))


@given(numbers)
def test_they_are_the_sample_moments(rows):
    found, columns = taken(rows), np.array(rows).T
    np.testing.assert_allclose(found.means, columns.mean(1), rtol=1e-9, atol=1e-9)
    if len(rows) < 2:
        assert np.isnan(found.variance("spend"))
    else:
        wanted = np.cov(columns)
        np.testing.assert_allclose(found.variance("spend"), wanted[0, 0], rtol=1e-7, atol=1e-6)
        np.testing.assert_allclose(found.covariance("before", "spend"), wanted[0, 1], rtol=1e-7, atol=1e-6)


@given(numbers, st.randoms(use_true_random=False))
def test_one_pass_over_all_groups_is_each_group_alone(rows, random):
    place = np.array([random.randrange(-1, 3) for _ in rows])
    columns = dict(zip(("spend", "before"), np.array(rows, dtype=np.float64).T, strict=True))
    for at, found in enumerate(statistics_by(columns, place, 3)):
        chosen = [row for row, one in zip(rows, place, strict=True) if one == at]
        assert found.count == len(chosen)
        if chosen:
            near(found, taken(chosen))


@given(st.integers(0, 50), st.integers(0, 50))
def test_counts_say_what_zeros_and_ones_would(yes, no):
    values = np.repeat([1.0, 0.0], [yes, no])
    near(Statistics.of_counts(yes, yes + no, "visit"), Statistics.of({"visit": values}))


def test_nothing_adds_nothing():
    some = Statistics.of_counts(3, 10)
    nobody = Statistics.of_counts(0, 0)
    assert some + nobody == some
    assert nobody + nobody == nobody


def test_amounts_somebody_reported():
    found = Statistics.of_amounts(400, 12.5, 30.0, "spend")
    assert (found.mean("spend"), found.variance("spend")) == (12.5, 900.0)


def test_many_customers_far_from_zero_lose_no_digits():
    values = 1e9 + np.random.default_rng(0).normal(size=200_000)
    halves = [Statistics.of({"y": half}) for half in np.array_split(values, 2)]
    assert (halves[0] + halves[1]).variance("y") == pytest.approx(values.var(ddof=1), rel=1e-9)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Statistics.of({}), "columns: expected one or more, got none"),
        (lambda: Statistics.of({"y": np.array([0.0, np.nan])}), "y: row 1: expected a finite number, got nan; 1 such"),
        (lambda: Statistics.of({"y": np.zeros(2), "z": np.zeros(3)}), "z: expected 2 rows"),
        (lambda: Statistics.of_counts(11, 10), "outcome: expected between 0 and 10"),
        (lambda: Statistics.of_amounts(10, 1.0, -1.0), "expected finite mean and deviation"),
        (
            lambda: Statistics.of_counts(1, 2).mean("outcom"),
            "found 'outcom', wanted one of outcome; did you mean 'outcome'",
        ),
        (lambda: Statistics.of_counts(1, 2) + Statistics.of_counts(1, 2, "b"), "expected the columns outcome, got b"),
        (lambda: statistics_by({"y": np.zeros(2)}, np.array([0, 5]), 2), "place: expected at most 1, got 5"),
        (lambda: Metric("x", "x", covariate_denominator="d"), "expected a covariate above d, got none"),
        (lambda: Metric("x", "x", least=-1.0), "smallest effect worth having"),
    ],
)
def test_mistakes_are_told(make, said):
    with pytest.raises(ModelError, match=said.replace("(", r"\(")):
        make()


def test_held_out_customers_may_be_unknown():
    found = statistics_by({"y": np.array([1.0, np.nan])}, np.array([0, -1]), 1)
    assert found[0].count == 1


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(-10, 10)), min_size=1, max_size=40))
def test_rows_of_a_customer_are_added_up(rows):
    customer = np.array([who for who, _ in rows])
    orders = np.array([much for _, much in rows])
    seen = Observed(("none", "mail"), customer % 2, {"orders": orders}, {"half": Segmented(("a", "b"), customer // 3)})
    one = of_customers(seen, customer)
    for at, who in enumerate(np.unique(customer)):
        assert one.columns["orders"][at] == pytest.approx(orders[customer == who].sum())
        assert one.columns["rows"][at] == (customer == who).sum()
        assert (one.arm[at], one.segments["half"].codes[at]) == (who % 2, who // 3)


def test_a_customer_in_several_arms_is_told():
    seen = Observed(("none", "mail"), np.array([0, 1, 1]), {"orders": np.zeros(3)})
    with pytest.raises(ModelError, match="arm: expected each customer in one, got 1 customers in several"):
        of_customers(seen, np.array([7, 7, 8]))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Observed(("a", "a"), np.array([0]), {}), "two or more different names, got a, a"),
        (lambda: Observed(("a", "b"), np.array([2]), {}), "arm: expected places from -1 to 1, got 2 to 2"),
        (lambda: Observed(("a", "b"), np.array([1]), {"y": np.zeros(2)}), "y: expected 1 rows as in arm"),
        (
            lambda: Observed(("a", "b"), np.array([1]), {}, {"s": Segmented(("x",), np.array([1]))}),
            "s: expected places from -1 to 0",
        ),
        (lambda: Observed(("a", "b"), np.array([1]), {"spend": np.zeros(1)}).column("spent"), "did you mean 'spend'"),
    ],
)
def test_mistakes_in_what_was_observed_are_told(make, said):
    with pytest.raises(ModelError, match=said):
        make()
