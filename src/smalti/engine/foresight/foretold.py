"""What customers had done at an earlier instant and what they did since: what buying models are tried on in a run.

The hold-out is the horizon of the project before the as-of instant or, where the orders do not reach back twice as far, half of
what they do. It is read by one query; of many customers a sample, drawn by a hash of their ids, is enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.facts import DAY, FOREVER_AGO, ORDERS, Instant, Stream
from smalti.models.arrays import Floats
from smalti.models.choosing import LEAST_CUSTOMERS
from smalti.models.holdout import Holdout
from smalti.store import Store

MOST_CUSTOMERS = 25_000
"""So many customers decide as well as all; the chosen model is fitted to all of them."""
SHORTEST_DAYS = 14
"""A shorter hold-out says more about the week than about customers."""


@dataclass(frozen=True, eq=False)
class Watched:
    """What there is to try buying models on.

    Attributes:
        at: The as-of instant.
        window: Instants of the first and the latest order up to then; None where no order is dated.
        holdout: An earlier instant and what came after it, or None.
        why_not: Why there is none, in words.
        customers: Of how many customers the hold-out is a sample; as many as it holds where it holds all.
    """

    at: Instant
    window: tuple[Instant, Instant] | None = None
    holdout: Holdout | None = None
    why_not: str = ""
    customers: int = 0


def watched(store: Store, streams: Mapping[str, Stream], at: Instant, horizon_days: float, seed: int) -> Watched:
    """Look back at an earlier instant.

    Args:
        store: Where the streams are.
        streams: The streams there are.
        at: The as-of instant; no order after it is read.
        horizon_days: How far ahead the project looks.
        seed: Draws the customers where there are many.
    """
    if ORDERS.name not in streams or "day" not in streams[ORDERS.name]:
        return Watched(at, why_not="there are no dated orders to stand at an earlier instant with")
    dated = f'"at" <= {at} AND "at" > {FOREVER_AGO}'
    ends = store.read(f'SELECT min("at") AS a, max("at") AS b FROM orders WHERE {dated}').to_pylist()[0]
    if ends["a"] is None:
        return Watched(at, why_not="there are no dated orders to stand at an earlier instant with")
    window = (int(ends["a"]), int(ends["b"]))
    days = int(min(horizon_days, (at - window[0]) // DAY // 2))
    if days < SHORTEST_DAYS:
        wanted = f"orders of at least {2 * SHORTEST_DAYS} days"
        return Watched(at, window, why_not=f"orders reach back {(at - window[0]) // DAY} days, and that takes {wanted}")
    spent = "revenue" in streams[ORDERS.name]
    cut = at - days * DAY
    store.create(_KNOWN, f'SELECT DISTINCT customer_id FROM orders WHERE "at" <= {cut} AND {dated}')
    count = int(store.read(f"SELECT count(*) AS n FROM {_KNOWN}")["n"][0].as_py())
    if count < LEAST_CUSTOMERS:
        said = f"{count} customers had bought {days} days ago, and that takes at least {LEAST_CUSTOMERS}"
        found = Watched(at, window, why_not=said)
    else:
        rows = store.read(_query(cut, days * DAY, count, seed, spent=spent))
        found = Watched(at, window, _holdout(rows, cut, days), customers=count)
    store.drop(_KNOWN)
    return found


_KNOWN = "_known_by_then"


def _query(cut: Instant, horizon: int, customers: int, seed: int, *, spent: bool) -> str:
    """Write the query: one row per customer who had bought until the cut-off; a day of purchase counts once on each side."""
    money = "sum(revenue)" if spent else "0"
    drawn = (
        f"SELECT customer_id FROM {_KNOWN} ORDER BY md5('{seed}' || customer_id), customer_id LIMIT {MOST_CUSTOMERS}"
    )
    chosen = drawn if customers > MOST_CUSTOMERS else f"SELECT customer_id FROM {_KNOWN}"
    past, before = f"first_at <= {cut}", f"first_at > {cut - horizon} AND first_at <= {cut}"
    per_day = (
        f'SELECT customer_id, min("at") AS first_at, max("at") AS last_at, {money} AS spent FROM orders '
        f'WHERE "at" <= {cut + horizon} AND "at" > {FOREVER_AGO} AND customer_id IN ({chosen}) '
        f'GROUP BY customer_id, "day", "at" <= {cut}'
    )
    return (
        f"SELECT customer_id, count(*) FILTER ({past}) AS days, min(first_at) AS first_at, "
        f"max(last_at) FILTER ({past}) AS last_at, coalesce(sum(spent) FILTER ({past}), 0) AS spent, "
        f"count(*) FILTER ({before}) AS before, coalesce(sum(spent) FILTER ({before}), 0) AS before_spent, "
        f"count(*) FILTER (NOT {past}) AS later, coalesce(sum(spent) FILTER (NOT {past}), 0) AS later_spent "
        f"FROM ({per_day}) GROUP BY customer_id ORDER BY customer_id"
    )


def _holdout(rows: pa.Table, cut: Instant, days: int) -> Holdout:
    """Make the hold-out, its histories counted in whole days as those of a run are."""

    def read(name: str) -> Floats:
        return np.asarray(pc.cast(rows[name], pa.float64()).to_numpy(), dtype=np.float64)

    repeats = read("days") - 1
    age = np.floor((cut - read("first_at")) / DAY)
    between = np.floor((read("last_at") - read("first_at")) / DAY)
    recency = np.where(repeats > 0, np.clip(between, np.minimum(1.0, age), age), 0.0)
    return Holdout(
        cut_off=cut,
        horizon=float(days),
        repeats=repeats,
        recency=recency,
        age=age,
        before=read("before"),
        before_spend=read("before_spent"),
        mean_spend=read("spent") / read("days"),
        later=read("later"),
        later_spend=read("later_spent"),
    )
