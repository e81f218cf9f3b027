from __future__ import annotations

import pytest

from smalti.errors import SourceError
from smalti.sources import SourceDefinition, inspect

TABLES = {
    "shop": (
        "customer_id,ordered_at,revenue,category,channel\nc1,2026-01-05 10:00,5,hats,web\nc1,2026-01-06 11:00,6,hats,web\n"
    ),
    "any names": "foo,bar,baz\nx9,2026-01-05,1.50\nx8,2026-01-06,2.50\nx9,2026-01-07,1.00\n",
    "german": "Kunde;Datum;Umsatz\n00042;05.01.2026;1.234,50\n00042;25.01.2026;3,00\n",
    "lines": "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    "1,A,2,1/12/2010 8:26,2.5,7,UK\n1,B,1,1/12/2010 8:26,3,7,UK\n",
    "id with customer": "id,customer,date,amount\n1,a,2026-01-05,5\n2,a,2026-01-06,6\n3,b,2026-01-06,6\n",
}
ROLES = {
    "shop": ("customer_id", "ordered_at", {"revenue": "revenue", "category": "category", "channel": "channel"}),
    "any names": ("foo", "bar", {"revenue": "baz"}),
    "german": ("Kunde", "Datum", {"revenue": "Umsatz"}),
    "lines": (
        "CustomerID",
        "InvoiceDate",
        {
            "order_id": "InvoiceNo",
            "quantity": "Quantity",
            "price": "UnitPrice",
            "product": "StockCode",
            "country": "Country",
        },
    ),
    "id with customer": ("customer", "date", {"revenue": "amount"}),
}


@pytest.mark.parametrize("name", TABLES)
def test_roles_are_seen(reader, name):
    reader.file("a.csv", TABLES[name])
    guess = inspect("a.csv", home=reader.folder)
    definition = guess.definition()
    assert guess.kind == "orders"
    assert (definition.customer, definition.at, definition.mapping) == ROLES[name]
    assert all(role.reason for role in guess.roles)
    assert len(guess.sentences()) == len(guess.roles) + 1


def test_what_the_user_says_stands(reader):
    reader.file("a.csv", "a,b,d,x,y\n1,2,2026-01-05,5,6\n1,3,2026-01-06,7,8\n")
    definition = inspect("a.csv", home=reader.folder, customer="b", amount="x", order_id="a").definition()
    assert (definition.customer, definition.at) == ("b", "d")
    assert definition.mapping == {"revenue": "x", "order_id": "a"}


def test_money_is_found_beside_columns_that_are_named(reader):
    reader.file("a.csv", TABLES["lines"])
    definition = inspect("a.csv", home=reader.folder, columns={"order_id": "InvoiceNo"}).definition()
    assert definition.mapping == {"order_id": "InvoiceNo", "quantity": "Quantity", "price": "UnitPrice"}


def test_a_file_of_attributes_is_told_from_orders(reader):
    names = "id,born,country,plan,score,visits,joined,spent"
    rows = "".join(f"{n},{1950 + n},UK,gold,{n},{n},2026-01-0{n % 9 + 1},{n}.5\n" for n in range(30))
    reader.file("people.csv", f"{names}\n{rows}")
    guess = inspect("people.csv", home=reader.folder)
    assert (guess.kind, guess.definition().customer, guess.definition().at) == ("customers", "id", None)


def test_what_is_missing_is_asked_for_with_its_flag(reader):
    reader.file("a.csv", "user_id,event,platform\nu1,home,web\nu1,cart,web\nu2,home,web\n")
    with pytest.raises(SourceError, match=r"the columns are user_id, event, platform.*--at COLUMN --amount COLUMN"):
        inspect("a.csv", home=reader.folder)


def test_definitions_are_values():
    written = {"from": ["a.csv", "b.csv"], "customer": "c", "columns": {"revenue": "r"}}
    one, two = SourceDefinition.model_validate(written), SourceDefinition.model_validate(written)
    assert one == two
    assert len({one, two}) == 1
    assert SourceDefinition.model_validate(one.model_dump()) == one
    assert one.changed(at="d").at == "d"
    with pytest.raises(ValueError, match="Extra inputs"):
        SourceDefinition(files=("a",), custmer="x")


def test_a_wrong_option_is_a_sentence(reader):
    with pytest.raises(SourceError, match="source option 'decimal'"):
        inspect("a.csv", decimal=";")
    with pytest.raises(SourceError, match="source option 'colour'"):
        inspect("a.csv", colour="red")
    reader.file("a.csv", "a,b\n1,2\n")
    with pytest.raises(SourceError, match="unknown encoding: found 'klingon'"):
        inspect("a.csv", home=reader.folder, encoding="klingon")


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "source", "currency", "rows", "money", "customers"),
    [
        ("orders/CDNOW_master.txt", "orders", "USD", 69_659, 250_031_563, 23_570),
        ("orders/CDNOW_sample.txt", "orders", "USD", 6_919, 24_409_194, 2_357),
        ("orders/online_retail_II.parquet", "orders", "GBP", 1_067_370, 1_928_723_255, 5_881),
        ("surveys/marketing_campaign.csv", "customers", "EUR", 2_240, 0, 2_240),
    ],
)
def test_real_files_are_read_without_options(reader, real_data, file, source, currency, rows, money, customers):
    path = str(real_data / file)
    assert inspect(path).kind == source
    loaded = reader.load(path, source=source, currency=currency, zone="Europe/London")
    account = loaded.accounts[0]
    assert account.balances
    assert (account.total.rows, account.total.money) == (rows, money)
    count = reader.store.read(f"SELECT COUNT(DISTINCT customer_id) AS n FROM {source}")
    assert count.to_pylist() == [{"n": customers}]
    assert "/" not in loaded.fingerprints[0].name


@pytest.mark.realdata
def test_online_retail_is_accounted_for(reader, real_data):
    loaded = reader.load(str(real_data / "orders/online_retail_II.parquet"), zone="Europe/London")
    account = loaded.accounts[0]
    reasons = {reason: tally.rows for reason, tally in account.reasons}
    assert reasons == {"no customer": 243_007, "exact duplicate": 26_479}
    assert (account.kept.rows, account.kept.money) == (779_494, 1_737_478_625)
    assert (account.returns.rows, account.returns.money) == (18_390, -108_481_298)
    assert abs(account.rounding) < 1
