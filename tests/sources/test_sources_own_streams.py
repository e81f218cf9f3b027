"""Streams of the project's own: a fact for each row, typed columns, nothing mistaken for money."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smalti.errors import SourceError
from smalti.facts import Currency, Type, parse_instant
from smalti.sources import SourceDefinition, peek

EVENTS = (
    "user,when,name,Page Views,price,trial,renews,seq\n"
    "a,2026-01-05 10:00,Viewed,3,1.50,yes,2026-02-01,1\n"
    "b,2026-01-05 10:00:00.000001,Added,4,2,no,,2\n"
    "a,2026-01-05 10:00,Viewed,3,1.50,yes,2026-02-01,1\n"
)


def told(loaded):
    return [(row["row"], row["reason"], row["found"]) for row in loaded.set_aside.to_pylist()]


def load_own(reader, content, source="events", name="e.csv", **fields):
    given = {"customer": "user", "at": "when"} | fields
    return reader.load(reader.file(name, content), source=source, **given)


@pytest.mark.parametrize("source", ["events", "touches", "answers", "consents", "tickets", "visits_2026"])
def test_any_name_gives_a_stream_with_typed_columns(reader, source):
    loaded = load_own(reader, EVENTS, source)
    assert {column.name: column.type for column in loaded.streams[source].columns} == {
        "name": Type.TEXT,
        "page_views": Type.INTEGER,
        "price": Type.NUMBER,
        "trial": Type.BOOLEAN,
        "renews": Type.INSTANT,
        "seq": Type.INTEGER,
    }
    viewed = {
        "customer_id": "a",
        "at": parse_instant("2026-01-05T10:00"),
        "name": "Viewed",
        "page_views": 3,
        "price": 1.5,
        "trial": True,
        "renews": parse_instant("2026-02-01"),
        "seq": 1,
    }
    added = {"name": "Added", "page_views": 4, "price": 2.0, "trial": False, "renews": None, "seq": 2}
    assert reader.rows(source) == [viewed, {"customer_id": "b", "at": viewed["at"] + 1, **added}, viewed]
    assert reader.store.table(source).schema.types == loaded.streams[source].schema().types


def test_each_row_is_a_fact_unless_an_id_is_named(reader):
    kept = load_own(reader, EVENTS)
    assert (len(reader.rows("events")), told(kept)) == (3, [])
    assert kept.notes == (
        "1 identical row kept: each row of e.csv is a fact, for no column is named as its id "
        "(say duplicates: set_aside if they tell the same fact twice)",
    )
    for fields in ({"id": "seq"}, {"duplicates": "set_aside"}):
        once = load_own(reader, EVENTS, **fields)
        assert told(once) == [(3, "exact duplicate", "the same as row 1")]
        assert (len(reader.rows("events")), once.accounts[0].balances) == (2, True)
    assert load_own(reader, EVENTS, duplicates="keep").notes == ()


def test_an_id_named_like_a_sheet_tells_rows_apart(reader):
    content = "user,when,name,sheet\na,2026-01-05,x,1\na,2026-01-05,x,2\na,2026-01-05,x,1\n"
    loaded = load_own(reader, content, columns={"name": "name"}, id="sheet")
    assert [row for row, *_ in told(loaded)] == [3]


def test_rows_without_customer_or_instant_are_set_aside(reader):
    content = "user,when,name\na,2026-01-05,x\n,2026-01-05,y\na,,z\na,soon,w\nnull,2026-01-05,v\n"
    loaded = load_own(reader, content)
    assert told(loaded) == [
        (2, "no customer", ""),
        (3, "no date", ""),
        (4, "unreadable date", "soon"),
        (5, "no customer", "null"),
    ]
    account = loaded.accounts[0]
    assert (account.total.rows, account.kept.rows, account.set_aside.rows, account.exact) == (5, 1, 4, None)


def test_names_that_orders_give_a_meaning_are_plain_columns(reader):
    content = (
        "user,when,amount,order_id,day,revenue,quantity,category\n"
        "a,2026-01-05,1.5,007,mon,x,2,hats\na,2026-01-05,1.5,007,mon,x,2,hats\n"
    )
    loaded = load_own(reader, content, id="order_id")
    assert reader.rows("events") == [
        {
            "customer_id": "a",
            "at": parse_instant("2026-01-05"),
            "amount": 1.5,
            "order_id": "007",
            "day": "mon",
            "revenue": "x",
            "quantity": 2,
            "category": "hats",
        }
    ]
    assert loaded.set_aside.to_pylist()[0]["amount"] is None
    assert loaded.accounts[0].balances


def test_a_column_that_only_some_files_have_is_kept(reader):
    reader.file("e1.csv", "user,when,name\na,2026-01-05,x\n")
    reader.file("e2.csv", "user,when,name,grade\na,2026-01-06,7,1\n")
    loaded = reader.load("e*.csv", source="events", customer="user", at="when")
    assert [(row["name"], row["grade"]) for row in reader.rows("events")] == [("x", None), ("7", 1)]
    assert loaded.notes == ("e1.csv has no column 'grade': its rows say nothing of it",)


def test_files_of_different_kinds_agree_on_a_type(reader):
    reader.file("e1.csv", "user,when,vip,n\na,2026-01-05,yes,1\n")
    pq.write_table(
        pa.table({"user": ["b"], "when": ["2026-01-06"], "vip": pa.array([None], pa.int64()), "n": [2.5]}),
        reader.folder / "e2.parquet",
    )
    loaded = reader.load("e*", source="events", customer="user", at="when")
    assert [(row["vip"], row["n"]) for row in reader.rows("events")] == [(True, 1.0), (None, 2.5)]
    assert [column.type for column in loaded.streams["events"].columns] == [Type.BOOLEAN, Type.NUMBER]


def test_a_property_that_comes_late_in_json_lines_is_kept(reader):
    rows = [{"user": "a", "when": "2026-01-05", "name": "x"}] * 50_001
    rows.append({"user": "b", "when": "2026-01-06", "name": "y", "plan": "gold"})
    content = "\n".join(map(json.dumps, rows))
    loaded = load_own(reader, content, name="e.jsonl")
    assert reader.rows("events")[-1]["plan"] == "gold"
    again = load_own(reader, content, name="e.jsonl", columns={"plan": "plan"})
    assert again.streams["events"].names == ("plan",)
    assert loaded.accounts[0].kept.rows == again.accounts[0].kept.rows == 50_002


def test_a_stream_is_seen_before_it_is_loaded(reader):
    loaded = load_own(reader, EVENTS)
    definition = SourceDefinition(files=("e.csv",), customer="user", at="when")
    assert peek({"events": definition}, currency=Currency("GBP"), time_zone="UTC", home=reader.folder) == loaded.streams


@pytest.mark.parametrize(
    ("source", "fields", "message"),
    [
        ("events", {"at": None}, "source 'events' needs its date"),
        ("events", {"id": "sec"}, "no column 'sec' for id.*did you mean 'seq'"),
        ("events", {"columns": {"n": "nam"}}, "no column 'nam' for n;.*did you mean 'name'"),
        ("events", {"columns": {"customer_id": "name"}}, "cannot have a column of its own named 'customer_id'"),
        ("order_items", {}, "a source cannot be named 'order_items'"),
        ("orders", {"id": "seq", "columns": {"revenue": "price"}}, "takes no 'id'; did you mean 'order_id'"),
        ("orders", {"columns": {"revenue": "price", "order_id": "sek"}}, "no column 'sek' for order_id"),
        ("orders", {"columns": {"revenue": "price"}, "status": "sek"}, "no column 'sek' for status"),
    ],
)
def test_a_wrong_definition_of_a_stream_is_said(reader, source, fields, message):
    with pytest.raises(SourceError, match=message):
        load_own(reader, EVENTS, source, **fields)


@pytest.mark.realdata
def test_real_events_are_a_stream(reader, real_data):
    path = str(real_data / "events/ecom.csv.gz")
    loaded = reader.load(path, source="events", customer="user_id", at="timestamp")
    account = loaded.accounts[0]
    assert account.balances
    assert account.kept.rows == account.total.rows == reader.store.table("events").num_rows
    assert account.total.rows > 10_000
    assert loaded.streams["events"].names[:2] == ("session_id", "event")
