"""What is said of customers: with dates every row is a fact, without them one row of a customer remains."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smalti.errors import SourceError
from smalti.facts import FOREVER_AGO, Currency, Type, parse_instant
from smalti.sources import SourceDefinition, inspect, load, peek
from smalti.store import Store

NOW = parse_instant("2026-06-30")
PLANS = "id,since,plan,seats\n1,2026-02-01,gold,\n2,2026-01-15,basic,4\n1,2026-01-01,basic,3\n1,2026-04-01,,5\n"


def told(loaded):
    return [(row["row"], row["reason"], row["found"]) for row in loaded.set_aside.to_pylist()]


def people(reader, content, **fields):
    return reader.load(reader.file("people.csv", content), source="customers", customer="id", **fields)


def test_every_row_with_a_date_is_a_fact(reader):
    loaded = people(reader, PLANS, at="since")
    assert reader.rows("customers") == [
        {"customer_id": "1", "at": parse_instant("2026-02-01"), "plan": "gold", "seats": None},
        {"customer_id": "2", "at": parse_instant("2026-01-15"), "plan": "basic", "seats": 4},
        {"customer_id": "1", "at": parse_instant("2026-01-01"), "plan": "basic", "seats": 3},
        {"customer_id": "1", "at": parse_instant("2026-04-01"), "plan": None, "seats": 5},
    ]
    account = loaded.accounts[0]
    assert (account.total.rows, account.kept.rows, account.set_aside.rows) == (4, 4, 0)
    assert not loaded.notes


def test_two_rows_at_one_instant_are_both_kept(reader):
    content = "id,since,plan\n1,2026-02-01,gold\n1,2026-02-01,basic\n"
    loaded = people(reader, content, at="since")
    assert [row["plan"] for row in reader.rows("customers")] == ["gold", "basic"]
    assert told(loaded) == []


def test_the_same_row_again_says_nothing_new(reader):
    content = "id,since,plan\n1,2026-02-01,gold\n1,2026-03-01,gold\n1,2026-02-01,gold\n"
    loaded = people(reader, content, at="since")
    assert len(reader.rows("customers")) == 2
    assert told(loaded) == [(3, "exact duplicate", "the same as row 1")]
    assert loaded.accounts[0].balances
    assert told(people(reader, content, at="since", duplicates="keep")) == []
    assert len(reader.rows("customers")) == 3


def test_the_file_a_row_was_read_from_makes_no_other_row(reader):
    content = "id,since,plan,sheet\n1,2026-02-01,gold,A\n1,2026-02-01,gold,B\n"
    people(reader, content, at="since", columns={"plan": "plan"})
    assert len(reader.rows("customers")) == 1
    people(reader, content, at="since")
    assert [row["sheet"] for row in reader.rows("customers")] == ["A", "B"]


def test_rows_of_a_history_without_a_usable_date_are_set_aside(reader):
    content = "id,since,plan\n1,2026-02-01,gold\n1,,a\n1,soon,b\n1,1776-07-04,c\n1,2999-01-01,d\n,2026-02-01,e\n"
    loaded = people(reader, content, at="since")
    assert told(loaded) == [
        (2, "no date", ""),
        (3, "unreadable date", "soon"),
        (4, "date before 1900", "1776-07-04"),
        (5, "date in the future", "2999-01-01"),
        (6, "no customer", ""),
    ]
    assert (loaded.accounts[0].kept.rows, loaded.accounts[0].balances) == (1, True)


def test_an_assumption_about_the_dates_of_a_history_is_told(reader):
    loaded = people(reader, "id,since,plan\n1,03/04/2026,gold\n", at="since")
    assert reader.rows("customers")[0]["at"] == parse_instant("2026-04-03")
    assert any("day first" in note for note in loaded.notes)
    assert not people(reader, "id,since,plan\n1,03/04/2026,gold\n1,25/04/2026,basic\n", at="since").notes


def test_without_dates_the_last_value_of_each_column_holds(reader):
    content = "id,plan,seats\n2,basic,1\n1,basic,3\n1,gold,\n2,silver,2\n1,,\n"
    loaded = people(reader, content)
    assert reader.rows("customers") == [
        {"customer_id": "2", "at": FOREVER_AGO, "plan": "silver", "seats": 2},
        {"customer_id": "1", "at": FOREVER_AGO, "plan": "gold", "seats": 3},
    ]
    assert told(loaded) == [(1, "superseded by a later row of the customer", "2")]
    assert (loaded.accounts[0].kept.rows, loaded.accounts[0].balances) == (4, True)
    assert loaded.notes == (
        "3 rows name a customer again, and no column says when: of each column the last value holds; "
        "1 rows of which nothing holds set aside",
    )


def test_what_is_said_again_without_dates_holds_again(reader):
    loaded = people(reader, "id,plan\n1,basic\n1,gold\n1,basic\n")
    assert [row["plan"] for row in reader.rows("customers")] == ["basic"]
    assert [(row, reason) for row, reason, _ in told(loaded)] == [
        (1, "exact duplicate"),
        (2, "superseded by a later row of the customer"),
    ]


def test_one_row_each_is_left_as_it_is(reader):
    loaded = people(reader, "id,plan\n2,gold\n1,basic\n")
    assert [row["customer_id"] for row in reader.rows("customers")] == ["2", "1"]
    assert not loaded.notes


def test_histories_of_several_files_are_one(reader):
    reader.file("a.csv", "id,since,seats\n1,2026-01-01,3\n")
    reader.file("b.csv", "id,since,seats,plan\n1,2026-02-01,many,gold\n")
    loaded = reader.load("*.csv", source="customers", customer="id", at="since")
    assert [(row["seats"], row["plan"]) for row in reader.rows("customers")] == [("3", None), ("many", "gold")]
    assert [column.type for column in loaded.streams["customers"].columns] == [Type.TEXT, Type.TEXT]


def test_a_telephone_number_keeps_its_sign(reader):
    loaded = people(reader, "id,phone,change\n1,+442071838750,+5\n2,+15550100200,-3\n3,,+1\n")
    assert [row["phone"] for row in reader.rows("customers")] == ["+442071838750", "+15550100200", None]
    assert loaded.streams["customers"]["change"].type is Type.INTEGER


def test_a_history_is_seen_before_it_is_loaded(reader):
    loaded = people(reader, PLANS, at="since")
    definition = SourceDefinition(files=("people.csv",), customer="id", at="since")
    seen = peek({"customers": definition}, currency=Currency("GBP"), time_zone="UTC", home=reader.folder)
    assert seen == loaded.streams


def test_what_a_history_is_is_said(reader):
    reader.file("people.csv", PLANS)
    guess = inspect("people.csv", home=reader.folder, kind="customers", customer="id", at="since")
    assert "each row from its date on" in guess.sentences()[0]
    assert guess.definition().at == "since"
    once = inspect("people.csv", home=reader.folder, kind="customers", customer="id")
    assert "one row each" in once.sentences()[0]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"customer": "who"}, "no column 'who' for customer"),
        ({"customer": "id", "at": "wen"}, "no column 'wen' for at.*did you mean 'when'"),
        ({"customer": "id", "columns": {"plan": "plann"}}, "did you mean 'plan'"),
        ({"customer": "id", "columns": {"at": "when"}}, "cannot have a column of its own named 'at'.*'at_time'"),
        ({"customer": "id", "columns": {"Plan": "when", "plan": "plan"}}, "two columns of one name: 'Plan' and 'plan'"),
        ({"customer": "id", "id": "when"}, "source 'customers' takes no 'id'; did you mean 'customer'"),
    ],
)
def test_a_wrong_definition_of_attributes_is_said(reader, fields, message):
    reader.file("a.jsonl", '{"id": 1, "when": "2026-01-01", "plan": "gold"}\n')
    with pytest.raises(SourceError, match=message):
        reader.load("a.jsonl", source="customers", **fields)


ROW = st.tuples(
    st.sampled_from(["1", "2", "3", ""]),
    st.sampled_from(["2026-01-05", "2026-01-06", "2026-01-06 10:00", "", "never"]),
    st.sampled_from(["gold", "basic", ""]),
    st.sampled_from(["1", "2", "n/a", ""]),
)


def usable(rows, *, dated):
    """Give the rows that can be facts, each of those alike once: the first, or without dates the last."""
    good = [row for row in rows if row[0] and not (dated and row[1] in ("", "never"))]
    return list(dict.fromkeys(good)) if dated else list(dict.fromkeys(reversed(good)))[::-1]


def typed(row):
    return row[2] or None, int(row[3]) if row[3].isdigit() else None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROW, max_size=14), st.booleans())
def test_attributes_are_what_the_rows_say(tmp_path_factory, rows, dated):
    rows = [("9", "2026-01-07", "gold", "7"), *rows]
    folder = tmp_path_factory.mktemp("people")
    lines = [json.dumps(dict(zip(("id", "since", "plan", "seats"), row, strict=True))) for row in rows]
    (folder / "a.jsonl").write_text("\n".join(lines))
    definition = SourceDefinition(
        files=("a.jsonl",),
        customer="id",
        at="since" if dated else None,
        columns={"plan": "plan", "seats": "seats"},
    )
    with Store(threads=1) as store:
        loaded = load(store, {"customers": definition}, currency=Currency("GBP"), time_zone="UTC", now=NOW, home=folder)
        found = [
            (row["customer_id"], row["at"], row["plan"], row["seats"]) for row in store.table("customers").to_pylist()
        ]
    good = usable(rows, dated=dated)
    if dated:
        assert found == [(row[0], parse_instant(row[1]), *typed(row)) for row in good]
    else:
        held = {}
        for row in good:
            plan, seats = held.pop(row[0], (None, None))
            said = typed(row)
            held[row[0]] = (said[0] or plan, said[1] or seats)
        assert found == [(customer, FOREVER_AGO, *values) for customer, values in held.items()]
    account = loaded.accounts[0]
    assert account.balances
    assert account.total.rows == len(rows)
    assert account.set_aside.rows == loaded.set_aside.num_rows
    assert account.kept.rows >= len(found)
    if dated:
        assert account.kept.rows == len(found)
