import csv
import os
import subprocess
import sys
from collections import Counter
from decimal import Decimal

import pyarrow.compute as pc
import pytest

from smalti.samples import shop, write_shop

COLUMNS = [
    "order_id", "customer_id", "ordered_at", "product", "category", "channel", "quantity", "amount", "discount", "cost",
    "occasion",
]  # fmt: skip
OTHERS = ("customers", "events", "answers", "tickets")


@pytest.fixture(scope="module")
def invented():
    return shop(400)


@pytest.fixture(scope="module")
def clean(invented, tmp_path_factory):
    return write_shop(invented, tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="module")
def dirty(invented, tmp_path_factory):
    return write_shop(invented, tmp_path_factory.mktemp("dirty") / "made", with_dirt=True)


def read(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_a_clean_export_holds_every_line_and_return_once(invented, clean):
    header, *rows = read(clean.orders)
    assert header == COLUMNS
    assert len(rows) == clean.rows == invented.order_items.num_rows + invented.returns.num_rows
    assert clean.dirt == ()
    assert len({tuple(row) for row in rows}) == len(rows)
    assert [row[2] for row in rows] == sorted(row[2] for row in rows)
    assert sum(Decimal(row[7]) for row in rows) == clean.amount
    bought = sum(Decimal(row[7]) for row in rows if row[0].startswith("O"))
    assert bought == pc.sum(invented.orders["revenue"]).as_py()


def test_instants_are_written_in_utc(invented, clean):
    first = read(clean.orders)[1]
    assert first[2] == invented.orders["ordered_at"][0].as_py().strftime("%Y-%m-%dT%H:%M:%SZ")


def test_customers_are_written_with_gaps(invented, clean):
    header, *rows = read(clean.customers)
    assert header == invented.customers.column_names
    assert len(rows) == 400
    told = dict(zip(header, rows[0], strict=True))
    known = invented.customers.slice(0, 1).to_pylist()[0]
    assert told["customer_id"] == "C000001"
    assert told["signed_up_on"] == known["signed_up_on"].isoformat()
    assert sum(row[header.index("birth_date")] == "" for row in rows) == invented.customers["birth_date"].null_count
    assert {row[header.index("email_consent")] for row in rows} == {"true", "false", ""}


def test_the_dirt_is_what_it_says(dirty):
    lines = read(dirty.orders)
    at = {kind.kind: [lines[number - 1] for number in kind.lines] for kind in dirty.dirt}
    assert {kind: len(rows) for kind, rows in at.items()} == {
        "duplicate": 9, "no_customer": 12, "absurd_date": 3, "not_an_amount": 4, "future_date": 2,
    }  # fmt: skip
    assert {kind.kind: kind.rows for kind in dirty.dirt} == {kind: len(rows) for kind, rows in at.items()}
    assert all(row[1] == "" for row in at["no_customer"])
    assert all(row[2].startswith("1899-") for row in at["absurd_date"])
    assert all(row[7] == "n/a" for row in at["not_an_amount"])
    assert all(row[2].startswith("22") for row in at["future_date"])
    for kind in dirty.dirt:
        assert sum((Decimal(r[7]) for r in at[kind.kind] if r[7] != "n/a"), Decimal(0)) == kind.amount


def test_there_is_no_other_dirt(dirty):
    _, *rows = read(dirty.orders)
    assert len(rows) == dirty.rows
    assert sum(count - 1 for count in Counter(map(tuple, rows)).values()) == 9
    assert sum(row[1] == "" for row in rows) == 12
    assert sum(row[2][:2] != "20" for row in rows) == 5
    assert sum(row[7] == "n/a" for row in rows) == 4


def test_without_its_dirt_a_dirty_export_is_the_clean_one(clean, dirty):
    bad = {line for kind in dirty.dirt for line in kind.lines}
    kept = [row for number, row in enumerate(read(dirty.orders), 1) if number not in bad]
    assert kept == read(clean.orders)
    assert dirty.amount - sum(kind.amount for kind in dirty.dirt) == clean.amount
    for name in OTHERS:
        assert getattr(dirty, name).read_bytes() == getattr(clean, name).read_bytes()


@pytest.mark.parametrize("name", OTHERS)
def test_every_other_file_holds_its_table(invented, clean, name):
    header, *rows = read(getattr(clean, name))
    table = getattr(invented, name)
    assert header == table.column_names
    assert len(rows) == table.num_rows
    assert [row[header.index("customer_id")] for row in rows] == table["customer_id"].to_pylist()


def test_even_one_order_can_be_made_dirty(tmp_path):
    tiny = shop(1, seed=2)
    export = write_shop(tiny, tmp_path, with_dirt=True)
    counts = {kind.kind: kind.rows for kind in export.dirt}
    assert counts["no_customer"] == 12
    assert 1 <= counts["duplicate"] <= 9
    assert len(read(export.orders)) - 1 == export.rows


def test_another_process_writes_the_same_bytes(dirty, tmp_path):
    code = "import sys; from smalti.samples import *; write_shop(shop(400), sys.argv[1], with_dirt=True)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env={**os.environ, "PYTHONHASHSEED": "9"})
    assert (tmp_path / "orders.csv").read_bytes() == dirty.orders.read_bytes()
    for name in OTHERS:
        assert (tmp_path / f"{name}.csv").read_bytes() == getattr(dirty, name).read_bytes()
