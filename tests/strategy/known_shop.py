"""A shop with known truth, taken through the pieces of a run as of an instant: traits, models, value map, match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.foresight.behaviour import Models, behaviour, channel_orders, fit_models, to_floats
from smalti.facts import DAY, ORDER_ITEMS, ORDERS, RETURNS, Currency, arrow_type
from smalti.models.buying.protocol import RepeatBuying
from smalti.project import Project, prepare
from smalti.samples import Shop
from smalti.store import Store
from smalti.strategy import (
    VALUE_COLUMNS,
    Assumptions,
    Behaviour,
    Option,
    Outlook,
    ValueMap,
    foresee,
    match,
    reckon,
    value_map,
)
from smalti.traits import Computed, answer, compute

GBP = Currency("GBP")


@dataclass(frozen=True)
class Known:
    """What was found of a shop as of an instant; rows of all arrays are `customers`, in order."""

    at: int
    customers: list[str]
    seen: Behaviour
    models: Models
    outlook: Outlook
    values: ValueMap
    options: list[Option]
    primary: list[str]
    secondary: list[str]

    @property
    def buying(self) -> RepeatBuying:
        assert self.models.buying is not None
        return self.models.buying


def understood(shop: Shop, at: int, assumed: Assumptions, store: Store) -> Known:
    """Take a shop through the pieces of a run."""
    streams = {one.name: one for one in (ORDERS, ORDER_ITEMS, RETURNS)}
    for stream, table in zip(streams.values(), _facts(shop), strict=True):
        store.put(stream.name, table.select(stream.schema().names).cast(stream.schema()))
    prepared = prepare(
        Project(currency="GBP", assumptions=assumed, sources={"orders": {"from": "orders.csv"}}), streams
    )
    rules = [tree for one in prepared.strategies for tree in (one.eligible, one.headroom)]
    rules += list(channel_orders(assumed).values())
    computed = compute(store, streams, prepared.traits, rules, at, "known")
    table = store.read("SELECT * FROM known ORDER BY customer_id")
    seen = behaviour(table, computed.types, assumed, GBP)
    models = fit_models(seen)
    outlook = foresee(seen, models.buying, models.spend, assumed)
    values = value_map(seen, outlook, assumed, GBP)
    computed = _widened(store, computed, table["customer_id"], values)
    options = [_option(one, store, computed, values, seen, at) for one in prepared.strategies]
    found = match(options)
    names = [one.name for one in options]
    return Known(
        at, table["customer_id"].to_pylist(), seen, models, outlook, values, options,
        [names[place] for place in found.primary], [names[place] for place in found.secondary],
    )  # fmt: skip


def _facts(shop: Shop) -> list[pa.Table]:
    orders, items, returns = shop.orders, shop.order_items, shop.returns
    at = micro(orders["ordered_at"])
    yield_orders = orders.append_column("at", at).append_column("day", pc.divide(at, DAY))
    for name in ("revenue", "cost", "discount"):
        yield_orders = yield_orders.set_column(yield_orders.column_names.index(name), name, pence(orders[name]))
    lines = items.append_column("at", micro(items["ordered_at"])).append_column("revenue", pence(items["amount"]))
    back = returns.append_column("at", micro(returns["ordered_at"]))
    return [yield_orders, lines, back.append_column("refund", pc.negate(pence(returns["amount"])))]


def micro(instants: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give instants as whole microseconds."""
    return instants.cast(pa.int64())


def pence(pounds: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give pounds as whole pence."""
    return pc.cast(pc.round(pc.multiply(pc.cast(pounds, pa.float64()), 100.0)), pa.int64())


def _widened(store: Store, computed: Computed, customers: pa.ChunkedArray, values: ValueMap) -> Computed:
    columns: dict[str, Any] = {"customer_id": customers}
    for name, (kind, _) in VALUE_COLUMNS.items():
        column = values.columns[name]
        columns[name] = pa.array(column, mask=np.isnan(column)).cast(arrow_type(kind))
    store.put("worth", pa.table(columns))
    store.create(
        "both", f"SELECT t.*, v.* EXCLUDE (customer_id) FROM {computed.table} t JOIN worth v USING (customer_id)"
    )
    types = computed.types | {name: kind for name, (kind, _) in VALUE_COLUMNS.items()}
    return Computed("both", types, dict(computed.fitted))


def _option(one: Any, store: Store, computed: Computed, values: ValueMap, seen: Behaviour, at: int) -> Option:
    wanted = {"eligible": one.eligible, "headroom": one.headroom}
    answers = answer(store, computed, wanted, at)
    cost = one.definition.cost.minor(GBP, seen.average_order())
    return reckon(
        one.name, one.definition, np.asarray(answers["eligible"].fill_null(False)),
        np.nan_to_num(to_floats(answers["headroom"])), values.doubt, cost, modelled=True,
    )  # fmt: skip


def what_came(shop: Shop, known: Known, days: int, rate: float) -> pd.DataFrame:
    """Give what each customer truly did in the days after: days of purchase, spend, discounted margin, discounted refunds."""
    end = known.at + days * DAY
    orders = pd.DataFrame(
        {"customer_id": shop.orders["customer_id"].to_pylist(), "at": micro(shop.orders["ordered_at"])}
    )
    orders["spend"] = np.asarray(pence(shop.orders["revenue"]))
    orders["gross"] = orders["spend"] - np.asarray(pence(shop.orders["cost"]))
    back = pd.DataFrame(
        {"customer_id": shop.returns["customer_id"].to_pylist(), "at": micro(shop.returns["ordered_at"])}
    )
    back["lost"] = np.asarray(pence(shop.returns["cost"])) - np.asarray(pence(shop.returns["amount"]))
    for table, name in ((orders, "gross"), (back, "lost")):
        table[name] = table[name] * (1 + rate) ** (-(table["at"] - known.at) / (365.25 * DAY))
    orders, back = (one[(one["at"] > known.at) & (one["at"] <= end)] for one in (orders, back))
    orders = orders.assign(day=orders["at"] // DAY)
    found = pd.DataFrame(index=known.customers)
    found["orders"] = orders.groupby("customer_id").size()
    found["days"] = orders.groupby("customer_id")["day"].nunique()
    found["spend"] = orders.groupby("customer_id")["spend"].sum()
    found["gross"] = orders.groupby("customer_id")["gross"].sum()
    found["lost"] = back.groupby("customer_id")["lost"].sum()
    found["returns"] = back.groupby("customer_id").size()
    return found.fillna(0.0)
