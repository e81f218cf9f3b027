"""What is bought next, in a run: the table, what is told of the models, the value map; and who is like a segment."""

from __future__ import annotations

import json

import pytest

from smalti.engine.foresight.products import NextBought, stream_of
from smalti.engine.foresight.services import services_among
from smalti.facts import ORDER_ITEMS, ORDERS
from smalti.models import BackTest
from smalti.models.products import ProductModel
from smalti.project import Project


@pytest.fixture(scope="module")
def foretold(run):
    return run.folder.table("next_products").to_pandas()


def test_everybody_has_three_of_each_level(run, foretold):
    assert set(foretold["level"]) == {"category", "product"}
    assert (foretold.groupby(["customer_id", "level"]).size() == 3).all()
    assert set(foretold["customer_id"]) == set(run.customers.to_arrow()["customer_id"].to_pylist())
    order = foretold[["customer_id", "level", "rank"]].apply(tuple, axis=1).tolist()
    assert order == sorted(order)


def test_chances_fall_with_rank_and_money_is_exact(run, foretold):
    known = foretold[foretold["chance"].notna()]
    assert known["chance"].between(0, 1).all()
    for _, one in known.groupby(["customer_id", "level"]):
        assert one["chance"].is_monotonic_decreasing
    kind = run.folder.table("next_products").schema.field("expected_margin").type
    assert str(kind) == "decimal128(18, 2)"
    assert set(foretold["why"]) <= {"again", "with", "popular"}


def test_most_are_foretold_what_they_have_bought(foretold):
    again = foretold[(foretold["why"] == "again") & (foretold["level"] == "category")]
    assert again["customer_id"].nunique() > 50


def test_the_models_are_told(run):
    for name in ("categories", "products"):
        told = run.info["models"][name]
        assert told["what"] == "products"
        assert told["fitted"]
        assert told["parameters"] == {"table": "models.parquet"}
        test = BackTest.from_dict(told["backtest"])
        assert test.measure(test.measures[0].name, "most popular") is not None
        assert test.measure(test.measures[0].name, "buy again") is not None
        assert test.verdict in told["sentence"]
        assert json.loads(json.dumps(told)) == told


def test_a_kept_model_is_read_back(run):
    rows = run.folder.table("models").to_pylist()
    parts = {row["part"]: json.loads(row["json"]) for row in rows if row["model"] == "categories"}
    model = ProductModel.from_dict(parts)
    assert set(model.items) == set(run.folder.table("next_products").to_pandas().query("level=='category'")["item"])


def test_cross_selling_speaks_of_what_she_does_not_buy(run):
    rows = run.playbook.to_arrow().to_pylist()
    cross = next(row for row in rows if row["strategy"] == "cross_sell")
    assert "cross_sell_gap" in cross["rule"]


@pytest.mark.slow
def test_likeness_leaves_out_what_the_rule_reads(make):
    columns = {name: name for name in ("order_id", "product", "category", "channel")} | {"revenue": "amount"}
    orders = {"from": "orders.csv", "customer": "customer_id", "at": "ordered_at", "columns": columns}
    quiet = {"who": "days_since_order > 90", "why": "gone quiet", "strategy": "win_back"}
    project = Project(
        name="Likes", currency="GBP", time_zone="Europe/London", sources={"orders": orders}, segments={"quiet": quiet},
        scores={"like_quiet": {"like": "quiet"}},
    )  # fmt: skip
    run = make(project)
    told = run.info["models"]["like_quiet"]
    assert told["what"] == "look_alike"
    assert told["fitted"]
    assert told["inputs"]
    assert not {one["name"] for one in told["inputs"]} & {"days_since_order", "last_order"}
    scores = run.customers.to_arrow()["like_quiet"].to_pylist()
    assert all(0 <= one <= 1 for one in scores)


def test_lines_of_orders_come_before_orders():
    assert stream_of("category", {"orders": ORDERS, "order_items": ORDER_ITEMS}) == "order_items"
    assert stream_of("category", {}) is None


def test_nothing_is_foretold_of_nothing():
    nothing = NextBought()
    assert nothing.new_spend is None
    assert nothing.modelled() == ()
    assert nothing.table(None, 0.3).num_rows == 0


def test_services_are_no_products():
    codes = [str(number) for number in range(20000, 20200)]
    found = services_among([*codes, "85123A", "POST", "DOT", "M", "BANK CHARGES", "AMAZONFEE", "C2", "gift_0001_20"])
    assert found == ("AMAZONFEE", "BANK CHARGES", "C2", "DOT", "M", "POST", "gift_0001_20")
    assert services_among(["Postcard", "Samples box", "M&M's", "Delivery van (toy)"]) == ()
    assert services_among([]) == ()


@pytest.mark.slow
def test_the_same_run_foretells_the_same(make, run):
    again = make(threads=1)
    assert again.folder.table("next_products").equals(run.folder.table("next_products"))
