from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from smalti.errors import SmaltiError
from smalti.samples import PERSONAS, Persona, shop

END = datetime(2026, 7, 1, tzinfo=UTC)
START = datetime(2023, 7, 1, tzinfo=UTC)
TABLES = ("orders", "order_items", "returns", "customers", "events", "answers", "tickets", "truth")


@pytest.fixture(scope="module")
def invented():
    return shop(3000)


def as_bytes(table):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return sink.getvalue().to_pybytes()


def of_first(table, customers):
    return table.filter(pc.less_equal(table["customer_id"], f"C{customers:06d}"))


@pytest.mark.parametrize("table", TABLES)
def test_the_same_arguments_give_the_same_bytes(table):
    first, second = shop(300, seed=3), shop(300, seed=3)
    assert as_bytes(getattr(first, table)) == as_bytes(getattr(second, table))


@pytest.mark.parametrize("table", TABLES)
def test_another_seed_gives_another_shop(table):
    assert not getattr(shop(50, seed=3), table).equals(getattr(shop(50, seed=4), table))


@pytest.mark.parametrize("table", TABLES)
def test_a_customer_does_not_depend_on_how_many_there_are(invented, table):
    few = getattr(shop(1100), table)
    assert few.num_rows > 0
    by = [(name, "ascending") for name in few.column_names]
    assert few.sort_by(by).equals(of_first(getattr(invented, table), 1100).sort_by(by))


def test_lines_add_up_to_their_orders_to_the_penny(invented):
    summed = invented.order_items.group_by("order_id").aggregate(
        [("amount", "sum"), ("discount", "sum"), ("cost", "sum")]
    )
    both = invented.orders.join(summed, "order_id")
    assert both.num_rows == invented.orders.num_rows == summed.num_rows
    for of_order, of_lines in (("revenue", "amount_sum"), ("discount", "discount_sum"), ("cost", "cost_sum")):
        assert pc.all(pc.equal(both[of_order], both[of_lines])).as_py()
    assert pc.sum(invented.orders["revenue"]).as_py() == pc.sum(invented.order_items["amount"]).as_py()


@pytest.mark.parametrize("table", ["order_items", "returns"])
def test_an_amount_is_quantity_times_price(invented, table):
    rows = getattr(invented, table).select(["quantity", "price", "amount"]).to_pylist()
    assert all(row["quantity"] * row["price"] == row["amount"] for row in rows)


def test_amounts_have_their_signs(invented):
    assert pc.min(invented.order_items["amount"]).as_py() > 0
    assert pc.min(invented.order_items["discount"]).as_py() == 0
    assert pc.max(invented.returns["amount"]).as_py() < 0
    assert pc.max(invented.returns["quantity"]).as_py() < 0


def test_the_category_of_an_order_is_that_of_its_dearest_line(invented):
    dearest = {}
    for row in invented.order_items.to_pylist():
        if row["amount"] > dearest.get(row["order_id"], (Decimal(0), ""))[0]:
            dearest[row["order_id"]] = (row["amount"], row["category"])
    told = zip(invented.orders["order_id"].to_pylist(), invented.orders["category"].to_pylist(), strict=True)
    assert all(dearest[order][1] == category for order, category in told)


def test_ids_are_unique(invented):
    assert pc.count_distinct(invented.orders["order_id"]).as_py() == invented.orders.num_rows
    assert pc.count_distinct(invented.customers["customer_id"]).as_py() == 3000
    for table in (invented.order_items, invented.returns):
        keys = table.select(["order_id", "product"])
        assert keys.group_by(["order_id", "product"]).aggregate([]).num_rows == table.num_rows


def test_every_customer_is_in_every_table_in_the_same_order(invented):
    ids = invented.customers["customer_id"].to_pylist()
    assert ids[0] == "C000001"
    assert ids == sorted(ids) == invented.truth["customer_id"].to_pylist()
    assert set(ids) == set(invented.orders["customer_id"].to_pylist())


@pytest.mark.parametrize("table", ["orders", "order_items", "returns"])
def test_instants_are_in_range_and_ascending(invented, table):
    at = getattr(invented, table)["ordered_at"]
    assert at.type == pa.timestamp("us", tz="UTC")
    instants = at.cast(pa.int64()).to_numpy()
    assert (np.diff(instants) >= 0).all()
    assert START <= at[0].as_py() <= at[-1].as_py() < END


def test_the_last_order_is_on_the_last_day(invented):
    assert invented.orders["ordered_at"][-1].as_py().date().isoformat() == "2026-06-30"


def test_the_first_order_is_the_true_first_and_none_comes_after_the_true_death(invented):
    spans = invented.orders.group_by("customer_id").aggregate([("ordered_at", "min"), ("ordered_at", "max")])
    both = invented.truth.join(spans, "customer_id")
    assert pc.all(pc.equal(both["first_order_at"], both["ordered_at_min"])).as_py()
    dead = both.filter(pc.is_valid(both["died_at"]))
    assert 0 < dead.num_rows < 3000
    assert pc.all(pc.equal(dead["died_at"], dead["ordered_at_max"])).as_py()


def test_returns_follow_their_lines(invented):
    back = invented.returns.select(["returned_order_id", "product", "ordered_at", "quantity"])
    lines = invented.order_items.select(["order_id", "product", "ordered_at", "quantity"])
    both = back.join(lines, ["returned_order_id", "product"], ["order_id", "product"], right_suffix="_bought")
    days = [(row["ordered_at"] - row["ordered_at_bought"]).total_seconds() / 86400 for row in both.to_pylist()]
    assert both.num_rows == back.num_rows == len(days)
    assert min(days) >= 2.9 and max(days) <= 30.1
    assert pc.all(pc.equal(pc.negate(both["quantity"]), both["quantity_bought"])).as_py()


def test_returns_of_an_order_come_back_together(invented):
    times = invented.returns.group_by("order_id").aggregate([("ordered_at", "count_distinct")])
    assert pc.max(times["ordered_at_count_distinct"]).as_py() == 1


def test_what_is_known_of_customers_is_plausible_and_has_gaps(invented):
    customers = invented.customers
    for column in ("birth_date", "gender", "email_consent", "sms_consent", "post_consent"):
        assert 0.05 < customers[column].null_count / 3000 < 0.40
    assert set(pc.unique(customers["email_consent"]).to_pylist()) == {True, False, None}
    joined = customers.join(invented.truth, "customer_id").to_pylist()
    assert all(row["signed_up_on"] <= row["first_order_at"].date() for row in joined)
    assert min(row["signed_up_on"] for row in joined) >= START.date()
    assert all(1931 <= row["birth_date"].year <= 2008 for row in joined if row["birth_date"])


def test_orders_by_telephone_and_in_the_shop_are_in_opening_hours(invented):
    rows = zip(invented.orders["channel"].to_pylist(), invented.orders["ordered_at"].to_pylist(), strict=True)
    hours = {at.hour for channel, at in rows if channel != "web"}
    assert hours == set(range(9, 18))


def test_every_strategy_has_somebody_it_suits(invented):
    wanted = {
        "onboard", "develop", "cross_sell", "up_sell", "retain", "win_back", "reward", "migrate", "reduce_cost",
        "leave_alone",
    }  # fmt: skip
    assert wanted == {persona.suits for persona in PERSONAS} == set(pc.unique(invented.truth["suits"]).to_pylist())


def test_the_smallest_shops():
    one = shop(1)
    assert one.customers.num_rows == one.answers.num_rows == 1
    assert one.events.num_rows >= 1 and one.tickets.num_rows >= 1
    assert one.orders.num_rows >= 1
    none = shop(5, personas=[Persona("never", 1, "leave_alone", 0.001, 1.0, 20.0, returns=0.0)])
    assert none.orders.num_rows == 5
    assert none.returns.num_rows == 0
    assert none.returns.schema == one.returns.schema


def test_a_short_time_without_a_zone_is_utc():
    day = shop(200, start=datetime(2026, 2, 28), end=datetime(2026, 3, 1))
    assert day.start == datetime(2026, 2, 28, tzinfo=UTC)
    days = {at.date().isoformat() for at in day.orders["ordered_at"].to_pylist()}
    assert days == {"2026-02-28"}
    for table in (day.events, day.answers, day.tickets):
        assert {at.date().isoformat() for at in table["at"].to_pylist()} == {"2026-02-28"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"customers": 0}, "1 to 2,000,000 customers, not 0"),
        ({"customers": 3_000_000}, "not 3,000,000"),
        ({"seed": -1}, "not -1"),
        ({"start": END, "end": END}, "at least a day"),
        ({"personas": []}, "at least one persona"),
        ({"personas": [Persona("odd", 1, "retain", 1, 0.1, 10, season="gift")]}, "did you mean 'gifts'"),
        ({"personas": [Persona("odd", 1, "retain", 1, 0.1, 10, season="zzz")]}, "known are everyday"),
    ],
)
def test_wrong_wishes_are_answered_in_words(arguments, told):
    with pytest.raises(SmaltiError, match=told):
        shop(**arguments)
