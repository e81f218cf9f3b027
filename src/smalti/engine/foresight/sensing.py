"""How much each customer's buying hangs on discounts: read from her orders, drawn to customers who buy as often.

Only where orders tell discounts. Sums are taken of whole numbers - depths of discounts in hundredths of a percent, logarithms
of baskets in millionths - so that the order in which threads meet never shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.engine.foresight.modelled import Input, Modelled
from smalti.errors import ModelError
from smalti.facts import FOREVER_AGO, ORDERS, Instant, Stream
from smalti.models.arrays import Floats, Integers
from smalti.models.sensitivity import Estimate, Lines, fit_offer_shares, fit_slopes
from smalti.store import Store

BANDS = {"bought on 1 day": 1, "bought on 2 to 3 days": 2, "bought on 4 to 7 days": 4, "bought on 8 days or more": 8}
"""The segments whose customers are taken to be alike, each with the days of purchase from which it counts."""
NAMES = ("discount_sensitivity", "price_sensitivity_index")
_DEPTH, _LOG = 10_000, 1_000_000


@dataclass(frozen=True, eq=False)
class Sensed:
    """What is known of customers' sensitivity to discounts; rows are the customers in ascending order.

    Attributes:
        columns: By name of `NAMES` one value per customer; NaN where nothing can be said.
        table: ``customer_id``, ``orders`` of known discount, and for each name its value, ``_low`` and ``_high``; those of whom
            something can be said. None where orders tell no discounts.
        modelled: The models, to be told.
    """

    columns: Mapping[str, Floats] = field(default_factory=dict)
    table: pa.Table | None = None
    modelled: tuple[Modelled, ...] = ()


def sensed(
    store: Store, streams: Mapping[str, Stream], customers: pa.ChunkedArray, days: Floats, at: Instant
) -> Sensed:
    """Reckon the sensitivity of every customer as of an instant.

    Args:
        store: Where the orders are.
        streams: The streams there are.
        customers: All customers, in ascending order.
        days: Their days of purchase, NaN where there is none.
        at: The as-of instant; no order after it is read.
    """
    orders = streams.get(ORDERS.name)
    if orders is None or "discount" not in orders or "revenue" not in orders:
        return Sensed()
    rows = store.read(_QUERY.format(at=at, never=FOREVER_AGO, depth=_DEPTH, log=_LOG))
    if not rows.num_rows:
        return Sensed()
    place = pc.index_in(customers, rows["customer_id"].combine_chunks()).to_numpy(zero_copy_only=False)
    known = np.isfinite(place.astype(np.float64))
    place = np.where(known, place, 0).astype(np.int64)
    read = {
        name: np.where(known, _floats(rows[name])[place], 0.0) for name in rows.column_names if name != "customer_id"
    }
    segment = np.searchsorted(list(BANDS.values())[1:], np.nan_to_num(days), side="right").astype(np.int64)
    lines = _lines(read)
    shares, told_shares = _shares(read, segment, at)
    slopes, told_slopes = _slopes(lines, segment, at)
    estimates = dict(zip(NAMES, (shares, slopes), strict=True))
    columns = {name: one.value for name, one in estimates.items()}
    return Sensed(columns, _table(customers, read["orders"], estimates), (told_shares, told_slopes))


_QUERY = """
SELECT customer_id, count(*) AS orders, count(*) FILTER (discount > 0) AS on_offer,
    count(y) AS n, sum(x) AS x, sum(y) AS y, sum(x * x) AS xx, sum(x * y) AS xy, sum(y * y) AS yy
FROM (
    SELECT customer_id, discount,
        CASE WHEN revenue + discount > 0
            THEN CAST(round({log} * ln(CAST(revenue + discount AS DOUBLE))) AS BIGINT) END AS y,
        CASE WHEN revenue + discount > 0
            THEN CAST(round({depth} * CAST(discount AS DOUBLE) / (revenue + discount)) AS BIGINT) END AS x
    FROM orders WHERE "at" <= {at} AND "at" > {never} AND discount IS NOT NULL AND discount >= 0
)
GROUP BY customer_id ORDER BY customer_id
"""


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(pc.cast(column, pa.float64()).fill_null(0.0).to_numpy(), dtype=np.float64)


def _lines(read: Mapping[str, Floats]) -> Lines:
    n = np.maximum(read["n"], 1.0)
    x, y = read["x"] / _DEPTH, read["y"] / _LOG
    return Lines(
        orders=read["n"],
        depths=np.maximum(read["xx"] / _DEPTH**2 - x * x / n, 0.0),
        products=read["xy"] / (_DEPTH * _LOG) - x * y / n,
        baskets=np.maximum(read["yy"] / _LOG**2 - y * y / n, 0.0),
    )


def _shares(read: Mapping[str, Floats], segment: Integers, at: Instant) -> tuple[Estimate, Modelled]:
    name, title = NAMES[0], "Share of orders on offer, beta-binomial"
    inputs = (Input("discount_known_orders", "number"), Input("discounted_orders", "number"), *_OFTEN)
    form: dict[str, Any] = {"fitted_at": at, "unit": "share", "streams": ("orders",), "inputs": inputs}
    try:
        model = fit_offer_shares(read["orders"], read["on_offer"], segment)
    except ModelError as error:
        return _nothing(segment.size), Modelled(name, title, "sensitivity", False, f"{error}.", **form)
    sentence = (
        f"The share of orders on offer of {model.customers[-1]:,} customers, each drawn to those who buy as often. "
        "It says when she buys, not that a discount made her."
    )
    told = Modelled(name, title, "sensitivity", True, sentence, **form, parameters=_told(model.to_dict()))
    return model.share(read["orders"], read["on_offer"], segment), told


def _slopes(lines: Lines, segment: Integers, at: Instant) -> tuple[Estimate, Modelled]:
    name, title = NAMES[1], "Basket against depth of discount, hierarchical normal"
    inputs = (Input("revenue", "number", "minor"), Input("discount", "number", "minor"), *_OFTEN)
    form: dict[str, Any] = {"fitted_at": at, "unit": "share per 10 points", "streams": ("orders",), "inputs": inputs}
    try:
        model = fit_slopes(lines, segment)
    except ModelError as error:
        return _nothing(segment.size), Modelled(name, title, "sensitivity", False, f"{error}.", **form)
    sentence = (
        f"By how much more {model.customers[-1]:,} customers take home when the discount is ten points deeper, each drawn to "
        "those who buy as often. Discounts were not given at random: it is no effect."
    )
    told = Modelled(name, title, "sensitivity", True, sentence, **form, parameters=_told(model.to_dict()))
    return model.index(lines, segment), told


_OFTEN = (Input("purchase_days", "number", "days"),)


def _told(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return dict(parameters) | {"segments": {str(place): name for place, name in enumerate(BANDS)}}


def _nothing(length: int) -> Estimate:
    unknown = np.full(length, np.nan)
    return Estimate(unknown, unknown, unknown)


def _table(customers: pa.ChunkedArray, orders: Floats, estimates: Mapping[str, Estimate]) -> pa.Table:
    told = np.logical_or.reduce([np.isfinite(one.value) for one in estimates.values()])
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "customer_id": customers.filter(pa.array(told)),
        "orders": pa.array(orders[told].astype(np.int64)),
    }
    for name, one in estimates.items():
        for end, values in (("", one.value), ("_low", one.low), ("_high", one.high)):
            columns[f"{name}{end}"] = pa.array(values[told], mask=np.isnan(values[told]))
    return pa.table(columns)
