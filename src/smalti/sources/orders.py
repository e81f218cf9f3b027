"""Second pass: lines become the tables of orders, order items and returns, or of a stream of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from smalti.facts import ORDER_ITEMS, ORDERS, RETURNS, Column, Stream
from smalti.sources.account import Tally
from smalti.sources.rowkeys import any_repeat, repeats
from smalti.sources.staging import Staged
from smalti.store import Store

CANCELLED = "cancelled, yet its amount is positive"
_LINES = "_lines"
_HEADED = "_headed_lines"
_FATES = "_order_fates"
_ITEM_FIELDS = ("order_id", "product", "category", "quantity")
_FIRST_LINE = ("order_id", "channel")


@dataclass(frozen=True)
class Written:
    """What the second pass made.

    Attributes:
        streams: The tables it put into the store.
        kept: Rows and money of orders.
        returns: Rows and money of returns.
    """

    streams: dict[str, Stream]
    kept: Tally
    returns: Tally


def set_aside_repeats(staged: Staged, choice: str | None) -> NDArray[np.bool_]:
    """Find lines whose whole row occurred before; set them aside, or keep and note them.

    Args:
        staged: The lines.
        choice: ``set_aside``, ``keep``, or None: set aside where rows have an order id or a time of day.

    Returns:
        Which lines stay.
    """
    stay = np.ones(len(staged.seq), bool)
    if choice == "keep":
        return stay
    again, first = repeats(staged.high, staged.low)
    if not len(again):
        return stay
    if choice is None and not staged.totals.timed and not len(staged.order):
        rows = "1 identical row" if len(again) == 1 else f"{len(again):,} identical rows"
        staged.notes.append(f"{rows} kept: no time of day and no order id, so they may be separate purchases")
        return stay
    stay[again] = False
    sources, rows_again = staged.where(staged.seq[again])
    first_sources, first_rows = staged.where(staged.seq[first])
    same = pc.equal(sources, first_sources)
    numbers = pa.array(first_rows).cast(pa.string())
    elsewhere = pc.binary_join_element_wise(numbers, first_sources, " of ")
    found = pc.binary_join_element_wise("the same as row", pc.if_else(same, numbers, elsewhere), " ")
    amounts = _taken(staged, "amount", again) if "amount" in staged.schema.names else None
    staged.ledger.add(sources, rows_again, "exact duplicate", found, amounts)
    return stay


def write_own(store: Store, name: str, staged: Staged, stay: NDArray[np.bool_]) -> Written:
    """Put a stream of one's own into the store."""
    staged.let_go()
    stream = Stream(name, _own_columns(staged))
    schema = stream.schema()
    store.put(name, pa.RecordBatchReader.from_batches(schema, _cut(staged, stay, schema)))
    return Written({name: stream}, Tally(int(stay.sum())), Tally())


def write_orders(store: Store, staged: Staged, stay: NDArray[np.bool_]) -> Written:
    """Put orders, order items and returns into the store, lines of one order summed.

    Lines belong together when customer and order id are the same. What lines of an order take off, discounts or goods taken
    back, lowers its revenue; an order that comes out below zero, is cancelled, or holds nothing but negative quantities is a
    return. A cancelled order that comes out above zero is neither revenue nor refund: it is set aside.
    """
    single = not len(staged.order) or not any_repeat(staged.order[stay]) or not _has_ids(staged)
    staged.let_go()
    return _write_single(store, staged, stay) if single else _write_summed(store, staged, stay)


def _has_ids(staged: Staged) -> bool:
    return any(batch.column("order_id").null_count < len(batch) for batch in staged.batches())


def _streams(staged: Staged, *, items: bool) -> dict[str, Stream]:
    names = set(staged.schema.names)
    own = _own_columns(staged)
    orders = tuple(column for column in ORDERS.columns if column.name in names or column.name == "revenue")
    returns = tuple(column for column in RETURNS.columns if column.name in names or column.name == "refund")
    streams = {
        "orders": Stream("orders", orders + own, ORDERS.about),
        "returns": Stream("returns", returns, RETURNS.about),
    }
    if items:
        columns = tuple(column for column in ORDER_ITEMS.columns if column.name in names or column.name == "revenue")
        streams["order_items"] = Stream("order_items", columns, ORDER_ITEMS.about)
    return streams


def _own_columns(staged: Staged) -> tuple[Column, ...]:
    return tuple(Column(name, kind, "the project's own column") for name, kind in staged.kinds.items())


def _write_single(store: Store, staged: Staged, stay: NDArray[np.bool_]) -> Written:
    """Each line is an order: straight from the lines to the tables, batch by batch."""
    streams = _streams(staged, items="product" in staged.schema.names)
    sorter = _Sorter(staged, stay)
    for name, stream in streams.items():
        schema = stream.schema()
        store.put(name, pa.RecordBatchReader.from_batches(schema, sorter.rows(name, schema)))
    return Written(streams, sorter.tallies["orders"], sorter.tallies["returns"])


class _Sorter:
    """Tells orders from returns, line by line."""

    def __init__(self, staged: Staged, stay: NDArray[np.bool_]) -> None:
        self._staged = staged
        self._stay = stay
        self.tallies = {"orders": Tally(), "returns": Tally(), "order_items": Tally()}
        self._aside()

    def rows(self, name: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        renamed = {"refund": "amount", "revenue": "amount"}
        for batch, order, back, _ in self._parts():
            chosen = batch.filter(pa.array(back if name == "returns" else order))
            self.tallies[name] += Tally(len(chosen), int(pc.sum(chosen.column("amount")).as_py() or 0))
            columns = [chosen.column(renamed.get(column, column)) for column in schema.names]
            if name == "returns":
                place = schema.names.index("refund")
                columns[place] = pc.negate(columns[place])
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def _parts(self) -> Iterator[tuple[pa.RecordBatch, NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]]:
        """Give each batch, and which of its lines are orders, returns, and neither."""
        start = 0
        for batch in self._staged.batches():
            stay = self._stay[start : start + len(batch)]
            start += len(batch)
            amount = batch.column("amount").to_numpy()
            cancelled = batch.column("cancelled").to_numpy(zero_copy_only=False)
            back = (amount < 0) | cancelled | ((amount == 0) & batch.column("back").to_numpy(zero_copy_only=False))
            neither = stay & cancelled & (amount > 0)
            yield batch, stay & ~back, stay & back & ~neither, neither

    def _aside(self) -> None:
        """Set aside the cancelled lines that are neither revenue nor refund."""
        for batch, _, _, neither in self._parts():
            if neither.any():
                _set_aside_cancelled(self._staged, pa.Table.from_batches([batch.filter(pa.array(neither))]))


def _set_aside_cancelled(staged: Staged, lines: pa.Table) -> None:
    sources, rows = staged.where(lines["seq"].to_numpy())
    found = lines["order_id"].combine_chunks() if "order_id" in lines.column_names else None
    staged.ledger.add(sources, rows, CANCELLED, found, lines["amount"].combine_chunks())


def _write_summed(store: Store, staged: Staged, stay: NDArray[np.bool_]) -> Written:
    """Lines share orders: sum them in the store."""
    store.put(_LINES, pa.RecordBatchReader.from_batches(staged.schema, _cut(staged, stay, staged.schema)))
    store.create(
        _HEADED,
        f"SELECT *, MIN(seq) OVER (PARTITION BY customer_id, order_id, CASE WHEN order_id IS NULL THEN seq ELSE -1 END) AS head "
        f"FROM {_LINES}",
    )
    store.drop(_LINES)
    sums = "".join(
        f", CAST(SUM({name}) AS BIGINT) AS {name}" for name in ("cost", "discount") if name in staged.schema.names
    )
    store.create(
        _FATES,
        "SELECT head, first_at, net, line_count"
        + "".join(f", {name}" for name in ("cost", "discount") if name in staged.schema.names)
        + ", CASE WHEN cancelled = 1 AND net > 0 THEN 'aside' WHEN cancelled = 1 OR net < 0 OR (net = 0 AND all_back = 1) "
        "THEN 'return' ELSE 'order' END AS fate FROM ("
        'SELECT head, MIN("at") AS first_at, CAST(SUM(amount) AS BIGINT) AS net, COUNT(*) AS line_count, '
        "MAX(CASE WHEN cancelled THEN 1 ELSE 0 END) AS cancelled, MIN(CASE WHEN back THEN 1 ELSE 0 END) AS all_back"
        f"{sums} FROM {_HEADED} GROUP BY head) AS summed",
    )
    streams = _streams(staged, items="product" in staged.schema.names or "category" in staged.schema.names)
    store.create("orders", _orders_query(streams["orders"], staged))
    store.create("returns", _returns_query(streams["returns"]))
    if "order_items" in streams:
        store.create("order_items", _items_query(streams["order_items"]))
    aside = store.read(
        f"SELECT l.seq, l.order_id, l.amount FROM {_HEADED} AS l JOIN {_FATES} AS f ON l.head = f.head "
        "WHERE f.fate = 'aside' ORDER BY l.seq"
    )
    if len(aside):
        _set_aside_cancelled(staged, aside)
    tallies = store.read(
        f"SELECT fate, CAST(SUM(line_count) AS BIGINT) AS n, CAST(SUM(net) AS BIGINT) AS money FROM {_FATES} GROUP BY fate"
    )
    found = {row["fate"]: Tally(row["n"], row["money"]) for row in tallies.to_pylist()}
    for name in (_HEADED, _FATES):
        store.drop(name)
    return Written(streams, found.get("order", Tally()), found.get("return", Tally()))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _orders_query(stream: Stream, staged: Staged) -> str:
    """Write the query of orders: sums of money, the dearest category, and the rest from the order's first line."""
    parts = ["l.customer_id", 'f.first_at AS "at"']
    for name in stream.names:
        if name == "revenue":
            parts.append("f.net AS revenue")
        elif name in ("cost", "discount") and name not in staged.kinds:
            parts.append(f"f.{name}")
        elif name == "category" and name not in staged.kinds:
            parts.append("c.category")
        else:
            parts.append(f"l.{_quoted(name)}")
    dearest = ""
    if "category" in stream.names:
        dearest = (
            "LEFT JOIN (SELECT head, category, ROW_NUMBER() OVER (PARTITION BY head ORDER BY money DESC, category) AS place "
            f"FROM (SELECT head, category, SUM(amount) AS money FROM {_HEADED} WHERE category IS NOT NULL "
            "GROUP BY head, category) AS sums) AS c ON c.head = l.head AND c.place = 1 "
        )
    return (
        f"SELECT {', '.join(parts)} FROM {_HEADED} AS l JOIN {_FATES} AS f ON f.head = l.head {dearest}"
        "WHERE l.seq = l.head AND f.fate = 'order' ORDER BY l.seq"
    )


def _returns_query(stream: Stream) -> str:
    parts = ["-f.net AS refund" if name == "refund" else f"l.{_quoted(name)}" for name in stream.names]
    return (
        f'SELECT l.customer_id, f.first_at AS "at", {", ".join(parts)} FROM {_HEADED} AS l JOIN {_FATES} AS f ON f.head = l.head '
        "WHERE l.seq = l.head AND f.fate = 'return' ORDER BY l.seq"
    )


def _items_query(stream: Stream) -> str:
    parts = ["l.amount AS revenue" if name == "revenue" else f"l.{_quoted(name)}" for name in stream.names]
    return (
        f'SELECT l.customer_id, f.first_at AS "at", {", ".join(parts)} FROM {_HEADED} AS l JOIN {_FATES} AS f ON f.head = l.head '
        "WHERE f.fate = 'order' ORDER BY l.seq"
    )


def _cut(staged: Staged, stay: NDArray[np.bool_], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    start = 0
    for batch in staged.batches():
        chosen = batch.filter(pa.array(stay[start : start + len(batch)]))
        start += len(batch)
        yield pa.RecordBatch.from_arrays([chosen.column(name) for name in schema.names], schema=schema)


def _taken(staged: Staged, column: str, places: NDArray[np.int64]) -> pa.Array:
    """Give one column of some lines, `places` in order."""
    start, parts = 0, []
    for batch in staged.batches():
        first, last = np.searchsorted(places, (start, start + len(batch)))
        parts.append(batch.column(column).take(pa.array(places[first:last] - start)))
        start += len(batch)
    return pa.concat_arrays(parts)
