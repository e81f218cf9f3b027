"""The value map: its laws on any customers, its numbers on some that can be reckoned by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_people import BUYING, GBP, SPEND, changed, mapped, people, somebody

from smalti.facts import Type
from smalti.models import GammaGamma
from smalti.strategy import PUBLISHED, VALUE_COLUMNS, Assumptions, Outlook, foresee, value_map

NEVER_KNOWN = ("next_order", "gone_by", "discount_sensitivity", "price_sensitivity_index")
MONEY = [name for name, (kind, _) in VALUE_COLUMNS.items() if kind is Type.MONEY]
COMES_TO_MONEY = ("spend", "first_spend", "spend_year", "refunds_year", "cost_year", "costed_year")
MODELS = st.sampled_from([(BUYING, SPEND), (BUYING, None), (None, SPEND), (None, None)])
ASSUMED = st.builds(
    Assumptions,
    margin_rate=st.sampled_from([0.0, 0.02, 0.3, 1.0]),
    cost_per_order=st.sampled_from(["0 %", "3 %", "25", "200"]),
    channel_costs=st.sampled_from([{}, {"web": "0.10", "phone": "4"}]),
    discount_rate=st.sampled_from([0.0, 0.1, 0.9]),
    horizon_days=st.sampled_from([1, 30, 365, 1000]),
    contact_lift=st.sampled_from([0.0, 0.02, 1.0]),
)
WORLDS = {
    "seed": st.integers(0, 2**32),
    "size": st.integers(1, 150),
    "costs": st.booleans(),
    "assumed": ASSUMED,
    "models": MODELS,
}


@settings(max_examples=60, deadline=None)
@given(**WORLDS)
def test_the_laws_of_the_value_map(seed, size, costs, assumed, models):
    seen = people(seed, size, costs=costs)
    found = mapped(seen, assumed, *models).columns
    assert list(found) == list(VALUE_COLUMNS)
    to_come, kept = found["value_to_come"], found["value_if_kept"]
    assert (found["value_to_come_low"] <= to_come).all()
    assert (to_come <= found["value_to_come_high"]).all()
    assert (kept >= to_come).all()
    assert np.array_equal(found["value_at_risk"], kept - to_come)
    assert np.array_equal(found["value_lapsed"] + found["value_leaving"], found["value_at_risk"])
    for name in (
        "value_at_risk",
        "value_lapsed",
        "value_leaving",
        "untapped_potential",
        "onboarding_gap",
        "frequency_gap",
        "basket_gap",
        "range_gap",
        "service_excess",
        "channel_excess",
    ):
        assert (found[name] >= 0).all(), name
    for name in MONEY:
        assert np.array_equal(found[name], np.rint(found[name])), name
    nobody = ~seen.bought
    for name in set(VALUE_COLUMNS) - {"p_alive", "value_now", *NEVER_KNOWN}:
        assert (found[name][nobody] == 0).all(), name
    for name in ("p_alive", *NEVER_KNOWN):
        assert np.isnan(found[name][nobody]).all(), name
    assert ((found["p_alive"][~nobody] >= 0) & (found["p_alive"][~nobody] <= 1)).all()


@settings(max_examples=30, deadline=None)
@given(**WORLDS)
def test_no_gap_is_more_than_peers_bring_or_she_is_expected_to(seed, size, costs, assumed, models):
    found = mapped(people(seed, size, costs=costs), assumed, *models).columns
    ceiling = np.maximum(found["untapped_potential"], found["value_to_come"])
    for name in ("frequency_gap", "basket_gap", "range_gap"):
        assert (found[name] <= np.maximum(ceiling, 0)).all(), name


@settings(max_examples=30, deadline=None)
@given(**WORLDS)
def test_the_order_of_the_customers_does_not_matter(seed, size, costs, assumed, models):
    seen = people(seed, size, costs=costs)
    order = np.random.default_rng(seed).permutation(size)
    columns = tuple(name for name in vars(seen) if name != "channel_orders")
    mixed = changed(seen, lambda column: column[order], columns)
    mixed = replace(mixed, channel_orders={name: column[order] for name, column in seen.channel_orders.items()})
    one, two = mapped(seen, assumed, *models), mapped(mixed, assumed, *models)
    for name in VALUE_COLUMNS:
        assert np.array_equal(one.columns[name][order], two.columns[name], equal_nan=True), name
    assert np.array_equal(one.doubt[order], two.doubt)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 100), costs=st.booleans(), modelled=st.booleans())
def test_ten_times_the_money_is_ten_times_the_value(seed, size, costs, modelled):
    seen = people(seed, size, costs=costs)
    dearer = changed(seen, lambda column: column * 10, COMES_TO_MONEY)
    assumed = Assumptions(channel_costs={"web": "1 %", "phone": "9 %"})
    tenfold = GammaGamma(SPEND.p, SPEND.q, SPEND.v * 10, observed_mean=SPEND.observed_mean * 10)
    one = mapped(seen, assumed, BUYING, SPEND if modelled else None).columns
    ten = mapped(dearer, assumed, BUYING, tenfold if modelled else None).columns
    for name in MONEY:
        # Rounding to whole pence: half a penny times ten, and half a penny; differences of two columns have it twice.
        assert np.abs(ten[name] - 10 * one[name]).max() <= 17, name
    assert np.array_equal(one["p_alive"], ten["p_alive"], equal_nan=True)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), models=MODELS)
def test_discounting_makes_what_is_to_come_worth_less(seed, models):
    seen = people(seed, 60)
    values = [mapped(seen, Assumptions(discount_rate=rate), *models).columns for rate in (0.0, 0.1, 0.5)]
    for name in ("value_to_come", "value_if_kept"):
        sizes = [np.abs(one[name]) for one in values]
        assert (sizes[0] >= sizes[1]).all()
        assert (sizes[1] >= sizes[2]).all()
        assert sizes[0].sum() > sizes[1].sum() > sizes[2].sum()
    assert np.array_equal(values[0]["value_now"], values[2]["value_now"])
    assert np.array_equal(values[0]["expected_orders"], values[2]["expected_orders"])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_longer_horizon_brings_more_purchases(seed):
    seen = people(seed, 60)
    values = [mapped(seen, Assumptions(horizon_days=days)).columns["expected_orders"] for days in (30, 90, 365)]
    assert (values[0] <= values[1]).all()
    assert (values[1] <= values[2]).all()


HERS = {
    "purchase_days": [3, 1],
    "days_since_first": [300, 10],
    "days_since_last": [20, 10],
    "orders": [4, 1],
    "spend": [10_000, 5_000],
    "orders_year": [4, 1],
    "spend_year": [10_000, 5_000],
    "refunds_year": [1_000, 0],
    "returns_year": [1, 0],
    "channel_orders": {"web": np.array([2.0, 1.0]), "phone": np.array([1.0, 0.0])},
}
PRICES = {
    "margin_rate": 0.4,
    "cost_per_order": "0.50",
    "cost_per_return": "2",
    "channel_costs": {"web": "0.25", "phone": "3"},
}


def test_value_now_by_hand():
    found = mapped(somebody(**HERS), Assumptions(**PRICES)).columns
    # (100 - 10) x 40 % less two orders on the web, one by phone, one elsewhere, and a return.
    assert found["value_now"][0] == 3600 - (2 * 25 + 300 + 50) - 200
    assert found["value_now"][1] == 2000 - 25


def test_value_now_by_hand_where_the_goods_cost_is_known():
    found = mapped(somebody(**HERS, cost_year=[5_500, 2_000]), Assumptions(**PRICES)).columns
    # All sold 150, the goods cost 75: margin 50 %. Goods sent back are goods again, so a refund costs its margin.
    assert found["value_now"][0] == 10_000 - 5_500 - 500 - 400 - 200
    assert found["value_now"][1] == 5_000 - 2_000 - 25


def test_what_goods_cost_is_worth_the_same_told_by_rate_or_by_order():
    told = {**PRICES, "margin_rate": 0.5}
    by_rate = mapped(somebody(**HERS), Assumptions(**told)).columns["value_now"]
    by_order = mapped(somebody(**HERS, cost_year=[5_000, 2_500]), Assumptions(**told)).columns["value_now"]
    assert np.array_equal(by_rate, by_order)


def test_value_to_come_by_hand():
    seen = somebody(purchase_days=[2, 2], orders=[4, 2], spend=[40_000, 10_000], days_since_first=[9, 9])
    flat = np.array([1.0, 1.0])
    outlook = Outlook(
        p_alive=np.array([0.75, 0.5]),
        purchases=4 * flat,
        discounted=3 * flat,
        discounted_if_kept=5 * flat,
        low=1 * flat,
        high=8 * flat,
        spend=np.array([20_000.0, 5_000.0]),
        doubt=flat,
    )
    found = value_map(seen, outlook, Assumptions(margin_rate=0.3, cost_per_order="10"), GBP).columns
    # A day of hers earns 200 x 30 % less two orders of 10 each: 40. Of the low and high days 3/4 are left by discounting.
    assert found["value_to_come"].tolist() == [12_000, 1_500]
    assert found["value_to_come_low"].tolist() == [3_000, 375]
    assert found["value_to_come_high"].tolist() == [24_000, 3_000]
    assert found["value_if_kept"].tolist() == [20_000, 2_500]
    assert found["value_at_risk"].tolist() == [8_000, 1_000]
    assert found["value_lapsed"].tolist() == [5_000, 1_000]
    assert found["value_leaving"].tolist() == [3_000, 0]


def test_habits_of_giving_back_are_expected_to_go_on():
    seen = somebody(
        purchase_days=[4, 4, 4], orders=[4, 4, 4], spend=[4e4] * 3, days_since_first=[300] * 3, days_since_last=[9] * 3,
        orders_year=[4, 4, 4], spend_year=[4e4] * 3, refunds_year=[4e4, 2e4, 0], returns_year=[4, 2, 0],
    )  # fmt: skip
    outlook = foresee(seen, BUYING, SPEND, Assumptions())
    found = value_map(seen, outlook, Assumptions(margin_rate=0.5, cost_per_order="0", cost_per_return="0"), GBP).columns
    # Half of all was given back; four orders of her own weigh against three of everybody's.
    shares = np.array([(4 + 3 * 0.5) / 7, (2 + 3 * 0.5) / 7, (0 + 3 * 0.5) / 7])
    wanted = outlook.discounted * outlook.spend * 0.5 * (1 - shares)
    assert found["value_to_come"] == pytest.approx(wanted, abs=0.5)


def test_orders_to_come_cost_what_her_channels_cost():
    seen = somebody(
        purchase_days=[4, 4], orders=[4, 4], spend=[4e4] * 2, days_since_first=[300] * 2, days_since_last=[9] * 2,
        orders_year=[4, 4], spend_year=[4e4] * 2, channel_orders={"web": np.array([4.0, 0.0]), "phone": np.array([0.0, 4.0])},
    )  # fmt: skip
    assumed = Assumptions(channel_costs={"web": "1", "phone": "8"}, margin_rate=0.5)
    outlook = foresee(seen, BUYING, SPEND, assumed)
    found = value_map(seen, outlook, assumed, GBP).columns
    serving = np.array([(4 * 100 + 3 * 450) / 7, (4 * 800 + 3 * 450) / 7])
    wanted = outlook.discounted * (outlook.spend * 0.5 - serving)
    assert found["value_to_come"] == pytest.approx(wanted, abs=0.5)
    # The excess of a year, as often over as her four days with an order are expected again.
    again = outlook.discounted[1] / 4
    assert found["channel_excess"] == pytest.approx([0, 2800 * again], abs=0.5)


def test_saving_on_messages_goes_with_the_horizon():
    seen = somebody(purchase_days=[1], orders=[1], spend=[0], days_since_first=[900], days_since_last=[900])
    assumed = {"cost_per_contact": "1", "contacts_per_year": 12, "contact_lift": 0.0}
    saved = [
        mapped(seen, Assumptions(horizon_days=days, **assumed)).columns["contact_saving"][0] for days in (365, 730)
    ]
    assert saved == [round(1200 * 365 / 365.25), round(1200 * 730 / 365.25)]


@pytest.mark.parametrize(("costed", "known"), [(None, False), ([94], False), ([95], True), ([100], True)])
def test_the_cost_is_known_if_it_is_for_nearly_all(costed, known):
    assert somebody(spend_year=[100], costed_year=costed).cost_is_known is known


def test_goods_of_unknown_cost_earn_the_assumed_margin():
    seen = somebody(spend_year=[1000], spend=[1000], orders=[1], cost_year=[200], costed_year=[600])
    assert mapped(seen, Assumptions(margin_rate=0.5)).columns["value_now"].tolist() == [400 + 200]


def test_an_order_that_costs_more_than_it_earns_is_no_value_at_risk():
    found = mapped(people(3, 50), Assumptions(cost_per_order="500")).columns
    assert (found["value_to_come"] <= 0).all()
    assert found["value_to_come"].min() < 0
    assert (found["value_at_risk"] == 0).all()


def test_the_rule_of_thumb_by_hand():
    seen = somebody(
        purchase_days=[4, 0, 2],
        days_since_first=[400, np.nan, 100],
        days_since_last=[180, np.nan, 0],
        orders=[8, 0, 2],
        spend=[32_000, 0, 5_000],
        orders_year=[6, 0, 2],
    )
    found = foresee(seen, None, None, Assumptions(horizon_days=365, discount_rate=0.0))
    year = 365 / 365.25
    # Six orders of last year, two on a day, are three days of purchase; 180 days of silence halve them.
    assert found.purchases == pytest.approx([1.5 * year, 0.0, 2.0 * year])
    assert found.discounted_if_kept == pytest.approx([3.0 * year, 0.0, 2.0 * year])
    assert found.p_alive.tolist() == pytest.approx([0.5, np.nan, 1.0], nan_ok=True)
    assert found.spend.tolist() == [8_000, 0, 2_500]
    assert (found.low <= found.purchases).all()
    assert (found.high >= found.purchases).all()


def test_without_a_model_there_is_a_value_map_all_the_same():
    found = mapped(people(1, 80), None, None, None).columns
    assert found["value_to_come"].sum() > 0


def test_who_never_bought_is_not_told_off():
    nobody = somebody(purchase_days=[0, 3], orders=[0, 3], spend=[0, 9_000], days_since_first=[np.nan, 50])
    assert mapped(nobody).columns["contact_saving"][0] == 0


def test_a_message_that_costs_less_than_a_penny_costs_something():
    seen = somebody(
        purchase_days=[1, 1], orders=[1, 1], spend=[0, 0], days_since_first=[900, 900], days_since_last=[900, 900]
    )
    assumed = Assumptions(cost_per_contact="0.004", contacts_per_year=50, contact_lift=0.0)
    assert mapped(seen, assumed).columns["contact_saving"].tolist() == [20, 20]


def test_doubt_falls_with_what_is_known():
    seen = somebody(
        purchase_days=[1, 2, 5, 50],
        orders=[1, 2, 5, 50],
        spend=[4e3, 8e3, 2e4, 2e5],
        days_since_first=[400] * 4,
        days_since_last=[9] * 4,
    )
    doubt = mapped(seen).doubt
    assert (np.diff(doubt) < 0).all()
    assert doubt[-1] < 0.25


def test_what_is_published_leaves_out_what_only_steers_the_match():
    assert set(PUBLISHED) <= set(VALUE_COLUMNS)
    assert not [name for name in PUBLISHED if name.endswith(("_gap", "_excess", "_saving"))]
    assert all(title for _, title in VALUE_COLUMNS.values())
