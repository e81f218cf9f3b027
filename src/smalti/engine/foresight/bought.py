"""Who bought what on which day, as of an instant: read from the store in parts, so that a million customers fit into memory.

Items and customers become numbers in the store. What is learnt is learnt from some customers, drawn by a hash of their ids;
everybody is read, some tens of thousands at once, to be foretold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa

from smalti.engine.foresight.services import services_among
from smalti.facts import DAY, FOREVER_AGO, ORDERS, Instant
from smalti.models.arrays import Integers
from smalti.models.products import Purchases
from smalti.store import Store, quoted

Level: TypeAlias = Literal["category", "product"]
MOST_CATEGORIES = 500
"""A column with more different values tells no categories."""
MOST_PRODUCTS = 20_000
"""Products that are foretold, at most: those that are bought most."""
MOST_PAIRS = 1_000_000_000
"""Pairs of customer and product that are looked at to find the best of each customer, at most."""
LEAST_PRODUCTS = 500
"""So many products are foretold whatever the number of customers."""
MOST_LEARNT = 20_000
"""So many customers are learnt from, at most."""
_AT_ONCE = 50_000
_SOLD, _PEOPLE, _ITEMS, _DRAWN = "_sold", "_sold_people", "_sold_items", "_sold_drawn"


@dataclass(frozen=True, eq=False)
class Bought:
    """Lines in the store until `close`; those of one customer, item and day become one as they are read.

    Attributes:
        store: The store.
        items: Names of the items, in ascending order.
        customers: How many customers there are, with purchases or without.
        buyers: How many of them bought any of the items.
        window: Days of the first and the last line; None where there is none.
        notes: What was left out, in sentences.
        why_not: Why nothing can be foretold of them, or nothing.
    """

    store: Store
    items: tuple[str, ...] = ()
    customers: int = 0
    buyers: int = 0
    window: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()
    why_not: str = ""

    def some(self, most: int, seed: int) -> tuple[Integers, Purchases]:
        """Give the places of at most so many buyers, drawn by a hash of their ids and in ascending order, and their lines."""
        drawn = (
            f"SELECT customer FROM (SELECT DISTINCT customer FROM {_SOLD}) AS s JOIN {_PEOPLE} AS p ON p.place = s.customer "
            f"ORDER BY md5('{seed}' || p.customer_id), p.customer_id LIMIT {most}"
        )
        self.store.create(_DRAWN, drawn)
        who = _column(self.store.read(f"SELECT customer FROM {_DRAWN} ORDER BY customer"), "customer")
        lines = self._lines(f"customer IN (SELECT customer FROM {_DRAWN})", 0, self.customers)
        self.store.drop(_DRAWN)
        return who, lines.chosen(who)

    def parts(self) -> Iterator[tuple[slice, Purchases]]:
        """Give all customers part by part: their places, and their lines."""
        for first in range(0, self.customers, _AT_ONCE):
            last = min(first + _AT_ONCE, self.customers)
            yield slice(first, last), self._lines(f"customer >= {first} AND customer < {last}", first, last - first)

    def _lines(self, which: str, first: int, customers: int) -> Purchases:
        rows = self.store.read(
            f"SELECT customer, item, day, CAST(sum(paid) AS BIGINT) AS paid FROM {_SOLD} WHERE {which} "
            "GROUP BY customer, item, day ORDER BY customer, item, day"
        )
        who, item, day = (_column(rows, name) for name in ("customer", "item", "day"))
        return Purchases(who - first, item, day, rows["paid"].to_numpy().astype(np.float64), customers, self.items)

    def close(self) -> None:
        """Let the store forget the lines."""
        for name in (_SOLD, _PEOPLE, _ITEMS):
            self.store.drop(name)


def _column(rows: pa.Table, name: str) -> Integers:
    return np.asarray(rows[name].to_numpy(), dtype=np.int64)


def bought(store: Store, level: Level, stream: str, at: Instant, customers: pa.ChunkedArray, *, dated: bool) -> Bought:
    """Put into the store who bought what on which day.

    Args:
        store: Where the streams are.
        level: The column that names items.
        stream: The stream that tells of it.
        at: The as-of instant; no line after it is read.
        customers: All customers, in ascending order.
        dated: Whether orders tell their day in the project's time zone; if not, days are those of UTC.
    """
    seen = f'{quoted(level)} IS NOT NULL AND revenue > 0 AND "at" <= {at} AND "at" > {FOREVER_AGO}'
    counted = store.read(
        f"SELECT {quoted(level)} AS item, count(*) AS n FROM {quoted(stream)} WHERE {seen} GROUP BY item ORDER BY item"
    )
    names, often = counted["item"].to_pylist(), counted["n"].to_numpy()
    if not names:
        return Bought(store, why_not=f"no {level} was sold")
    if level == "category" and len(names) > MOST_CATEGORIES:
        return Bought(store, why_not=f"{len(names):,} different values are no categories")
    kept, notes = (
        (sorted(names), ()) if level == "category" else _goods(dict(zip(names, often, strict=True)), len(customers))
    )
    if not kept:
        return Bought(store, notes=notes, why_not=f"no {level} was sold")
    store.put(_ITEMS, pa.table({"item": pa.array(kept, pa.string()), "place": _places(len(kept))}))
    store.put(_PEOPLE, pa.table({"customer_id": customers, "place": _places(len(customers))}))
    store.create(_SOLD, _query(level, stream, at, dated=dated))
    told = store.read(f"SELECT min(day) AS a, max(day) AS b, count(DISTINCT customer) AS n FROM {_SOLD}").to_pylist()[0]
    window = (int(told["a"]), int(told["b"])) if told["a"] is not None else None
    return Bought(store, tuple(kept), len(customers), int(told["n"]), window, notes)


def _places(count: int) -> pa.Array:
    return pa.array(np.arange(count, dtype=np.int32))


def _query(level: str, stream: str, at: Instant, *, dated: bool) -> str:
    """Write the query of what each customer paid for each item on each day, days of the project's time zone where known."""
    seen = f'"at" <= {at} AND "at" > {FOREVER_AGO}'
    sold = f"{quoted(level)} IS NOT NULL AND revenue > 0 AND {seen}"
    utc = f'CAST(FLOOR("at" / {DAY}) AS BIGINT)'
    lines = f'SELECT customer_id, {quoted(level)} AS item, "at", revenue FROM {quoted(stream)} WHERE {sold}'
    if not dated:
        days = f'SELECT customer_id, item, {utc} AS "day", revenue FROM ({lines}) AS i'
    elif stream == ORDERS.name:
        days = f'SELECT customer_id, {quoted(level)} AS item, coalesce("day", {utc}) AS "day", revenue FROM orders WHERE {sold}'
    else:
        of_orders = f'SELECT customer_id, "at", min("day") AS "day" FROM orders WHERE {seen} GROUP BY customer_id, "at"'
        days = (
            f'SELECT i.customer_id, i.item, coalesce(o."day", CAST(FLOOR(i."at" / {DAY}) AS BIGINT)) AS "day", i.revenue '
            f'FROM ({lines}) AS i LEFT JOIN ({of_orders}) AS o ON i.customer_id = o.customer_id AND i."at" = o."at"'
        )
    return (
        f'SELECT p.place AS customer, t.place AS item, CAST(d."day" AS INTEGER) AS "day", d.revenue AS paid '
        f"FROM ({days}) AS d JOIN {_PEOPLE} AS p ON p.customer_id = d.customer_id JOIN {_ITEMS} AS t ON t.item = d.item"
    )


def _goods(often: dict[str, int], customers: int) -> tuple[list[str], tuple[str, ...]]:
    """Leave out services, and the least bought of very many products or of many products for very many customers."""
    notes = []
    services = services_among(sorted(often))
    if services:
        listed = ", ".join(services[:8]) + (f" and {len(services) - 8} more" if len(services) > 8 else "")
        notes.append(f"not foretold as products, since they look like services: {listed}")
    kept = sorted(set(often) - set(services))
    most = min(MOST_PRODUCTS, max(MOST_PAIRS // max(customers, 1), LEAST_PRODUCTS))
    if len(kept) > most:
        why = "" if most == MOST_PRODUCTS else f", since there are {customers:,} customers"
        notes.append(f"of {len(kept):,} products the {most:,} that are bought most are foretold{why}")
        kept = sorted(sorted(kept, key=lambda one: (-often[one], one))[:most])
    return kept, tuple(notes)
