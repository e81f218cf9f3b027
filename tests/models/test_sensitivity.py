"""Discount and price sensitivity: what was planted is found, and as much is claimed as is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from smalti.errors import ModelError
from smalti.models.sensitivity import Lines, OfferShares, Slopes, fit_offer_shares, fit_slopes


@pytest.fixture(scope="module")
def offers():
    rng = np.random.default_rng(4)
    segment = rng.integers(0, 2, 8000)
    truth = np.where(segment == 0, rng.beta(1.0, 9.0, 8000), rng.beta(6.0, 4.0, 8000))
    orders = rng.integers(0, 9, 8000)
    return orders, rng.binomial(orders, truth), segment, truth


def lines_of(depths, baskets, customer, customers) -> Lines:
    n = np.bincount(customer, minlength=customers).astype(float)

    def around(one, other):
        means = [np.bincount(customer, weights=two, minlength=customers) / np.maximum(n, 1) for two in (one, other)]
        return np.bincount(
            customer, weights=(one - means[0][customer]) * (other - means[1][customer]), minlength=customers
        )

    return Lines(n, around(depths, depths), around(depths, baskets), around(baskets, baskets))


@pytest.fixture(scope="module")
def baskets():
    rng = np.random.default_rng(6)
    customers, segment = 4000, rng.integers(0, 2, 4000)
    truth = rng.normal(np.where(segment == 0, 0.0, 2.0), 0.5)
    customer = np.repeat(np.arange(customers), rng.integers(1, 12, customers))
    depth = rng.choice([0.0, 0.1, 0.3], customer.size)
    logs = rng.normal(3.5, 0.3, customers)[customer] + truth[customer] * depth + rng.normal(0, 0.3, customer.size)
    return lines_of(depth, logs, customer, customers), segment, truth


def test_what_segments_have_in_common_is_found(offers):
    orders, on_offer, segment, _ = offers
    model = fit_offer_shares(orders, on_offer, segment)
    means = {name: model.a[name] / (model.a[name] + model.b[name]) for name in model.a}
    assert means[0] == pytest.approx(0.1, abs=0.01)
    assert means[1] == pytest.approx(0.6, abs=0.01)
    assert means[0] < means[-1] < means[1]


def test_shares_are_nearer_to_the_truth_than_her_own_or_all(offers):
    orders, on_offer, segment, truth = offers
    found = fit_offer_shares(orders, on_offer, segment).share(orders, on_offer, segment)
    known = orders > 0
    assert np.array_equal(np.isfinite(found.value), known)
    error = np.abs(found.value - truth)[known].mean()
    assert error < 0.8 * np.abs(on_offer[known] / orders[known] - truth[known]).mean()
    assert error < 0.8 * np.abs(truth[known] - truth[known].mean()).mean()


@pytest.mark.parametrize("level", [0.0, 2.0, float("nan")])
def test_a_level_that_is_no_share_is_refused(baskets, level):
    with pytest.raises(ModelError, match="level: expected a share between 0 and 1"):
        OfferShares({-1: 2.0}, {-1: 6.0}, {-1: 100}).share([3], [1], level=level)
    with pytest.raises(ModelError, match="level: expected a share between 0 and 1"):
        fit_slopes(baskets[0]).index(baskets[0], level=level)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_intervals_of_shares_hold_at_their_level(offers, level):
    orders, on_offer, segment, truth = offers
    found = fit_offer_shares(orders, on_offer, segment).share(orders, on_offer, segment, level)
    known = orders > 0
    assert ((found.low <= truth) & (truth <= found.high))[known].mean() == pytest.approx(level, abs=0.02)


def test_a_small_segment_takes_what_all_have_in_common(offers):
    orders, on_offer, segment, _ = offers
    segment = np.where(np.arange(len(orders)) < 10, 7, segment)
    model = fit_offer_shares(orders, on_offer, segment)
    assert 7 not in model.a
    assert model.share([4], [1], [7]).value == model.share([4], [1]).value


def test_slopes_are_found_and_intervals_hold(baskets):
    lines, segment, truth = baskets
    model = fit_slopes(lines, segment)
    assert model.mean[0] == pytest.approx(0.0, abs=0.1)
    assert model.mean[1] == pytest.approx(2.0, abs=0.1)
    assert model.spread[0] == pytest.approx(0.5, abs=0.15)
    assert model.noise == pytest.approx(0.3, abs=0.01)
    found = model.index(lines, segment)
    told = np.isfinite(found.value)
    assert np.array_equal(told, lines.told)
    index = np.expm1(0.1 * truth)[told]
    assert ((found.low[told] <= index) & (index <= found.high[told])).mean() == pytest.approx(0.8, abs=0.03)
    assert np.abs(found.value[told] - index).mean() < 0.6 * np.abs(np.expm1(0.1 * lines.slope[told]) - index).mean()


def test_models_are_kept_without_loss(offers, baskets):
    shares, slopes = fit_offer_shares(*offers[:3]), fit_slopes(*baskets[:2])
    assert OfferShares.from_dict(json.loads(json.dumps(shares.to_dict()))) == shares
    assert Slopes.from_dict(json.loads(json.dumps(slopes.to_dict()))) == slopes


def test_too_little_and_what_cannot_be_is_said_in_a_sentence():
    with pytest.raises(ModelError, match=r"3 customers with orders of known discount: .* at least 30"):
        fit_offer_shares([1, 2, 3], [0, 1, 1])
    with pytest.raises(ModelError, match="row 1: 3 orders on offer of 2 orders"):
        fit_offer_shares([1, 2], [0, 3])
    one_depth = Lines(np.full(99, 5.0), np.zeros(99), np.zeros(99), np.ones(99))
    with pytest.raises(ModelError, match="0 customers have at least 3 orders at different discounts"):
        fit_slopes(one_depth)
