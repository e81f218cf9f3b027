"""Lines become orders and returns that tell of nothing later than their own instant."""

from __future__ import annotations

import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smalti.errors import SourceError
from smalti.facts import Currency, Type, parse_instant
from smalti.sources import SourceDefinition, inspect, load
from smalti.sources.amounts import MOST_PLAIN
from smalti.store import Store

HEAD = "order,who,when,sku,total,state\n"


def told(loaded):
    return [(row["row"], row["reason"]) for row in loaded.set_aside.to_pylist()]


def test_what_is_given_back_later_does_not_lower_what_was_bought_before(reader):
    loaded = reader.orders(
        HEAD + "1,ann,2026-01-05 10:00,A,100,\n1,ann,2026-01-05 10:07,B,20,\n1,ann,2026-02-09 12:00,A,-100,\n"
        "1,ann,2026-02-10 12:00,C,5,\n"
    )
    orders = [(row["at"], row["day"], row["revenue"]) for row in reader.rows("orders")]
    assert orders == [
        (parse_instant("2026-01-05T10:07"), 20_458, 12_000),
        (parse_instant("2026-02-10T12:00"), 20_494, 500),
    ]
    assert [(row["at"], row["order_id"], row["refund"]) for row in reader.rows("returns")] == [
        (parse_instant("2026-02-09T12:00"), "1", 10_000)
    ]
    items = [(row["at"], row["revenue"]) for row in reader.rows("order_items")]
    assert items[:2] == [(parse_instant("2026-01-05T10:00"), 10_000), (parse_instant("2026-01-05T10:07"), 2_000)]
    account = loaded.accounts[0]
    assert (account.kept.money, account.returns.money, account.balances) == (12_500, -10_000, True)


def test_the_day_is_that_of_the_project(reader):
    content = HEAD + "1,ann,2026-01-05T20:00Z,A,10,\n1,ann,2026-01-05T23:30Z,B,-4,\n"
    reader.orders(content, zone="UTC")
    assert [row["revenue"] for row in reader.rows("orders")] == [600]
    reader.orders(content, zone="Europe/Paris")
    assert [row["revenue"] for row in reader.rows("orders")] == [1000]
    assert [row["refund"] for row in reader.rows("returns")] == [400]


def test_a_return_is_dated_by_its_latest_line(reader):
    reader.orders(HEAD + "1,ann,2026-01-05 10:00,A,5,\n1,ann,2026-01-05 11:00,B,-9,\n")
    assert [(row["at"], row["refund"]) for row in reader.rows("returns")] == [(parse_instant("2026-01-05T11:00"), 400)]


LINE = st.tuples(
    st.sampled_from(["1", "2", ""]),
    st.sampled_from(["ann", "bob"]),
    st.sampled_from(["2026-01-05", "2026-01-06", "2026-01-09"]),
    st.sampled_from(["08:00", "12:30", "23:59"]),
    st.integers(-9, 9),
    st.sampled_from(["done", "cancelled"]),
)


def tables(folder, lines):
    if not lines:
        return {"orders": [], "returns": []}
    rows = [f"{order},{who},{day} {clock},{total},{state}" for order, who, day, clock, total, state in lines]
    (folder / "a.csv").write_text("\n".join(["order,who,when,total,state", *rows]) + "\n")
    definition = SourceDefinition(
        files=("a.csv",), delimiter=",", header=True, customer="who", at="when", status="state", duplicates="keep",
        columns={"order_id": "order", "revenue": "total"},
    )  # fmt: skip
    with Store(threads=1) as store:
        now = parse_instant("2026-06-30")
        try:
            loaded = load(
                store, {"orders": definition}, currency=Currency("GBP"), time_zone="UTC", now=now, home=folder
            )
        except SourceError as error:
            assert "is usable" in str(error)
            return {"orders": [], "returns": []}
        assert loaded.accounts[0].balances
        return {name: store.table(name).to_pylist() for name in ("orders", "returns")}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINE, min_size=1, max_size=12), st.sampled_from(["2026-01-05", "2026-01-06"]))
def test_a_file_cut_at_a_day_gives_the_same_facts_until_then(tmp_path_factory, lines, last):
    folder = tmp_path_factory.mktemp("cut")
    whole, cut = tables(folder, lines), tables(folder, [line for line in lines if line[2] <= last])
    horizon = parse_instant(f"{last}T23:59")
    for name, rows in whole.items():
        assert [row for row in rows if row["at"] <= horizon] == cut[name]


def test_an_order_cancelled_in_part_keeps_the_rest(reader):
    loaded = reader.orders(
        HEAD
        + "1,ann,2026-01-05 10:00,A,5,cancelled\n1,ann,2026-01-05 09:00,B,20,done\n1,ann,2026-01-05 09:30,C,-2,done\n"
        "2,ann,2026-01-06 10:00,A,7,cancelled\n2,ann,2026-01-06 10:00,B,8,cancelled\n"
        "3,ann,2026-01-07 10:00,A,-7,cancelled\n3,ann,2026-01-07 10:00,B,-1,cancelled\n",
        status="state",
    )
    assert [(row["order_id"], row["at"], row["revenue"]) for row in reader.rows("orders")] == [
        ("1", parse_instant("2026-01-05T09:30"), 1800)
    ]
    assert [(row["order_id"], row["refund"]) for row in reader.rows("returns")] == [("3", 800)]
    assert [row["product"] for row in reader.rows("order_items")] == ["B", "C"]
    assert told(loaded) == [(row, "cancelled, yet its amount is positive") for row in (1, 4, 5)]
    account = loaded.accounts[0]
    assert (account.total.rows, account.kept.rows, account.returns.rows, account.set_aside.money) == (7, 2, 2, 2000)


@pytest.mark.parametrize("name", ["line_no", "line_number", "index", "row_id", "row"])
def test_a_line_number_tells_equal_lines_apart(reader, name):
    content = f"order,who,when,total,{name}\n1,ann,2026-01-05,5,1\n1,ann,2026-01-05,5,2\n1,ann,2026-01-05,5,2\n"
    loaded = reader.orders(content)
    assert [row["revenue"] for row in reader.rows("orders")] == [1000]
    assert told(loaded) == [(3, "exact duplicate")]


@pytest.mark.parametrize("name", ["sheet", "source_file", "Unnamed: 0", "__index_level_0__"])
def test_a_place_in_a_file_or_frame_does_not(reader, name):
    content = f"order,who,when,total,{name}\n1,ann,2026-01-05,5,1\n1,ann,2026-01-05,5,2\n2,bob,2026-01-05,5,3\n"
    assert told(reader.orders(content)) == [(2, "exact duplicate")]


def test_an_assumption_about_the_decimal_sign_is_told(reader):
    content = "who,day,total\nann,2026-01-05,1.234\nbob,2026-01-06,12.500\n"
    loaded = reader.orders(content)
    assert [row["revenue"] for row in reader.rows("orders")] == [123, 1250]
    said = (
        "the '.' in '1.234' and the like was taken for the decimal sign; nothing in them says so "
        "(say decimal: ',' if it sets off thousands)"
    )
    assert loaded.notes == (f"orders.csv: {said}",)
    assert inspect("orders.csv", home=reader.folder).sentences()[-1] == f"column 'total': {said}"
    assert not reader.orders(content, decimal=".").notes
    assert not reader.orders(content, decimal=",").notes
    assert [row["revenue"] for row in reader.rows("orders")] == [123_400, 1_250_000]
    assert not reader.orders(content + "bob,2026-01-07,0.5\n").notes
    assert not inspect("orders.csv", home=reader.folder).notes


def test_the_decimal_sign_of_attributes_is_told_and_can_be_said(reader):
    reader.file("people.csv", "id,score\n1,1.234\n2,12.500\n")
    loaded = reader.load("people.csv", source="customers", customer="id")
    assert [row["score"] for row in reader.rows("customers")] == [1.234, 12.5]
    assert [note.partition(";")[0] for note in loaded.notes] == [
        "column 'score': the '.' in '1.234' and the like was taken for the decimal sign"
    ]
    assert not reader.load("people.csv", source="customers", customer="id", decimal=",").notes
    assert [row["score"] for row in reader.rows("customers")] == [1234, 12500]


def test_numbers_out_of_reach_are_left_empty_and_counted(reader):
    content = "who,when,total,n,x\nann,2026-01-05,5,1e30,1e15\nbob,2026-01-05,5,2,-2e15\ncid,2026-01-05,5,x,0.5\n"
    loaded = reader.orders(
        content, customer="who", at="when", columns={"revenue": "total", "quantity": "n", "product": "who", "x": "x"}
    )
    assert [row["x"] for row in reader.rows("orders")] == [MOST_PLAIN, None, 0.5]
    assert [row["quantity"] for row in reader.rows("order_items")] == [None, 2, None]
    assert loaded.notes == (
        "2 values of 'quantity' could not be read and were left empty",
        "1 values of 'x' could not be read and were left empty",
    )


def test_attributes_out_of_reach_are_left_empty_and_counted(reader):
    table = pa.table({"id": [1, 2, 3, 4], "x": [1e30, float("nan"), None, 2.5], "n": [2**60, 1, 2, 3]})
    pq.write_table(table, reader.folder / "p.parquet")
    loaded = reader.load("p.parquet", source="customers", customer="id")
    assert [(row["x"], row["n"]) for row in reader.rows("customers")] == [(None, 2**60), (None, 1), (None, 2), (2.5, 3)]
    assert {column.name: column.type for column in loaded.streams["customers"].columns}["n"] is Type.INTEGER
    assert loaded.notes == ("1 values of 'x' could not be read and were left empty",)


@pytest.mark.parametrize("when", ["length", "instant", "gone"])
def test_a_file_that_changes_while_it_is_read_is_refused(reader, monkeypatch, when):
    content = "who,day,total\nann,2026-01-05,9.50\n"
    reader.file("orders.csv", content)
    path = reader.folder / "orders.csv"
    staged = load.__globals__["stage"]

    def meddle(*args, **named):
        lines = staged(*args, **named)
        if when == "gone":
            path.unlink()
        elif when == "length":
            path.write_text(content + "bob,2026-01-06,1\n")
        else:
            os.utime(path, ns=(0, 0))
        return lines

    monkeypatch.setitem(load.__globals__, "stage", meddle)
    with pytest.raises(SourceError, match=r"'orders.csv' changed while it was read"):
        reader.load("orders.csv")
