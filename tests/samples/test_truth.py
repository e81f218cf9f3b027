"""The truth told beside a shop is the truth it was drawn from."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from smalti.samples import PERSONAS, shop
from smalti.samples.seasons import clock

DAY = 86400


@pytest.fixture(scope="module")
def invented():
    return shop(8000, seed=11)


@pytest.fixture(scope="module")
def counted(invented):
    per = invented.orders.group_by("customer_id").aggregate([("order_id", "count"), ("revenue", "sum")])
    return invented.truth.join(per, "customer_id").sort_by("customer_id").to_pandas()


def seconds(column):
    return column.cast(pa.int64()).fill_null(-1).to_numpy() / 1e6


def test_each_purchase_is_the_last_with_the_true_probability(counted):
    # Over all purchases, deaths less dropout is a martingale, so its sum is within a few of its deviations.
    expected = (counted.dropout * counted.order_id_count).sum()
    deviation = np.sqrt((counted.dropout * (1 - counted.dropout) * counted.order_id_count).sum())
    assert abs(counted.died_at.notna().sum() - expected) < 4 * deviation


@pytest.mark.parametrize("persona", [kind.name for kind in PERSONAS])
def test_repeats_come_at_the_true_rate_while_alive(invented, counted, persona):
    kind = next(kind for kind in PERSONAS if kind.name == persona)
    start, end = int(invented.start.timestamp()), int(invented.end.timestamp())
    hand = clock(kind.season, start, end)
    mine = (counted.persona == persona).to_numpy()
    truth = invented.truth.sort_by("customer_id")
    died = seconds(truth["died_at"])
    until = np.where(died < 0, end, died)
    lived = (hand.days_at(until) - hand.days_at(seconds(truth["first_order_at"])))[mine]
    expected = (counted.rate_per_week.to_numpy()[mine] / 7 * lived).sum()
    repeats = (counted.order_id_count.to_numpy()[mine] - 1).sum()
    assert abs(repeats - expected) < 4 * np.sqrt(expected) + 1


@pytest.mark.parametrize("kind", PERSONAS, ids=lambda kind: kind.name)
def test_a_persona_is_on_average_what_it_says(counted, kind):
    mine = counted[counted.persona == kind.name]
    size = len(mine)
    share = kind.share / sum(other.share for other in PERSONAS)
    assert abs(size / len(counted) - share) < 4 * np.sqrt(share / len(counted))
    near = 4 / np.sqrt(size)
    assert mine.rate_per_week.mean() * 365.25 / 7 == pytest.approx(
        kind.orders_per_year, rel=near / np.sqrt(kind.rate_shape)
    )
    assert mine.dropout.mean() == pytest.approx(kind.dropout, abs=near * np.sqrt(kind.dropout / kind.dropout_weight))
    assert mine.mean_spend.mean() == pytest.approx(kind.spend, rel=near * 0.6)
    assert mine.return_rate.mean() == pytest.approx(kind.returns, abs=near * 0.15)
    assert mine.price_sensitivity.mean() == pytest.approx(kind.offers, abs=near * 0.15)


def test_order_values_are_the_true_mean_spend(counted):
    ratio = counted.revenue_sum.astype(float) / (counted.order_id_count * counted.mean_spend)
    weighted = np.average(ratio, weights=counted.order_id_count)
    assert weighted == pytest.approx(1.0, abs=0.02)


def test_lines_come_back_at_the_true_rate(invented):
    late = int(invented.end.timestamp()) - 32 * DAY
    known = invented.order_items.filter(
        pc.less(pc.divide(invented.order_items["ordered_at"].cast("int64"), 10**6), late)
    )
    sold = known.select(["customer_id", "order_id", "product"]).to_pandas()
    back = invented.returns.select(["returned_order_id", "product"]).rename_columns(["order_id", "product"]).to_pandas()
    sold = sold.merge(back.assign(back=1.0), how="left", on=["order_id", "product"]).fillna({"back": 0.0})
    sold = sold.merge(invented.truth.select(["customer_id", "persona", "return_rate"]).to_pandas(), on="customer_id")
    for persona, rows in sold.groupby("persona"):
        true = rows.return_rate
        deviation = np.sqrt((true * (1 - true)).sum())
        assert abs(rows.back.sum() - true.sum()) < 4 * deviation + 1, persona


def test_orders_are_on_offer_as_often_as_is_true(invented):
    orders = invented.orders.select(["customer_id", "discount"]).to_pandas()
    orders = orders.merge(invented.truth.select(["customer_id", "price_sensitivity"]).to_pandas(), on="customer_id")
    true = orders.price_sensitivity
    assert abs((orders.discount > 0).sum() - true.sum()) < 4 * np.sqrt((true * (1 - true)).sum())


def test_personas_are_told_apart_by_what_they_do(invented):
    orders = invented.orders.to_pandas().merge(invented.truth.to_pandas(), on="customer_id")
    share = (orders.channel == "phone").groupby(orders.persona).mean()
    assert share.idxmax() == "phone_caller"
    assert share["phone_caller"] > 0.6
    margin = (orders.revenue - orders.cost).astype(float).groupby(orders.persona).sum() / orders.revenue.astype(
        float
    ).groupby(orders.persona).sum()
    assert margin.idxmin() == "bargain_hunter"
    categories = orders.groupby(["persona", "customer_id"]).category.nunique().groupby("persona").max()
    assert categories["one_category"] == 1
    last = orders.ordered_at.dt.month.isin([11, 12]).groupby(orders.persona).mean()
    assert last.idxmax() == "gift_buyer"
    weekend = (orders.ordered_at.dt.day_of_week >= 5).groupby(orders.persona).mean()
    assert weekend.idxmin() == "business"
    assert weekend["business"] < 0.02


def test_rates_recovered_from_one_even_persona():
    # With no dropout and one season, orders per year are a plain Poisson mean that nothing else can bend.
    steady = replace(PERSONAS[0], dropout=0.0, orders_per_year=24.0, share=1.0)
    found = shop(2000, seed=5, personas=[steady])
    assert found.truth["died_at"].null_count == 2000
    first = seconds(found.truth["first_order_at"])
    years = (found.end.timestamp() - first).sum() / (365.25 * DAY)
    assert (found.orders.num_rows - 2000) / years == pytest.approx(24.0, rel=0.03)
