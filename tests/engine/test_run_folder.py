"""What a run leaves behind: tables as promised, everybody with her two strategies, every penny accounted for."""

from __future__ import annotations

import csv
import json
from collections import Counter
from decimal import Decimal, InvalidOperation

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from smalti.engine import Run
from smalti.errors import RunError
from smalti.report import tell
from smalti.strategy import PLAYBOOK

MONEY = pa.decimal128(18, 2)
PROMISED = {
    "customers": {
        "customer_id": pa.string(),
        "country": pa.string(),
        "last_order_at": pa.timestamp("us", "UTC"),
        "orders_total": pa.int64(),
        "spend_365d": MONEY,
        "gap": pa.duration("us"),
        "p_alive": pa.float64(),
        "value_now": MONEY,
        "value_to_come": MONEY,
        "value_at_risk": MONEY,
        "untapped_potential": MONEY,
        "primary_strategy": pa.string(),
        "secondary_strategy": pa.string(),
        "primary_gain": MONEY,
    },
    "membership": {"segmentation": pa.string(), "segment": pa.string(), "customer_id": pa.string()},
    "segments": {"segment": pa.string(), "size": pa.int64(), "share": pa.float64(), "value_to_come": MONEY},
    "strategies": {
        "customer_id": pa.string(),
        "strategy": pa.string(),
        "rank": pa.int8(),
        "gain": MONEY,
        "gain_low": MONEY,
        "gain_high": MONEY,
        "basis": pa.string(),
        "reason": pa.string(),
        "why_not": pa.string(),
    },
    "playbook": {"strategy": pa.string(), "customers": pa.int64(), "success_rate": pa.float64(), "gain": MONEY},
    "set_aside": {"source": pa.string(), "row": pa.int64(), "reason": pa.string(), "amount": MONEY},
}


@pytest.mark.parametrize("table", PROMISED)
def test_tables_have_the_columns_that_are_promised(run, table):
    schema = run.folder.table(table).schema
    assert {name: schema.field(name).type for name in PROMISED[table]} == PROMISED[table]


def test_run_json_tells_what_is_in_the_folder(run):
    info = json.loads((run.path / "run.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert info["tables"] == {name: run.folder.table(name).num_rows for name in run.folder.tables}
    assert {"smalti", "as_of", "inputs", "definitions", "timings", "seed", "account", "assumptions"} <= info.keys()
    assert [one["file"] for one in info["inputs"]] == ["orders.csv", "customers.csv"]
    assert all(len(one["sha256"]) == 64 for one in info["inputs"])
    assert info["customers"] == len(run.customers) == 200
    assert (run.path / "report.html").read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_the_as_of_instant_is_that_of_the_latest_fact(run, export):
    with export.orders.open() as file:
        latest = max(row["ordered_at"] for row in csv.DictReader(file) if row["ordered_at"] < "2027")
    assert run.info["as_of"] == latest


def test_every_customer_has_a_first_and_a_second_strategy_by_other_mechanisms(run):
    rows = run.strategies.to_arrow().to_pylist()
    ids = run.customers.to_arrow()["customer_id"].to_pylist()
    assert ids == sorted(ids)
    assert [(row["customer_id"], row["rank"]) for row in rows] == [(one, rank) for one in ids for rank in (1, 2)]
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        assert PLAYBOOK[first["strategy"]].mechanism != PLAYBOOK[second["strategy"]].mechanism
        assert first["gain_low"] <= first["gain"] <= first["gain_high"]
        assert first["reason"]
        assert "{" not in first["reason"] + second["reason"]


def test_no_strategy_but_leaving_alone_is_chosen_at_a_loss(run):
    rows = run.strategies.to_arrow().filter(pc.equal(run.strategies.to_arrow()["rank"], 1)).to_pylist()
    assert all(row["gain"] > 0 for row in rows if row["strategy"] not in ("leave_alone", "do_not_target"))


def test_the_customers_table_repeats_the_first_and_second_strategy(run):
    customers = run.customers.to_arrow()
    strategies = run.strategies.to_arrow()
    for rank, column in ((1, "primary_strategy"), (2, "secondary_strategy")):
        chosen = strategies.filter(pc.equal(strategies["rank"], rank))
        assert chosen["strategy"].to_pylist() == customers[column].to_pylist()
    assert (
        customers["primary_gain"].to_pylist() == strategies.filter(pc.equal(strategies["rank"], 1))["gain"].to_pylist()
    )


def test_every_customer_is_in_exactly_one_segment_of_each_framework(run):
    stays = Counter((row["segmentation"], row["customer_id"]) for row in run.membership.to_arrow().to_pylist())
    ids = run.customers.to_arrow()["customer_id"].to_pylist()
    for framework in ("rfm", "lifecycle", "value_tiers"):
        assert [stays[framework, one] for one in ids] == [1] * len(ids)


def test_segments_count_and_sum_their_members(run):
    customers = {row["customer_id"]: row for row in run.customers.to_arrow().to_pylist()}
    membership = run.membership.to_arrow().to_pylist()
    for segment in run.segments.to_arrow().to_pylist():
        mine = [customers[row["customer_id"]] for row in membership if row["segment"] == segment["segment"]]
        assert segment["size"] == len(mine)
        assert segment["share"] == pytest.approx(len(mine) / 200)
        assert segment["value_to_come"] == sum((row["value_to_come"] for row in mine), Decimal(0))


def test_a_segment_of_ones_own_holds_exactly_those_for_whom_its_rule_is_true(run):
    quiet = {row["customer_id"] for row in run.membership.to_arrow().to_pylist() if row["segment"] == "quiet"}
    rows = run.customers.to_arrow().to_pylist()
    assert quiet == {row["customer_id"] for row in rows if (row["days_since_order"] or 0) > 90}


def test_totals_are_sums_of_the_table_of_customers(run):
    customers = run.customers.to_arrow()
    for name in ("value_now", "value_to_come", "value_at_risk", "untapped_potential"):
        assert run.info["totals"][name] == sum(customers[name].to_pylist()) * 100
    assert run.info["totals"]["gain"] == sum(customers["primary_gain"].to_pylist()) * 100


def amounts(file) -> list[Decimal | None]:
    def read(text: str) -> Decimal | None:
        try:
            return Decimal(text)
        except InvalidOperation:
            return None

    with file.open() as stream:
        return [read(row["amount"]) for row in csv.DictReader(stream)]


def test_every_row_and_every_penny_is_accounted_for(run, export):
    found = amounts(export.orders)
    account = next(one for one in run.info["account"] if one["source"] == "orders")
    rows, money = account["rows"], account["money"]
    assert rows["total"] == len(found) == export.rows
    assert money["total"] == sum(amount for amount in found if amount is not None) * 100
    assert rows["total"] == rows["kept"] + rows["returns"] + rows["set_aside"]
    assert money["total"] == money["kept"] + money["returns"] + money["set_aside"]
    assert account["balanced"]


def test_what_was_set_aside_is_the_dirt_and_nothing_else(run, export):
    table = run.set_aside.to_arrow().to_pylist()
    names = {
        "exact duplicate": "duplicate",
        "no customer": "no_customer",
        "date before 1900": "absurd_date",
        "unreadable amount": "not_an_amount",
        "date in the future": "future_date",
    }
    dirt = {kind.kind: kind for kind in export.dirt}
    assert Counter(names[row["reason"]] for row in table) == {kind: one.rows for kind, one in dirt.items()}
    for reason, kind in names.items():
        mine = [row for row in table if row["reason"] == reason]
        assert sum((row["amount"] or Decimal(0) for row in mine), Decimal(0)) == dirt[kind].amount
        assert kind == "duplicate" or {row["row"] + 1 for row in mine} == set(dirt[kind].lines)


def test_what_lies_after_the_as_of_instant_is_a_part_of_what_was_kept(make, run, export):
    past = make(as_of="2026-01-01", threads=1)
    accounts = [next(one for one in each.info["account"] if one["source"] == "orders") for each in (past, run)]
    assert accounts[0]["money"] == accounts[1]["money"]
    aside = {(row["row"]) for row in run.set_aside.to_arrow().to_pylist()}
    with export.orders.open() as file:
        later = [
            Decimal(row["amount"])
            for number, row in enumerate(csv.DictReader(file), 1)
            if number not in aside and row["ordered_at"] > "2026-01-01T00:00:00Z"
        ]
    assert accounts[0]["after_as_of"]["money"] == sum(later) * 100
    assert accounts[1]["after_as_of"] == {"facts": 0, "money": 0}


def test_a_table_as_a_data_frame_has_money_as_numbers_and_instants_with_their_zone(run):
    frame, exact = run.customers.to_pandas(), run.customers.to_arrow()
    assert str(frame["value_now"].dtype) == "float64"
    assert str(frame["last_order_at"].dtype) == "datetime64[us, UTC]"
    assert str(frame["orders_total"].dtype) == "int64"
    assert frame["spend_total"].tolist() == [float(value) for value in exact["spend_total"].to_pylist()]
    assert len(frame) == len(run.customers) == 200
    assert repr(run.customers) == "<customers: 200 rows>"


def test_a_customer_has_a_story_with_both_strategies(run):
    for customer in run.customers.to_arrow()["customer_id"].to_pylist()[::8]:
        profile = run.customer(customer)
        story = profile.story
        assert profile.customer_id == story.customer == customer
        assert [choice.rank for choice in story.choices] == [1, 2]
        assert [choice.strategy for choice in story.choices] == [
            profile.row["primary_strategy"],
            profile.row["secondary_strategy"],
        ]
        assert {"rfm", "lifecycle", "value_tiers"} <= {one["segmentation"] for one in profile.segments}
        assert story.changes
        text = tell(story)
        assert customer in text
        assert "None" not in text
        assert "nan" not in text.split()


def test_a_story_says_who_is_the_largest(run):
    table = run.customers.to_arrow()
    best = table["customer_id"][pc.index(table["value_to_come"], pc.max(table["value_to_come"])).as_py()].as_py()
    place = next(place for place in run.customer(best).story.places if place.name == "value_to_come")
    assert place.rank == 1


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("c000042", "did you mean 'C000042'?"),
        ("C00042", "did you mean 'C0"),
        ("nobody", "one it knows is 'C000001'"),
        ("", "one it knows is 'C000001'"),
    ],
)
def test_an_unknown_customer_gets_the_nearest(run, asked, told):
    with pytest.raises(RunError, match=f"this run knows no customer '{asked}' among its 200; ") as caught:
        run.customer(asked)
    assert told in str(caught.value)


def test_the_newest_run_is_found_by_its_folder(run):
    assert Run.newest(run.path.parent).id == run.id
    assert repr(run) == f"<run {run.id} of Corner Shop: 200 customers as of {run.info['as_of']}>"
