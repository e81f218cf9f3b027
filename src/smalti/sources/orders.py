"""Second pass: lines become the tables of orders, order items and returns, or of a stream of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from smalti.facts import ORDER_ITEMS, ORDERS, RETURNS, Column, Stream, Type
from smalti.sources.account import Tally, money_of, same_as
from smalti.sources.rowkeys import any_repeat, repeats
from smalti.sources.staging import Staged
from smalti.sources.touches import described, standard_of
from smalti.store import Store, quoted

CANCELLED = "cancelled, yet its amount is positive"
_LINES = "_lines"
_HEADED = "_headed_lines"
_FATES = "_order_fates"
_OFF = "cancelled AND amount > 0"


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
        choice: ``set_aside``, ``keep``, or None: set aside orders that have an order id or a time of day, and facts of
            one's own that have an id.

    Returns:
        Which lines stay.
    """
    stay = np.ones(len(staged.seq), bool)
    if choice == "keep":
        return stay
    again, first = repeats(staged.high, staged.low)
    if not len(again):
        return stay
    why = _separate(staged) if choice is None else None
    if why is not None:
        rows = "1 identical row" if len(again) == 1 else f"{len(again):,} identical rows"
        staged.notes.append(f"{rows} kept: {why}")
        return stay
    stay[again] = False
    sources, rows_again = staged.where(staged.seq[again])
    first_sources, first_rows = staged.where(staged.seq[first])
    found = same_as(sources, first_sources, pa.array(first_rows))
    amounts = _taken(staged, "amount", again) if staged.looked.money else None
    staged.ledger.add(sources, rows_again, "exact duplicate", found, amounts)
    return stay


def _separate(staged: Staged) -> str | None:
    """Say why identical rows may be facts of their own, or None where they are the same fact told twice."""
    if staged.looked.money:
        told_twice = staged.totals.timed or len(staged.order)
        return None if told_twice else "no time of day and no order id, so they may be separate purchases"
    if staged.looked.definition.id is not None:
        return None
    return (
        f"each row of {staged.looked.files[0].name} is a fact, for no column is named as its id "
        "(say duplicates: set_aside if they tell the same fact twice)"
    )


def write_own(store: Store, name: str, staged: Staged, stay: NDArray[np.bool_]) -> Written:
    """Put a stream of one's own into the store."""
    staged.let_go()
    stream = own_stream(name, staged.looked.kinds)
    schema = stream.schema()
    store.put(name, pa.RecordBatchReader.from_batches(schema, _cut(staged, stay, schema)))
    return Written({name: stream}, Tally(int(stay.sum())), Tally())


def write_orders(store: Store, staged: Staged, stay: NDArray[np.bool_]) -> Written:
    """Put orders, order items and returns into the store, lines of one order summed.

    Lines belong together when customer, order id and calendar day are the same. A line of another day is a fact of its own,
    an order, or a return if negative: what is given back later must not lower what was bought before. An order and a return
    are dated by their latest line, for they tell of nothing after it; an item by its own line.

    What lines of an order take off, discounts or goods taken back, lowers its revenue; an order that comes out below zero, is
    cancelled as a whole, or holds nothing but negative quantities is a return. A cancelled order that comes out above zero is
    neither revenue nor refund: it is set aside. Of an order cancelled in part, the cancelled lines above zero are set aside
    and the others make the order.
    """
    single = not len(staged.order) or not any_repeat(staged.order[stay]) or not _has_ids(staged)
    staged.let_go()
    return _write_single(store, staged, stay) if single else _write_summed(store, staged, stay)


def _has_ids(staged: Staged) -> bool:
    return any(batch.column("order_id").null_count < len(batch) for batch in staged.batches())


def order_streams(names: Sequence[str], kinds: Mapping[str, Type]) -> dict[str, Stream]:
    """Give the streams that lines of orders become: orders, returns, and order items where lines tell of goods.

    Args:
        names: The columns of the lines.
        kinds: The types of the project's own columns among them.
    """
    orders = tuple(column for column in ORDERS.columns if column.name in names or column.name == "revenue")
    returns = tuple(column for column in RETURNS.columns if column.name in names or column.name == "refund")
    streams = {
        ORDERS.name: Stream(ORDERS.name, orders + own_columns(kinds), ORDERS.about),
        RETURNS.name: Stream(RETURNS.name, returns, RETURNS.about),
    }
    if "product" in names or ("category" in names and "order_id" in names):
        columns = tuple(column for column in ORDER_ITEMS.columns if column.name in names or column.name == "revenue")
        streams[ORDER_ITEMS.name] = Stream(ORDER_ITEMS.name, columns, ORDER_ITEMS.about)
    return streams


def own_stream(name: str, kinds: Mapping[str, Type]) -> Stream:
    """Give the stream of a source of one's own, or of one that fills a standard stream, from the types of its columns."""
    standard = standard_of(name)
    return Stream(name, described(own_columns(kinds), standard), standard.about if standard is not None else "")


def own_columns(kinds: Mapping[str, Type]) -> tuple[Column, ...]:
    """Give the project's own columns of a stream."""
    return tuple(Column(name, kind, "the project's own column") for name, kind in kinds.items())


def _write_single(store: Store, staged: Staged, stay: NDArray[np.bool_]) -> Written:
    """Each line is an order: straight from the lines to the tables, batch by batch."""
    streams = order_streams(staged.schema.names, staged.looked.kinds)
    sorter = _Sorter(staged, stay)
    schema = streams["orders"].schema()
    store.put("orders", pa.RecordBatchReader.from_batches(schema, sorter.orders(schema)))
    kept, returns = sorter.kept, sorter.returns(streams["returns"].schema())
    store.put("returns", returns)
    sorter.set_aside()
    if "order_items" in streams:
        schema = streams["order_items"].schema()
        store.put("order_items", pa.RecordBatchReader.from_batches(schema, sorter.orders(schema)))
    return Written(streams, kept, Tally(len(returns), -money_of(returns, "refund")))


class _Sorter:
    """Tells orders from returns, line by line; the few that are no orders it keeps until asked for them."""

    def __init__(self, staged: Staged, stay: NDArray[np.bool_]) -> None:
        self._staged = staged
        self._stay = stay
        self._back: list[pa.RecordBatch] = []
        self._neither: list[pa.RecordBatch] = []
        self.kept = Tally()

    def orders(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Give the lines that are orders, batch by batch, and count them."""
        start = 0
        self.kept, self._back, self._neither = Tally(), [], []
        for batch in self._staged.batches():
            stay = self._stay[start : start + len(batch)]
            start += len(batch)
            order = self._sort(batch, stay)
            chosen = batch if order.all() else batch.filter(pa.array(order))
            self.kept += Tally(len(chosen), int(pc.sum(chosen.column("amount")).as_py() or 0))
            columns = [chosen.column("amount" if name == "revenue" else name) for name in schema.names]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def returns(self, schema: pa.Schema) -> pa.Table:
        """Give the lines that are returns, of the batches gone through."""
        lines = pa.Table.from_batches(self._back, schema=self._staged.schema)
        columns = [pc.negate(lines["amount"]) if name == "refund" else lines[name] for name in schema.names]
        return pa.Table.from_arrays(columns, schema=schema)

    def set_aside(self) -> None:
        """Set aside the cancelled lines that are neither revenue nor refund."""
        if self._neither:
            _set_aside_cancelled(self._staged, pa.Table.from_batches(self._neither))

    def _sort(self, batch: pa.RecordBatch, stay: NDArray[np.bool_]) -> NDArray[np.bool_]:
        amount = batch.column("amount").to_numpy()
        cancelled = batch.column("cancelled").to_numpy(zero_copy_only=False)
        order: NDArray[np.bool_] = (amount >= 0) & ~cancelled
        order &= ~((amount == 0) & batch.column("back").to_numpy(zero_copy_only=False))
        neither = stay & cancelled & (amount > 0)
        for chosen, kept in ((neither, self._neither), (stay & ~order & ~neither, self._back)):
            if chosen.any():
                kept.append(batch.filter(pa.array(chosen)))
        order &= stay
        return order


def _set_aside_cancelled(staged: Staged, lines: pa.Table) -> None:
    sources, rows = staged.where(lines["seq"].to_numpy())
    found = lines["order_id"].combine_chunks() if "order_id" in lines.column_names else None
    staged.ledger.add(sources, rows, CANCELLED, found, lines["amount"].combine_chunks())


def _write_summed(store: Store, staged: Staged, stay: NDArray[np.bool_]) -> Written:
    """Lines share orders: sum them in the store, lines with the same head together."""
    store.put(_LINES, pa.RecordBatchReader.from_batches(staged.schema, _cut(staged, stay, staged.schema)))
    store.create(
        _HEADED,
        "SELECT *, CASE WHEN MIN(CASE WHEN cancelled THEN 1 ELSE 0 END) OVER whole = 1 THEN MIN(seq) OVER whole "
        f"WHEN {_OFF} THEN MIN(CASE WHEN {_OFF} THEN seq END) OVER whole "
        f"ELSE MIN(CASE WHEN {_OFF} THEN NULL ELSE seq END) OVER whole END AS head FROM {_LINES} WINDOW whole AS "
        '(PARTITION BY customer_id, order_id, "day", CASE WHEN order_id IS NULL THEN seq ELSE -1 END)',
    )
    store.drop(_LINES)
    sums = "".join(
        f", CAST(SUM({name}) AS BIGINT) AS {name}" for name in ("cost", "discount") if name in staged.schema.names
    )
    store.create(
        _FATES,
        "SELECT head, last_at, net, line_count"
        + "".join(f", {name}" for name in ("cost", "discount") if name in staged.schema.names)
        + ", CASE WHEN cancelled = 1 AND net > 0 THEN 'aside' WHEN cancelled = 1 OR net < 0 OR (net = 0 AND all_back = 1) "
        "THEN 'return' ELSE 'order' END AS fate FROM ("
        'SELECT head, MAX("at") AS last_at, CAST(SUM(amount) AS BIGINT) AS net, '
        "COUNT(*) AS line_count, "
        "MIN(CASE WHEN cancelled THEN 1 ELSE 0 END) AS cancelled, MIN(CASE WHEN back THEN 1 ELSE 0 END) AS all_back"
        f"{sums} FROM {_HEADED} GROUP BY head) AS summed",
    )
    streams = order_streams(staged.schema.names, staged.looked.kinds)
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


def _orders_query(stream: Stream, staged: Staged) -> str:
    """Write the query of orders: sums of money, the dearest category, and the rest from the order's first line."""
    parts = ["l.customer_id", 'f.last_at AS "at"']
    for name in stream.names:
        if name == "revenue":
            parts.append("f.net AS revenue")
        elif name in ("cost", "discount") and name not in staged.looked.kinds:
            parts.append(f"f.{name}")
        elif name == "category" and name not in staged.looked.kinds:
            parts.append("c.category")
        else:
            parts.append(f"l.{quoted(name)}")
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
    parts = ["-f.net AS refund" if name == "refund" else f"l.{quoted(name)}" for name in stream.names]
    return (
        f'SELECT l.customer_id, f.last_at AS "at", {", ".join(parts)} '
        f"FROM {_HEADED} AS l JOIN {_FATES} AS f ON f.head = l.head WHERE l.seq = l.head AND f.fate = 'return' ORDER BY l.seq"
    )


def _items_query(stream: Stream) -> str:
    parts = ["l.amount AS revenue" if name == "revenue" else f"l.{quoted(name)}" for name in stream.names]
    return (
        f'SELECT l.customer_id, l."at", {", ".join(parts)} '
        f"FROM {_HEADED} AS l JOIN {_FATES} AS f ON f.head = l.head WHERE f.fate = 'order' ORDER BY l.seq"
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
