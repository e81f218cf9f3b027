from __future__ import annotations

import codecs
import gzip
import json
from datetime import datetime

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smalti.errors import SourceError
from smalti.facts import FOREVER_AGO, Currency, Type, parse_instant
from smalti.sources import SET_ASIDE, SourceDefinition, inspect, load
from smalti.store import Store

PLAIN = "who,day,total\nann,2026-01-05,9.50\nbob,2026-01-06,20\nann,2026-02-01,0.25\n"


def told(loaded):
    return [(row["row"], row["reason"]) for row in loaded.set_aside.to_pylist()]


def test_three_columns_become_orders(reader):
    loaded = reader.orders(PLAIN)
    assert reader.rows("orders") == [
        {"customer_id": "ann", "at": parse_instant("2026-01-05"), "day": 20_458, "revenue": 950},
        {"customer_id": "bob", "at": parse_instant("2026-01-06"), "day": 20_459, "revenue": 2000},
        {"customer_id": "ann", "at": parse_instant("2026-02-01"), "day": 20_485, "revenue": 25},
    ]
    account = loaded.accounts[0]
    assert (account.total.rows, account.total.money, account.kept.money) == (3, 2975, 2975)
    assert loaded.fingerprints[0].name == "orders.csv"
    assert loaded.fingerprints[0].bytes == len(PLAIN)


def as_excel(path, rows):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    book.save(path)


def test_every_format_gives_the_same_orders(reader):
    reader.orders(PLAIN)
    wanted = reader.rows("orders")
    rows = [line.split(",") for line in PLAIN.splitlines()]
    typed = [(who, datetime.fromisoformat(day), float(total)) for who, day, total in rows[1:]]
    columns = dict(zip(rows[0], zip(*typed, strict=True), strict=True))
    pq.write_table(pa.table({name: list(values) for name, values in columns.items()}), reader.folder / "a.parquet")
    as_excel(reader.folder / "a.xlsx", [rows[0], *typed])
    files = [
        reader.file("a.tsv", PLAIN.replace(",", "\t")),
        reader.file("semicolons.csv", PLAIN.replace(",", ";").replace(".", ",")),
        reader.file("bars.txt", PLAIN.replace(",", "|")),
        reader.file("spaces.txt", "\n".join("  ".join(row).rjust(40) for row in rows)),
        reader.file("quoted.csv", "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)),
        reader.file("old_mac.csv", PLAIN.replace("\n", "\r")),
        reader.file("no_end.csv", PLAIN.rstrip("\n")),
        reader.file("bom.csv", codecs.BOM_UTF8 + PLAIN.encode()),
        reader.file("utf16.csv", PLAIN.encode("utf-16")),
        reader.file("utf16le.csv", PLAIN.encode("utf-16-le")),
        reader.file("packed.csv.gz", gzip.compress(PLAIN.encode())),
        reader.file("lines.jsonl", "\n".join(json.dumps(dict(zip(rows[0], row, strict=True))) for row in rows[1:])),
        "a.parquet",
        "a.xlsx",
    ]
    for file in files:
        loaded = reader.load(file)
        assert reader.rows("orders") == wanted, file
        assert loaded.accounts[0].total.money == 2975


def test_no_header_is_seen(reader):
    loaded = reader.orders("7,20260105,9.50\n7,20260106,1.25\n8,20260107,3.00\n")
    assert [row["customer_id"] for row in reader.rows("orders")] == ["7", "7", "8"]
    assert loaded.definitions["orders"].mapping == {"revenue": "column_3"}


def test_names_for_a_file_without_header(reader):
    reader.orders("a,2026-01-05,1,9\n", names=("x", "y", "z", "w"), customer="x", at="y", columns={"revenue": "z"})
    assert reader.rows("orders")[0]["revenue"] == 100


def test_every_bad_row_is_set_aside_with_its_reason(reader):
    loaded = reader.orders(
        "who,day,total\nann,2026-01-05,1\n,2026-01-05,2\nann,never,4\nann,,8\nann,1776-07-04,16\nann,2999-01-01,32\n"
        "ann,2026-01-05,n/a\nann,2026-01-05,\nann,2026-01-05\n\nann,2026-01-05,5,6\nann,2026-01-05,64\n"
    )
    assert told(loaded) == [
        (2, "no customer"),
        (3, "unreadable date"),
        (4, "no date"),
        (5, "date before 1900"),
        (6, "date in the future"),
        (7, "unreadable amount"),
        (8, "no amount"),
        (9, "too few fields"),
        (10, "too many fields"),
    ]
    account = loaded.accounts[0]
    assert (account.total.rows, account.total.money) == (11, 12700)
    assert (account.kept.rows, account.kept.money, account.set_aside.money) == (2, 6500, 6200)
    assert loaded.set_aside.schema.equals(SET_ASIDE)
    assert loaded.set_aside.column("found").to_pylist()[1] == "never"


def test_undecodable_bytes_cost_one_row_each(reader):
    content = (
        "who,day,total\nJosé,2026-01-05,1\nZoë,2026-01-05,1\n".encode() + b"Ren\xe9,2026-01-06,2\nann,2026-01-07,3\n"
    )
    loaded = reader.orders(content)
    assert told(loaded) == [(3, "undecodable bytes")]
    assert [row["customer_id"] for row in reader.rows("orders")] == ["José", "Zoë", "ann"]


def test_an_old_encoding_is_read_and_said(reader):
    names = ["René", "Zoë", "Jürgen", "Åsa", "Müller", "François", "Hélène", "Björn"]
    content = "who,day,total\n" + "".join(f"{name},2026-01-05,1\n" for name in names)
    loaded = reader.orders(content.encode("cp1252"))
    assert [row["customer_id"] for row in reader.rows("orders")] == names
    assert "cp125" in loaded.notes[0]


LINES = (
    "order,who,when,sku,qty,price\n"
    "1,ann,2026-01-05 10:00,A,2,1.50\n"
    "1,ann,2026-01-05 09:59,B,1,4.00\n"
    "1,ann,2026-01-05 10:00,DISCOUNT,1,-1.00\n"
    "C2,ann,2026-01-09 10:00,A,-1,1.50\n"
    "3,bob,2026-01-06 10:00,A,1,1.50\n"
    "3,bob,2026-01-06 10:00,A,1,1.50\n"
    "C4,bob,2026-01-07 10:00,A,1,7.00\n"
    "5,bob,2026-01-08 10:00,A,-3,0\n"
    ",bob,2026-01-09 10:00,A,1,2\n"
    ",bob,2026-01-10 10:00,A,1,3\n"
)


def test_lines_are_summed_into_orders(reader):
    loaded = reader.orders(LINES, cancelled=r"C\d+")
    orders = {row["order_id"]: row for row in reader.rows("orders") if row["order_id"]}
    assert orders["1"]["revenue"] == 600
    assert orders["1"]["at"] == parse_instant("2026-01-05T10:00")
    assert orders["3"]["revenue"] == 150
    assert [row["revenue"] for row in reader.rows("orders") if row["order_id"] is None] == [200, 300]
    assert [(row["order_id"], row["refund"]) for row in reader.rows("returns")] == [("C2", 150), ("5", 0)]
    assert told(loaded) == [(6, "exact duplicate"), (7, "cancelled, yet its amount is positive")]
    assert loaded.set_aside.column("found").to_pylist()[0] == "the same as row 5"
    items = reader.rows("order_items")
    assert [row["revenue"] for row in items if row["order_id"] == "1"] == [300, 400, -100]
    assert [row["at"] for row in items if row["order_id"] == "1"] == [
        parse_instant(f"2026-01-05T{clock}") for clock in ("10:00", "09:59", "10:00")
    ]
    account = loaded.accounts[0]
    assert (account.total.money, account.kept.money, account.returns.money) == (1950, 1250, -150)
    assert account.set_aside.money == 850
    assert account.balances


def test_cancellations_are_seen_by_themselves(reader):
    content = "invoice,customer,date,total\n" + "".join(f"{n},c{n},2026-01-05 10:00,{n}\n" for n in range(1, 10))
    loaded = reader.orders(content + "C10,c1,2026-01-06 10:00,-1\nC11,c2,2026-01-06 10:00,2\n")
    assert loaded.definitions["orders"].cancelled
    assert [row["refund"] for row in reader.rows("returns")] == [100]
    assert told(loaded) == [(11, "cancelled, yet its amount is positive")]


def test_a_status_says_what_was_cancelled(reader):
    content = (
        "id,customer,date,total,state\n1,a,2026-01-05,5,done\n2,a,2026-01-06,6,Cancelled\n3,a,2026-01-07,-7,done\n"
    )
    loaded = reader.orders(content, status="state")
    assert [row["revenue"] for row in reader.rows("orders")] == [500]
    assert [row["refund"] for row in reader.rows("returns")] == [700]
    assert told(loaded) == [(2, "cancelled, yet its amount is positive")]


def test_identical_rows_without_time_or_order_id_stay(reader):
    loaded = reader.orders(PLAIN + "ann,2026-01-05,9.50\n")
    assert len(reader.rows("orders")) == 4
    assert loaded.notes == ("1 identical row kept: no time of day and no order id, so they may be separate purchases",)
    assert told(reader.orders(PLAIN + "ann,2026-01-05,9.50\n", duplicates="set_aside")) == [(4, "exact duplicate")]


def test_identical_rows_with_a_time_of_day_are_one(reader):
    content = "who,day,total\nann,2026-01-05 10:00,1\nann,2026-01-05 10:00,1\nann,2026-01-05 10:00,2\n"
    assert told(reader.orders(content)) == [(2, "exact duplicate")]
    assert told(reader.orders(content, duplicates="keep")) == []


def test_where_a_row_was_read_from_does_not_make_it_another(reader):
    content = "sheet,order,who,day,total\nA,1,ann,2026-01-05,1\nB,1,ann,2026-01-05,1\nB,1,ann,2026-01-05,2\n"
    assert told(reader.orders(content)) == [(2, "exact duplicate")]
    assert reader.rows("orders")[0]["revenue"] == 300


def test_duplicates_across_files_name_the_other_file(reader):
    content = "order,who,day,total\n1,ann,2026-01-05,1\n"
    reader.file("a.csv", content)
    reader.file("b.csv", "total,day,who,order\n1,2026-01-05,ann,1\n2,2026-01-06,ann,2\n")
    loaded = reader.load("*.csv")
    assert loaded.set_aside.to_pylist() == [
        {"source": "b.csv", "row": 1, "reason": "exact duplicate", "found": "the same as row 1 of a.csv", "amount": 100}
    ]


def test_a_file_that_lacks_a_column_is_named(reader):
    reader.file("a.csv", PLAIN)
    reader.file("b.csv", PLAIN.replace("total", "totl"))
    with pytest.raises(SourceError, match=r"'b.csv': there is no column 'total' for amount.*did you mean 'totl'"):
        reader.load("a.csv", "b.csv")


def test_sheets_with_the_same_columns_are_read_together(reader):
    book = openpyxl.Workbook()
    for name, rows in {
        "2025": [("a", datetime(2025, 1, 1), 5)],
        "2026": [("a", "2026-01-01", "x"), ("b", "2026-01-01", 2.5)],
    }.items():
        sheet = book.create_sheet(name)
        for row in [("who", "day", "total"), *rows]:
            sheet.append(row)
    book.create_sheet("notes").append(("hello", "there"))
    book["notes"].append(("1", "2"))
    del book["Sheet"]
    book.save(reader.folder / "a.xlsx")
    loaded = reader.load("a.xlsx")
    assert [row["revenue"] for row in reader.rows("orders")] == [500, 250]
    assert loaded.set_aside.to_pylist()[0]["source"] == "a.xlsx [2026]"
    assert any("notes" in note for note in loaded.notes)
    assert reader.load("a.xlsx", sheet="2026").accounts[0].total.rows == 2
    with pytest.raises(SourceError, match="no sheet '2027'"):
        reader.load("a.xlsx", sheet="2027")


def test_mixed_json_lines(reader):
    lines = [
        '{"who": 1, "day": "2026-01-05", "total": 1.10}',
        "[1]",
        "{oops",
        '{"who": "2", "day": 20260106, "total": "2,000.5"}',
    ]
    lines += ['{"who": 3, "day": "2026-01-07", "total": {"x": 1}}', '{"day": "2026-01-07", "total": 4}']
    loaded = reader.orders("\n".join(lines), name="a.jsonl")
    assert [(row["customer_id"], row["revenue"]) for row in reader.rows("orders")] == [("1", 110), ("2", 200050)]
    assert told(loaded) == [(2, "not a JSON object"), (3, "not JSON"), (5, "unreadable amount"), (6, "no customer")]


def test_month_first_is_seen_however_late(reader):
    content = "who,day,total\n" + "a,03/04/2026,1\n" * 5 + "a,03/25/2026,1\n"
    reader.orders(content)
    assert reader.rows("orders")[0]["at"] == parse_instant("2026-03-04")


def test_an_assumption_about_dates_is_told(reader):
    loaded = reader.orders("who,day,total\na,03/04/2026,1\n")
    assert reader.rows("orders")[0]["at"] == parse_instant("2026-04-03")
    assert any("day first" in note for note in loaded.notes)
    assert not reader.orders("who,day,total\na,03/04/2026,1\n", day_first=False).notes


def test_own_columns_and_standard_ones_come_along(reader):
    content = "id,who,day,total,dept,shop,vip,n\n1,a,2026-01-05,5,hats,web,yes,3\n1,a,2026-01-05,9,shoes,web,yes,4\n"
    columns = {"order_id": "id", "revenue": "total", "category": "dept", "channel": "shop", "vip": "vip", "n": "n"}
    loaded = reader.orders(content, customer="who", at="day", columns=columns)
    assert reader.rows("orders") == [
        {
            "customer_id": "a",
            "at": parse_instant("2026-01-05"),
            "order_id": "1",
            "day": 20_458,
            "revenue": 1400,
            "channel": "web",
            "category": "shoes",
            "vip": True,
            "n": 3,
        }
    ]
    for name, stream in loaded.streams.items():
        table = reader.store.table(name)
        assert table.schema.names == stream.schema().names
        assert table.schema.types == stream.schema().types


def test_customers_become_attributes(reader):
    content = (
        "ID;Birth Year;Joined;Income;VIP;Zip\n1;1957;2012-09-04;58138;yes;02134\n2;1954;2014-03-08;;no;10001\n"
        "2;1955;2014-03-08;7;no;10001\n;1;2012-09-04;1;no;1\n1;1957;2012-09-04;58138;yes;02134\n"
    )
    loaded = reader.load(reader.file("people.csv", content), source="customers", customer="ID")
    kinds = {column.name: column.type for column in loaded.streams["customers"].columns}
    assert kinds == {
        "birth_year": Type.INTEGER,
        "Joined": Type.INSTANT,
        "Income": Type.INTEGER,
        "VIP": Type.BOOLEAN,
        "Zip": Type.TEXT,
    }
    rows = reader.rows("customers")
    assert [(row["customer_id"], row["at"], row["birth_year"]) for row in rows] == [
        ("2", FOREVER_AGO, 1955),
        ("1", FOREVER_AGO, 1957),
    ]
    assert told(loaded) == [
        (1, "exact duplicate"),
        (2, "superseded by a later row of the customer"),
        (4, "no customer"),
    ]
    assert loaded.accounts[0].balances
    assert any("birth_year" in note for note in loaded.notes)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b"\n \n\n", "is empty"),
        ("header.csv", b"who,day,total\n", "has a header and no rows"),
        ("junk.csv", bytes(range(256)) * 20, "binary data"),
        ("cut.csv.gz", gzip.compress(PLAIN.encode() * 99, mtime=0)[:40], "is damaged"),
        ("bad.parquet", b"PAR1" + b"junk" * 20, "damaged or no Parquet file"),
        ("bad.xlsx", b"PK\x03\x04" + b"junk" * 20, "damaged or no Excel file"),
        ("array.json", b'[{"a": 1}]', "one JSON array"),
        ("all_bad.csv", b"who,day,total\nann,never,1\nbob,never,2\n", "cannot see which column is the date"),
        ("words.csv", b"a,b\nx,y\nz,w\n", "--customer COLUMN|--at COLUMN --amount COLUMN"),
    ],
)
def test_what_cannot_be_used_is_said(reader, name, content, message):
    with pytest.raises(SourceError, match=message):
        reader.orders(content, name=name)


def test_missing_files_folders_and_globs(reader):
    reader.file("sub/orders.csv", PLAIN)
    with pytest.raises(SourceError, match=r"no file 'sub/order.csv'; did you mean 'orders.csv'"):
        reader.load("sub/order.csv")
    with pytest.raises(SourceError, match="'sub' is a folder"):
        reader.load("sub")
    with pytest.raises(SourceError, match=r"no file matches '\*.csv'"):
        reader.load("*.csv")
    assert reader.load("**/*.csv").fingerprints[0].name == "sub/orders.csv"


def test_all_rows_unusable_is_an_error_with_reasons(reader):
    with pytest.raises(SourceError, match=r"no row of orders.csv is usable: 1 rows: no customer"):
        reader.orders("who,day,total\n,2026-01-05,1\n", customer="who", at="day", columns={"revenue": "total"})


def test_one_row_is_enough(reader):
    assert reader.orders("who,day,total\nann,2026-01-05,9.50\n").accounts[0].kept.rows == 1


def test_a_wrong_override_gets_the_nearest_name(reader):
    reader.file("a.csv", PLAIN)
    with pytest.raises(
        SourceError, match=r"no column 'totel' for amount; the columns are who, day, total; did you mean 'total'"
    ):
        inspect("a.csv", home=reader.folder, amount="totel")


def test_an_unknown_time_zone(reader):
    reader.file("a.csv", PLAIN)
    with pytest.raises(SourceError, match="unknown time zone"):
        reader.load("a.csv", zone="Mars/Olympus")


@pytest.mark.slow
def test_ten_thousand_columns(reader):
    names = ",".join(f"x{n}" for n in range(10_000))
    content = f"who,day,total,{names}\n" + "".join(
        f"c{n},2026-01-05,{n}," + ",".join(["1"] * 10_000) + "\n" for n in range(5)
    )
    loaded = reader.orders(content, customer="who", at="day", columns={"revenue": "total"})
    assert loaded.accounts[0].kept.money == 1000
    assert inspect("orders.csv", home=reader.folder, amount="total").definition().customer == "who"
    people = reader.load("orders.csv", source="customers", customer="who")
    assert len(people.streams["customers"].columns) == 10_002


def test_the_same_files_give_the_same_tables(reader):
    first = reader.orders(LINES)
    tables = {name: reader.store.table(name) for name in first.streams}
    second = reader.orders(LINES)
    assert all(reader.store.table(name).equals(table) for name, table in tables.items())
    assert first.set_aside.equals(second.set_aside)
    assert first == second or first.accounts == second.accounts


CELL = st.one_of(
    st.sampled_from(
        ["", "a", "b", "C7", "2026-01-05", "05/06/2026 10:00", "1.50", "-3", "(2)", "£4", "n/a", "1,000.00", "12.345"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6),
)
ROW = st.one_of(
    st.lists(CELL, min_size=5, max_size=5),
    st.tuples(
        st.sampled_from(["1", "2", "C3", ""]),
        st.sampled_from(["ann", "bob", ""]),
        st.sampled_from(["2026-01-05 10:00", "2026-01-06", "x"]),
        st.sampled_from(["1", "-2", "0.5", ""]),
        st.sampled_from(["1.255", "3", "-7.10", "?"]),
    ).map(list),
    st.lists(CELL, max_size=8),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROW, min_size=1, max_size=25), st.booleans())
def test_rows_and_money_always_reconcile(tmp_path_factory, rows, product):
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    content = "\n".join(["id,who,day,n,p", *quoted, "9,zoe,2026-01-09,1,5"]) + "\n"
    folder = tmp_path_factory.mktemp("messy")
    (folder / "a.csv").write_bytes(content.encode())
    money = {"quantity": "n", "price": "p"} if product else {"revenue": "p"}
    definition = SourceDefinition(
        files=("a.csv",),
        delimiter=",",
        header=True,
        customer="who",
        at="day",
        columns={"order_id": "id", **money},
        cancelled=r"C\d+",
    )
    with Store(threads=1) as store:
        loaded = load(
            store,
            {"orders": definition},
            currency=Currency("GBP"),
            time_zone="UTC",
            now=parse_instant("2026-06-30"),
            home=folder,
        )
        revenue = sum(row["revenue"] for row in store.table("orders").to_pylist())
        refunds = [row["refund"] for row in store.table("returns").to_pylist()]
        assert all(row["revenue"] >= 0 for row in store.table("orders").to_pylist())
    account = loaded.accounts[0]
    assert account.balances
    assert account.total.rows == len([row for row in rows if row]) + 1
    assert account.set_aside.rows == loaded.set_aside.num_rows
    assert account.total.money == revenue - sum(refunds) + sum(
        a or 0 for a in loaded.set_aside.column("amount").to_pylist()
    )
    assert all(refund >= 0 for refund in refunds)
    seen = [(row["source"], row["row"]) for row in loaded.set_aside.to_pylist()]
    assert seen == sorted(set(seen))
