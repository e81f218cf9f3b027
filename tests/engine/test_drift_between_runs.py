"""Drift from run to run: inputs that were moved, forecasts that did not come, runs that cannot be compared."""

from __future__ import annotations

import csv
import json
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from smalti.engine import Options, run_project
from smalti.engine.foresight.drift import Today, drift_of, notes_of, with_drift
from smalti.engine.foresight.since import Came, Earlier
from smalti.engine.history import SeenRun
from smalti.facts import DAY, Currency, Type, parse_instant
from smalti.models import BuyingModel
from smalti.project import load_project
from smalti.samples import shop, write_shop
from smalti.store import RunWriter

THEN, NOW = 20_000 * DAY, 20_090 * DAY
TYPES = {
    "orders_total": Type.INTEGER,
    "first_order_at": Type.INSTANT,
    "spend_total": Type.MONEY,
    "plan": Type.TEXT,
    "vip": Type.BOOLEAN,
    "will_buy": Type.NUMBER,
}
INPUTS = ("orders_total", "first_order_at", "spend_total", "plan", "vip")
MODEL = {"title": "will buy", "what": "score", "fitted": True, "inputs": [{"name": name} for name in INPUTS]}


def customers(start, number, at, *, seed, richer=1.0, gold=0.2, nobody=0):
    rng = np.random.default_rng(seed)
    since = at - (rng.uniform(1, 400, number) * DAY).astype(np.int64)
    spend = [Decimal(int(one)) / 100 for one in rng.gamma(2, 2000 * richer, number)]
    chance = np.round(rng.uniform(0.1, 0.9, number), 4)
    return pa.table(
        {
            "customer_id": [f"C{one:06d}" for one in range(start, start + number)],
            "orders_total": rng.poisson(4, number),
            "first_order_at": pa.array(since).cast(pa.timestamp("us", "UTC")),
            "spend_total": pa.array(spend, pa.decimal128(18, 2)),
            "plan": np.where(rng.random(number) < gold, "gold", "tin").tolist(),
            "vip": (rng.random(number) < 0.5).tolist(),
            "will_buy": pa.array(chance, mask=np.arange(number) < nobody),
        }
    )


def earlier(home, table, model=MODEL, types=TYPES, came=None):
    info = {"project": "shop", "as_of_microseconds": THEN, "models": {"will_buy": model}, "types": dict(types)}
    with RunWriter(home, "then") as writer:
        writer.write_table("customers", table)
        folder = writer.publish(info)
    return Earlier(folder, (SeenRun("then", THEN, "", folder),), came or {})


def today(table, model=MODEL, **others):
    given = {"types": TYPES, "titles": {"spend_total": "spend ever"}, "currency": Currency("GBP"), "at": NOW} | others
    return Today(table, {"will_buy": model}, **given)


def by_input(found):
    return {one["input"]: one for one in found["will_buy"] if one["kind"] == "input"}


def test_other_customers_like_those_before_have_not_drifted(tmp_path):
    before = earlier(tmp_path, customers(0, 3000, THEN, seed=1))
    found = by_input(drift_of(before, today(customers(3000, 3000, NOW, seed=2))))
    assert set(found) == set(INPUTS)
    assert not any(one["alarm"] for one in found.values())
    assert all(one["moved"] < 0.08 for one in found.values())


def test_what_was_moved_is_found_and_nothing_else(tmp_path):
    before = earlier(tmp_path, customers(0, 3000, THEN, seed=1))
    found = by_input(drift_of(before, today(customers(3000, 3000, NOW, seed=2, richer=1.5, gold=0.45))))
    assert {name for name, one in found.items() if one["alarm"]} == {"spend_total", "plan"}
    assert found["spend_total"]["sentence"].startswith("spend ever: ")
    assert "(median £" in found["spend_total"]["sentence"]
    assert found["plan"]["sentence"].endswith(" (tin: 79 % then, 55 % now)")
    notes = notes_of({"will_buy": list(found.values())}, {"will_buy": MODEL})
    assert len(notes) == 1
    assert notes[0].startswith("will buy: 2 of 5 inputs have drifted since the run before (")
    assert "spend ever" in notes[0]


def test_the_same_customers_a_little_moved_are_no_alarm(tmp_path):
    table = customers(0, 3000, THEN, seed=1)
    later = table.set_column(1, "orders_total", pa.array(np.asarray(table["orders_total"]) + (np.arange(3000) < 60)))
    found = by_input(drift_of(earlier(tmp_path, table), today(later, at=THEN)))
    assert found["orders_total"]["p_value"] < 0.001
    assert found["orders_total"]["moved"] < 0.05
    assert not found["orders_total"]["alarm"]
    assert found["plan"]["moved"] == 0


def test_only_those_of_whom_it_is_foretold_are_compared(tmp_path):
    before = earlier(tmp_path, customers(0, 500, THEN, seed=1, nobody=100))
    found = by_input(drift_of(before, today(customers(500, 400, NOW, seed=2, nobody=50))))
    assert (found["plan"]["before"], found["plan"]["after"]) == (400, 350)


@pytest.mark.parametrize(
    ("model", "types"),
    [
        (MODEL | {"fitted": False}, TYPES),
        (MODEL | {"inputs": [{"name": "unheard_of"}]}, TYPES),
        (MODEL, {name: Type.NUMBER if kind is Type.TEXT else Type.TEXT for name, kind in TYPES.items()}),
    ],
)
def test_what_cannot_be_compared_is_not(tmp_path, model, types):
    before = earlier(tmp_path, customers(0, 200, THEN, seed=1), model, types)
    assert drift_of(before, today(customers(0, 200, NOW, seed=2), model)) == {}


def test_the_first_run_has_nothing_to_compare_with():
    assert drift_of(Earlier(), today(customers(0, 50, NOW, seed=2))) == {}


def test_forecasts_that_did_not_come_are_told_first_and_with_an_alarm(tmp_path):
    rng = np.random.default_rng(3)
    chance = rng.uniform(0.2, 0.8, 1000)
    came = Came(THEN, NOW, "chance", "chance", chance, (rng.random(1000) < 0.6 * chance).astype(float))
    before = earlier(tmp_path, customers(0, 1000, THEN, seed=1), came={"will_buy": came})
    found = drift_of(before, today(customers(0, 1000, NOW, seed=2)))
    first = found["will_buy"][0]
    assert (first["kind"], first["alarm"]) == ("calibration", True)
    assert 0.5 < first["ratio"] < 0.7
    assert "of 1,000 customers by " in first["sentence"]
    assert notes_of(found, {"will_buy": MODEL})[0].startswith("will buy: as of 2024-10-04, ")


def test_too_few_forecasts_are_not_told(tmp_path):
    came = Came(THEN, NOW, "chance", "chance", np.full(10, 0.5), np.ones(10))
    before = earlier(tmp_path, customers(0, 200, THEN, seed=1), came={"will_buy": came})
    found = drift_of(before, today(customers(0, 200, NOW, seed=2)))
    assert [one["kind"] for one in found["will_buy"]] == ["input"] * 5


def test_what_only_grows_older_has_not_drifted(tmp_path):
    """A year later everybody's first order is a year longer ago: that is no drift, but that nobody bought since is."""
    since = {"days_since_first_order": Type.NUMBER, "days_since_order": Type.NUMBER}
    model = MODEL | {"inputs": [{"name": name} for name in ("first_order_at", "spend_total", *since)]}
    ago = np.random.default_rng(7).uniform(1, 60, 1000)

    def aged(days: int, again: float) -> pa.Table:
        table = customers(0, 1000, THEN, seed=1).append_column("days_since_first_order", pa.array(ago + 300 + days))
        return table.append_column("days_since_order", pa.array(np.where(np.arange(1000) < again, ago, ago + days)))

    before = earlier(tmp_path, aged(0, 0), model, TYPES | since)
    found = by_input(drift_of(before, today(aged(90, 400), model, types=TYPES | since)))
    assert set(found) == {"spend_total", "days_since_order"}
    assert found["days_since_order"]["alarm"]


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("chance", "it was foretold to come to 500 of 1,000 customers by "),
        ("purchases", "500 purchases were foretold of 1,000 customers by "),
        ("money", "£5 was foretold of 1,000 customers by "),
        ("money on days of purchase", "£5 was foretold of 1,000 customers for the days on which they bought by "),
        ("number", "a total of 500 was foretold of 1,000 customers by "),
    ],
)
def test_what_was_foretold_says_of_what(tmp_path, unit, said):
    outcome = (np.arange(1000) % 2).astype(float)
    came = Came(THEN, NOW, "chance" if unit == "chance" else "amount", unit, np.full(1000, 0.5), outcome)
    before = earlier(tmp_path, customers(0, 200, THEN, seed=1), came={"will_buy": came})
    told = drift_of(before, today(customers(0, 200, NOW, seed=2)))["will_buy"][0]["sentence"]
    assert told.startswith(f"as of 2024-10-04, {said}"), told
    assert f"1.00 times as {'many' if unit in ('chance', 'purchases') else 'much'} (" in told


def test_what_is_told_can_be_written_as_json(tmp_path):
    before = earlier(tmp_path, customers(0, 200, THEN, seed=1))
    found = drift_of(before, today(customers(100, 200, NOW, seed=2)))
    assert json.loads(json.dumps(with_drift({"will_buy": MODEL}, found)))["will_buy"]["drift"] == found["will_buy"]


def test_what_the_buying_model_foretold_is_held_to_the_orders_since(tmp_path):
    rng = np.random.default_rng(4)
    n = 2000
    age, repeats = rng.uniform(200, 400, n), rng.poisson(3, n)
    recency = np.where(repeats > 0, age * rng.uniform(0.5, 1, n), 0)
    model = BuyingModel("mbg_nbd", 1.5, 150.0, 0.8, 3.0, "day")
    expected = model.expected_purchases(repeats, np.floor(recency), np.floor(age), 90)
    later = rng.poisson(0.5 * expected)
    table = pa.table(
        {
            "customer_id": [f"C{one}" for one in range(n)],
            "purchase_days": repeats + 1,
            "days_since_order": age - recency,
            "days_since_first_order": age,
            "spend_total": pa.array([Decimal("10.00")] * n, pa.decimal128(18, 2)),
        }
    )
    types = dict.fromkeys(table.column_names[1:4], Type.NUMBER)
    told = {"title": "MBG/NBD", "what": "buying", "fitted": True, "parameters": model.to_dict()}
    info = {"project": "shop", "as_of_microseconds": THEN, "models": {"buying": told}, "types": types}
    with RunWriter(tmp_path, "then") as writer:
        writer.write_table("customers", table)
        folder = writer.publish(info)
    now = table.set_column(1, "purchase_days", pa.array(repeats + 1 + later))
    given = Today(now, {"buying": told}, types, {}, Currency("GBP"), NOW)
    found = drift_of(Earlier(folder, (SeenRun("then", THEN, "", folder),)), given)
    first = found["buying"][0]
    assert (first["kind"], first["alarm"], first["observed"]) == ("calibration", True, float(later.sum()))
    assert first["expected"] == pytest.approx(expected.sum(), rel=0.02)
    assert first["ratio"] == pytest.approx(0.5, abs=0.08)


PROJECT = """\
name: Corner Shop
currency: GBP
sources:
  orders:
    {from: orders.csv, customer: customer_id, at: ordered_at, columns: {order_id: order_id, revenue: amount}}
scores:
  will_buy: {predict: purchase, within: 90 days, cut_offs: 2, traits: [days_since_order, orders_365d, spend_total]}
"""


@pytest.mark.slow
def test_the_second_run_of_a_shop_is_held_to_what_the_first_foretold(tmp_path):
    """What came of the chances of the first run is counted here from the orders themselves."""
    made = shop(400, seed=5)
    write_shop(made, tmp_path)
    (tmp_path / "smalti.yml").write_text(PROJECT, encoding="utf-8")
    project, origin = load_project(tmp_path)
    first, second = (
        run_project(project, Options(home=tmp_path, as_of=at), origin=origin)
        for at in ("2026-03-01T00:00:00Z", "2026-06-15T00:00:00Z")
    )
    assert all(model["drift"] == [] for model in first.info["models"].values())
    drift = {name: model["drift"] for name, model in second.info["models"].items()}
    told = drift["will_buy"][0]
    assert (told["kind"], told["since"], told["until"]) == ("calibration", "2026-03-01", "2026-05-30")
    start = first.info["as_of_microseconds"]
    orders = second_orders(tmp_path)
    scored = {row["customer_id"]: row["will_buy"] for row in first.customers.to_arrow().to_pylist()}
    scored = {one: chance for one, chance in scored.items() if chance is not None}
    bought = {one for one, at in orders if start < at <= start + 90 * DAY}
    assert (told["customers"], told["observed"]) == (len(scored), float(len(bought & scored.keys())))
    assert told["expected"] == pytest.approx(sum(scored.values()))
    assert drift["buying"][0]["kind"] == "calibration"
    assert {one["input"] for one in drift["will_buy"][1:]} == {"days_since_order", "orders_365d", "spend_total"}
    html = second.report.read_text(encoding="utf-8")
    assert "What is to come" in html
    assert "2026-05-30" in html


def second_orders(home):
    """Give who ordered when; rows with an amount below 0 are returns."""
    with (home / "orders.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if float(row["amount"]) > 0]
    return [(row["customer_id"], parse_instant(row["ordered_at"])) for row in rows]
