"""The files a company would export of an invented shop, clean or with the dirt that real ones have."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from smalti.samples.draws import Aspect, generator

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from smalti.samples.columns import Ints
    from smalti.samples.invention import Shop

_COLUMNS = (
    "order_id", "customer_id", "ordered_at", "product", "category", "channel", "quantity", "amount", "discount", "cost",
    "occasion",
)  # fmt: skip
_Row = dict[str, str]


@dataclass(frozen=True)
class Dirt:
    """Rows of one kind that somebody who reads the file must set aside.

    Attributes:
        kind: duplicate (a line that stands there twice), no_customer, absurd_date (1899), not_an_amount (``n/a``) or
            future_date (two centuries on).
        lines: Line numbers in the file, the header being 1; of a duplicate, that of the copy.
        amount: What the rows' amounts add up to, in pounds; 0 where there is no amount.
    """

    kind: str
    lines: tuple[int, ...]
    amount: Decimal

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.lines)


@dataclass(frozen=True)
class Export:
    """What was written.

    Attributes:
        orders: CSV, one row per order line and per returned line, by time: order_id, customer_id, ordered_at (ISO
            8601, UTC, ``2026-06-30T17:05:11Z``), product, category, channel, quantity, amount, discount, cost.
            occasion. Returns are below zero and their order_id begins with R. Money in pounds with two decimals.
        customers: CSV, one row per customer: the columns of ``Shop.customers``; missing is empty.
        events: CSV, one row per event, by time: the columns of ``Shop.events``.
        answers: CSV, one row per customer who answered, by time: the columns of ``Shop.answers``.
        tickets: CSV, one row per ticket, by time: the columns of ``Shop.tickets``.
        rows: Rows of orders without the header, dirt included.
        amount: What the amounts of all rows add up to, dirt included, in pounds.
        dirt: What was put in to be set aside; empty if the export is clean.
    """

    orders: Path
    customers: Path
    events: Path
    answers: Path
    tickets: Path
    rows: int
    amount: Decimal
    dirt: tuple[Dirt, ...]


def write_shop(shop: Shop, directory: str | PathLike[str], *, with_dirt: bool = False) -> Export:
    """Write a shop's files into a folder, which is made if need be. Equal shops give equal bytes.

    They are ``orders.csv``, ``customers.csv``, ``events.csv``, ``answers.csv`` and ``tickets.csv``.

    Args:
        shop: The invented shop.
        directory: Where to; files of these names are overwritten.
        with_dirt: Also write some thirty rows that are wrong: see `Dirt`.

    >>> import tempfile
    >>> from smalti.samples import shop
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export = write_shop(shop(50), folder, with_dirt=True)
    ...     print(export.orders.read_text().splitlines()[0])
    order_id,customer_id,ordered_at,product,category,channel,quantity,amount,discount,cost,occasion
    >>> {dirt.kind: dirt.rows for dirt in export.dirt}
    {'duplicate': 9, 'no_customer': 12, 'absurd_date': 3, 'not_an_amount': 4, 'future_date': 2}
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    rows = _order_rows(shop)
    dirt: tuple[Dirt, ...] = ()
    amount = _total(shop.order_items) + _total(shop.returns)
    if with_dirt:
        rows, dirt = _dirtied(rows, shop)
    _write(rows, folder / "orders.csv")
    others = ("customers", "events", "answers", "tickets")
    for name in others:
        _write(_as_text(getattr(shop, name)), folder / f"{name}.csv")
    spilt = sum((kind.amount for kind in dirt), Decimal(0))
    orders, customers, events, answers, tickets = (folder / f"{name}.csv" for name in ("orders", *others))
    return Export(orders, customers, events, answers, tickets, rows.num_rows, amount + spilt, dirt)


def _total(table: pa.Table) -> Decimal:
    return pc.sum(table["amount"]).as_py() or Decimal(0)


def _order_rows(shop: Shop) -> pa.Table:
    """All lines and returns by time, as text."""
    both = pa.concat_tables([shop.order_items.select(_COLUMNS), shop.returns.select(_COLUMNS)])
    at = both["ordered_at"].cast(pa.int64()).to_numpy()
    return _as_text(both.take(pa.array(np.argsort(at, kind="stable"))))


def _as_text(table: pa.Table) -> pa.Table:
    return pa.table({name: _text(table[name]) for name in table.column_names})


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_timestamp(column.type):
        return column.cast(pa.string())
    seconds = pc.divide(column.cast(pa.int64()), 1_000_000).cast(pa.timestamp("s")).cast(pa.string())
    return pc.binary_join_element_wise(pc.replace_substring(seconds, " ", "T"), "Z", "")


def _no_customer(row: _Row) -> None:
    row["customer_id"] = ""


def _absurd_date(row: _Row) -> None:
    row["ordered_at"] = "1899-12-30T00:00:00Z"


def _not_an_amount(row: _Row) -> None:
    row["amount"] = "n/a"


def _future_date(row: _Row) -> None:
    row["ordered_at"] = "22" + row["ordered_at"][2:]


_SPOILT: dict[str, tuple[int, Callable[[_Row], None]]] = {
    "no_customer": (12, _no_customer),
    "absurd_date": (3, _absurd_date),
    "not_an_amount": (4, _not_an_amount),
    "future_date": (2, _future_date),
}
_DUPLICATES = 9


def _dirtied(rows: pa.Table, shop: Shop) -> tuple[pa.Table, tuple[Dirt, ...]]:
    """Put wrong rows between the right ones: copies under order ids of their own, except for the duplicates."""
    rng = generator(shop.seed, 0, Aspect.DIRT)
    bought = np.flatnonzero(pc.starts_with(rows["order_id"], "O").to_numpy())
    twice = rng.permutation(bought)[:_DUPLICATES]
    kinds = ["duplicate"] * len(twice) + [kind for kind, (count, _) in _SPOILT.items() for _ in range(count)]
    source = np.concatenate([twice, rng.choice(bought, len(kinds) - len(twice))])
    made = [_spoilt(row, kind, n) for n, (row, kind) in enumerate(zip(_rows_at(rows, source), kinds, strict=True))]
    order = np.argsort(np.concatenate([np.arange(rows.num_rows), source]), kind="stable")
    mixed = pa.concat_tables([rows, pa.Table.from_pylist(made, rows.schema)]).take(pa.array(order))
    line = np.empty(len(order), dtype=np.int64)
    line[order] = np.arange(2, len(order) + 2)
    return mixed, _told(kinds, made, line[rows.num_rows :])


def _rows_at(rows: pa.Table, places: Ints) -> list[_Row]:
    picked: list[_Row] = rows.take(pa.array(places)).to_pylist()
    return picked


def _spoilt(row: _Row, kind: str, number: int) -> _Row:
    if kind != "duplicate":
        row["order_id"] = f"X{number + 1:06d}"
        _SPOILT[kind][1](row)
    return row


def _told(kinds: list[str], made: list[_Row], lines: Ints) -> tuple[Dirt, ...]:
    return tuple(
        Dirt(
            kind,
            tuple(sorted(int(line) for line, other in zip(lines, kinds, strict=True) if other == kind)),
            sum((_worth(row) for row, other in zip(made, kinds, strict=True) if other == kind), Decimal(0)),
        )
        for kind in dict.fromkeys(kinds)
    )


def _worth(row: _Row) -> Decimal:
    return Decimal(0) if row["amount"] == "n/a" else Decimal(row["amount"])


def _write(rows: pa.Table, path: Path) -> None:
    options = csv.WriteOptions(include_header=False, quoting_style="none", batch_size=65536)
    with path.open("wb") as file:
        file.write((",".join(rows.column_names) + "\n").encode())
        csv.write_csv(rows, file, options)
