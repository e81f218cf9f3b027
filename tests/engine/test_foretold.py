"""What a run tries its buying models on: the past alone, and a sentence where there is too little of it."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from smalti.engine.foresight import foretold
from smalti.engine.foresight.foretold import watched
from smalti.engine.foresight.sensing import sensed
from smalti.facts import DAY, ORDERS, Column, Stream, Type
from smalti.models.backtest import BackTest
from smalti.store import Store

AT = 20_000 * DAY
STREAMS = {"orders": ORDERS}


def orders(rows: list[tuple[str, float, int]], **columns: list) -> pa.Table:
    """Give orders of (customer, days before now, pence); other columns are missing unless given."""
    at = [int(AT - ago * DAY) for _, ago, _ in rows]
    told = {
        "customer_id": [who for who, _, _ in rows],
        "at": at,
        "day": [one // DAY for one in at],
        "revenue": [pence for _, _, pence in rows],
    } | columns
    empty = [None] * len(rows)
    return pa.table(
        {
            name: pa.array(told.get(name, empty), kind)
            for name, kind in zip(ORDERS.schema().names, ORDERS.schema().types, strict=True)
        }
    )


def crowd(customers: int = 80, seed: int = 1) -> list[tuple[str, float, int]]:
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        days = rng.uniform(0.5, 399.5, rng.integers(1, 9)).round(3)
        rows += [(f"c{number:03}", float(ago), int(rng.integers(100, 5000))) for ago in days]
    return rows


@pytest.fixture
def store():
    with Store(threads=1) as made:
        yield made


def test_a_customer_is_read_by_hand(store):
    hers = [
        ("me", 150.5, 100),
        ("me", 120.25, 300),
        ("me", 120.2, 50),
        ("me", 90.0, 500),
        ("me", 40.0, 700),
        ("me", 1.0, 30),
    ]
    store.put("orders", orders([*crowd(), *hers, ("new", 20.0, 10), ("first", 400.0, 1)]))
    found = watched(store, STREAMS, AT, 100.0, seed=7)
    seen = found.holdout
    assert (found.window[0], seen.horizon, seen.cut_off) == (AT - 400 * DAY, 100.0, AT - 100 * DAY)
    place = next(row for row in range(len(seen)) if seen.age[row] == 50 and seen.later_spend[row] == 1230)
    # Of the two orders of one day before the cut-off one day of purchase is made; 50.5 days since the first are 50.
    assert (seen.repeats[place], seen.recency[place], seen.later[place]) == (1, 30, 3)
    assert (seen.before[place], seen.before_spend[place], seen.mean_spend[place]) == (2, 450, 225)
    assert found.customers == len(seen)


def test_nothing_after_the_instant_is_seen(store):
    rows = crowd()
    store.put("orders", orders(rows))
    told = watched(store, STREAMS, AT, 365.0, seed=7)
    store.put("orders", orders([*rows, *((who, -ago, pence) for who, ago, pence in rows)]))
    again = watched(store, STREAMS, AT, 365.0, seed=7)
    assert told.window == again.window
    for name, one in vars(told.holdout).items():
        assert np.array_equal(one, vars(again.holdout)[name]), name


def test_the_hold_out_is_half_of_a_short_history(store):
    store.put("orders", orders([*crowd(), ("first", 399.9, 1)]))
    assert watched(store, STREAMS, AT, 365.0, seed=7).holdout.horizon == 199


def test_of_many_customers_a_sample_is_watched(store, monkeypatch):
    monkeypatch.setattr(foretold, "MOST_CUSTOMERS", 60)
    store.put("orders", orders(crowd(200)))
    some, others = (watched(store, STREAMS, AT, 50.0, seed=seed) for seed in (7, 8))
    assert len(some.holdout) == len(others.holdout) == 60 < some.customers
    assert not np.array_equal(some.holdout.age, others.holdout.age)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "no dated orders"),
        ([("a", 20.0, 5), ("b", 1.0, 5)], "orders reach back 20 days, and that takes orders of at least 28 days"),
        ([("a", 90.0, 5), ("b", 60.0, 5)], "2 customers had bought 45 days ago, and that takes at least 50"),
    ],
)
def test_too_little_is_said(store, rows, why):
    store.put("orders", orders(rows))
    found = watched(store, STREAMS, AT, 365.0, seed=7)
    assert found.holdout is None
    assert why in found.why_not


def test_without_orders_there_is_nothing_to_look_back_at(store):
    assert (
        "no dated orders"
        in watched(store, {"events": Stream("events", (Column("name", Type.TEXT),))}, AT, 90.0, 7).why_not
    )


def test_sensitivity_is_read_from_orders_that_tell_their_discount(store):
    rng = np.random.default_rng(3)
    rows = [(f"c{number // 8:03}", 300.0 - number % 8, 2000) for number in range(8 * 60)]
    off = [int(rng.choice([0, 500, 900])) for _ in rows]
    store.put("orders", orders([*rows, ("unknown", 5.0, 100)], discount=[*off, None]))
    customers = pa.chunked_array([sorted({who for who, _, _ in rows} | {"unknown", "visitor"})])
    found = sensed(store, STREAMS, customers, np.full(len(customers), 8.0), AT)
    share, index = (found.columns[name] for name in ("discount_sensitivity", "price_sensitivity_index"))
    assert np.isnan(share[-2:]).all()
    assert np.isfinite(share[:-2]).all()
    # She pays 20 whatever the discount, so what she takes at list prices grows with it: 20 % more at ten points or so.
    assert np.nanmedian(index) == pytest.approx(0.13, abs=0.05)
    assert found.table.num_rows == 60
    assert pc.all(
        pc.less_equal(found.table["discount_sensitivity_low"], found.table["discount_sensitivity_high"])
    ).as_py()
    assert [one.fitted for one in found.modelled] == [True, True]
    json.dumps([one.told() for one in found.modelled])


def test_a_run_tells_its_choice_and_its_back_tests(run):
    told = run.info["models"]
    assert told["buying"]["notes"][0].startswith(told["buying"]["title"])
    for name in ("buying", "spend"):
        assert told[name]["window"]["to"] <= told[name]["fitted_at"] == run.info["as_of"]
        backtest = BackTest.from_dict(told[name]["backtest"])
        assert backtest.cut_offs[0] + backtest.horizon_days * DAY == run.info["as_of_microseconds"]
        assert backtest.verdict
    customers = run.customers.to_arrow()
    assert (
        customers.schema.field("next_order").type == customers.schema.field("gone_by").type == pa.timestamp("us", "UTC")
    )
    gone = pc.drop_null(customers["gone_by"])
    assert len(gone) and pc.min(pc.cast(gone, pa.int64())).as_py() >= run.info["as_of_microseconds"]
    assert told["discount_sensitivity"]["what"] == "sensitivity"
